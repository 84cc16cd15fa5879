//go:build js && wasm

package jsbridge

import (
	"strconv"
	"unsafe"

	"github.com/flumedb/flumedb-wasm/core"
)

// staging is where the wrapper puts what it passes.
var staging []byte

// keepStaging bounds the memory kept for it between calls.
const keepStaging = 4 << 20

func stage(size int) unsafe.Pointer {
	if size > len(staging) {
		staging = make([]byte, max(size, 64<<10))
	}
	return unsafe.Pointer(unsafe.SliceData(staging))
}

// Passed is what the wrapper has put into the staging buffer.
type Passed []byte

// Staged is the first size bytes that the wrapper has put there.
func Staged(size uint32) Passed { return Passed(staging[:size]) }

func (p Passed) text() string { return string(p) }

// Take is the first size bytes, as a text; the rest is left.
func (p *Passed) Take(size uint32) string {
	text := string((*p)[:size])
	*p = (*p)[size:]
	return text
}

// ReleaseStaging gives up a staging buffer that is larger than most calls need.
func ReleaseStaging() {
	if len(staging) > keepStaging {
		staging = nil
	}
}

// toSeq makes a seq of a number that the wrapper has checked to be one.
func toSeq(n float64) core.Seq { return core.Seq(n) }

// buildNumber is the build's name as a number, which 48 bits are for float64.
func buildNumber() float64 {
	n, err := strconv.ParseUint(build, 16, 48)
	if err != nil {
		return -1
	}
	return float64(n)
}

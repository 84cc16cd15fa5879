//go:build js && wasm

package jsbridge

import (
	"bytes"
	"fmt"
	"unsafe"

	"github.com/flumedb/flumedb-wasm/core"
)

// lengths is kept to be used again.
var lengths []uint32

func appendRecords(handle, request uint32, count, size int, given bool) {
	defer releaseStaging()
	log, ok := opened(handle, request)
	if !ok {
		return
	}
	run := staging[:size]
	if given {
		lengths = append(lengths[:0], unsafe.Slice((*uint32)(pointer(staging)), count)...)
		run = staging[4*count : 4*count+size]
	} else {
		lengths = lineLengths(lengths[:0], run)
	}
	if len(lengths) != count {
		refuse(request, fmt.Errorf("%w: there are %d, not %d", core.ErrInvalidRecord, len(lengths), count))
		return
	}
	err := log.Enqueue(run, lengths, func(seq core.Seq, err error) {
		if err != nil {
			refuse(request, err)
			return
		}
		settle(request, float64(seq), 0, nil, 0)
	})
	if err != nil {
		refuse(request, err)
	}
}

// lineLengths are the lengths of lines, of which the last has no line feed.
func lineLengths(lengths []uint32, text []byte) []uint32 {
	for {
		n := bytes.IndexByte(text, '\n')
		if n < 0 {
			return append(lengths, uint32(len(text)))
		}
		lengths = append(lengths, uint32(n))
		text = text[n+1:]
	}
}

func commit(handle uint32) {
	if log, ok := logs[handle]; ok {
		log.Commit()
	}
}

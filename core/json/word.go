//go:build amd64 || arm64 || wasm

package json

import "unsafe"

// word is the eight bytes of b from i on, the first the lowest. i+8 must be
// within b: it is not checked again, which a scan would notice.
func word(b []byte, i int) uint64 {
	return *(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))
}

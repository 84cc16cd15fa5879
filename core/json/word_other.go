//go:build !amd64 && !arm64 && !wasm

package json

import "encoding/binary"

func word(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i:]) }

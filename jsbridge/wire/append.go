package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrMessage says that a message contradicts itself.
var ErrMessage = errors.New("the wrapper passed a message that contradicts itself")

// Append is records to append, in one of two forms. With lengths:
//
//	 0                          4 × count                4 × count + size
//	+--------------------------+------------------------+
//	| lengths: count × uint32  | r ? r ? r              |   ? is any one byte
//	+--------------------------+------------------------+
//
// Without, for texts that hold no line feed of their own:
//
//	 0                        size
//	+------------------------+
//	| r \n r \n r            |
//	+------------------------+
type Append struct {
	Run     []byte   // the records joined by one byte each; it shares the message's memory
	Lengths []uint32 // of the records
}

// ReadAppend reads a message. Lengths is put into reuse's memory if it fits.
func ReadAppend(message []byte, count, size int, lengths bool, reuse []uint32) (Append, error) {
	if count < 1 || size < 0 || count > len(message)+1 || size > len(message) {
		return Append{}, fmt.Errorf("%w: %d records of %d bytes", ErrMessage, count, size)
	}
	a := Append{Run: message[:size], Lengths: reuse[:0]}
	if !lengths {
		a.Lengths = lineLengths(a.Lengths, a.Run)
	} else {
		table := 4 * count
		if table > len(message)-size {
			return Append{}, fmt.Errorf("%w: %d records of %d bytes", ErrMessage, count, size)
		}
		a.Run = message[table : table+size]
		for i := 0; i < table; i += 4 {
			a.Lengths = append(a.Lengths, binary.LittleEndian.Uint32(message[i:]))
		}
	}
	if len(a.Lengths) != count {
		return Append{}, fmt.Errorf("%w: there are %d records, not %d", ErrMessage, len(a.Lengths), count)
	}
	return a, nil
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

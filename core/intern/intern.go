// Package intern gives byte strings numbers: the first string that is added is
// 0, the next different one 1, and so on. It keeps them without a pointer for
// each, so that the garbage collector has nothing to walk over however many
// there are.
package intern

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/cespare/xxhash/v2"
)

// Set is byte strings with their numbers. The zero value is empty.
type Set struct {
	arena []byte
	ends  []uint32 // where each ends in arena
	table []uint32 // number + 1 by hash, 0 where free; a power of two long
}

// Reset empties the set, and keeps its memory for the next strings.
func (s *Set) Reset() {
	s.arena, s.ends = s.arena[:0], s.ends[:0]
	clear(s.table)
}

// Len is how many strings there are.
func (s *Set) Len() int { return len(s.ends) }

// Size is how many bytes of memory it takes.
func (s *Set) Size() int { return cap(s.arena) + 4*cap(s.ends) + 4*cap(s.table) }

// Text is how many bytes the strings are.
func (s *Set) Text() int { return len(s.arena) }

// At is the string of a number. The caller must not change it.
func (s *Set) At(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = s.ends[i-1]
	}
	return s.arena[start:s.ends[i]:s.ends[i]]
}

// Find is the number of a string, -1 where it has none.
func (s *Set) Find(b []byte) int {
	if len(s.table) == 0 {
		return -1
	}
	_, i := s.probe(b)
	return i
}

// Add gives a string a number, if it has none, and answers it. fresh says that
// it had none. It panics when all strings make up more than 4 GiB.
func (s *Set) Add(b []byte) (i int, fresh bool) {
	if 4*(len(s.ends)+1) > 3*len(s.table) {
		s.grow()
	}
	slot, i := s.probe(b)
	if i >= 0 {
		return i, false
	}
	if len(s.arena)+len(b) > math.MaxUint32 {
		panic("intern: more than 4 GiB of strings")
	}
	s.arena = append(s.arena, b...)
	s.ends = append(s.ends, uint32(len(s.arena)))
	s.table[slot] = uint32(len(s.ends))
	return len(s.ends) - 1, true
}

// probe is the slot where a string is, or else where it is to be put.
func (s *Set) probe(b []byte) (slot, i int) {
	mask := len(s.table) - 1
	for slot = int(hash(b)) & mask; ; slot = (slot + 1) & mask {
		n := s.table[slot]
		if n == 0 {
			return slot, -1
		}
		if string(s.At(int(n-1))) == string(b) {
			return slot, int(n - 1)
		}
	}
}

// hash is cheap for short strings, which most are.
func hash(b []byte) uint64 {
	if len(b) > 16 {
		return xxhash.Sum64(b)
	}
	var x, y uint64
	if len(b) >= 8 {
		x = binary.LittleEndian.Uint64(b)
		y = binary.LittleEndian.Uint64(b[len(b)-8:])
	} else {
		for i, c := range b {
			x |= uint64(c) << (8 * i)
		}
	}
	h := (x ^ uint64(len(b))) * 0x9E3779B97F4A7C15
	h = (h ^ h>>32 ^ y) * 0xD6E8FEB86659FD93
	return h ^ h>>32
}

// grow makes the table large enough for one string more, and puts all in.
func (s *Set) grow() {
	size := 16
	for 3*size < 4*(len(s.ends)+1) {
		size *= 2
	}
	s.table = make([]uint32, size)
	mask := size - 1
	for i := range s.ends {
		slot := int(hash(s.At(i))) & mask
		for s.table[slot] != 0 {
			slot = (slot + 1) & mask
		}
		s.table[slot] = uint32(i + 1)
	}
}

// Append writes the set behind b:
//
//	+---------+-------------------+----------+
//	| count n | ends: n × uint32  | strings  |
//	+---------+-------------------+----------+
//	  uint32
func (s *Set) Append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s.ends)))
	for _, end := range s.ends {
		b = binary.LittleEndian.AppendUint32(b, end)
	}
	return append(b, s.arena...)
}

// ErrDamaged: the bytes are not what Append has written.
var ErrDamaged = errors.New("a set of strings is damaged")

// Read takes a set from the front of b, and answers what is behind it.
func (s *Set) Read(b []byte) (rest []byte, err error) {
	if len(b) < 4 {
		return nil, ErrDamaged
	}
	n := uint64(binary.LittleEndian.Uint32(b))
	if b = b[4:]; n*4 > uint64(len(b)) {
		return nil, ErrDamaged
	}
	*s = Set{ends: make([]uint32, n)}
	var last uint32
	for i := range s.ends {
		s.ends[i] = binary.LittleEndian.Uint32(b[4*i:])
		if s.ends[i] < last {
			return nil, ErrDamaged
		}
		last = s.ends[i]
	}
	if b = b[4*n:]; uint64(last) > uint64(len(b)) {
		return nil, ErrDamaged
	}
	s.arena = append([]byte{}, b[:last]...)
	s.grow()
	return b[last:], nil
}

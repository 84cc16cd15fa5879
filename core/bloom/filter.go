package bloom

import (
	"encoding/binary"
	"errors"
	"math"
)

// scalable is a Bloom filter that keeps its rate of false positives however
// many keys it takes: when a filter has as many keys as it is made for, another
// of twice the size is begun, with half the rate. So the rates of all of them
// together stay below twice that of the first, which is half of what is wanted.
// After P. S. Almeida and others, Scalable Bloom Filters, 2007.
type scalable struct {
	items       int     // that the first filter is made for
	probability float64 // of all filters together
	filters     []filter
}

// filter is a Bloom filter of a certain size.
type filter struct {
	size   uint64 // in bits
	hashes int
	most   int // keys
	keys   int // that it did not seem to have before
	bits   []byte
}

// maxBits is the size of the largest filter.
const maxBits = 1 << 32

// shape is the i-th filter, without its bits.
func (s *scalable) shape(i int) filter {
	p := math.Ldexp(s.probability, -i-1)
	hashes := math.Ceil(-math.Log2(p))
	// So large that the bits of a key that is not in it are all set at the rate p.
	perKey := -hashes / math.Log(1-math.Exp(math.Log(p)/hashes))
	most := min(math.Ldexp(float64(s.items), i), math.Floor(maxBits/perKey))
	size := uint64(math.Ceil(most*perKey/64)) * 64
	return filter{size: min(size, maxBits), hashes: int(hashes), most: int(most)}
}

func (s *scalable) add(hash uint64) {
	if s.has(hash) {
		return
	}
	last := len(s.filters) - 1
	if last < 0 || s.filters[last].keys >= s.filters[last].most {
		last++
		f := s.shape(last)
		f.bits = make([]byte, f.size/8)
		s.filters = append(s.filters, f)
	}
	f := &s.filters[last]
	f.keys++
	for i := range f.hashes {
		at := f.at(hash, i)
		f.bits[at>>3] |= 1 << (at & 7)
	}
}

// has may be true for a hash that was not added, and is never false for one
// that was. The newest filter is the largest, and has most of the keys.
func (s *scalable) has(hash uint64) bool {
	for i := len(s.filters) - 1; i >= 0; i-- {
		if s.filters[i].has(hash) {
			return true
		}
	}
	return false
}

func (f *filter) has(hash uint64) bool {
	for i := range f.hashes {
		if at := f.at(hash, i); f.bits[at>>3]>>(at&7)&1 == 0 {
			return false
		}
	}
	return true
}

// at is the i-th bit of a hash. All of them are made of its two halves; the
// square keeps two hashes with one bit in common from having the next in common
// too.
func (f *filter) at(hash uint64, i int) uint64 {
	x := uint32(hash) + uint32(i)*uint32(hash>>32|1) + uint32(i*i)
	return uint64(x) * f.size >> 32
}

// Saved filters, little-endian; their sizes follow from the options:
//
//	+-----------+----------+------+----------+------+-----+
//	| filters n | keys     | bits | keys     | bits | …   |
//	+-----------+----------+------+----------+------+-----+
//	  byte        uint64
func (s *scalable) save(b []byte) []byte {
	b = append(b, byte(len(s.filters)))
	for i := range s.filters {
		b = binary.LittleEndian.AppendUint64(b, uint64(s.filters[i].keys))
		b = append(b, s.filters[i].bits...)
	}
	return b
}

var errDamaged = errors.New("the state is damaged")

func (s *scalable) load(b []byte) error {
	if len(b) == 0 {
		return errDamaged
	}
	n := int(b[0])
	b = b[1:]
	s.filters = nil
	for i := range n {
		f := s.shape(i)
		if uint64(len(b)) < 8+f.size/8 {
			return errDamaged
		}
		keys := binary.LittleEndian.Uint64(b)
		if keys > uint64(f.most) || i < n-1 && keys < uint64(f.most) {
			return errDamaged
		}
		f.keys = int(keys)
		f.bits = append([]byte{}, b[8:8+f.size/8]...)
		b = b[8+f.size/8:]
		s.filters = append(s.filters, f)
	}
	if len(b) > 0 {
		return errDamaged
	}
	return nil
}

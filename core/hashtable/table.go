package hashtable

import (
	"encoding/binary"
	"errors"
	"iter"
	"math"
	"math/bits"

	"github.com/flumedb/flumedb-wasm/core"
)

// table finds the records of a hash, newest first. It is open addressing over
// arrays without pointers, so that the garbage collector has nothing to walk
// over: about 20 bytes a record.
//
//	slots: the newest entry of each hash, + 1; 0 where free
//	entry: hash, seq, and the entry before it of the same hash, + 1
type table struct {
	slots  []uint32 // a power of two long
	hashes []uint32
	seqs   []uint32
	before []uint32
	used   int // of slots
}

var errTooLong = errors.New("a hashtable holds records up to seq 4294967294")

// add takes a record, which must be newer than all others.
func (t *table) add(hash uint32, seq core.Seq) error {
	if seq >= math.MaxUint32 {
		return errTooLong
	}
	if 4*(t.used+1) > 3*len(t.slots) {
		t.grow(t.used + 1)
	}
	slot := t.slot(hash)
	if t.slots[slot] == 0 {
		t.used++
	}
	t.hashes = append(t.hashes, hash)
	t.seqs = append(t.seqs, uint32(seq))
	t.before = append(t.before, t.slots[slot])
	t.slots[slot] = uint32(len(t.seqs))
	return nil
}

// slot is where a hash is, or is to be.
func (t *table) slot(hash uint32) uint32 {
	mask := uint32(len(t.slots) - 1)
	for slot := hash & mask; ; slot = (slot + 1) & mask {
		if e := t.slots[slot]; e == 0 || t.hashes[e-1] == hash {
			return slot
		}
	}
}

// grow makes room for so many hashes.
func (t *table) grow(hashes int) {
	size := 16
	for 3*size < 4*hashes {
		size *= 2
	}
	t.slots = make([]uint32, size)
	for e, hash := range t.hashes {
		t.slots[t.slot(hash)] = uint32(e + 1) // a later one takes the place of those before it
	}
}

// newestFirst are the records of a hash, and only of that.
func (t *table) newestFirst(hash uint32) iter.Seq[core.Seq] {
	return func(yield func(core.Seq) bool) {
		if len(t.slots) == 0 {
			return
		}
		for e := t.slots[t.slot(hash)]; e != 0 && yield(core.Seq(t.seqs[e-1])); e = t.before[e-1] {
		}
	}
}

// A saved table, little-endian; slots and chains are made again from it:
//
//	+-----------+---------+---------------------+------------------------+
//	| entries n | used    | hashes: n × uint32  | seqs: n × uvarint      |
//	+-----------+---------+---------------------+------------------------+
//	  uint32      uint32                          each as the difference
//	                                              to the one before, - 1
func (t *table) save(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(t.seqs)))
	b = binary.LittleEndian.AppendUint32(b, uint32(t.used))
	for _, hash := range t.hashes {
		b = binary.LittleEndian.AppendUint32(b, hash)
	}
	next := uint32(0)
	for _, seq := range t.seqs {
		b = binary.AppendUvarint(b, uint64(seq-next))
		next = seq + 1
	}
	return b
}

var errDamaged = errors.New("the state is damaged")

func (t *table) load(b []byte) error {
	if len(b) < 8 {
		return errDamaged
	}
	n, used := uint64(binary.LittleEndian.Uint32(b)), binary.LittleEndian.Uint32(b[4:])
	if b = b[8:]; uint64(len(b)) < 5*n || uint64(used) > n {
		return errDamaged
	}
	hashes := b[:4*n]
	b = b[4*n:]
	// Room for what comes right after, so that a table that has just been
	// loaded is not copied at the next record.
	room := int(n) + int(n)>>4
	*t = table{hashes: make([]uint32, 0, room), seqs: make([]uint32, 0, room), before: make([]uint32, 0, room)}
	t.slots = make([]uint32, max(16, 1<<bits.Len(uint(used)*4/3)))
	next := uint64(0)
	for ; len(hashes) > 0; hashes = hashes[4:] {
		skip, size := binary.Uvarint(b)
		if size <= 0 || skip >= math.MaxUint32 || next+skip >= math.MaxUint32 {
			return errDamaged
		}
		b = b[size:]
		if err := t.add(binary.LittleEndian.Uint32(hashes), core.Seq(next+skip)); err != nil {
			return err
		}
		next += skip + 1
	}
	if len(b) > 0 {
		return errDamaged
	}
	return nil
}

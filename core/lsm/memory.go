package lsm

import (
	"bytes"
	"encoding/binary"

	"github.com/flumedb/flumedb-wasm/core"
)

// memory is entries that have not been written down: sorted chunks, each at
// least twice as large as the next, newer one, and a tail of the newest. Of
// equal keys the newer one counts.
type memory struct {
	arena  []byte
	chunks [][]entry // the oldest first, each sorted and without equals
	tail   []entry
	sorted int // how many of tail are sorted and without equals
	items  []item
}

// entry is a key and its seq.
type entry struct {
	head uint64 // the key's first eight bytes, for most comparisons
	from uint32 // in the arena
	size uint32
	seq  core.Seq
}

const (
	// tailMax is how long the tail grows before it becomes a chunk, and
	// liveTailMax how long where it is read in between and so kept sorted.
	tailMax     = 32 << 10
	liveTailMax = 1 << 10
)

// entryBytes is about what an entry takes beside its key.
const entryBytes = 24

func headOf(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var h uint64
	for i, c := range key {
		h |= uint64(c) << (56 - 8*i)
	}
	return h
}

func (m *memory) key(e *entry) []byte { return m.arena[e.from : e.from+e.size : e.from+e.size] }

// size is about how many bytes there are.
func (m *memory) size() int {
	n := len(m.arena) + entryBytes*len(m.tail)
	for _, c := range m.chunks {
		n += entryBytes * len(c)
	}
	return n
}

func (m *memory) empty() bool { return len(m.tail) == 0 && len(m.chunks) == 0 }

func (m *memory) put(key []byte, seq core.Seq) {
	from := len(m.arena)
	m.grow(len(key))
	m.arena = append(m.arena, key...)
	m.tail = append(m.tail, entry{headOf(key), uint32(from), uint32(len(key)), seq})
	if len(m.tail) >= tailMax || m.sorted > 0 && len(m.tail) >= liveTailMax {
		m.push(m.sortTail())
	}
}

// grow makes room for a key and its entry. What will hold megabytes grows in few
// steps, since fresh memory is dear.
func (m *memory) grow(key int) {
	if n := len(m.arena) + key; n > cap(m.arena) {
		m.arena = append(make([]byte, 0, max(2*cap(m.arena), n, 4<<10)), m.arena...)
	}
	if n := len(m.tail) + 1; n > cap(m.tail) {
		size := max(2*n, 16)
		if n > liveTailMax {
			size = tailMax
		}
		m.tail = append(make([]entry, 0, size), m.tail...)
	}
}

// sortTail takes the tail, sorted and without equals.
func (m *memory) sortTail() []entry {
	all := sortEntries(m.arena, m.tail, &m.items)
	m.tail, m.sorted = m.tail[:0], 0
	return all
}

// reset empties the memory for the next entries.
func (m *memory) reset() {
	m.arena, m.chunks, m.tail, m.sorted = m.arena[:0], nil, m.tail[:0], 0
}

// push adds a chunk that is newer than all others, and merges those that are
// no longer twice as large as the next.
func (m *memory) push(c []entry) {
	for n := len(m.chunks); n > 0 && len(m.chunks[n-1]) < 2*len(c); n-- {
		c = m.merge(m.chunks[n-1], c)
		m.chunks = m.chunks[:n-1]
	}
	m.chunks = append(m.chunks, c)
}

func (m *memory) merge(older, newer []entry) []entry {
	all := make([]entry, 0, len(older)+len(newer))
	for len(older) > 0 && len(newer) > 0 {
		switch c := m.compare(&older[0], &newer[0]); {
		case c < 0:
			all, older = append(all, older[0]), older[1:]
		case c > 0:
			all, newer = append(all, newer[0]), newer[1:]
		default:
			older = older[1:]
		}
	}
	return append(append(all, older...), newer...)
}

func (m *memory) compare(a, b *entry) int {
	if a.head != b.head {
		if a.head < b.head {
			return -1
		}
		return 1
	}
	if a.size > 8 && b.size > 8 {
		return bytes.Compare(m.arena[a.from+8:a.from+a.size], m.arena[b.from+8:b.from+b.size])
	}
	// Of two with the same head the shorter is the other's beginning.
	return int(a.size) - int(b.size)
}

// compareKey compares an entry to a key whose head is given.
func (m *memory) compareKey(a *entry, head uint64, key []byte) int {
	if a.head != head {
		if a.head < head {
			return -1
		}
		return 1
	}
	if a.size > 8 && len(key) > 8 {
		return bytes.Compare(m.arena[a.from+8:a.from+a.size], key[8:])
	}
	return int(a.size) - len(key)
}

// settle sorts the tail. One that has few new entries is sorted by putting them
// in, which is what reads between appends find; one that has many becomes a
// chunk.
func (m *memory) settle() {
	const few = 16
	if len(m.tail)-m.sorted > few {
		m.push(m.sortTail())
		return
	}
	for m.sorted < len(m.tail) {
		e := m.tail[m.sorted]
		at, equal := search(m.tail[:m.sorted], func(a *entry) int { return m.compare(a, &e) })
		if equal {
			m.tail[at] = e
			m.tail = append(m.tail[:m.sorted], m.tail[m.sorted+1:]...)
			continue
		}
		copy(m.tail[at+1:m.sorted+1], m.tail[at:m.sorted])
		m.tail[at] = e
		m.sorted++
	}
}

// search is the place of the first entry that does not compare as less, and
// whether it compares as equal.
func search(all []entry, compare func(a *entry) int) (at int, equal bool) {
	low, high := 0, len(all)
	for low < high {
		middle := (low + high) / 2
		if compare(&all[middle]) < 0 {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, low < len(all) && compare(&all[low]) == 0
}

// layers are the sorted entries, the newest first.
func (m *memory) layers() (all [][]entry) {
	m.settle()
	if len(m.tail) > 0 {
		all = append(all, m.tail)
	}
	for i := len(m.chunks) - 1; i >= 0; i-- {
		all = append(all, m.chunks[i])
	}
	return all
}

// memorySource walks over a layer.
type memorySource struct {
	m    *memory
	all  []entry
	at   int
	step int
	end  int
}

// newMemorySource walks over the keys from low up to high, which is not among
// them; nil is no bound.
func newMemorySource(m *memory, all []entry, low, high []byte, reverse bool) *memorySource {
	from, to := 0, len(all)
	if low != nil {
		head := headOf(low)
		from, _ = search(all, func(a *entry) int { return m.compareKey(a, head, low) })
	}
	if high != nil {
		head := headOf(high)
		to, _ = search(all, func(a *entry) int { return m.compareKey(a, head, high) })
	}
	to = max(from, to)
	if reverse {
		return &memorySource{m, all, to - 1, -1, from - 1}
	}
	return &memorySource{m, all, from, 1, to}
}

func (s *memorySource) next() (key []byte, seq core.Seq, err error) {
	if s.at == s.end {
		return nil, 0, nil
	}
	e := &s.all[s.at]
	s.at += s.step
	return s.m.key(e), e.seq, nil
}

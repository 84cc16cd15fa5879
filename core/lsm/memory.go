package lsm

import (
	"encoding/binary"

	"github.com/flumedb/flumedb-wasm/core"
)

// memory is entries that have not been written down: sorted chunks, each at
// least twice as large as the next, newer one, and a tail of the newest. Of
// equal keys the newer one counts.
//
// Many keys of an index begin alike: with the same author, say. What they begin
// with is kept once, which makes them small and sorting them cheap.
type memory struct {
	begins beginnings
	arena  []byte    // what follows in each key
	chunks [][]entry // the oldest first, each sorted and without equals
	tail   []entry
	sorted int // how many of tail are sorted and without equals

	// Memory that is used again.
	items []item
	out   []entry
}

// entry is a key and its seq.
type entry struct {
	head  uint64 // the rest's first eight bytes, for most comparisons
	seq   core.Seq
	from  uint32 // the rest, in the arena
	size  uint32
	begin Beginning
}

const (
	// tailMax is how long the tail grows before it becomes a chunk, and
	// liveTailMax how long where it is read in between and so kept sorted.
	tailMax     = 64 << 10
	liveTailMax = 1 << 10
)

// entryBytes is about what an entry takes beside its key.
const entryBytes = 32

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

func (m *memory) rest(e *entry) []byte { return m.arena[e.from : e.from+e.size : e.from+e.size] }

// key is the whole key, in buf where it is not in one piece.
func (m *memory) key(e *entry, buf *[]byte) []byte {
	if e.begin == 0 {
		return m.rest(e)
	}
	*buf = append(append((*buf)[:0], m.begins.at(e.begin)...), m.rest(e)...)
	return *buf
}

// size is about how many bytes there are.
func (m *memory) size() int {
	n := m.begins.size() + len(m.arena) + entryBytes*len(m.tail)
	for _, c := range m.chunks {
		n += entryBytes * len(c)
	}
	return n
}

// listed is about how many bytes a layer takes where all its keys are written
// out, each with its length and its seq.
func (m *memory) listed(layer []entry) (n int) {
	const numbers = 6
	for i := range layer {
		n += len(m.begins.at(layer[i].begin)) + int(layer[i].size) + numbers
	}
	return n
}

func (m *memory) empty() bool { return len(m.tail) == 0 && len(m.chunks) == 0 }

// put adds a key that begins as begin says and goes on with rest.
func (m *memory) put(begin Beginning, rest []byte, seq core.Seq) {
	from := len(m.arena)
	m.grow(len(rest))
	m.arena = append(m.arena, rest...)
	m.tail = append(m.tail, entry{headOf(rest), seq, uint32(from), uint32(len(rest)), begin})
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
			size = max(tailMax/2, min(2*n, tailMax))
		}
		m.tail = append(make([]entry, 0, size), m.tail...)
	}
}

// reset empties the memory for the next entries.
func (m *memory) reset() {
	if len(m.chunks) > 0 {
		m.out = m.chunks[0][:0]
	}
	m.begins.reset()
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
	if a.begin != b.begin {
		return compareJoined(m.begins.at(a.begin), m.rest(a), m.begins.at(b.begin), m.rest(b))
	}
	if a.head != b.head {
		if a.head < b.head {
			return -1
		}
		return 1
	}
	if a.size > 8 && b.size > 8 {
		return compareKeys(m.arena[a.from+8:a.from+a.size], m.arena[b.from+8:b.from+b.size])
	}
	// Of two with the same head the shorter is the other's beginning.
	return int(a.size) - int(b.size)
}

// compareKey compares an entry to a key.
func (m *memory) compareKey(a *entry, key []byte) int {
	if a.begin == 0 {
		return compareKeys(m.rest(a), key)
	}
	begin := m.begins.at(a.begin)
	switch i := sharedBytes(begin, key); {
	case i == len(begin):
		return compareKeys(m.rest(a), key[i:])
	case i == len(key):
		return 1
	default:
		return int(begin[i]) - int(key[i])
	}
}

// place is the first of sorted entries that is not before a key.
func (m *memory) place(all []entry, key []byte) int {
	low, high := 0, len(all)
	for low < high {
		middle := int(uint(low+high) / 2)
		if m.compareKey(&all[middle], key) < 0 {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
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
		at, high := 0, m.sorted
		for at < high {
			middle := int(uint(at+high) / 2)
			if m.compare(&m.tail[middle], &e) < 0 {
				at = middle + 1
			} else {
				high = middle
			}
		}
		if at < m.sorted && m.compare(&m.tail[at], &e) == 0 {
			m.tail[at] = e
			m.tail = append(m.tail[:m.sorted], m.tail[m.sorted+1:]...)
			continue
		}
		copy(m.tail[at+1:m.sorted+1], m.tail[at:m.sorted])
		m.tail[at] = e
		m.sorted++
	}
}

// layers are the sorted entries, the newest first.
func (m *memory) layers() [][]entry { return m.appendLayers(nil) }

func (m *memory) appendLayers(all [][]entry) [][]entry {
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
	end  int // where the walk ends, or at most comes to
	buf  []byte

	bound []byte // where the range ends, nil where that is at end
	sure  int    // the entries before it, as they are walked over, are in the range
	reach int    // how many are looked at together next
}

// newMemorySource walks over the keys from low up to high, which is not among
// them; nil is no bound.
func newMemorySource(m *memory, all []entry, low, high []byte, reverse bool) *memorySource {
	s := &memorySource{}
	s.walk(m, all, low, high, reverse)
	return s
}

// walk begins such a walk, in the memory of the last one. Where the range ends
// is found on the way: most walks are left before.
func (s *memorySource) walk(m *memory, all []entry, low, high []byte, reverse bool) {
	*s = memorySource{m: m, all: all, step: 1, end: len(all), buf: s.buf, bound: high, reach: 1}
	begin := low
	if reverse {
		s.at, s.step, s.end, s.bound, begin = len(all)-1, -1, -1, low, high
	}
	if begin != nil {
		s.at = m.place(all, begin)
		if reverse {
			s.at--
		}
	}
	s.sure = s.at
	if s.bound == nil {
		s.sure = s.end
	}
}

// within reports whether an entry is before the end of the range.
func (s *memorySource) within(i int) bool {
	return (s.m.compareKey(&s.all[i], s.bound) < 0) == (s.step > 0)
}

// stretch looks further ahead: each time at twice as many entries, of which only
// the last is compared, and where that is behind the range, at where it ends.
func (s *memorySource) stretch() {
	n := min(s.reach, (s.end-s.at)*s.step)
	s.reach *= 2
	if s.within(s.at + (n-1)*s.step) {
		s.sure = s.at + n*s.step
		return
	}
	in, out := 0, n-1 // so many are within, and the one behind so many is not
	for in < out {
		middle := (in + out) / 2
		if s.within(s.at + middle*s.step) {
			in = middle + 1
		} else {
			out = middle
		}
	}
	s.end = s.at + in*s.step
	s.sure = s.end
}

func (s *memorySource) next() (key []byte, seq core.Seq, err error) {
	if s.at == s.sure && s.at != s.end {
		s.stretch()
	}
	if s.at == s.end {
		return nil, 0, nil
	}
	e := &s.all[s.at]
	s.at += s.step
	return s.m.key(e, &s.buf), e.seq, nil
}

// write is next into a block. It is false at the end.
func (s *memorySource) write(w *builder) bool {
	if s.at == s.end {
		return false
	}
	e := &s.all[s.at]
	same := s.at > 0 && s.all[s.at-1].begin == e.begin
	w.addBehind(s.m.begins.at(e.begin), s.m.rest(e), same, e.seq)
	s.at++
	return true
}

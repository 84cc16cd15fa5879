package lsm

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// item is an entry that is being sorted: eight bytes of its key, at the depth
// to which the keys around it are the same.
type item struct {
	word uint64
	i    uint32 // of the entry; of equal keys the later one counts
	size uint32 // of the key
}

// sortTail takes the tail, sorted and of equal keys the last.
func (m *memory) sortTail() []entry {
	sorted := m.out
	if m.out = nil; cap(sorted) < len(m.tail) {
		sorted = make([]entry, 0, len(m.tail))
	}
	if len(m.tail) < m.begins.set.Len() {
		slices.SortStableFunc(m.tail, func(a, b entry) int { return m.compare(&a, &b) })
		for i := range m.tail {
			e := &m.tail[i]
			if n := len(sorted); n > 0 && m.compare(&sorted[n-1], e) == 0 {
				sorted = sorted[:n-1]
			}
			sorted = append(sorted, *e)
		}
	} else {
		// Equal keys have the same beginning here.
		for _, it := range m.sortItems() {
			e := &m.tail[it.i]
			if n := len(sorted); n > 0 && sorted[n-1].head == e.head && sorted[n-1].begin == e.begin && m.compare(&sorted[n-1], e) == 0 {
				sorted = sorted[:n-1]
			}
			sorted = append(sorted, *e)
		}
	}
	m.tail, m.sorted = m.tail[:0], 0
	return sorted
}

// sortItems gives items of the tail, sorted. Keys often begin alike for long, so
// that comparing them whole would read the same bytes again and again: they are
// put together by their beginnings, then sorted by eight bytes at a time, and
// only those that are the same so far by the next eight.
func (m *memory) sortItems() []item {
	if cap(m.items) < len(m.tail) {
		m.items = make([]item, cap(m.tail))
	}
	items := m.items[:len(m.tail)]
	if ends := m.bringTogether(items); ends != nil {
		s, start := sorter{m.arena, m.tail}, 0
		for _, end := range ends {
			s.from(items[start:end])
			start = end
		}
		return items
	}
	m.flatten()
	for i := range m.tail {
		items[i] = item{m.tail[i].head, uint32(i), m.tail[i].size}
	}
	sorter{m.arena, m.tail}.from(items)
	return items
}

// bringTogether puts the items of the entries of each beginning one behind the
// other, in the order of their beginnings, and answers where each of them ends.
// It answers nil where that would not be the order of the keys, since one
// beginning begins with another.
func (m *memory) bringTogether(items []item) (ends []int) {
	order := m.begins.order()
	if order == nil {
		return nil
	}
	next := make([]int, len(order)) // by beginning, where its next one goes
	for i := range m.tail {
		if m.tail[i].begin == 0 {
			return nil
		}
		next[m.tail[i].begin-1]++
	}
	at := 0
	ends = make([]int, len(order))
	for i, begin := range order {
		at, next[begin-1] = at+next[begin-1], at
		ends[i] = at
	}
	for i := range m.tail {
		e := &m.tail[i]
		items[next[e.begin-1]] = item{e.head, uint32(i), e.size}
		next[e.begin-1]++
	}
	return ends
}

// flatten gives each key of the tail all of its bytes.
func (m *memory) flatten() {
	for i := range m.tail {
		e := &m.tail[i]
		if e.begin == 0 {
			continue
		}
		from := len(m.arena)
		m.arena = append(append(m.arena, m.begins.at(e.begin)...), m.rest(e)...)
		*e = entry{headOf(m.arena[from:]), e.seq, uint32(from), uint32(len(m.arena) - from), 0}
	}
}

type sorter struct {
	arena   []byte
	entries []entry
}

// from sorts items of which nothing is sorted yet. Those of one beginning often
// come in order.
func (s sorter) from(items []item) {
	for i := 1; i < len(items); i++ {
		if items[i].word <= items[i-1].word {
			sortItems(items)
			s.groups(items, 0)
			return
		}
	}
}

// groups sorts those items further that have the same eight bytes at a depth.
func (s sorter) groups(items []item, depth uint32) {
	for start := 0; start < len(items); {
		end := start + 1
		for end < len(items) && items[end].word == items[start].word {
			end++
		}
		if end-start > 1 {
			s.deeper(items[start:end], depth+8)
		}
		start = end
	}
}

// deeper sorts items that are the same up to a depth, or end before it: of
// these the shorter is the beginning of the others.
func (s sorter) deeper(items []item, depth uint32) {
	// Those that end here come first, and are told from those that go on with
	// zeros by their size.
	ended := 0
	for n := range items {
		if items[n].size <= depth {
			items[ended], items[n] = items[n], items[ended]
			ended++
		}
	}
	sortBySize(items[:ended])
	items = items[ended:]
	sorted := ended == 0 // so far: they are in the entries' order
	var last uint64
	for n := range items {
		it := &items[n]
		e := &s.entries[it.i]
		it.word = wordAt(s.arena[e.from:e.from+e.size], depth)
		sorted = sorted && it.word >= last
		last = it.word
	}
	if !sorted {
		sortItems(items)
	}
	s.groups(items, depth)
}

func wordAt(key []byte, depth uint32) uint64 {
	if rest := key[depth:]; len(rest) >= 8 {
		return binary.BigEndian.Uint64(rest)
	}
	return headOf(key[depth:])
}

// less orders by the word, and by the entries' order.
func less(a, b item) bool {
	return a.word < b.word || a.word == b.word && a.i < b.i
}

// sortItems sorts by the word. It is a quicksort of its own since the words are
// compared in a few nanoseconds, and a function to compare them by takes more.
func sortItems(items []item) { quicksort(items, 2*bits.Len(uint(len(items)))) }

// quicksort leaves what it does not divide well to heapsort, which is slower but
// never slow.
func quicksort(items []item, depth int) {
	for len(items) > 16 {
		if depth == 0 {
			heapsort(items)
			return
		}
		depth--
		// The middle one of three.
		last := len(items) - 1
		middle := last / 2
		if less(items[middle], items[0]) {
			items[middle], items[0] = items[0], items[middle]
		}
		if less(items[last], items[0]) {
			items[last], items[0] = items[0], items[last]
		}
		if less(items[last], items[middle]) {
			items[last], items[middle] = items[middle], items[last]
		}
		pivot := items[middle]
		i, j := 0, last
		for i <= j {
			for less(items[i], pivot) {
				i++
			}
			for less(pivot, items[j]) {
				j--
			}
			if i <= j {
				items[i], items[j] = items[j], items[i]
				i++
				j--
			}
		}
		// The smaller side by itself, so that the stack stays flat.
		if j+1 < len(items)-i {
			quicksort(items[:j+1], depth)
			items = items[i:]
		} else {
			quicksort(items[i:], depth)
			items = items[:j+1]
		}
	}
	for i := 1; i < len(items); i++ {
		it := items[i]
		j := i
		for j > 0 && less(it, items[j-1]) {
			items[j] = items[j-1]
			j--
		}
		items[j] = it
	}
}

func heapsort(items []item) {
	for root := len(items)/2 - 1; root >= 0; root-- {
		sift(items, root)
	}
	for n := len(items) - 1; n > 0; n-- {
		items[0], items[n] = items[n], items[0]
		sift(items[:n], 0)
	}
}

// sift moves an item down to where those below are less.
func sift(items []item, root int) {
	for child := 2*root + 1; child < len(items); child = 2*root + 1 {
		if child+1 < len(items) && less(items[child], items[child+1]) {
			child++
		}
		if !less(items[root], items[child]) {
			return
		}
		items[root], items[child] = items[child], items[root]
		root = child
	}
}

// sortBySize sorts keys of which each is the beginning of all longer ones.
func sortBySize(items []item) {
	if len(items) == 0 {
		return
	}
	for n := range items {
		items[n].word = uint64(items[n].size)
	}
	sortItems(items)
}

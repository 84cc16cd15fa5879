package lsm

import (
	"encoding/binary"
	"math/bits"
)

// item is an entry that is being sorted: eight bytes of its key, at the depth
// to which the keys around it are the same.
type item struct {
	word uint64
	i    uint32 // of the entry; of equal keys the later one counts
	size uint32 // of the key
}

// sortEntries gives the entries in the order of their keys, the last one of
// equal keys. Keys often begin alike for long, so that comparing them whole
// would read the same bytes again and again: they are sorted by eight bytes at
// a time, and only those that are the same so far by the next eight. scratch is
// memory for it.
func sortEntries(arena []byte, entries []entry, scratch *[]item) []entry {
	if cap(*scratch) < len(entries) {
		*scratch = make([]item, cap(entries))
	}
	items := (*scratch)[:len(entries)]
	for i := range entries {
		items[i] = item{entries[i].head, uint32(i), entries[i].size}
	}
	sortItems(items)
	sorter{arena, entries}.groups(items, 0)
	sorted := make([]entry, 0, len(entries))
	for n, it := range items {
		e := entries[it.i]
		if n > 0 {
			last := &sorted[len(sorted)-1]
			if last.head == e.head && last.size == e.size && string(arena[last.from:last.from+last.size]) == string(arena[e.from:e.from+e.size]) {
				*last = e
				continue
			}
		}
		sorted = append(sorted, e)
	}
	return sorted
}

type sorter struct {
	arena   []byte
	entries []entry
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

package search

import (
	"iter"
	"math/bits"
	"slices"
)

// matcher finds the records that have all terms of a query that are indexed. It
// goes over the log in stretches from either end, so that what nobody asks for
// is not looked for.
type matcher struct {
	*postings
	sources []source // faster with the rarest first
	weigh   func(source int, p posting) float64
	counts  []uint32 // of a stretch
	hits    []hit
}

// source is the records of one term: of a word, or of all that begin with it.
type source struct {
	words   []int
	records int // of each word, added up

	lists   []list
	singles []int // of words that are in one record: the seq by 2^32, and how often
	found   []posting
}

// list is the chunks of a word, the newest first.
type list struct {
	chunks []chunk
	last   uint32
}

// hit is a record with all terms.
type hit struct {
	seq   uint32
	score float64
}

// stretch is how many seqs are gone over at a time.
const stretch = 1 << 14

// rarestFirst puts the sources in order, and answers which was where. They are
// few, and a sort of package slices would be a tenth of this package.
func (m *matcher) rarestFirst(records func(i int) int) (was []int) {
	var sorted []source
	for i := range m.sources {
		at := len(was)
		for at > 0 && records(was[at-1]) > records(i) {
			at--
		}
		was = append(was, 0)
		copy(was[at+1:], was[at:])
		was[at] = i
	}
	for _, i := range was {
		sorted = append(sorted, m.sources[i])
	}
	m.sources = sorted
	return was
}

// all are the hits from one seq through another.
func (m *matcher) all(from, through uint32, reverse bool) iter.Seq[hit] {
	return func(yield func(hit) bool) {
		if len(m.sources) == 0 {
			return
		}
		for i := range m.sources {
			m.sources[i].gather(m.postings, from, through)
		}
		for {
			low, high, ok := m.stretch(from, through, reverse)
			if !ok {
				return
			}
			m.find(low, high)
			if reverse {
				for _, h := range slices.Backward(m.hits) {
					if !yield(h) {
						return
					}
				}
				if low == from {
					return
				}
				through = low - 1
				continue
			}
			for _, h := range m.hits {
				if !yield(h) {
					return
				}
			}
			if high == through {
				return
			}
			from = high + 1
		}
	}
}

// stretch is where to look next: past what some source has nothing of.
func (m *matcher) stretch(from, through uint32, reverse bool) (low, high uint32, ok bool) {
	low, high = from, through
	for i := range m.sources {
		s := &m.sources[i]
		if len(s.lists) == 0 && len(s.singles) == 0 {
			return 0, 0, false
		}
		if len(s.lists) != 1 || len(s.singles) != 0 {
			continue
		}
		l := &s.lists[0]
		if reverse {
			k := l.covering(high)
			if k == len(l.chunks) {
				return 0, 0, false
			}
			if high = min(high, l.last); k > 0 {
				high = min(high, l.chunks[k-1].base-1)
			}
		} else if low = max(low, l.chunks[len(l.chunks)-1].base); low > l.last {
			return 0, 0, false
		}
	}
	if low > high {
		return 0, 0, false
	}
	if reverse {
		return max(low, high-min(high, stretch-1)), high, true
	}
	return low, low + min(high-low, stretch-1), true
}

// covering is the first chunk that may have a seq, or a lesser one.
func (l *list) covering(seq uint32) int {
	low, high := 0, len(l.chunks)
	for low < high {
		middle := (low + high) / 2
		if l.chunks[middle].base <= seq {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

// gather finds the source's chunks.
func (s *source) gather(p *postings, from, through uint32) {
	s.lists, s.singles = s.lists[:0], s.singles[:0]
	var all []chunk
	for _, number := range s.words {
		w := &p.words[number]
		switch {
		case w.last < from:
		case w.tail == 0:
			if w.last <= through {
				s.singles = append(s.singles, int(w.last)<<32|int(w.at))
			}
		default:
			before := len(all)
			if all = p.chunks(w, from, through, all); len(all) > before {
				s.lists = append(s.lists, list{all[before:len(all):len(all)], w.last})
			}
		}
	}
	slices.Sort(s.singles)
}

// find puts into m.hits those from low through high.
func (m *matcher) find(low, high uint32) {
	m.hits = m.hits[:0]
	for i := range m.sources {
		s := &m.sources[i]
		m.fill(s, low, high)
		if i == 0 {
			for _, p := range s.found {
				m.hits = append(m.hits, hit{p.seq, m.score(i, p)})
			}
			continue
		}
		kept, k := m.hits[:0], 0
		for _, h := range m.hits {
			for k < len(s.found) && s.found[k].seq < h.seq {
				k++
			}
			if k < len(s.found) && s.found[k].seq == h.seq {
				h.score += m.score(i, s.found[k])
				kept = append(kept, h)
			}
		}
		m.hits = kept
		if len(kept) == 0 {
			return
		}
	}
}

func (m *matcher) score(source int, p posting) float64 {
	if m.weigh == nil {
		return 0
	}
	return m.weigh(source, p)
}

// fill puts into s.found the postings from low through high, in order.
func (m *matcher) fill(s *source, low, high uint32) {
	s.found = s.found[:0]
	if len(s.lists) == 1 && len(s.singles) == 0 {
		s.found = m.read(&s.lists[0], low, high, s.found)
		return
	}
	n := int(high-low) + 1
	if m.counts == nil {
		m.counts = make([]uint32, stretch)
	}
	for i := range s.lists {
		s.found = m.read(&s.lists[i], low, high, s.found[:0])
		for _, p := range s.found {
			m.counts[p.seq-low] += p.count
		}
	}
	k, _ := slices.BinarySearch(s.singles, int(low)<<32)
	for ; k < len(s.singles) && s.singles[k]>>32 <= int(high); k++ {
		m.counts[uint32(s.singles[k]>>32)-low] += uint32(s.singles[k])
	}
	s.found = s.found[:0]
	for i, count := range m.counts[:n] {
		if count > 0 {
			s.found = append(s.found, posting{low + uint32(i), count})
			m.counts[i] = 0
		}
	}
}

// read puts a word's postings from low through high into all, which is empty.
func (m *matcher) read(l *list, low, high uint32, all []posting) []posting {
	first := l.covering(high)
	last := min(l.covering(low), len(l.chunks)-1)
	for k := last; k >= first; k-- {
		all = m.decode(l.chunks[k], all)
	}
	// Only the chunks at either end have others, too.
	start, end := 0, len(all)
	for start < end && all[start].seq < low {
		start++
	}
	for end > start && all[end-1].seq > high {
		end--
	}
	return all[:copy(all, all[start:end])]
}

// A record's length, in words, is kept in a byte: exact below 32, then in steps
// of about a twentieth.
func lengthCode(words int) byte {
	if words < 32 {
		return byte(words)
	}
	scale := bits.Len(uint(words)) - 5
	if scale > 14 {
		return 255
	}
	return byte(32 + (scale-1)*16 + words>>scale - 16)
}

func lengthOf(code byte) float64 {
	if code < 32 {
		return float64(code)
	}
	scale := (int(code)-32)/16 + 1
	return float64((16 + int(code)&15) << scale)
}

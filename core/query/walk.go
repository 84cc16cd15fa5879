package query

import (
	"math/bits"
	"sort"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/query/column"
)

// span is seqs that are to be looked at, from at through last, in either
// direction. It shrinks at the end that is looked at.
type span struct {
	at, last core.Seq
	down     bool
}

func (s *span) isDone() bool { return s.at > s.last }

// done leaves nothing to be looked at.
func (s *span) done() { s.last = s.at - 1 }

// passed says that seq has been looked at.
func (s *span) passed(seq core.Seq) {
	if s.down {
		s.last = seq - 1
	} else {
		s.at = seq + 1
	}
}

// back says that seq is the next to be looked at.
func (s *span) back(seq core.Seq) {
	if s.down {
		s.last = seq
	} else {
		s.at = seq
	}
}

// walk calls do with the seqs of a span for which all matches of the plan hold,
// until it answers false, or time is up. It reports whether it was not for
// time that it has ended.
func (p *plan) walk(s *span, t *turn, do func(seq uint32) bool) bool {
	if s.isDone() {
		return true
	}
	if len(p.match) > 0 {
		if few, ok := p.match[0].Few(); ok {
			return p.walkFew(few, s, do)
		}
	}
	return p.walkChunks(s, t, do)
}

// walkFew walks over the records of a value that few have.
func (p *plan) walkFew(few column.Few, s *span, do func(seq uint32) bool) bool {
	list := few.Listed
	list = list[sort.Search(len(list), func(i int) bool { return core.Seq(list[i]) >= s.at }):]
	list = list[:sort.Search(len(list), func(i int) bool { return core.Seq(list[i]) > s.last })]
	tail := max(core.Seq(few.Tail), s.at)
	take := func(seq uint32) bool {
		for i := range p.match {
			if !p.match[i].Has(int(seq)) {
				return true
			}
		}
		s.passed(core.Seq(seq))
		return do(seq)
	}
	if s.down {
		for seq := s.last; seq >= tail; seq-- {
			if !take(uint32(seq)) {
				return true
			}
		}
		for i := len(list) - 1; i >= 0; i-- {
			if !take(list[i]) {
				return true
			}
		}
	} else {
		for _, seq := range list {
			if !take(seq) {
				return true
			}
		}
		for seq, last := tail, s.last; seq <= last; seq++ {
			if !take(uint32(seq)) {
				return true
			}
		}
	}
	s.done()
	return true
}

// walkChunks walks over all records, a chunk at a time.
func (p *plan) walkChunks(s *span, t *turn, do func(seq uint32) bool) bool {
	var set column.Bits
	for !s.isDone() {
		from := s.at &^ (column.Chunk - 1)
		if s.down {
			from = s.last &^ (column.Chunk - 1)
		}
		p.chunk(&set, int(from), s)
		for k := range set {
			if s.down {
				k = len(set) - 1 - k
			}
			for word := set[k]; word != 0; {
				i := bits.TrailingZeros64(word)
				if s.down {
					i = bits.Len64(word) - 1
				}
				word &^= 1 << i
				seq := uint32(from) + uint32(64*k+i)
				if !do(seq) {
					s.passed(core.Seq(seq))
					return true
				}
			}
		}
		if s.down {
			s.last = from - 1
		} else {
			s.at = from + column.Chunk
		}
		if !s.isDone() && t.isOver() {
			return false
		}
	}
	return true
}

// chunk sets the bits of the seqs of a chunk that lie in the span and for which
// all matches hold.
func (p *plan) chunk(set *column.Bits, from int, s *span) {
	low, high := max(int(s.at)-from, 0), min(int(s.last)-from+1, column.Chunk)
	for k := range set {
		word := ^uint64(0)
		if at := 64 * k; at < low || at+64 > high {
			word = 0
			for i := max(low, at); i < min(high, at+64); i++ {
				word |= 1 << (i - at)
			}
		}
		set[k] = word
	}
	for i := range p.match {
		p.match[i].And(set, from)
	}
}

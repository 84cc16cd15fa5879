package query

import (
	"math/bits"
	"sort"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/query/column"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// fold answers a $reduce from columns alone.
func (r *reading) fold(c *view.Call) error {
	p := r.plan
	used, keys, values := p.used, p.keys, p.values
	if p.query.Counts() && len(used) < 2 {
		return r.tally(c)
	}
	if len(p.match) == 0 {
		p = p.over(used[0])
	}
	find := func(fields []int, seq uint32) {
		for _, i := range fields {
			f := p.fields[i]
			r.run.Found[i] = f.Value(f.At(int(seq)))
		}
	}
	add := func(seq uint32) bool {
		find(used, seq)
		r.run.Add(nil)
		return true
	}
	if len(keys) == 1 {
		// The group of a key is found once.
		key := p.fields[keys[0]]
		for len(r.counts) < key.Values() {
			r.counts = append(r.counts, 0)
		}
		add = func(seq uint32) bool {
			if group := &r.counts[key.At(int(seq))]; *group > 0 {
				find(values, seq)
				r.run.AddTo(*group - 1)
			} else {
				find(used, seq)
				r.run.Add(nil)
				*group = r.run.Group() + 1
			}
			return true
		}
	}
	if !p.walk(&r.span, &r.turn, add) {
		return r.rest(c)
	}
	return nil
}

// tally answers what only depends on how many records have each value of one
// field, or how many there are.
func (r *reading) tally(c *view.Call) error {
	p, used := r.plan, r.plan.used
	whole := r.at == 0 && int(r.last)+1 >= r.v.next && r.counts == nil
	if len(used) == 0 {
		switch {
		case len(p.match) == 0:
			r.total += r.v.records(r.at, r.last)
			r.done()
		case len(p.match) == 1 && whole:
			r.total += p.match[0].Count()
			r.done()
		default:
			if !p.count(&r.span, &r.turn, &r.total) {
				return r.rest(c)
			}
		}
		if r.total > 0 {
			r.run.AddTimes(r.total)
		}
		return nil
	}
	f := p.fields[used[0]]
	add := func(id column.ID, n int) {
		if n > 0 && id != column.None {
			r.run.Found[used[0]] = f.Value(id)
			r.run.AddTimes(n)
		}
	}
	if whole && (len(p.match) == 0 || len(p.match) == 1 && p.match[0].Of(f.Column)) {
		for id := range f.Values() {
			if id := column.ID(id); len(p.match) == 0 || p.match[0].HasID(id) {
				add(id, f.Count(id))
			}
		}
		r.done()
		return nil
	}
	if len(p.match) == 0 {
		p = p.over(used[0])
	}
	for len(r.counts) < f.Values() {
		r.counts = append(r.counts, 0)
	}
	if !p.walk(&r.span, &r.turn, func(seq uint32) bool {
		r.counts[f.At(int(seq))]++
		return true
	}) {
		return r.rest(c)
	}
	for id, n := range r.counts {
		add(column.ID(id), n)
	}
	return nil
}

// count adds to sum how many seqs of a span all matches hold for; false where
// time is up.
func (p *plan) count(s *span, t *turn, sum *int) bool {
	if few, ok := p.match[0].Few(); ok {
		return p.walkFew(few, s, func(uint32) bool { *sum++; return true })
	}
	var set column.Bits
	for !s.isDone() {
		from := s.at &^ (column.Chunk - 1)
		p.chunk(&set, int(from), s)
		for _, word := range set {
			*sum += bits.OnesCount64(word)
		}
		s.at = from + column.Chunk
		if !s.isDone() && t.isOver() {
			return false
		}
	}
	return true
}

// over is the plan with a match of all that a field has, which is to be walked
// over.
func (p *plan) over(field int) *plan {
	q := *p
	q.match = []column.Match{p.fields[field].All()}
	return &q
}

// records is how many records there are from one seq through another.
func (v *query) records(from, through core.Seq) int {
	if through < from {
		return 0
	}
	low := sort.Search(len(v.gaps), func(i int) bool { return core.Seq(v.gaps[i]) >= from })
	high := sort.Search(len(v.gaps), func(i int) bool { return core.Seq(v.gaps[i]) > through })
	return int(min(through, core.Seq(v.next)-1)-from) + 1 - (high - low)
}

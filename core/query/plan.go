package query

import (
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/query/column"
	"github.com/flumedb/flumedb-wasm/core/query/mfr"
)

// plan is how a query is to be answered.
type plan struct {
	index  string         // the key of the declared index that gives the order
	scores []score        // of the declared indexes
	by     []by           // what the records are sorted by, if not only by seq
	query  *mfr.Query     // without what by does
	match  []column.Match // what columns say of records; the one of fewest records first
	rest   bool           // there are terms that only records tell about
	fold   bool           // the columns are all that the query needs
	fields []*field       // of the query, nil where there is no column

	// Fields that the query reads behind the terms, by their numbers, where it
	// folds: all, those of keys, and those of values.
	used, keys, values []int

	run *mfr.Run // is for the next reading, if it is not in use
}

// by is a column to sort records by.
type by struct {
	*field
	reverse bool
}

type score struct {
	key   string
	score int
}

// wants are the fields that a query should have columns of: those it filters
// by, those of the index that gives the order, those it sorts by at the front,
// and those it reduces, if what it makes of them is smaller than they are.
func (v *query) wants(r *request) (paths []json.Path) {
	if r.planned.wants != nil {
		return r.planned.wants
	}
	q := r.query
	want := make([]bool, len(q.Fields))
	for _, t := range q.Terms {
		want[t.Field] = true
	}
	sorted, _ := q.Sorted()
	for _, s := range sorted {
		want[s.Field] = true
	}
	if q.Folds() && !q.Whole() && !q.Ordered() {
		for i, use := range q.Uses {
			want[i] = want[i] || use != (mfr.Use{})
		}
	}
	for i, path := range q.Fields {
		if want[i] && len(path) > 0 {
			paths = append(paths, path)
		}
	}
	if x, _ := v.choose(r); x != nil && q.Sorts == nil {
		paths = append(paths, x.Paths...)
	}
	r.planned.wants = append([]json.Path{}, paths...)
	return paths
}

// planned is the last plan for a request whose fields have their columns, if
// these are those that they were. Records that have come since change nothing of
// it but what its matches count, unless they have values that these do not know.
func (v *query) planned(r *request) *plan {
	if r.ready.plan == nil || r.ready.columns != v.columns {
		return nil
	}
	if r.ready.next != v.next {
		for i := range r.ready.plan.match {
			if !r.ready.plan.match[i].Renew() {
				return nil
			}
		}
		r.ready.next = v.next
	}
	v.use(r.ready.plan)
	return r.ready.plan
}

// use has the columns of a plan kept.
func (v *query) use(p *plan) {
	for _, f := range p.fields {
		if f != nil {
			v.uses++
			f.used = v.uses
		}
	}
}

// plan makes a plan of the columns that there are.
func (v *query) plan(r *request) *plan {
	q := r.query
	p := &plan{query: q, fields: make([]*field, len(q.Fields))}
	for i, path := range q.Fields {
		p.fields[i] = v.find(path)
	}
	v.use(p)
	for i := range q.Terms {
		t := &q.Terms[i]
		f := p.fields[t.Field]
		if f == nil {
			p.rest = true
			continue
		}
		m := match(f, t)
		at := len(p.match)
		for at > 0 && p.match[at-1].Count() > m.Count() {
			at--
		}
		p.match = append(p.match, m)
		copy(p.match[at+1:], p.match[at:])
		p.match[at] = m
	}
	p.fold = q.Folds() && !q.Whole() && !p.rest
	for i, use := range q.Uses {
		p.fold = p.fold && (use == mfr.Use{} || p.fields[i] != nil)
	}
	if p.fold {
		p.uses()
	}
	x, scores := v.choose(r)
	p.scores = scores
	if x != nil {
		p.index = x.Key
	}
	p.sort(v, x, r)
	return p
}

// uses lists the fields that a fold reads.
func (p *plan) uses() {
	for i, use := range p.query.Uses {
		if use != (mfr.Use{}) {
			p.used = append(p.used, i)
		}
		if use.Key {
			p.keys = append(p.keys, i)
		}
		if use.Value {
			p.values = append(p.values, i)
		}
	}
}

// match asks a column for what a term lets through.
func match(f *field, t *mfr.Term) column.Match {
	if want, ok := t.Equals(); ok {
		return f.Equal(want)
	}
	rule := string(t.Rule)
	if t.Rule == nil {
		rule = "something"
	}
	run := &mfr.Run{}
	test := func(v json.Value) bool { return t.Holds(run, v) }
	if low, high, ok := t.Range(); ok {
		return f.Range(rule, low, high, test)
	}
	return f.Test(rule, test)
}

// choose picks the declared index that serves a query best, as flumeview-query
// does: one that has the order that the query asks for, or else the one of the
// highest score.
func (v *query) choose(r *request) (chosen *mfr.Index, scores []score) {
	if r.planned.chosen {
		return r.planned.index, r.planned.scores
	}
	best := 0
	for _, all := range [2][]mfr.Index{v.indexes, r.indexes} {
		for i := range all {
			x := &all[i]
			n := scoreOf(x, r.query.Filter)
			if n > 0 {
				scores = append(scores, score{x.Key, n})
			}
			switch {
			case r.query.Sorts != nil:
				if chosen == nil && x.Sorts(r.query.Sorts) {
					chosen = x
				}
			case n > best:
				best, chosen = n, x
			}
		}
	}
	r.planned.index, r.planned.scores, r.planned.chosen = chosen, scores, true
	return chosen, scores
}

// sort finds out what the records are to be sorted by: what the query asks for,
// if it does so at the front; and the paths of the index chosen, if that makes
// a difference. Where a column is missing, the query sorts by itself, and the
// index gives no order.
func (p *plan) sort(v *query, x *mfr.Index, r *request) {
	q := r.query
	sorted, rest := q.Sorted()
	var all []by
	for _, s := range sorted {
		all = append(all, by{p.fields[s.Field], s.Reverse})
	}
	if x != nil && q.Sorts == nil && q.Ordered() {
		for _, path := range x.Paths {
			// What is the same in all records that are let through orders
			// nothing; where it is all there is, the log's order is the index's.
			if f := v.find(path); f == nil || !p.fixed(f) {
				all = append(all, by{f, r.reverse})
			}
		}
	}
	for _, b := range all {
		if b.field == nil {
			return
		}
	}
	if p.by = all; sorted != nil {
		p.query = rest
	}
}

// fixed reports whether the query lets through one value of a field only.
func (p *plan) fixed(f *field) bool {
	for i := range p.query.Terms {
		t := &p.query.Terms[i]
		if _, ok := t.Equals(); ok && p.fields[t.Field] == f {
			return true
		}
	}
	return false
}

// scoreOf is how well an index serves a filter: 2 for a field that has to be one
// value, 1 for one of a range; squared at each further field, so that the first
// ones count most. It ends at the first field that the filter says nothing of.
func scoreOf(x *mfr.Index, filter json.Value) (sum int) {
	for _, path := range x.Paths {
		rule := filter
		for _, name := range path {
			rule = rule.Member(name)
		}
		switch {
		case mfr.IsExact(rule):
			sum = sum*sum + 2
		case mfr.IsRange(rule):
			sum = sum*sum + 1
		default:
			return sum
		}
	}
	return sum
}

package mfr

import (
	"math"

	"github.com/flumedb/flumedb-wasm/core/json"
)

// Query is a parsed query. It does not change, and may be run by several
// goroutines at once.
type Query struct {
	// Fields are the places in a record that the query reads. The empty path
	// is the whole record.
	Fields []json.Path

	// Terms all have to hold for a record; they are the filters that the query
	// begins with.
	Terms []Term

	// Uses says for what the fields are read behind the terms.
	Uses []Use

	// Filter is the first stage if it is a $filter, as it was given.
	Filter json.Value

	// Sorts are the paths of the last stage if it is a $sort, as it was given.
	Sorts json.Value

	stages []stage // behind Terms
	whole  bool    // they are given records, whatever the fields
}

// Use is what a field is read for.
type Use struct {
	Key   bool // for the key of a $reduce that the query begins with
	Value bool // for anything else
}

// Term is a condition on one field.
type Term struct {
	Field int
	Rule  json.Value // what it was made of, nil for "there is something"
	test  test

	equals json.Value // what Equals has found
	asked  bool
}

// Holds reports whether the term holds for a value of its field.
func (t *Term) Holds(r *Run, v json.Value) bool { return t.test(r, v) }

// Equals is the one value that the term is for, in canonical JSON; false where
// it is not for one scalar.
func (t *Term) Equals() (json.Value, bool) {
	if !t.asked {
		t.asked, t.equals = true, t.findEquals()
	}
	return t.equals, t.equals != nil
}

func (t *Term) findEquals() json.Value {
	c := t.Rule
	if c.Kind() == json.Object && c.Len() == 1 {
		c = c.Member("$eq")
	}
	if k := c.Kind(); k == json.Absent || k == json.Array || k == json.Object {
		return nil
	}
	return Canonical(nil, c)
}

// Range is the numbers that the term is for, if it is for all from one through
// another; of values that are no numbers it says nothing.
func (t *Term) Range() (low, high float64, ok bool) {
	low, high = math.Inf(-1), math.Inf(1)
	for w := t.Rule.Members(); ; {
		name, c, more := w.Next()
		if !more {
			return low, high, ok
		}
		f, number := c.Float()
		if !number {
			return 0, 0, false
		}
		ok = true
		switch name.Str() {
		case "$gt":
			low = max(low, math.Nextafter(f, math.Inf(1)))
		case "$gte":
			low = max(low, f)
		case "$lt":
			high = min(high, math.Nextafter(f, math.Inf(-1)))
		case "$lte":
			high = min(high, f)
		default:
			return 0, 0, false
		}
	}
}

// Plain reports whether the query answers the records for which the terms hold
// as they are, in the order in which they come.
func (q *Query) Plain() bool { return len(q.stages) == 0 }

// Streams reports whether the query answers to each record by itself. If not,
// it answers when it has seen all.
func (q *Query) Streams() bool {
	for _, s := range q.stages {
		if s.reduce != nil || s.sort != nil {
			return false
		}
	}
	return true
}

// Whole reports whether the query needs whole records, and not only some of
// their fields.
func (q *Query) Whole() bool {
	if q.whole || q.Plain() || q.stages[0].sort != nil {
		return true
	}
	for i, p := range q.Fields {
		if len(p) == 0 && q.Uses[i] != (Use{}) {
			return true
		}
	}
	return false
}

// Folds reports whether the query begins, behind its terms, with a $reduce.
func (q *Query) Folds() bool { return len(q.stages) > 0 && q.stages[0].reduce != nil }

// Counts reports whether it is no matter to that $reduce in which order records
// come, and AddTimes will do.
func (q *Query) Counts() bool { return q.Folds() && q.stages[0].reduce.root.counts() }

// Ordered reports whether what that $reduce answers depends on the order in
// which records come.
func (q *Query) Ordered() bool { return !q.Folds() || q.stages[0].reduce.root.has(collect) }

// By is a field that records are sorted by.
type By struct {
	Field   int
	Reverse bool
}

// Sorted is what a query's records are sorted by at the front, behind the
// terms, and the query that is left if they come in that order; nil where they
// are not sorted there.
func (q *Query) Sorted() (by []By, rest *Query) {
	if len(q.stages) == 0 || q.stages[0].sort == nil {
		return nil, nil
	}
	for _, k := range q.stages[0].sort {
		by = append(by, By{k.field, k.reverse})
	}
	short := *q
	short.stages, short.whole = q.stages[1:], true
	return by, &short
}

// stage is one of these.
type stage struct {
	filter []term
	make   expr
	reduce *reduction
	sort   []sortKey
}

// term is a condition on what is at a path of a value.
type term struct {
	path json.Path
	test test
}

// expr makes a value of another. On a record, which is not given, it reads the
// fields found.
type expr func(r *Run, v json.Value) json.Value

// test is a condition on a value.
type test func(r *Run, v json.Value) bool

// Run is a query under way.
type Run struct {
	// Found is for the values of the query's fields in the record that is
	// given next, and Null for whether that record is null.
	Found []json.Value
	Null  bool

	q       *Query
	times   float64 // how often the record is taken in
	emit    func(v json.Value)
	scratch []byte // of the values made for one record
	folds   []*folding
	sorts   []*sorting
}

// Run begins to run the query. emit is given the answers, which it must not
// keep.
func (q *Query) Run(emit func(v json.Value)) *Run {
	r := &Run{Found: make([]json.Value, len(q.Fields)), q: q, times: 1, emit: emit}
	r.folds = make([]*folding, len(q.stages))
	r.sorts = make([]*sorting, len(q.stages))
	for i := range q.stages {
		if s := &q.stages[i]; s.reduce != nil {
			r.folds[i] = s.reduce.begin()
		} else if s.sort != nil {
			r.sorts[i] = &sorting{keys: s.sort}
		}
	}
	return r
}

// Again begins another run of the query in the memory of one that is over.
func (r *Run) Again(emit func(v json.Value)) {
	r.emit, r.Null = emit, false
	clear(r.Found)
	for _, f := range r.folds {
		if f != nil {
			f.clear()
		}
	}
	for _, s := range r.sorts {
		if s != nil {
			s.values, s.by = nil, nil
		}
	}
}

// Of reports whether it is a query's.
func (r *Run) Of(q *Query) bool { return r.q == q }

// Holds reports whether all terms hold for the fields found.
func (r *Run) Holds() bool {
	for i := range r.q.Terms {
		if t := &r.q.Terms[i]; !t.test(r, r.Found[t.Field]) {
			return false
		}
	}
	return true
}

// Add takes in a record for which the terms hold. Where the query does not
// need Whole records, its fields are enough and the record may be nil.
func (r *Run) Add(record json.Value) {
	r.scratch = r.scratch[:0]
	r.push(0, record)
}

// Group is the number of the group that the last record was added to, for a
// query that Folds.
func (r *Run) Group() int { return r.folds[0].last }

// AddTo is the same as Add for a record that is known to be of that group; its
// keys need not be found.
func (r *Run) AddTo(group int) {
	r.scratch = r.scratch[:0]
	f := r.folds[0]
	f.gather(r, nil, &f.root, f.cells[group*f.width:])
}

// AddTimes is the same as Add n times, for a query that Counts.
func (r *Run) AddTimes(n int) {
	r.times = float64(n)
	r.Add(nil)
	r.times = 1
}

// End answers what only all records together answer.
func (r *Run) End() {
	for i := range r.q.stages {
		next := func(v json.Value) {
			r.scratch = r.scratch[:0]
			r.push(i+1, v)
		}
		if f := r.folds[i]; f != nil {
			f.end(r, next)
		} else if s := r.sorts[i]; s != nil {
			s.end(next)
		}
	}
}

// push has a value go through the stages from i on.
func (r *Run) push(i int, v json.Value) {
	for ; i < len(r.q.stages); i++ {
		switch s := &r.q.stages[i]; {
		case s.make != nil:
			v = s.make(r, v)
			if nullish(v) || isNaN(v) {
				return
			}
		case s.reduce != nil:
			r.folds[i].add(r, v)
			return
		case s.sort != nil:
			r.sorts[i].add(r, v)
			return
		default:
			for _, t := range s.filter {
				if !t.test(r, walk(v, t.path)) {
					return
				}
			}
		}
	}
	r.emit(v)
}

// number is a number as a value of this run.
func (r *Run) number(f float64) json.Value {
	at := len(r.scratch)
	r.scratch = appendNumber(r.scratch, f)
	return r.scratch[at:len(r.scratch):len(r.scratch)]
}

// Package query is the view that answers queries of npm map-filter-reduce over
// the records of a log.
//
//	{"indexes":[{"key":"typ","value":[["content","type"],"timestamp"]}]}
//
// What a query may be is in package mfr; docs/views-query.md has the options.
//
// # How it works
//
// For each field of a declared index, and for each that a query has asked of,
// there is a column: what value each record has there. What a query filters by
// is answered from columns, and so is what it counts; records are read where
// they are part of the answer. A field that has no column yet gets one by
// reading the log once, which is what the first query that asks of it waits for.
package query

import (
	"encoding/binary"
	"errors"

	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/query/column"
	"github.com/flumedb/flumedb-wasm/core/query/mfr"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// Kind is how the view is mounted.
var Kind = view.Kind{Name: "query", New: func(options json.Value) (view.View, error) {
	v := &query{}
	err := v.parse(options)
	v.declare()
	return v, err
}}

type query struct {
	indexes  []mfr.Index
	declared []*field // those of indexes
	wanted   []*field // those that queries have asked of
	uses     int
	wide     []json.Path
	reader   *mfr.Reader // of what is wanted
	found    []json.Value
	scratch  []byte
	next     int      // the seq behind the last record
	gaps     []uint32 // the seqs below it that have no record
	building *building
	parsed   *[mostParsed]*request // nil while there is none
	columns  int                   // changes with which there are
	spare    *reading              // whose memory the next one uses
}

// field is a path with its column.
type field struct {
	path json.Path
	rest json.Path // to walk from what the log's scan finds
	used int       // by which of the queries, last
	*column.Column
}

func newField(path json.Path) *field {
	_, rest := mfr.Scanned(path)
	return &field{path: path, rest: rest, Column: column.New()}
}

// mostWanted is how many columns there are at the most that are not declared.
const mostWanted = 48

// Fields are those of the declared indexes. What else queries have asked of is
// found by scanning once more: such columns begin when most of the log is over.
func (v *query) Fields() (paths []json.Path) {
	for _, f := range v.declared {
		head, _ := mfr.Scanned(f.path)
		paths = append(paths, head)
	}
	return paths
}

func (v *query) Apply(r *view.Record) error {
	seq := int(r.Seq)
	for ; v.next < seq; v.next++ {
		v.gaps = append(v.gaps, uint32(v.next))
	}
	v.next = seq + 1
	for i, f := range v.declared {
		value := r.Field(i)
		if f.rest != nil {
			value = mfr.Walk(value, f.rest)
		}
		v.put(f, seq, value)
	}
	if len(v.wanted) > 0 {
		if err := v.reader.Read(r.Data, v.found); err != nil {
			return err
		}
		for i, f := range v.wanted {
			v.put(f, seq, v.found[i])
		}
	}
	return nil
}

func (v *query) put(f *field, seq int, value json.Value) {
	f.Put(seq, mfr.InCanon(&v.scratch, value))
}

// find is the column of a path.
func (v *query) find(path json.Path) *field {
	for _, all := range [2][]*field{v.declared, v.wanted} {
		for _, f := range all {
			if f.path.Equal(path) {
				return f
			}
		}
	}
	return nil
}

// attach has wanted columns kept from now on.
func (v *query) attach(fields ...*field) {
	v.columns++
	v.wanted = append(v.wanted, fields...)
	var paths []json.Path
	for _, f := range v.wanted {
		paths = append(paths, f.path)
	}
	v.reader = mfr.NewReader(paths)
	v.found = make([]json.Value, len(paths))
}

var errDamaged = errors.New("the state is damaged")

// Save writes the columns; see docs/format.md.
func (v *query) Save(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(v.next))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(v.gaps)))
	for _, seq := range v.gaps {
		b = binary.LittleEndian.AppendUint32(b, seq)
	}
	for _, f := range v.declared {
		b = f.Append(b)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(v.wanted)))
	for _, f := range v.wanted {
		b = f.Append(appendPath(b, f.path))
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(v.wide)))
	for _, path := range v.wide {
		b = appendPath(b, path)
	}
	return b
}

func (v *query) Load(b []byte) (err error) {
	number := func() (n int) {
		if len(b) < 4 {
			err, b = errDamaged, nil
			return 0
		}
		n, b = int(binary.LittleEndian.Uint32(b)), b[4:]
		return n
	}
	load := func(f *field) {
		if err == nil {
			f.Column, b, err = column.Read(b)
		}
		if err == nil && f.Len() > v.next {
			err = errDamaged
		}
	}
	v.next = number()
	n := number()
	if n > len(b)/4 {
		return errDamaged
	}
	for i := range n {
		v.gaps = append(v.gaps, uint32(number()))
		if int(v.gaps[i]) >= v.next || i > 0 && v.gaps[i] <= v.gaps[i-1] {
			return errDamaged
		}
	}
	for _, f := range v.declared {
		load(f)
	}
	var wanted []*field
	for range number() {
		f := newField(readPath(&b, &err))
		load(f)
		if err != nil {
			return err
		}
		wanted = append(wanted, f)
	}
	for range number() {
		v.wide = append(v.wide, readPath(&b, &err))
		if err != nil {
			return err
		}
	}
	if err != nil || len(b) > 0 {
		return errors.Join(errDamaged, err)
	}
	v.attach(wanted...)
	return nil
}

func appendPath(b []byte, path json.Path) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(path)))
	for _, name := range path {
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(name))), name...)
	}
	return b
}

func readPath(b *[]byte, err *error) json.Path {
	next := func(most int) int {
		if *err != nil || len(*b) < 4 || uint64(binary.LittleEndian.Uint32(*b)) > uint64(most) {
			*err = errDamaged
			return 0
		}
		n := int(binary.LittleEndian.Uint32(*b))
		*b = (*b)[4:]
		return n
	}
	path := json.Path{}
	for range next(len(*b)) {
		n := next(len(*b) - 4)
		if *err != nil {
			break
		}
		path, *b = append(path, string((*b)[:n])), (*b)[n:]
	}
	return path
}

func (v *query) Call(c *view.Call) error {
	switch c.Method {
	case "read":
		return v.read(c)
	case "explain":
		return v.explain(c)
	}
	return view.Invalid("query has no method %q", c.Method)
}

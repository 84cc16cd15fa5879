package links

import (
	"errors"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/query/mfr"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// emitter finds the links of records. There is one for each goroutine that
// does so.
type emitter struct {
	v      *links
	found  []json.Value // of the link in hand, by the paths of the view
	values []json.Value // of its members, where a def makes it
	def    *def
	link   json.Value   // where it is a text
	reader *view.Reader // of links that are texts
	key    []byte
	out    []byte
}

func (v *links) newEmitter() *emitter {
	e := &emitter{v: v, found: make([]json.Value, len(v.paths))}
	if v.mapped {
		e.reader = view.NewReader(v.paths)
	}
	for i := range v.defs {
		e.values = make([]json.Value, max(len(e.values), len(v.defs[i].members)))
	}
	return e
}

// links calls each for every link of a record, with its values found.
func (e *emitter) links(r *view.Record, each func() error) error {
	v := e.v
	e.def, e.link = nil, nil
	if v.mapped {
		return e.mapped(r, each)
	}
	if !v.where.Holds(r) {
		return nil
	}
	if v.defs == nil {
		if r.Data.Kind() != json.Object {
			return nil
		}
		e.link = r.Data
		for i, path := range v.paths {
			e.found[i] = r.Field(v.field(path))
		}
		return each()
	}
	for i := range v.defs {
		if err := e.made(&v.defs[i], r, each); err != nil {
			return err
		}
	}
	return nil
}

func (e *emitter) mapped(r *view.Record, each func() error) error {
	all := r.Data.Member("links")
	if all.Kind() != json.Array {
		return errors.New(`the map must return {"links": […]}`)
	}
	for w := all.Items(); ; {
		item, more := w.Next()
		if !more {
			return nil
		}
		if item.Kind() != json.Object {
			return errors.New("a link must be an object")
		}
		e.link = item
		link, err := e.reader.Read(core.None, item)
		if err != nil {
			return err
		}
		for i := range e.found {
			e.found[i] = link.Field(i)
		}
		if err := each(); err != nil {
			return err
		}
	}
}

// made calls each for the links that a def makes of a record.
func (e *emitter) made(d *def, r *view.Record, each func() error) error {
	e.def = d
	values := e.values[:len(d.members)]
	for i := range d.members {
		switch m := &d.members[i]; {
		case m.fixed != nil:
			values[i] = m.fixed
		case !m.each:
			values[i] = r.Field(m.field)
		}
	}
	one := func() error {
		for i, s := range d.sources {
			if e.found[i] = nil; s.member >= 0 && values[s.member] != nil {
				e.found[i] = mfr.Walk(values[s.member], s.rest)
			}
		}
		return each()
	}
	if d.each < 0 {
		return one()
	}
	array := r.Field(d.each)
	if array.Kind() != json.Array {
		return nil
	}
	for w := array.Items(); ; {
		item, more := w.Next()
		if !more {
			return nil
		}
		for i := range d.members {
			if m := &d.members[i]; m.each {
				values[i] = mfr.Walk(item, m.at)
			}
		}
		if err := one(); err != nil {
			return err
		}
	}
}

// text is the link in hand as it was made. It is good until the next one.
func (e *emitter) text() json.Value {
	if e.link != nil {
		return e.link
	}
	b := append(e.out[:0], '{')
	for i := range e.def.members {
		if v := e.values[i]; v != nil {
			if len(b) > 1 {
				b = append(b, ',')
			}
			b = append(append(append(b, e.def.members[i].name...), ':'), v...)
		}
	}
	e.out = append(b, '}')
	return e.out
}

// tree is the paths of an index, as the members of an object.
type tree struct {
	name     []byte // as JSON
	plain    string
	leaf     int // of the index's values, -1 for none
	children []*tree
}

// add adds a path; false where that is within another, or the other way round.
func (t *tree) add(path json.Path, leaf int) bool {
	for i, name := range path {
		if t.leaf >= 0 {
			return false
		}
		var next *tree
		for _, child := range t.children {
			if child.plain == name {
				next = child
			}
		}
		if next == nil {
			next = &tree{name: json.AppendText(nil, []byte(name)), plain: name, leaf: -1}
			t.children = append(t.children, next)
		} else if i == len(path)-1 {
			return false
		}
		t = next
	}
	t.leaf = leaf
	return true
}

// append writes an object that has values at the paths, and at others what base
// has there.
func (t *tree) append(b []byte, base json.Value, values []json.Value) []byte {
	if t.leaf >= 0 {
		return append(b, values[t.leaf]...)
	}
	b = append(b, '{')
	first := true
	name := func(text []byte) {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(append(b, text...), ':')
	}
	if base.Kind() == json.Object {
		for w := base.Members(); ; {
			text, value, more := w.Next()
			if !more {
				break
			}
			if plain := text.Str(); t.child(plain) == nil {
				name(text)
				b = append(b, value...)
			}
		}
	}
	for _, child := range t.children {
		name(child.name)
		var under json.Value
		if base.Kind() == json.Object {
			under = base.Member(child.plain)
		}
		b = child.append(b, under, values)
	}
	return append(b, '}')
}

func (t *tree) child(name string) *tree {
	for _, child := range t.children {
		if child.plain == name {
			return child
		}
	}
	return nil
}

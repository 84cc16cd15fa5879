// Package hashtable is the view that finds records by a key that is exact: the
// newest record of a key, or all of them.
//
//	{"key":"id"}
//	{"key":["author","value.sequence"]}
//
// The view keeps hashes of keys and no keys. Every record is looked at before it
// is an answer, so two keys of one hash cost a read, and never a wrong answer.
package hashtable

import (
	"iter"
	"slices"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/listing"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// Kind is how the view is mounted.
var Kind = view.Kind{Name: "hashtable", New: func(options json.Value) (view.View, error) { return parse(options) }}

type hashtable struct {
	paths   []json.Path
	scanner *json.Scanner
	slots   []int // of the paths, in the scanner
	table   table
}

func parse(options json.Value) (*hashtable, error) {
	v := &hashtable{}
	err := view.ParseOptions(options, func(name string, value json.Value) (err error) {
		if name != "key" {
			return view.Invalid("a hashtable has no option %q, but key", name)
		}
		v.paths, err = view.ParsePaths(value, "key")
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(v.paths) == 0 {
		return nil, view.Invalid("a hashtable needs a key, which is a path or several")
	}
	v.scanner, v.slots = json.NewScanner(v.paths...)
	return v, nil
}

func (v *hashtable) Fields() []json.Path { return v.paths }

// Apply takes a record in that has all parts of a key.
func (v *hashtable) Apply(r *view.Record) error {
	h := uint64(0)
	for i := range v.paths {
		part := r.Field(i)
		if part == nil {
			return nil
		}
		h = join(h, part)
	}
	return v.table.add(uint32(h), r.Seq)
}

// join adds a part to the hash of a key.
func join(h uint64, part json.Value) uint64 { return h*0x9E3779B97F4A7C15 + json.Hash(part) }

// key is what is asked for: the parts, one for each path.
type key struct {
	parts []json.Value
	hash  uint32
}

// parseKey reads a key: a value where there is one path, an array of values
// where there are several.
func (v *hashtable) parseKey(arg json.Value) (k key, err error) {
	k.parts = []json.Value{arg}
	if len(v.paths) > 1 {
		k.parts = k.parts[:0]
		for items := arg.Items(); ; {
			part, more := items.Next()
			if !more {
				break
			}
			k.parts = append(k.parts, part)
		}
		if arg.Kind() != json.Array || len(k.parts) != len(v.paths) {
			return key{}, view.Invalid("the key must be an array of %d values", len(v.paths))
		}
	} else if arg == nil {
		return key{}, view.Invalid("there is no key to look for")
	}
	h := uint64(0)
	for _, part := range k.parts {
		h = join(h, part)
	}
	k.hash = uint32(h)
	return k, nil
}

// is reports whether a record has a key.
func (v *hashtable) is(seen json.Value, k key) bool {
	found := make([]json.Span, v.scanner.Slots())
	if v.scanner.Scan(seen, found) != nil {
		return false
	}
	for i, part := range k.parts {
		if !json.Equal(found[v.slots[i]].In(seen), part) {
			return false
		}
	}
	return true
}

// Call answers get(key, {values}) with the newest record of a key, as
// {"seq":…,"value":…}, or null; and read({key, limit, reverse, live, old,
// values}, next) with a page of all of them, as package listing says.
func (v *hashtable) Call(c *view.Call) error {
	switch c.Method {
	case "get":
		return v.get(c)
	case "read":
		return v.read(c)
	}
	return view.Invalid("a hashtable has no method %q", c.Method)
}

func (v *hashtable) get(c *view.Call) error {
	k, err := v.parseKey(c.Arg(0))
	if err != nil {
		return err
	}
	var o listing.Options
	err = view.ParseOptions(c.Arg(1), func(name string, value json.Value) error {
		if name != "values" {
			return view.Invalid("get has no option %q, but values", name)
		}
		_, err := o.Take(name, value)
		return err
	})
	if err != nil {
		return err
	}
	for seq := range v.table.newestFirst(k.hash) {
		seen, ok := c.Seen(seq)
		if !ok {
			return view.ErrAwait
		}
		if v.is(seen, k) {
			c.Out = append(listing.AppendItem(c.Out, seq, seen, !o.NoValues), '}')
			return nil
		}
	}
	c.Out = append(c.Out, "null"...)
	return nil
}

func (v *hashtable) read(c *view.Call) error {
	var o listing.Options
	var arg json.Value
	err := view.ParseOptions(c.Arg(0), func(name string, value json.Value) error {
		if name == "key" {
			arg = value
			return nil
		}
		known, err := o.Take(name, value)
		if !known {
			err = view.Invalid("read has no option %q, but key, limit, reverse, live, old and values", name)
		}
		return err
	})
	if err != nil {
		return err
	}
	k, err := v.parseKey(arg)
	if err != nil {
		return err
	}
	return listing.Answer(c, o, listing.Found{
		Seqs: func(from, through core.Seq, reverse bool) iter.Seq[core.Seq] {
			return v.seqs(k.hash, from, through, reverse)
		},
		Fits: func(seen json.Value) bool { return v.is(seen, k) },
	})
}

func (v *hashtable) seqs(hash uint32, from, through core.Seq, reverse bool) iter.Seq[core.Seq] {
	down := func(yield func(core.Seq) bool) {
		for seq := range v.table.newestFirst(hash) {
			if seq < from || seq <= through && !yield(seq) {
				return
			}
		}
	}
	if reverse {
		return down
	}
	all := slices.Collect(down)
	slices.Reverse(all)
	return slices.Values(all)
}

func (v *hashtable) Save(b []byte) []byte { return v.table.save(b) }

func (v *hashtable) Load(b []byte) error { return v.table.load(b) }

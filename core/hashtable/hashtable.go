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
	"github.com/flumedb/flumedb-wasm/core/key"
	"github.com/flumedb/flumedb-wasm/core/listing"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// Kind is how the view is mounted.
var Kind = view.Kind{Name: "hashtable", New: func(options json.Value) (view.View, error) { return parse(options) }}

type hashtable struct {
	keys  *key.Paths
	table table
}

func parse(options json.Value) (*hashtable, error) {
	v := &hashtable{}
	err := view.ParseOptions(options, func(name string, value json.Value) (err error) {
		if name != "key" {
			return view.Invalid("a hashtable has no option %q, but key", name)
		}
		v.keys, err = key.Parse(value)
		return err
	})
	if err == nil && v.keys == nil {
		err = view.Invalid("a hashtable needs a key")
	}
	return v, err
}

func (v *hashtable) Fields() []json.Path { return v.keys.Fields() }

// Apply takes a record in that has a key.
func (v *hashtable) Apply(r *view.Record) error {
	hash, ok := v.keys.Hash(r)
	if !ok {
		return nil
	}
	return v.table.add(uint32(hash), r.Seq)
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
	k, err := v.keys.Key(c.Arg(0))
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
	for seq := range v.table.newestFirst(uint32(k.Hash)) {
		seen, ok := c.Seen(seq)
		if !ok {
			return view.ErrAwait
		}
		if v.keys.Has(seen, k) {
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
	k, err := v.keys.Key(arg)
	if err != nil {
		return err
	}
	return listing.Answer(c, o, listing.Found{
		Seqs: func(from, through core.Seq, reverse bool) iter.Seq[core.Seq] {
			return v.seqs(uint32(k.Hash), from, through, reverse)
		},
		Fits: func(seen json.Value) bool { return v.keys.Has(seen, k) },
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

// Package level is the view that orders records by keys: any number of keys a
// record, of values in it, compared as JSON values are by package order. Of
// equal keys the newest record counts.
//
//	["author","timestamp"]
//	{"keys":[["author","timestamp"],[{"value":"type"},"content.type","timestamp"],{"each":"tags"}],"where":{"private":{"ne":true}}}
//
// docs/views.md has the options.
package level

import (
	"errors"

	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/lsm"
	"github.com/flumedb/flumedb-wasm/core/order"
	"github.com/flumedb/flumedb-wasm/core/view"
	"github.com/flumedb/flumedb-wasm/core/where"
)

// Kind is how the view is mounted.
var Kind = view.Kind{Name: "level", New: func(options json.Value) (view.View, error) { return parse(options) }}

type level struct {
	*lsm.Tree
	fields []json.Path
	where  *where.Condition
	keys   []key
	mapped bool // a record is an array of keys

	scratch []byte
	values  []json.Value
}

// key is where the values of a key are.
type key struct {
	parts []part
	bare  bool // the key is the only part's value, and no array
	each  int  // the part that is an array, a key for each of its elements; -1 for none
}

// part is one item of a key: the value of a field, or what is always the same,
// as it stands in the key.
type part struct {
	field int
	fixed []byte
}

func (v *level) Fields() []json.Path { return v.fields }

func (v *level) Apply(r *view.Record) error {
	return v.emit(r, func(key []byte) { v.Tree.Put(key, r.Seq) })
}

// another is for another goroutine to call emit of.
func (v *level) another() *level {
	return &level{fields: v.fields, where: v.where, keys: v.keys, mapped: v.mapped, values: make([]json.Value, len(v.values))}
}

// emit gives put each key of a record.
func (v *level) emit(r *view.Record, put func(key []byte)) error {
	if v.mapped {
		if r.Data.Kind() != json.Array {
			return errors.New("the map must return an array of keys")
		}
		for w := r.Data.Items(); ; {
			item, more := w.Next()
			if !more {
				return nil
			}
			key, err := order.Append(v.scratch[:0], item)
			if err != nil {
				return err
			}
			put(key)
			v.scratch = key
		}
	}
	if !v.where.Holds(r) {
		return nil
	}
	for i := range v.keys {
		if err := v.keys[i].emit(v, r, put); err != nil {
			return err
		}
	}
	return nil
}

// emit gives put the key of a record, if all of its values are there; one for
// each element of a part that is each.
func (k *key) emit(v *level, r *view.Record, put func(key []byte)) error {
	values := v.values[:len(k.parts)]
	for i := range k.parts {
		if p := &k.parts[i]; p.fixed == nil {
			if values[i] = r.Field(p.field); values[i] == nil {
				return nil
			}
		}
	}
	if k.each < 0 {
		return k.put(v, values, put)
	}
	for w := values[k.each].Items(); ; {
		item, more := w.Next()
		if !more {
			return nil
		}
		values[k.each] = item
		if err := k.put(v, values, put); err != nil {
			return err
		}
	}
}

func (k *key) put(v *level, values []json.Value, put func(key []byte)) (err error) {
	b := v.scratch[:0]
	if k.bare {
		b, err = order.Append(b, values[0])
	} else {
		b = order.Begin(b)
		for i := range k.parts {
			if fixed := k.parts[i].fixed; fixed != nil {
				b = append(b, fixed...)
			} else if b, err = order.Add(b, values[i], i == 0); err != nil {
				break
			}
		}
		b = order.End(b)
	}
	v.scratch = b
	if err == nil {
		put(b)
	}
	return err
}

func (v *level) Save(b []byte) []byte { return v.Tree.Save(b) }

func (v *level) Load(b []byte) error {
	rest, err := v.Tree.Load(b)
	if err == nil && len(rest) > 0 {
		err = errors.New("bytes follow the index")
	}
	return err
}

func (v *level) Call(c *view.Call) error {
	switch c.Method {
	case "get":
		return v.Tree.GetRecord(c)
	case "read":
		return v.read(c)
	}
	return view.Invalid("level has no method %q", c.Method)
}

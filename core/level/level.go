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
	"fmt"

	"github.com/flumedb/flumedb-wasm/core"
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
}

// key is where the values of a key are.
type key struct {
	parts []part
	bare  bool // the key is the only part's value, and no array
}

// part is one item of a key: the value of a field, each element of one, or a
// value that is always the same.
type part struct {
	field int
	each  bool
	fixed json.Value
}

func (v *level) Fields() []json.Path { return v.fields }

func (v *level) Apply(r *view.Record) error {
	return v.emit(r, func(key []byte) { v.Tree.Put(key, r.Seq) })
}

// errKey is a key that a function has made and that cannot be one.
var errKey = errors.New("a key must be of null, booleans, numbers, strings, arrays and objects")

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
				return errKey
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
	each := -1
	for i, p := range k.parts {
		if p.fixed == nil && r.Field(p.field) == nil {
			return nil
		}
		if p.each {
			each = i
		}
	}
	if each < 0 {
		return k.put(v, r, -1, nil, put)
	}
	for w := r.Field(k.parts[each].field).Items(); ; {
		item, more := w.Next()
		if !more {
			return nil
		}
		if err := k.put(v, r, each, item, put); err != nil {
			return err
		}
	}
}

func (k *key) put(v *level, r *view.Record, each int, item json.Value, put func(key []byte)) (err error) {
	b := v.scratch[:0]
	if !k.bare {
		b = order.Begin(b)
	}
	for i, p := range k.parts {
		value := p.fixed
		switch {
		case i == each:
			value = item
		case value == nil:
			value = r.Field(p.field)
		}
		if k.bare {
			b, err = order.Append(b, value)
		} else {
			b, err = order.Add(b, value, i == 0)
		}
		if err != nil {
			return fmt.Errorf("a key cannot be made of %.40s: %w", value, err)
		}
	}
	if !k.bare {
		b = order.End(b)
	}
	v.scratch = b
	put(b)
	return nil
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
		return v.get(c)
	case "read":
		return v.read(c)
	}
	return view.Invalid("level has no method %q", c.Method)
}

// get answers the record of a key, and its seq; with false behind the key, the
// seq alone.
func (v *level) get(c *view.Call) error {
	key, err := order.Append(nil, c.Arg(0))
	if err != nil {
		return view.Invalid("%.40s cannot be a key", c.Arg(0))
	}
	seq, err := v.Tree.Get(c, key)
	if err != nil {
		return err
	}
	if seq == core.None {
		return fmt.Errorf("key %.100s: %w", c.Arg(0), core.ErrNotFound)
	}
	c.Out = json.AppendFloat(append(c.Out, `{"seq":`...), float64(seq))
	if c.Arg(1).Kind() != json.False {
		record, ok := c.Seen(seq)
		if !ok {
			return view.ErrAwait
		}
		if record == nil {
			return fmt.Errorf("key %.100s, seq %d: %w", c.Arg(0), int64(seq), core.ErrDeleted)
		}
		c.Out = append(append(c.Out, `,"value":`...), record...)
	}
	c.Out = append(c.Out, '}')
	return nil
}

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
	"encoding/binary"
	"errors"

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
	values  []json.Value

	// The last part of the key that was put last, which the next one of the
	// same record often ends with too.
	rest    []byte
	restOf  json.Value
	restSeq core.Seq

	spare *page // whose memory the next one uses
}

// key is where the values of a key are.
type key struct {
	parts []part
	bare  bool // the key is the only part's value, and no array
	many  int  // the part that is an array, a key for each of its elements; -1 for none

	number int // to tell it from the view's others
}

// part is one item of a key: the value of a field, or what is always the same,
// as it stands in the key.
type part struct {
	field int
	fixed []byte
}

func (v *level) Fields() []json.Path { return v.fields }

func (v *level) Apply(r *view.Record) error { return v.emit(r, nil) }

// another is for another goroutine to call emit of.
func (v *level) another() *level {
	return &level{fields: v.fields, where: v.where, keys: v.keys, mapped: v.mapped, values: make([]json.Value, len(v.values))}
}

// emit gives put each key of a record. Where put is nil, they go into the tree.
func (v *level) emit(r *view.Record, put func(key []byte)) error {
	if v.mapped {
		return v.emitMapped(r, put)
	}
	if !v.where.Holds(r) {
		return nil
	}
	for i := range v.keys {
		k := &v.keys[i]
		values, ok := k.find(v.values, r)
		if !ok {
			continue
		}
		if k.many < 0 {
			if err := v.give(k, values, r.Seq, put); err != nil {
				return err
			}
			continue
		}
		for w := values[k.many].Items(); ; {
			item, more := w.Next()
			if !more {
				break
			}
			values[k.many] = item
			if err := v.give(k, values, r.Seq, put); err != nil {
				return err
			}
		}
	}
	return nil
}

// emitMapped is emit of a record that is an array of keys.
func (v *level) emitMapped(r *view.Record, put func(key []byte)) error {
	if r.Data.Kind() != json.Array {
		return errors.New("the map must return an array of keys")
	}
	if put == nil {
		put = func(key []byte) { v.Tree.Put(key, r.Seq) }
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

// find is the values of the key, in memory for them; not ok unless all are there.
func (k *key) find(values []json.Value, r *view.Record) (_ []json.Value, ok bool) {
	values = values[:len(k.parts)]
	for i := range k.parts {
		if p := &k.parts[i]; p.fixed == nil {
			if values[i] = r.Field(p.field); values[i] == nil {
				return nil, false
			}
		}
	}
	return values, true
}

func (v *level) give(k *key, values []json.Value, seq core.Seq, put func(key []byte)) (err error) {
	if put == nil {
		return v.put(k, values, seq)
	}
	if v.scratch, err = k.append(v.scratch[:0], values); err == nil {
		put(v.scratch)
	}
	return err
}

// append writes a key of values behind b.
func (k *key) append(b []byte, values []json.Value) (_ []byte, err error) {
	if k.bare {
		return order.Append(b, values[0])
	}
	if b, err = k.appendBeginning(b, values); err != nil {
		return b, err
	}
	return k.appendRest(b, values)
}

// appendBeginning writes all but the last part.
func (k *key) appendBeginning(b []byte, values []json.Value) (_ []byte, err error) {
	b = order.Begin(b)
	for i := range len(k.parts) - 1 {
		if b, err = k.appendPart(b, values, i); err != nil {
			return b, err
		}
	}
	return b, nil
}

// appendRest writes the last part, and ends the key.
func (k *key) appendRest(b []byte, values []json.Value) (_ []byte, err error) {
	b, err = k.appendPart(b, values, len(k.parts)-1)
	return order.End(b), err
}

func (k *key) appendPart(b []byte, values []json.Value, i int) ([]byte, error) {
	if fixed := k.parts[i].fixed; fixed != nil {
		return append(b, fixed...), nil
	}
	return order.Add(b, values[i], i == 0)
}

// put puts a key into the tree. What comes before its last part is of many
// records, and is not made anew for each: the values as they stand in the record
// name it.
func (v *level) put(k *key, values []json.Value, seq core.Seq) (err error) {
	last := len(k.parts) - 1
	if last == 0 {
		if v.scratch, err = k.append(v.scratch[:0], values); err == nil {
			v.Tree.Put(v.scratch, seq)
		}
		return err
	}
	b := binary.AppendUvarint(v.scratch[:0], uint64(k.number))
	for i := range last {
		if k.parts[i].fixed == nil {
			b = append(append(b, values[i]...), 0) // which no JSON holds
		}
	}
	begin, known := v.Tree.Beginning(b)
	if !known {
		name := len(b)
		if b, err = k.appendBeginning(b, values); err == nil {
			begin = v.Tree.AddBeginning(b[:name], b[name:])
		}
	} else if begin == 0 {
		if b, err = k.append(b[:0], values); err == nil {
			v.Tree.Put(b, seq)
		}
	}
	if v.scratch = b; err != nil || begin == 0 {
		return err
	}
	value := values[last]
	if k.parts[last].fixed != nil {
		value = nil
	}
	if seq != v.restSeq || value == nil || v.restOf == nil || &v.restOf[0] != &value[0] {
		v.restSeq, v.restOf = core.None, value
		if v.rest, err = k.appendRest(v.rest[:0], values); err != nil {
			return err
		}
		v.restSeq = seq
	}
	v.Tree.PutBehind(begin, v.rest, seq)
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
		return v.Tree.GetRecord(c)
	case "read":
		return v.read(c)
	}
	return view.Invalid("level has no method %q", c.Method)
}

// Package where is the condition that views' options put on records:
//
//	{"type":"post","value":{"gt":0,"lte":60},"author":{"in":["a","b"]}}
//
// Each member is a path and what the value there has to be: a value it equals,
// or an object of operators, all of which hold.
package where

import (
	"bytes"
	"strings"

	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// Condition holds for a record or does not. The zero value holds for all.
type Condition struct {
	tests []test
}

type test struct {
	field  int
	op     op
	value  json.Value
	kind   json.Kind
	number float64
	text   []byte
	many   []json.Value
}

type op uint8

const (
	equal op = iota
	unequal
	less
	lessOrEqual
	greater
	greaterOrEqual
	in
	prefix
	exists
)

var ops = map[string]op{
	"eq": equal, "ne": unequal, "lt": less, "lte": lessOrEqual, "gt": greater, "gte": greaterOrEqual,
	"in": in, "prefix": prefix, "exists": exists,
}

// Parse reads a condition. field answers by which number the value at a path
// will be found. For paths with points in a name there is the form
// [[path, condition], …].
func Parse(v json.Value, field func(json.Path) int) (*Condition, error) {
	c := &Condition{}
	switch v.Kind() {
	case json.Absent, json.Null:
		return c, nil
	case json.Object:
		for w := v.Members(); ; {
			name, value, more := w.Next()
			if !more {
				return c, nil
			}
			if err := c.add(strings.Split(name.Str(), "."), value, field); err != nil {
				return nil, err
			}
		}
	case json.Array:
		for w := v.Items(); ; {
			pair, more := w.Next()
			if !more {
				return c, nil
			}
			items := pair.Items()
			first, _ := items.Next()
			value, ok := items.Next()
			if !ok {
				return nil, view.Invalid("where must be an object, or an array of [path, condition]")
			}
			path, err := view.ParsePath(first, "where")
			if err != nil {
				return nil, err
			}
			if err := c.add(path, value, field); err != nil {
				return nil, err
			}
		}
	}
	return nil, view.Invalid("where must be an object of paths and what is to be there")
}

func (c *Condition) add(path json.Path, v json.Value, field func(json.Path) int) error {
	if v.Kind() != json.Object {
		return c.addTest(path, equal, v, field)
	}
	for w := v.Members(); ; {
		name, value, more := w.Next()
		if !more {
			return nil
		}
		o, ok := ops[name.Str()]
		if !ok {
			return view.Invalid("where has no operator %q, but eq, ne, lt, lte, gt, gte, in, prefix and exists", name.Str())
		}
		if err := c.addTest(path, o, value, field); err != nil {
			return err
		}
	}
}

func (c *Condition) addTest(path json.Path, o op, v json.Value, field func(json.Path) int) error {
	t := test{field: field(path), op: o, value: append(json.Value{}, v...), kind: v.Kind()}
	t.number, _ = v.Float()
	t.text, _ = v.Text(nil)
	t.text = append([]byte{}, t.text...)
	switch {
	case (o == less || o == lessOrEqual || o == greater || o == greaterOrEqual) && t.kind != json.Number && t.kind != json.String:
		return view.Invalid("where can compare with a number or a string, not with %s", v)
	case o == prefix && t.kind != json.String:
		return view.Invalid("where's prefix must be a string, not %s", v)
	case o == exists && t.kind != json.True && t.kind != json.False:
		return view.Invalid("where's exists must be true or false, not %s", v)
	case o == in && t.kind != json.Array:
		return view.Invalid("where's in must be an array, not %s", v)
	case o == in:
		for w := t.value.Items(); ; {
			item, more := w.Next()
			if !more {
				break
			}
			t.many = append(t.many, item)
		}
	}
	c.tests = append(c.tests, t)
	return nil
}

// Holds reports whether the condition holds for a record.
func (c *Condition) Holds(r *view.Record) bool {
	for i := range c.tests {
		t := &c.tests[i]
		if !t.holds(r.Field(t.field)) {
			return false
		}
	}
	return true
}

func (t *test) holds(v json.Value) bool {
	switch t.op {
	case equal:
		return bytes.Equal(v, t.value) || json.Equal(v, t.value)
	case unequal:
		return !json.Equal(v, t.value)
	case in:
		for _, one := range t.many {
			if json.Equal(v, one) {
				return true
			}
		}
		return false
	case exists:
		return (v != nil) == (t.kind == json.True)
	case prefix:
		var scratch [256]byte
		text, ok := v.Text(scratch[:0])
		return ok && bytes.HasPrefix(text, t.text)
	}
	// Numbers compare with numbers and strings with strings; all else is
	// neither less nor greater.
	var order int
	switch {
	case v.Kind() != t.kind:
		return false
	case t.kind == json.Number:
		f, ok := v.Float()
		if !ok {
			return false
		}
		if f < t.number {
			order = -1
		} else if f > t.number {
			order = 1
		}
	default:
		var scratch [256]byte
		text, _ := v.Text(scratch[:0])
		order = json.CompareText(text, t.text)
	}
	switch t.op {
	case less:
		return order < 0
	case lessOrEqual:
		return order <= 0
	case greater:
		return order > 0
	default:
		return order >= 0
	}
}

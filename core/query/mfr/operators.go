package mfr

import (
	"bytes"
	"math"
	"strings"

	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// simple are the operators that make one value of another.
var simple map[string]func(p *parser, argument json.Value) expr

func init() {
	simple = map[string]func(*parser, json.Value) expr{
		"$lt":  comparison(func(v, c json.Value) bool { return less(v, c) }),
		"$lte": comparison(func(v, c json.Value) bool { return lessOrEqual(v, c) }),
		"$gt":  comparison(func(v, c json.Value) bool { return less(c, v) }),
		"$gte": comparison(func(v, c json.Value) bool { return lessOrEqual(c, v) }),
		"$eq":  comparison(identical),
		"$ne":  comparison(func(v, c json.Value) bool { return !identical(v, c) }),
		"$not": (*parser).not,
		"$truthy": func(*parser, json.Value) expr {
			return func(_ *Run, v json.Value) json.Value { return boolean(truthy(v)) }
		},
		"$prefix": (*parser).prefix,
		"$is":     (*parser).is,
		"$in":     (*parser).in,
		"$type": func(*parser, json.Value) expr {
			return func(r *Run, v json.Value) json.Value { return json.Value(`"` + typeOf(v) + `"`) }
		},
		"$int": func(*parser, json.Value) expr {
			return func(_ *Run, v json.Value) json.Value {
				f, ok := v.Float()
				return boolean(ok && f == math.Trunc(f) && !math.IsInf(f, 0))
			}
		},
		"$mod": (*parser).mod,
		"$get": (*parser).get,
	}
}

func comparison(holds func(v, c json.Value) bool) func(*parser, json.Value) expr {
	return func(_ *parser, c json.Value) expr {
		return func(_ *Run, v json.Value) json.Value { return boolean(holds(v, c)) }
	}
}

// not is true for what JavaScript takes for false; with a rule, for what does
// not meet it.
func (p *parser) not(rule json.Value) expr {
	t := test(func(_ *Run, v json.Value) bool { return truthy(v) })
	if k := rule.Kind(); k == json.Object || k == json.Array {
		var terms []term
		p.filter(rule, json.Path{}, &terms, map[int]json.Value{})
		t = func(r *Run, v json.Value) bool {
			for _, t := range terms {
				if !t.test(r, walk(v, t.path)) {
					return false
				}
			}
			return true
		}
	}
	return func(r *Run, v json.Value) json.Value { return boolean(!t(r, v)) }
}

// prefix is of strings, and of arrays.
func (p *parser) prefix(c json.Value) expr {
	switch c.Kind() {
	case json.String:
		want, _ := c.Text(nil)
		return func(_ *Run, v json.Value) json.Value {
			text, ok := v.Text(nil)
			return boolean(ok && bytes.HasPrefix(text, want))
		}
	case json.Array:
		return func(_ *Run, v json.Value) json.Value {
			if v.Kind() != json.Array {
				return jsonFalse
			}
			for want, got := c.Items(), v.Items(); ; {
				w, more := want.Next()
				if !more {
					return jsonTrue
				}
				if g, _ := got.Next(); !identical(g, w) {
					return jsonFalse
				}
			}
		}
	}
	p.fail("$prefix must be a string or an array, not %s", short(c))
	return nil
}

// is takes the names of typeof, and "array" and "null", which JavaScript calls
// objects.
func (p *parser) is(c json.Value) expr {
	switch name := c.Str(); name {
	case "object", "string", "number", "boolean", "undefined":
		return func(_ *Run, v json.Value) json.Value { return boolean(typeOf(v) == name) }
	case "array":
		return func(_ *Run, v json.Value) json.Value { return boolean(v.Kind() == json.Array) }
	case "null":
		return func(_ *Run, v json.Value) json.Value { return boolean(v.Kind() == json.Null) }
	}
	p.fail(`$is must be "string", "number", "boolean", "object", "array", "null" or "undefined", not %s`, short(c))
	return nil
}

// in is of arrays, for values that are in them, and of strings, for parts of
// them.
func (p *parser) in(c json.Value) expr {
	switch c.Kind() {
	case json.String:
		all, _ := c.Text(nil)
		return func(_ *Run, v json.Value) json.Value {
			text, ok := v.Text(nil)
			return boolean(ok && bytes.Contains(all, text))
		}
	case json.Array:
		known := map[string]bool{}
		var others []json.Value
		for w := c.Items(); ; {
			item, more := w.Next()
			if !more {
				break
			}
			if k := item.Kind(); k == json.Array || k == json.Object {
				others = append(others, item)
			} else {
				known[string(Canonical(nil, item))] = true
			}
		}
		return func(_ *Run, v json.Value) json.Value {
			if len(v) == 0 {
				return jsonFalse
			}
			if v.Kind() < json.Array {
				var scratch [64]byte
				return boolean(known[string(Canonical(scratch[:0], v))])
			}
			for _, item := range others {
				if identical(v, item) {
					return jsonTrue
				}
			}
			return jsonFalse
		}
	}
	p.fail("$in must be an array, or a string, not %s", short(c))
	return nil
}

// mod is the rest of a division.
func (p *parser) mod(c json.Value) expr {
	by := numeric(c)
	return func(r *Run, v json.Value) json.Value {
		f := math.Mod(numeric(v), by)
		if math.IsNaN(f) {
			return nan
		}
		return r.number(f)
	}
}

// get is what stands at a path of the value.
func (p *parser) get(c json.Value) expr {
	path, err := ParsePath(c, "$get")
	if err != nil && p.err == nil {
		p.err = err
	}
	return func(_ *Run, v json.Value) json.Value { return walk(v, path) }
}

// ParsePath reads a path as this language has it: a name, an array of names
// and indexes, or true.
func ParsePath(v json.Value, what string) (json.Path, error) {
	switch v.Kind() {
	case json.True:
		return json.Path{}, nil
	case json.String:
		return json.Path{v.Str()}, nil
	case json.Number:
		if n, ok := v.Int(); ok && n >= 0 {
			return json.Path{string(Canonical(nil, v))}, nil
		}
	case json.Array:
		path := json.Path{}
		for w := v.Items(); ; {
			item, more := w.Next()
			if !more {
				return path, nil
			}
			if k := item.Kind(); k != json.String && k != json.Number {
				break
			}
			name, err := ParsePath(item, what)
			if err != nil {
				return nil, err
			}
			path = append(path, name...)
		}
	}
	return nil, view.Invalid("%s must be a name, or an array of names and indexes, not %s", what, short(v))
}

// fastTest is the same as the operators of a rule, without making values, for
// those that are asked of every record.
func (p *parser) fastTest(rule json.Value) test {
	var all []test
	for w := rule.Members(); ; {
		name, c, more := w.Next()
		if !more {
			break
		}
		t := fastTest(name.Str(), c)
		if t == nil {
			return nil
		}
		all = append(all, t)
	}
	if len(all) == 1 {
		return all[0]
	}
	return func(r *Run, v json.Value) bool {
		for _, t := range all {
			if !t(r, v) {
				return false
			}
		}
		return true
	}
}

func fastTest(name string, c json.Value) test {
	switch name {
	case "$eq":
		return equals(c)
	case "$lt", "$lte", "$gt", "$gte":
	default:
		return nil
	}
	orEqual := strings.HasSuffix(name, "e")
	holds := comparison(func(v, c json.Value) bool {
		switch name {
		case "$lt":
			return less(v, c)
		case "$lte":
			return lessOrEqual(v, c)
		case "$gt":
			return less(c, v)
		}
		return lessOrEqual(c, v)
	})(nil, c)
	if c.Kind() != json.Number {
		return func(r *Run, v json.Value) bool { return truthy(holds(r, v)) }
	}
	bound, up := numeric(c), name[1] == 'g'
	return func(r *Run, v json.Value) bool {
		f, ok := v.Float()
		switch {
		case !ok:
			return truthy(holds(r, v))
		case f == bound:
			return orEqual
		}
		return (f > bound) == up
	}
}

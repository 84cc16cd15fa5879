package mfr

import (
	"bytes"
	"math"
	"strings"

	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// simple is the operator of a name that makes one value of another; nil where
// there is none.
func (p *parser) simple(name string, c json.Value) expr {
	var holds func(v json.Value) bool
	switch name {
	case "$lt":
		holds = func(v json.Value) bool { return less(v, c) }
	case "$lte":
		holds = func(v json.Value) bool { return lessOrEqual(v, c) }
	case "$gt":
		holds = func(v json.Value) bool { return less(c, v) }
	case "$gte":
		holds = func(v json.Value) bool { return lessOrEqual(c, v) }
	case "$eq":
		holds = func(v json.Value) bool { return identical(v, c) }
	case "$ne":
		holds = func(v json.Value) bool { return !identical(v, c) }
	case "$not":
		return p.not(c)
	case "$truthy":
		holds = truthy
	case "$prefix":
		holds = p.prefix(c)
	case "$is":
		holds = p.is(c)
	case "$in":
		holds = p.in(c)
	case "$type":
		return func(_ *Run, v json.Value) json.Value { return json.Value(`"` + typeOf(v) + `"`) }
	case "$int":
		holds = func(v json.Value) bool {
			f, ok := v.Float()
			return ok && f == math.Trunc(f) && !math.IsInf(f, 0)
		}
	case "$mod":
		return p.mod(c)
	case "$get":
		return p.get(c)
	default:
		return nil
	}
	return func(_ *Run, v json.Value) json.Value { return boolean(holds(v)) }
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
func (p *parser) prefix(c json.Value) func(json.Value) bool {
	switch c.Kind() {
	case json.String:
		want, _ := c.Text(nil)
		return func(v json.Value) bool {
			text, ok := v.Text(nil)
			return ok && bytes.HasPrefix(text, want)
		}
	case json.Array:
		return func(v json.Value) bool {
			if v.Kind() != json.Array {
				return false
			}
			for want, got := c.Items(), v.Items(); ; {
				w, more := want.Next()
				if !more {
					return true
				}
				if g, _ := got.Next(); !identical(g, w) {
					return false
				}
			}
		}
	}
	p.fail("$prefix must be a string or an array, not %s", short(c))
	return nil
}

// is takes the names of typeof, and "array" and "null", which JavaScript calls
// objects.
func (p *parser) is(c json.Value) func(json.Value) bool {
	switch name := c.Str(); name {
	case "object", "string", "number", "boolean", "undefined":
		return func(v json.Value) bool { return typeOf(v) == name }
	case "array":
		return func(v json.Value) bool { return v.Kind() == json.Array }
	case "null":
		return func(v json.Value) bool { return v.Kind() == json.Null }
	}
	p.fail(`$is must be "string", "number", "boolean", "object", "array", "null" or "undefined", not %s`, short(c))
	return nil
}

// in is of arrays, for values that are in them, and of strings, for parts of
// them.
func (p *parser) in(c json.Value) func(json.Value) bool {
	switch c.Kind() {
	case json.String:
		all, _ := c.Text(nil)
		return func(v json.Value) bool {
			text, ok := v.Text(nil)
			return ok && bytes.Contains(all, text)
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
		return func(v json.Value) bool {
			if len(v) == 0 {
				return false
			}
			if v.Kind() < json.Array {
				var scratch [64]byte
				return known[string(Canonical(scratch[:0], v))]
			}
			for _, item := range others {
				if identical(v, item) {
					return true
				}
			}
			return false
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
	slow := (&parser{}).simple(name, c)
	if c.Kind() != json.Number {
		return func(r *Run, v json.Value) bool { return truthy(slow(r, v)) }
	}
	bound, up, orEqual := numeric(c), name[1] == 'g', strings.HasSuffix(name, "e")
	return func(r *Run, v json.Value) bool {
		f, ok := v.Float()
		switch {
		case !ok:
			return truthy(slow(r, v))
		case f == bound:
			return orEqual
		}
		return (f > bound) == up
	}
}

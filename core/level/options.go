package level

import (
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/lsm"
	"github.com/flumedb/flumedb-wasm/core/order"
	"github.com/flumedb/flumedb-wasm/core/view"
	"github.com/flumedb/flumedb-wasm/core/where"
)

func parse(options json.Value) (*level, error) {
	v := &level{Tree: lsm.New(), where: &where.Condition{}}
	if options.Kind() != json.Object || options.Member("each") != nil {
		return v, v.addKey(options)
	}
	var keys json.Value
	err := view.ParseOptions(options, func(name string, value json.Value) (err error) {
		switch name {
		case "keys":
			keys = value
		case "where":
			v.where, err = where.Parse(value, v.field)
		case "mapped":
			v.mapped = value.Kind() == json.True
		default:
			err = view.Invalid("level has no option %q, but keys and where", name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if v.mapped {
		v.fields = nil
		return v, nil
	}
	for w := keys.Items(); ; {
		key, more := w.Next()
		if !more {
			break
		}
		if err := v.addKey(key); err != nil {
			return nil, err
		}
	}
	if len(v.keys) == 0 {
		return nil, view.Invalid(`level needs keys, like [["author","timestamp"]]`)
	}
	return v, nil
}

func (v *level) field(p json.Path) int {
	for i, q := range v.fields {
		if p.Equal(q) {
			return i
		}
	}
	v.fields = append(v.fields, p)
	return len(v.fields) - 1
}

// addKey parses a key: an array of parts, or one part that is the key itself.
func (v *level) addKey(options json.Value) error {
	k := key{bare: options.Kind() != json.Array, many: -1, number: len(v.keys)}
	items := []json.Value{options}
	if !k.bare {
		items = nil
		for w := options.Items(); ; {
			item, more := w.Next()
			if !more {
				break
			}
			items = append(items, item)
		}
	}
	for i, item := range items {
		p, each, err := v.part(item, i == 0)
		if err != nil {
			return err
		}
		if each && k.many >= 0 {
			return view.Invalid("one part of a key may be each, and no more")
		}
		if each {
			k.many = i
		}
		k.parts = append(k.parts, p)
	}
	if len(k.parts) == 0 || k.bare && k.parts[0].fixed != nil {
		return view.Invalid("a key needs a part of the record")
	}
	v.keys = append(v.keys, k)
	v.values = make([]json.Value, max(len(v.values), len(k.parts)))
	return nil
}

// part parses a path, {"each": path} or {"value": value}.
func (v *level) part(options json.Value, first bool) (p part, each bool, err error) {
	path := options
	if options.Kind() == json.Object {
		if value := options.Member("value"); value != nil && options.Len() == 1 {
			if p.fixed, err = order.Add(nil, value, first); err != nil {
				err = view.Invalid("a key cannot be of %.40s", value)
			}
			return p, false, err
		}
		path = options.Member("each")
		if each = path != nil && options.Len() == 1; !each {
			return p, false, view.Invalid(`a key's part must be a path, {"each": path} or {"value": value}, not %.40s`, options)
		}
	}
	parsed, err := view.ParsePath(path, "a key's part")
	if err != nil {
		return p, false, err
	}
	return part{field: v.field(parsed)}, each, nil
}

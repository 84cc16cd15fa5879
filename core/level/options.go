package level

import (
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/lsm"
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
	k := key{bare: options.Kind() != json.Array}
	if k.bare {
		p, err := v.part(options)
		if err != nil {
			return err
		}
		k.parts = []part{p}
	}
	each := 0
	for w := options.Items(); ; {
		item, more := w.Next()
		if !more {
			break
		}
		p, err := v.part(item)
		if err != nil {
			return err
		}
		k.parts = append(k.parts, p)
		if p.each {
			each++
		}
	}
	if len(k.parts) == 0 || each > 1 {
		return view.Invalid("a key needs one part or more, of which one may be each")
	}
	v.keys = append(v.keys, k)
	return nil
}

// part parses a path, {"each": path} or {"value": value}.
func (v *level) part(options json.Value) (part, error) {
	if options.Kind() != json.Object {
		path, err := view.ParsePath(options, "a key's part")
		if err != nil {
			return part{}, err
		}
		return part{field: v.field(path)}, nil
	}
	if fixed := options.Member("value"); fixed != nil && options.Len() == 1 {
		return part{fixed: append(json.Value{}, fixed...)}, nil
	}
	if each := options.Member("each"); each != nil && options.Len() == 1 {
		path, err := view.ParsePath(each, "each")
		if err != nil {
			return part{}, err
		}
		return part{field: v.field(path), each: true}, nil
	}
	return part{}, view.Invalid(`a key's part must be a path, {"each": path} or {"value": value}, not %.40s`, options)
}

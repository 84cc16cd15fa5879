package links

import (
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/lsm"
	"github.com/flumedb/flumedb-wasm/core/order"
	"github.com/flumedb/flumedb-wasm/core/query/mfr"
	"github.com/flumedb/flumedb-wasm/core/view"
	"github.com/flumedb/flumedb-wasm/core/where"
)

func parse(options json.Value) (*links, error) {
	v := &links{Tree: lsm.New(), where: &where.Condition{}}
	var indexes []mfr.Index
	var defs json.Value
	err := view.ParseOptions(options, func(name string, value json.Value) (err error) {
		switch name {
		case "indexes":
			err = mfr.ParseIndexes(value, &indexes)
		case "links":
			defs = value
		case "where":
			v.where, err = where.Parse(value, v.field)
		case "mapped":
			v.mapped = value.Kind() == json.True
		default:
			err = view.Invalid("links has no option %q, but indexes, links and where", name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(indexes) == 0 {
		return nil, view.Invalid(`links needs indexes, like [{"key":"SRD","value":["source","rel","dest"]}]`)
	}
	for _, x := range indexes {
		if err := v.addIndex(x); err != nil {
			return nil, err
		}
	}
	switch defs.Kind() {
	case json.Absent, json.Null:
		if !v.mapped {
			for _, path := range v.paths {
				v.field(path)
			}
		}
	case json.Array:
		for w := defs.Items(); ; {
			item, more := w.Next()
			if !more {
				break
			}
			if err := v.addDef(item); err != nil {
				return nil, err
			}
		}
		if len(v.defs) == 0 {
			return nil, view.Invalid("links has no link to make of a record")
		}
	default:
		if err := v.addDef(defs); err != nil {
			return nil, err
		}
	}
	if v.mapped {
		v.fields = nil
	}
	v.emitter = v.newEmitter()
	return v, nil
}

func (v *links) field(p json.Path) int { return place(&v.fields, p) }

// place is where a path is in a list that has each once.
func place(all *[]json.Path, p json.Path) int {
	for i, q := range *all {
		if p.Equal(q) {
			return i
		}
	}
	*all = append(*all, p)
	return len(*all) - 1
}

func (v *links) addIndex(x mfr.Index) (err error) {
	in := index{Index: x, tree: &tree{leaf: -1}}
	in.head, err = order.Add(order.Begin(nil), json.AppendText(nil, []byte(x.Key)), true)
	for i, p := range x.Paths {
		if len(p) == 0 || !in.tree.add(p, i) {
			return view.Invalid("the index %q has a path that is within another, or the same", x.Key)
		}
		in.at = append(in.at, place(&v.paths, p))
	}
	v.indexes = append(v.indexes, in)
	return err
}

// def makes links of a record: one, or one for each element of an array.
type def struct {
	members []member
	each    int      // the field that is the array, -1 for none
	sources []source // of each of the view's paths
}

// member is a name of a link, and what is there.
type member struct {
	name  []byte // as JSON
	field int    // of the record, -1 for none
	each  bool   // in the element
	at    json.Path
	fixed json.Value
}

// source is where the value at a path of a link comes from.
type source struct {
	member int // -1 for nowhere
	rest   json.Path
}

// addDef parses {name: path, name: {"each": path, "at": path}, name: {"value": …}}.
func (v *links) addDef(options json.Value) error {
	if options.Kind() != json.Object {
		return view.Invalid(`a link must be an object, like {"source":"author","dest":{"each":"mentions"}}, not %.60s`, options)
	}
	d := def{each: -1}
	var names []string
	for w := options.Members(); ; {
		name, value, more := w.Next()
		if !more {
			break
		}
		m := member{name: append([]byte{}, name...), field: -1}
		if err := v.part(value, &m, &d); err != nil {
			return err
		}
		d.members, names = append(d.members, m), append(names, name.Str())
	}
	for _, path := range v.paths {
		s := source{member: -1}
		for i, name := range names {
			if path[0] == name {
				s = source{i, path[1:]}
			}
		}
		d.sources = append(d.sources, s)
	}
	v.defs = append(v.defs, d)
	return nil
}

func (v *links) part(options json.Value, m *member, d *def) error {
	if options.Kind() != json.Object {
		path, err := view.ParsePath(options, "what a link has")
		m.field = v.field(path)
		return err
	}
	each, at, value := options.Member("each"), options.Member("at"), options.Member("value")
	switch {
	case value != nil && options.Len() == 1:
		m.fixed = append(json.Value{}, value...)
		return nil
	case each != nil && (options.Len() == 1 || at != nil && options.Len() == 2):
	default:
		return view.Invalid(`what a link has must be a path, {"each": path}, {"each": path, "at": path} or {"value": value}, not %.60s`, options)
	}
	path, err := view.ParsePath(each, "each")
	if err != nil {
		return err
	}
	if at != nil {
		if m.at, err = view.ParsePath(at, "at"); err != nil {
			return err
		}
	}
	field := v.field(path)
	if d.each >= 0 && d.each != field {
		return view.Invalid("a link is of the elements of one array, and no more")
	}
	m.each, d.each = true, field
	return nil
}

package reduce

import (
	"math"

	"github.com/flumedb/flumedb-wasm/core/intern"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/view"
	"github.com/flumedb/flumedb-wasm/core/where"
)

const known = "count, sum, min, max, mean, stdev, histogram, distinct, first and last"

func parse(options json.Value) (*reduce, error) {
	v := &reduce{}
	if !named(options) {
		return v, v.add("", options)
	}
	err := view.ParseOptions(options, func(name string, value json.Value) error {
		if name == "" {
			return view.Invalid("a result needs a name")
		}
		return v.add(name, value)
	})
	return v, err
}

// named reports whether options are several results by their names, each with
// options of its own.
func named(options json.Value) bool {
	some := false
	for w := options.Members(); ; {
		_, value, more := w.Next()
		if !more {
			return some
		}
		if value.Kind() != json.Object {
			return false
		}
		some = true
	}
}

func (v *reduce) field(p json.Path) int {
	for i, q := range v.fields {
		if p.Equal(q) {
			return i
		}
	}
	v.fields = append(v.fields, p)
	return len(v.fields) - 1
}

// add parses the options of one result.
func (v *reduce) add(name string, options json.Value) error {
	var condition, groupBy, width, edges json.Value
	var ops []json.Value // names and paths
	err := view.ParseOptions(options, func(option string, value json.Value) error {
		switch option {
		case "where":
			condition = value
		case "groupBy":
			groupBy = value
		case "width":
			width = value
		case "edges":
			edges = value
		case "count", "sum", "min", "max", "mean", "stdev", "histogram", "distinct", "first", "last":
			if value.Kind() != json.False {
				ops = append(ops, json.Value(option), value)
			}
		default:
			return view.Invalid("reduce has no option %q, but %s, where, groupBy, width and edges", option, known)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(ops) == 0 {
		return view.Invalid("reduce needs one of %s", known)
	}
	s, err := v.section(condition, groupBy)
	if err != nil {
		return err
	}
	r := result{name: name, section: s}
	for i := 0; i < len(ops); i += 2 {
		op, err := v.aggregate(string(ops[i]), ops[i+1], width, edges)
		if err != nil {
			return err
		}
		if s.groups == 1 && len(s.by) == 0 {
			op.grow()
		}
		r.ops = append(r.ops, len(s.ops))
		s.ops = append(s.ops, op)
		s.names = append(s.names, string(ops[i]))
	}
	v.results = append(v.results, r)
	return nil
}

// section finds the section of a condition and groups, or makes it.
func (v *reduce) section(condition, groupBy json.Value) (*section, error) {
	key := string(condition) + "\n" + string(groupBy)
	for _, s := range v.sections {
		if s.key == key {
			return s, nil
		}
	}
	s := &section{key: key}
	var err error
	if s.where, err = where.Parse(condition, v.field); err != nil {
		return nil, err
	}
	if kind := groupBy.Kind(); kind == json.Absent || kind == json.Null {
		s.groups = 1
	} else {
		paths, err := view.ParsePaths(groupBy, "groupBy")
		if err != nil {
			return nil, err
		}
		for _, p := range paths {
			s.by = append(s.by, v.field(p))
		}
		if len(paths) == 0 {
			return nil, view.Invalid("groupBy needs a path")
		}
		s.levels = make([]intern.Set, len(paths))
	}
	v.sections = append(v.sections, s)
	return s, nil
}

func (v *reduce) aggregate(name string, value, width, edges json.Value) (aggregate, error) {
	if name == "count" {
		if value.Kind() != json.True {
			return nil, view.Invalid("count must be true, not %s", value)
		}
		return &count{}, nil
	}
	path, err := view.ParsePath(value, name)
	if err != nil {
		return nil, err
	}
	field := v.field(path)
	switch name {
	case "sum":
		return &sum{field: field}, nil
	case "min":
		return &extreme{field: field, sign: -1}, nil
	case "max":
		return &extreme{field: field, sign: 1}, nil
	case "mean":
		return &mean{field: field}, nil
	case "stdev":
		return &stdev{field: field}, nil
	case "distinct":
		return &distinct{field: field}, nil
	case "first":
		return &edge{field: field}, nil
	case "last":
		return &edge{field: field, last: true}, nil
	}
	if w, ok := width.Float(); ok && w > 0 && !math.IsInf(w, 0) && edges == nil {
		return &histogram{field: field, width: w}, nil
	}
	h := &steps{field: field}
	for items := edges.Items(); ; {
		edge, more := items.Next()
		if !more {
			break
		}
		f, ok := edge.Float()
		if !ok || len(h.edges) > 0 && f <= h.edges[len(h.edges)-1] {
			return nil, view.Invalid("edges must be numbers, each larger than the one before")
		}
		h.edges = append(h.edges, f)
	}
	if len(h.edges) == 0 || width != nil {
		return nil, view.Invalid("histogram needs either width, a number above 0, or edges, an array of numbers")
	}
	return h, nil
}

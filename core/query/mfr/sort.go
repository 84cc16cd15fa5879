package mfr

import (
	"github.com/flumedb/flumedb-wasm/core/json"
)

// sortKey is one path of a $sort.
type sortKey struct {
	value   expr
	field   int // if it is one of a record
	reverse bool
}

// sortKeys parses a $sort: an array of paths, each of which may stand as
// {"$reverse": path}.
func (p *parser) sortKeys(rule json.Value, a at) (keys []sortKey) {
	if rule.Kind() == json.String || rule.Kind() == json.Object {
		rule = append(append(json.Value("["), rule...), ']')
	}
	for w := rule.Items(); ; {
		item, more := w.Next()
		if !more {
			break
		}
		k := sortKey{}
		if name, path := firstMember(item); name == "$reverse" && item.Len() == 1 {
			k.reverse, item = true, path
		}
		path, err := ParsePath(item, "a path of $sort")
		if err != nil {
			if p.err == nil {
				p.err = err
			}
			return nil
		}
		if a.made {
			k.value = func(_ *Run, v json.Value) json.Value { return walk(v, path) }
		} else {
			k.value, k.field = p.value(at{path: path}), p.field(path)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		p.fail("$sort must be an array of paths, not %s", short(rule))
	}
	return keys
}

// sorting gathers values to be sorted.
type sorting struct {
	keys   []sortKey
	values []json.Value
	by     []json.Value // the keys of each
}

func (s *sorting) add(r *Run, v json.Value) {
	s.values = append(s.values, append(json.Value{}, v...))
	for _, k := range s.keys {
		s.by = append(s.by, append(json.Value(nil), k.value(r, v)...))
	}
}

func (s *sorting) end(next func(json.Value)) {
	n := len(s.keys)
	all := make([]int32, len(s.values))
	for i := range all {
		all[i] = int32(i)
	}
	sortStable(all, func(i, j int32) bool {
		for k := range s.keys {
			d := Compare(s.by[int(i)*n+k], s.by[int(j)*n+k])
			if s.keys[k].reverse {
				d = -d
			}
			if d != 0 {
				return d < 0
			}
		}
		return false
	})
	for _, i := range all {
		next(s.values[i])
	}
}

// sortStable sorts by merging. It is one function for all, where those of the
// library are one for each type.
func sortStable(all []int32, less func(i, j int32) bool) {
	const run = 8
	for from := 0; from < len(all); from += run {
		to := min(from+run, len(all))
		for i := from + 1; i < to; i++ {
			for j := i; j > from && less(all[j], all[j-1]); j-- {
				all[j], all[j-1] = all[j-1], all[j]
			}
		}
	}
	from, to := all, make([]int32, len(all))
	for width := run; width < len(all); width *= 2 {
		for low := 0; low < len(all); low += 2 * width {
			middle, high := min(low+width, len(all)), min(low+2*width, len(all))
			i, j := low, middle
			for k := low; k < high; k++ {
				if i < middle && (j == high || !less(from[j], from[i])) {
					to[k] = from[i]
					i++
				} else {
					to[k] = from[j]
					j++
				}
			}
		}
		from, to = to, from
	}
	if len(all) > 0 && &from[0] != &all[0] {
		copy(all, from)
	}
}

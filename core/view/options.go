package view

import (
	"strings"

	"github.com/flumedb/flumedb-wasm/core/json"
)

// ParsePath reads a path as options give it: names joined by points, an array
// of names and indexes where a name has a point in it, or true for the whole
// record. what names the option in the error.
func ParsePath(v json.Value, what string) (json.Path, error) {
	switch v.Kind() {
	case json.True:
		return json.Path{}, nil
	case json.String:
		if s := v.Str(); s != "" {
			return strings.Split(s, "."), nil
		}
	case json.Array:
		path := json.Path{}
		for w := v.Items(); ; {
			step, more := w.Next()
			if !more {
				return path, nil
			}
			switch step.Kind() {
			case json.String:
				path = append(path, step.Str())
				continue
			case json.Number:
				if n, ok := step.Int(); ok && n >= 0 {
					path = append(path, string(step))
					continue
				}
			}
			break
		}
	}
	return nil, Invalid(`%s must be a path, like "content.type" or ["content","type"], not %s`, what, short(v))
}

// ParsePaths reads one path, or an array of paths: ["a","b.c"] and
// ["a",["b","c"]] are the same two.
func ParsePaths(v json.Value, what string) (paths []json.Path, err error) {
	if v.Kind() != json.Array {
		path, err := ParsePath(v, what)
		return []json.Path{path}, err
	}
	for w := v.Items(); ; {
		item, more := w.Next()
		if !more {
			return paths, nil
		}
		path, err := ParsePath(item, what)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
}

// ParseOptions calls take with each option of an object. An absent or null v
// has none.
func ParseOptions(v json.Value, take func(name string, value json.Value) error) error {
	switch v.Kind() {
	case json.Object:
	case json.Absent, json.Null:
		return nil
	default:
		return Invalid("options must be an object, not %s", short(v))
	}
	for w := v.Members(); ; {
		name, value, more := w.Next()
		if !more {
			return nil
		}
		if err := take(name.Str(), value); err != nil {
			return err
		}
	}
}

// short is a value as it is told in an error.
func short(v json.Value) string {
	const most = 40
	if len(v) > most {
		return string(v[:most]) + "…"
	}
	if len(v) == 0 {
		return "undefined"
	}
	return string(v)
}

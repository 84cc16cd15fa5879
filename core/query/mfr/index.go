package mfr

import (
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// Index is one that a view has been declared to have: queries that it serves
// are answered in the order of its paths.
type Index struct {
	Key   string
	Paths []json.Path
}

// ParseIndexes reads [{key, value: [path, …]}, …] behind all. It fails with
// view.ErrOption.
func ParseIndexes(value json.Value, all *[]Index) error {
	if k := value.Kind(); k != json.Array && k != json.Null && k != json.Absent {
		return view.Invalid("indexes must be an array of {key, value: [path, …]}")
	}
	for w := value.Items(); ; {
		item, more := w.Next()
		if !more {
			return nil
		}
		x := Index{}
		if item.Kind() != json.Object {
			return view.Invalid("an index must be an object of a key and paths as its value")
		}
		err := view.ParseOptions(item, func(name string, value json.Value) (err error) {
			switch name {
			case "key":
				x.Key = value.Str()
			case "value":
				x.Paths, err = parseIndexPaths(value)
			case "exact": // what it kept apart in flumeview-query never falls together here
			default:
				err = view.Invalid("an index has no option %q, but key and value", name)
			}
			return err
		})
		switch {
		case err != nil:
			return err
		case x.Key == "":
			return view.Invalid("an index needs a key, which is a string")
		case len(x.Paths) == 0:
			return view.Invalid("the index %q needs paths as its value", x.Key)
		}
		for _, other := range *all {
			if other.Key == x.Key {
				return view.Invalid("there are two indexes of the key %q", x.Key)
			}
		}
		*all = append(*all, x)
	}
}

// parseIndexPaths reads an array of paths, each of which is a name, or an array
// of names and indexes.
func parseIndexPaths(v json.Value) (paths []json.Path, err error) {
	for w := v.Items(); ; {
		item, more := w.Next()
		if !more {
			return paths, nil
		}
		path, err := ParsePath(item, "a path of an index")
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
}

// Sorts reports whether a $sort asks for the order of the index.
func (x *Index) Sorts(sort json.Value) bool {
	i := 0
	for w := sort.Items(); ; i++ {
		item, more := w.Next()
		if !more {
			return i == len(x.Paths)
		}
		path, err := ParsePath(item, "")
		if err != nil || i >= len(x.Paths) || !path.Equal(x.Paths[i]) {
			return false
		}
	}
}

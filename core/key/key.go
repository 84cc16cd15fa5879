// Package key is the keys by which views find records exactly: the value at a
// path, or the values at several paths together.
package key

import (
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// Paths are where a key stands in a record.
type Paths struct {
	paths   []json.Path
	scanner *json.Scanner
	slots   []int // of the paths, in the scanner
}

// Parse reads the option key: a path, or an array of paths. A view that uses it
// must have Fields as its fields, or as the first of them.
func Parse(v json.Value) (*Paths, error) {
	paths, err := view.ParsePaths(v, "key")
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, view.Invalid("key needs a path")
	}
	p := &Paths{paths: paths}
	p.scanner, p.slots = json.NewScanner(paths...)
	return p, nil
}

// Fields are the paths.
func (p *Paths) Fields() []json.Path { return p.paths }

// Hash is the hash of a record's key; false where a part of it is not there.
func (p *Paths) Hash(r *view.Record) (h uint64, ok bool) {
	for i := range p.paths {
		part := r.Field(i)
		if part == nil {
			return 0, false
		}
		h = join(h, part)
	}
	return h, true
}

// join adds a part to the hash of a key.
func join(h uint64, part json.Value) uint64 { return h*0x9E3779B97F4A7C15 + json.Hash(part) }

// Key is what is asked for.
type Key struct {
	Hash  uint64
	parts []json.Value // one for each path
}

// Key reads a key: a value where there is one path, an array of values where
// there are several.
func (p *Paths) Key(v json.Value) (k Key, err error) {
	k.parts = []json.Value{v}
	if len(p.paths) > 1 {
		k.parts = k.parts[:0]
		for items := v.Items(); ; {
			part, more := items.Next()
			if !more {
				break
			}
			k.parts = append(k.parts, part)
		}
		if v.Kind() != json.Array || len(k.parts) != len(p.paths) {
			return Key{}, view.Invalid("the key must be an array of %d values", len(p.paths))
		}
	} else if v == nil {
		return Key{}, view.Invalid("there is no key to look for")
	}
	for _, part := range k.parts {
		k.Hash = join(k.Hash, part)
	}
	return k, nil
}

// Has reports whether a record has a key.
func (p *Paths) Has(record json.Value, k Key) bool {
	found := make([]json.Span, p.scanner.Slots())
	if p.scanner.Scan(record, found) != nil {
		return false
	}
	for i, part := range k.parts {
		if !json.Equal(found[p.slots[i]].In(record), part) {
			return false
		}
	}
	return true
}

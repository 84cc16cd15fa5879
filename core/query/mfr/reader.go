package mfr

import "github.com/flumedb/flumedb-wasm/core/json"

// Reader finds the values at some paths of records in one pass, as the queries'
// language has them: with the lengths of strings and arrays, and the
// characters of strings, at paths of their own.
type Reader struct {
	scanner *json.Scanner
	found   []json.Span
	fields  []readField
}

type readField struct {
	slot  int
	rest  json.Path // to walk from there
	whole bool      // nothing is to be scanned for
}

// NewReader makes a reader of paths.
func NewReader(paths []json.Path) *Reader {
	r := &Reader{}
	var scanned []json.Path
	for _, p := range paths {
		head, rest := Scanned(p)
		r.fields = append(r.fields, readField{rest: rest, whole: len(head) == 0})
		scanned = append(scanned, head)
	}
	some := scanned[:0:0]
	for _, p := range scanned {
		if len(p) > 0 {
			some = append(some, p)
		}
	}
	scanner, slots := json.NewScanner(some...)
	for i := range r.fields {
		if !r.fields[i].whole {
			r.fields[i].slot, slots = slots[0], slots[1:]
		}
	}
	r.scanner, r.found = scanner, make([]json.Span, scanner.Slots())
	return r
}

// Scanned is the front of a path that a json.Scanner finds as it is, and the
// rest, which Walk finds: a string has a length and characters too.
func Scanned(p json.Path) (head, rest json.Path) {
	for i, name := range p {
		if name == "length" || index(name) >= 0 {
			return p[:i:i], p[i:]
		}
	}
	return p, nil
}

// Walk is the value at a path of another.
func Walk(v json.Value, path json.Path) json.Value { return walk(v, path) }

// Read puts the values at the paths into found.
func (r *Reader) Read(record json.Value, found []json.Value) error {
	if err := r.scanner.Scan(record, r.found); err != nil {
		return err
	}
	for i := range r.fields {
		f := &r.fields[i]
		v := record
		if !f.whole {
			v = r.found[f.slot].In(record)
		}
		if f.rest != nil {
			v = walk(v, f.rest)
		}
		found[i] = v
	}
	return nil
}

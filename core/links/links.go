// Package links is the view of links: records are mapped to any number of
// them, which are objects, and each is found by several orders of its values.
//
//	{"indexes":[{"key":"SRD","value":["source","rel","dest"]},{"key":"DRS","value":["dest","rel","source"]}],
//	 "links":{"source":"author","rel":{"value":"mentions"},"dest":{"each":"content.mentions","at":"link"}}}
//
// An entry of the index is [key, value, …, seq] in the order of package order:
// the key of one of the declared indexes, the link's values at its paths, and
// the record. A link that lacks one of the values is not in that index.
//
// docs/views.md has the options.
package links

import (
	"errors"

	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/lsm"
	"github.com/flumedb/flumedb-wasm/core/order"
	"github.com/flumedb/flumedb-wasm/core/query/mfr"
	"github.com/flumedb/flumedb-wasm/core/view"
	"github.com/flumedb/flumedb-wasm/core/where"
)

// Kind is how the view is mounted.
var Kind = view.Kind{Name: "links", New: func(options json.Value) (view.View, error) { return parse(options) }}

type links struct {
	*lsm.Tree
	indexes []index
	paths   []json.Path // of all indexes, each once
	defs    []def       // nil where a record is the link, or mapped
	mapped  bool        // a record is {"links":[…],"value":…}
	where   *where.Condition
	fields  []json.Path
	emitter *emitter // of Apply
}

// index is one order of the links.
type index struct {
	mfr.Index
	head []byte // what its keys begin with
	at   []int  // of its paths, among those of the view
	tree *tree
}

func (v *links) Fields() []json.Path { return v.fields }

func (v *links) Apply(r *view.Record) error {
	e := v.emitter
	return e.links(r, func() error {
		for i := range v.indexes {
			if err := v.put(&v.indexes[i], e, r); err != nil {
				return err
			}
		}
		return nil
	})
}

// put adds a link to an index, if all of its values are there.
func (v *links) put(x *index, e *emitter, r *view.Record) (err error) {
	for _, at := range x.at {
		if e.found[at] == nil {
			return nil
		}
	}
	b := append(e.key[:0], x.head...)
	for _, at := range x.at {
		if b, err = order.Add(b, e.found[at], false); err != nil {
			return err
		}
	}
	b = order.End(order.AddFloat(b, float64(r.Seq)))
	e.key = b
	v.Tree.Put(b, r.Seq)
	return nil
}

func (v *links) Save(b []byte) []byte { return v.Tree.Save(b) }

func (v *links) Load(b []byte) error {
	rest, err := v.Tree.Load(b)
	if err == nil && len(rest) > 0 {
		err = errors.New("bytes follow the index")
	}
	return err
}

func (v *links) Call(c *view.Call) error {
	switch c.Method {
	case "get":
		return v.Tree.GetRecord(c)
	case "read":
		return v.read(c)
	case "explain":
		return v.explain(c)
	}
	return view.Invalid("links has no method %q", c.Method)
}

// Package bloom is the view that tells whether there may be a record with a
// certain key: no is certain, yes is wrong at a rate that is chosen.
//
//	{"key":"id","items":100000,"probability":0.001}
package bloom

import (
	"strconv"

	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/key"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// Kind is how the view is mounted.
var Kind = view.Kind{Name: "bloom", New: func(options json.Value) (view.View, error) { return parse(options) }}

type bloom struct {
	keys   *key.Paths
	filter scalable
}

func parse(options json.Value) (*bloom, error) {
	v := &bloom{filter: scalable{items: 100_000, probability: 0.001}}
	err := view.ParseOptions(options, func(name string, value json.Value) (err error) {
		switch name {
		case "key":
			v.keys, err = key.Parse(value)
		case "items":
			n, ok := value.Int()
			if !ok || n < 1 || n > 100_000_000 {
				return view.Invalid("items must be a whole number from 1 to 100000000, not %s", value)
			}
			v.filter.items = int(n)
		case "probability":
			p, ok := value.Float()
			if !ok || p < 1e-9 || p > 0.5 {
				return view.Invalid("probability must be a number from 1e-9 to 0.5, not %s", value)
			}
			v.filter.probability = p
		default:
			return view.Invalid("a Bloom filter has no option %q, but key, items and probability", name)
		}
		return err
	})
	if err == nil && v.keys == nil {
		err = view.Invalid("a Bloom filter needs a key")
	}
	return v, err
}

func (v *bloom) Fields() []json.Path { return v.keys.Fields() }

// Apply takes a record in that has a key.
func (v *bloom) Apply(r *view.Record) error {
	if hash, ok := v.keys.Hash(r); ok {
		v.filter.add(hash)
	}
	return nil
}

// Call answers has(key) with true or false.
func (v *bloom) Call(c *view.Call) error {
	if c.Method != "has" {
		return view.Invalid("a Bloom filter has no method %q", c.Method)
	}
	k, err := v.keys.Key(c.Arg(0))
	if err != nil {
		return err
	}
	c.Out = strconv.AppendBool(c.Out, v.filter.has(k.Hash))
	return nil
}

func (v *bloom) Save(b []byte) []byte { return v.filter.save(b) }

func (v *bloom) Load(b []byte) error { return v.filter.load(b) }

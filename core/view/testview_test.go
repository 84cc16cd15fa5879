package view_test

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// sum is a view for tests: it adds up a field, and fails where it is told to.
type sum struct {
	path  json.Path
	total float64
	count uint64
	chain uint64 // of all seqs, in order
}

var sumKind = view.Kind{Name: "sum", New: func(options json.Value) (view.View, error) {
	path := options.Member("path").Str()
	if path == "" {
		return nil, view.Invalid("path must be a string")
	}
	return &sum{path: json.Path{path}}, nil
}}

func (v *sum) Fields() []json.Path { return []json.Path{v.path} }

var errBad = errors.New("a bad record")

func (v *sum) Apply(r *view.Record) error {
	switch f := r.Field(0); f.Str() {
	case "fail":
		return errBad
	case "panic":
		panic("a bad record")
	default:
		n, _ := f.Float()
		v.total += n
	}
	v.count++
	v.chain = v.chain*31 + uint64(r.Seq) + 1
	return nil
}

func (v *sum) Save(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, v.count)
	b = binary.LittleEndian.AppendUint64(b, v.chain)
	return json.AppendFloat(b, v.total)
}

func (v *sum) Load(b []byte) error {
	if len(b) < 17 {
		return errors.New("too short")
	}
	v.count = binary.LittleEndian.Uint64(b)
	v.chain = binary.LittleEndian.Uint64(b[8:])
	var ok bool
	v.total, ok = json.Value(b[16:]).Float()
	if !ok {
		return errors.New("no number")
	}
	return nil
}

func (v *sum) Call(c *view.Call) error {
	switch c.Method {
	case "get":
		c.Out = fmt.Appendf(c.Out, `{"total":%v,"count":%d,"chain":"%x"}`, v.total, v.count, v.chain)
	case "record":
		seq, _ := c.Arg(0).Int()
		record, ok := c.Seen(core.Seq(seq))
		if !ok {
			return view.ErrAwait
		}
		c.Out = append(c.Out, record...)
	case "panic":
		panic("in a call")
	default:
		return view.Invalid("no method %q", c.Method)
	}
	return nil
}

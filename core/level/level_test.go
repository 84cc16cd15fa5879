package level

import (
	"context"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/lsm"
	"github.com/flumedb/flumedb-wasm/core/view"
	"github.com/flumedb/flumedb-wasm/core/viewtest"
)

// sized is the view with an index that is written down and merged soon.
func sized(s lsm.Sizes) view.Kind {
	return view.Kind{Name: Kind.Name, New: func(options json.Value) (view.View, error) {
		v, err := parse(options)
		if err != nil {
			return nil, err
		}
		v.Tree = lsm.NewSized(s)
		return v, nil
	}}
}

var questions = []viewtest.Question{
	{Method: "read", Pages: true},
	{Method: "read", Args: `[{"reverse":true}]`, Pages: true},
	{Method: "read", Args: `[{"gt":["a"],"lte":["b",undefined],"keys":false}]`, Pages: true},
	{Method: "read", Args: `[{"gte":1,"lt":"x","reverse":true,"values":false,"seqs":false,"limit":7}]`, Pages: true},
}

func TestSuite(t *testing.T) {
	for name, s := range map[string]lsm.Sizes{
		"in memory": {Memory: 1 << 20, Inline: 1 << 20, Block: 1 << 10},
		"in parts":  {Memory: 200, Inline: 1 << 20, Block: 50},
		"at once":   {Memory: 1 << 20, Inline: 1, Block: 100},
	} {
		t.Run(name, func(t *testing.T) {
			viewtest.Run(t, viewtest.Case{Kind: sized(s), Options: `{"keys":["n",["a","n"],[{"value":"tag"},{"each":"b.c"}]],"where":{"n":{"ne":1}}}`, Questions: questions, Records: 40})
		})
	}
}

func TestSuiteMapped(t *testing.T) {
	viewtest.Run(t, viewtest.Case{
		Kind: sized(lsm.Sizes{Memory: 300, Inline: 1 << 20, Block: 80}), Options: `{"mapped":true}`, Questions: questions, Records: 40,
		Map: func(_ context.Context, first core.Seq, records [][]byte) (mapped []json.Value, err error) {
			for _, r := range records {
				other := json.Value(r).Member("other")
				mapped = append(mapped, json.Value("["+string(other)+`,["a",`+string(other)+`]]`))
			}
			return mapped, nil
		},
	})
}

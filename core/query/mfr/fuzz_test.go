package mfr_test

import (
	"errors"
	"testing"

	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/query/mfr"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// FuzzQuery shows that no query and no record does harm: a query is refused
// with ErrOption, or runs.
func FuzzQuery(f *testing.F) {
	records := []string{`{"n":3,"t":"a","x":{"y":[1,"é😀"]}}`, `{"t":[1,[2]],"n":"0x10"}`, `null`, `"\ud800"`, `[[[]],{}]`, `{"n":1e400,"t":{"b":null}}`, `{"n`, `7`}
	for _, q := range []string{
		`[{"$filter":{"n":{"$gt":1,"$lt":"5"},"x":{"y":[1,{"$prefix":"é"}]}}},{"$map":{"a":["x","y",-1,1,"length"],"t":true}},{"$sort":["t",{"$reverse":["a"]}]}]`,
		`[{"$filter":{"t":{"$in":["a",[1]]},"$not":{"n":{"$is":"array"}}}},{"$reduce":{"t":"t","of":{"$reduce":{"n":["n",{"$mod":2}],"c":{"$count":true}}}}}]`,
		`[{"$reduce":{"s":{"$sum":"n"},"p":{"$product":["n"]},"a":{"$max":"t"},"i":{"$min":"n"},"l":{"$collect":true}}},{"$filter":{"s":{"$int":true}}}]`,
		`{"t":{"$ne":"a","$get":["b",0],"$type":true,"$truthy":true}}`, `[{"$map":["x",{"$map":{"y":{"$filter":["a"]}}}]}]`, `[null]`, `[{"$sort":"n"}]`, `{"$eq":[]}`, `[{"$map":-1}]`, `[{"$filter":`, `[{"$filter":{"n":1e999}}`,
	} {
		for _, r := range records {
			f.Add(q, r)
		}
	}
	f.Fuzz(func(t *testing.T, query, record string) {
		q, err := mfr.Parse(json.Value(query))
		if err != nil {
			if !errors.Is(err, view.ErrOption) {
				t.Fatal(err)
			}
			return
		}
		answers := 0
		run := q.Run(func(json.Value) { answers++ })
		reader := mfr.NewReader(q.Fields)
		for _, r := range []json.Value{json.Value(record), json.Value(records[0]), json.Value(record)} {
			if reader.Read(r, run.Found) != nil {
				continue
			}
			if run.Null = r.Kind() == json.Null; run.Holds() {
				run.Add(r)
			}
		}
		run.End()
	})
}

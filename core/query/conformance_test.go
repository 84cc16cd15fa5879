package query_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/query"
	"github.com/flumedb/flumedb-wasm/core/viewtest"
)

// record has values of all sorts at the paths that the questions ask of. The
// suite compares answers by their bytes, and a value that comes from a column is
// written anew: so each is written in one way only.
func record(r *rand.Rand, _ int) []byte {
	b := viewtest.Record(r, []json.Path{{"a"}, {"b", "c"}, {"b", "d"}, {"e"}})
	b = bytes.ReplaceAll(b, []byte("1e3"), []byte("1000"))
	return bytes.ReplaceAll(b, []byte(`\u00e9`), []byte("é"))
}

var questions = []viewtest.Question{
	{Method: "read", Args: `[{}]`, Pages: true},
	{Method: "read", Args: `[{"reverse":true,"query":[{"$filter":{"a":"b"}}]}]`, Pages: true},
	{Method: "read", Args: `[{"limit":3,"seqs":true,"query":[{"$filter":{"b":{"c":{"$lt":3}}}}]}]`, Pages: true},
	{Method: "read", Args: `[{"limit":5,"query":[{"$filter":{"a":{"$gte":0}}},{"$sort":[["b","d"],{"$reverse":"a"}]}]}]`, Pages: true},
	{Method: "read", Args: `[[{"$filter":{"a":{"$ne":null}}},{"$reduce":{"e":"e","most":{"$max":["b","c"]},"c":{"$count":true}}}]]`, Pages: true},
	{Method: "read", Args: `[[{"$reduce":{"$count":true}}]]`, Pages: true},
	{Method: "read", Args: `[[{"$filter":{"e":{"$is":"string"}}},{"$reduce":{"a":"a","c":{"$count":true},"d":{"$collect":["b","d"]}}}]]`, Pages: true},
}

// mapped leaves out some records, and changes others.
func mapped(_ context.Context, first core.Seq, records [][]byte) (all []json.Value, err error) {
	for i, r := range records {
		switch (int(first) + i) % 3 {
		case 0:
			all = append(all, nil)
		case 1:
			all = append(all, json.Value(`{"a":`+string(json.Value(r).Member("other"))+`,"b":{"c":1}}`))
		default:
			all = append(all, json.Value(r))
		}
	}
	return all, nil
}

func TestSuite(t *testing.T) {
	indexes := `{"indexes":[{"key":"a","value":["a",["b","c"]]},{"key":"e","value":["e"]}]}`
	for name, c := range map[string]viewtest.Case{
		"wanted":          {},
		"declared":        {Options: indexes},
		"mapped":          {Map: mapped},
		"mapped declared": {Options: indexes, Map: mapped},
	} {
		t.Run(name, func(t *testing.T) {
			c.Kind, c.Record, c.Questions, c.Records = query.Kind, record, questions, 25
			viewtest.Run(t, c)
		})
	}
}

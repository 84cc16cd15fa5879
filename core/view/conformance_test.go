package view_test

import (
	"context"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/viewtest"
)

// TestSuite shows that the conformance suite and the runtime agree on the
// simplest of views.
func TestSuite(t *testing.T) {
	viewtest.Run(t, viewtest.Case{Kind: sumKind, Options: `{"path":"n"}`, Questions: []viewtest.Question{{Method: "get"}}})
}

func TestSuiteWithMap(t *testing.T) {
	viewtest.Run(t, viewtest.Case{
		Kind: sumKind, Options: `{"path":"n"}`, Questions: []viewtest.Question{{Method: "get"}},
		Map: func(_ context.Context, first core.Seq, records [][]byte) (mapped []json.Value, err error) {
			for _, r := range records {
				n := json.Value(r).Member("n")
				if n != nil {
					n = json.Value(`{"n":` + string(n) + `}`)
				}
				mapped = append(mapped, n)
			}
			return mapped, nil
		},
	})
}

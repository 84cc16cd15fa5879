package reduce_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/reduce"
	"github.com/flumedb/flumedb-wasm/core/view"
	"github.com/flumedb/flumedb-wasm/core/viewtest"
)

func TestSuite(t *testing.T) {
	for _, options := range []string{
		`{"count":true}`,
		`{"sum":"n","mean":"n","min":"n","max":"n","stdev":"n","distinct":"n","first":"n","last":"n"}`,
		`{"histogram":"n","width":2.5,"groupBy":"a"}`,
		`{"histogram":"n","edges":[-3,0,1000],"groupBy":["a","b.c"]}`,
		`{"count":true,"distinct":"n","last":"n","groupBy":["a","b.c","n"],"where":{"a":{"ne":"b"}}}`,
		`{"all":{"count":true},"some":{"sum":"n","where":{"n":{"gt":1}}},"each":{"stdev":"n","first":true,"groupBy":"a"},"also":{"max":"n","groupBy":"a"}}`,
	} {
		t.Run(options, func(t *testing.T) {
			viewtest.Run(t, viewtest.Case{Kind: reduce.Kind, Options: options, Questions: []viewtest.Question{{Method: "get"}}, Records: 40})
		})
	}
}

// state is what a view has come to after some records.
func state(t *testing.T, options string, records ...string) (string, error) {
	t.Helper()
	ctx := context.Background()
	log, err := core.Open(ctx, memstore.Open(new(memstore.Disk)), core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close(ctx)
	views := view.Open(log, view.Options{})
	defer views.Close(ctx)
	v, err := views.Mount(ctx, view.Spec{Name: "v", Kind: reduce.Kind, Options: json.Value(options)})
	if err != nil {
		return "", err
	}
	for _, r := range records {
		if _, err := log.Append(ctx, []byte(r)); err != nil {
			t.Fatal(err)
		}
	}
	answer, err := v.Read(ctx, view.Newest, "get", nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer), nil
}

func TestAnswers(t *testing.T) {
	records := []string{
		`{"n":4,"a":"x","b":{"c":1}}`, `{"n":-2.5,"a":"y","b":{"c":1}}`, `{"n":"no number","a":"x"}`, `{"a":"x","b":{"c":"1"}}`, `{"n":4.0,"a":null,"b":{"c":[1]}}`, `{"n":10}`,
	}
	for _, c := range []struct{ options, empty, want string }{
		{`{"count":true}`, `0`, `6`},
		{`{"sum":"n"}`, `0`, `15.5`},
		{`{"min":"n"}`, `null`, `-2.5`},
		{`{"max":["n"]}`, `null`, `10`},
		{`{"mean":"n"}`, `null`, `3.875`},
		{`{"stdev":"n"}`, `null`, `5.105144464165535`},
		{`{"distinct":"n"}`, `0`, `4`},
		{`{"first":"a"}`, `null`, `"x"`},
		{`{"last":"a"}`, `null`, `null`},
		{`{"last":"b.c"}`, `null`, `[1]`},
		{`{"last":true}`, `null`, `{"n":10}`},
		{`{"count":true,"max":"n","sum":false}`, `{"count":0,"max":null}`, `{"count":6,"max":10}`},
		{`{"count":true,"groupBy":"a"}`, `{}`, `{"x":3,"y":1,"null":1,"undefined":1}`},
		{`{"count":true,"groupBy":"a.b"}`, `{}`, `{"undefined":6}`},
		{`{"count":true,"groupBy":[["b","c"]]}`, `{}`, `{"1":3,"undefined":2,"[1]":1}`},
		{`{"count":true,"groupBy":["a",["b","c"]]}`, `{}`, `{"x":{"1":2,"undefined":1},"y":{"1":1},"null":{"[1]":1},"undefined":{"undefined":1}}`},
		{`{"histogram":"n","width":5}`, `[]`, `[{"from":-5,"to":0,"count":1},{"from":0,"to":5,"count":2},{"from":10,"to":15,"count":1}]`},
		{`{"histogram":"n","edges":[0,4]}`, `[{"from":null,"to":0,"count":0},{"from":0,"to":4,"count":0},{"from":4,"to":null,"count":0}]`,
			`[{"from":null,"to":0,"count":1},{"from":0,"to":4,"count":0},{"from":4,"to":null,"count":3}]`},
		{`{"x":{"count":true},"y":{"sum":"n","groupBy":"a"}}`, `{"x":0,"y":{}}`, `{"x":6,"y":{"x":4,"y":-2.5,"null":4,"undefined":10}}`},
		{`{"count":true,"where":{"a":"x"}}`, `0`, `3`},
		{`{"count":true,"where":{"a":"x","n":4}}`, `0`, `1`},
		{`{"count":true,"where":{"a":{"ne":"x"}}}`, `0`, `3`},
		{`{"count":true,"where":{"a":{"exists":false}}}`, `0`, `1`},
		{`{"count":true,"where":{"a":{"in":["y",null]}}}`, `0`, `2`},
		{`{"count":true,"where":{"n":{"gte":4,"lt":10}}}`, `0`, `2`},
		{`{"count":true,"where":{"n":{"gt":"m"}}}`, `0`, `1`},
		{`{"count":true,"where":{"n":{"lte":4}}}`, `0`, `3`},
		{`{"count":true,"where":{"n":{"prefix":"no"}}}`, `0`, `1`},
		{`{"count":true,"where":[[["b","c"],1]]}`, `0`, `2`},
		{`{"count":true,"where":{"b":{"eq":{"c":1}}}}`, `0`, `2`},
	} {
		if got, err := state(t, c.options); err != nil || got != c.empty {
			t.Errorf("%s of nothing: %s, %v; want %s", c.options, got, err, c.empty)
		}
		if got, err := state(t, c.options, records...); err != nil || got != c.want {
			t.Errorf("%s: %s, %v; want %s", c.options, got, err, c.want)
		}
	}
}

func TestRefuses(t *testing.T) {
	for options, want := range map[string]string{
		`{}`: "needs one of", ``: "needs one of", `7`: "must be an object", `{"summ":"n"}`: `no option "summ"`, `{"sum":7}`: "must be a path", `{"sum":""}`: "must be a path",
		`{"count":1}`: "must be true", `{"histogram":"n"}`: "width", `{"histogram":"n","width":0}`: "width", `{"histogram":"n","edges":[2,1]}`: "larger",
		`{"count":true,"where":{"n":{"above":1}}}`: `no operator "above"`, `{"count":true,"where":{"n":{"gt":null}}}`: "compare", `{"count":true,"where":7}`: "where must be",
		`{"count":true,"where":[7]}`: "where must be", `{"count":true,"groupBy":[[7.5]]}`: "must be a path", `{"x":{"count":true},"y":{}}`: "needs one of",
		`{"count":true,"where":{"n":{"in":7}}}`: "array",
	} {
		_, err := state(t, options)
		if !errors.Is(err, view.ErrOption) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", options, err)
		}
	}
}

func BenchmarkApply(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var records [][]byte
	for i := range 1000 {
		records = append(records, fmt.Appendf(nil, `{"key":"%%%0*d=.sha256","value":{"previous":"%%%043d=.sha256","sequence":%d,"author":"@%043d=.ed25519","timestamp":%d,"hash":"sha256","content":{"type":"%s","text":"%s"},"signature":"%086d==.sig.ed25519"},"timestamp":%d.5}`,
			43, i, i, i, r.IntN(100), 1500000000000+i, []string{"post", "vote", "contact", "about", "channel"}[r.IntN(5)], strings.Repeat("lorem ipsum ", r.IntN(24)), i, 1500000000000+i))
	}
	for _, options := range []string{
		`{"count":true,"sum":"value.sequence","groupBy":"value.content.type"}`,
		`{"count":true,"distinct":"value.author","groupBy":"value.content.type","where":{"value.sequence":{"gt":10}}}`,
	} {
		b.Run(options, func(b *testing.B) {
			ctx := context.Background()
			log, _ := core.Open(ctx, memstore.Open(new(memstore.Disk)), core.Options{CacheBytes: 1 << 30})
			defer log.Close(ctx)
			views := view.Open(log, view.Options{})
			defer views.Close(ctx)
			const n = 20000
			for i := 0; i < n; i += 1000 {
				if _, err := log.Append(ctx, records...); err != nil {
					b.Fatal(err)
				}
			}
			v, err := views.Mount(ctx, view.Spec{Name: "v", Kind: reduce.Kind, Options: json.Value(options)})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				v.Rebuild()
				if err := v.Wait(ctx, n-1); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
		})
	}
}

package hashtable_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/hashtable"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/view"
	"github.com/flumedb/flumedb-wasm/core/viewtest"
)

func TestSuite(t *testing.T) {
	questions := []viewtest.Question{
		{Method: "get", Args: `["a"]`}, {Method: "get", Args: `[1,{"values":false}]`}, {Method: "get", Args: `[{"a":2,"b":[1]}]`}, {Method: "get", Args: `["nowhere"]`},
		{Method: "read", Args: `[{"key":"b"}]`, Pages: true},
		{Method: "read", Args: `[{"key":"a","reverse":true,"limit":3,"values":false}]`, Pages: true},
	}
	viewtest.Run(t, viewtest.Case{Kind: hashtable.Kind, Options: `{"key":"a"}`, Questions: questions})
	t.Run("several paths", func(t *testing.T) {
		viewtest.Run(t, viewtest.Case{Kind: hashtable.Kind, Options: `{"key":["a","b.c"]}`, Records: 40, Questions: []viewtest.Question{
			{Method: "get", Args: `[["a","b"]]`}, {Method: "get", Args: `[[1,null]]`}, {Method: "read", Args: `[{"key":["b","a"],"reverse":true}]`, Pages: true},
			{Method: "read", Args: `[{"key":["a","a"]}]`, Pages: true},
		}, Record: func(r *rand.Rand, i int) []byte {
			parts := []string{`"a"`, `"b"`, `1`, `null`}
			return fmt.Appendf(nil, `{"a":%s,"i":%d,"b":{"c":%s}}`, parts[r.IntN(4)], i, parts[r.IntN(4)])
		}})
	})
	t.Run("mapped", func(t *testing.T) {
		viewtest.Run(t, viewtest.Case{Kind: hashtable.Kind, Options: `{"key":true}`, Records: 30, Questions: questions,
			Record: func(r *rand.Rand, _ int) []byte { return viewtest.Record(r, []json.Path{{"a"}}) },
			Map: func(_ context.Context, _ core.Seq, records [][]byte) (mapped []json.Value, err error) {
				for _, r := range records {
					mapped = append(mapped, json.Value(r).Member("a"))
				}
				return mapped, nil
			}})
	})
}

// TestDeleted shows that a record is not found any more once it is deleted.
func TestDeleted(t *testing.T) {
	ctx := context.Background()
	v, log := mountOn(t, `{"key":"k"}`, `{"k":1,"i":0}`, `{"k":1,"i":1}`, `{"k":1,"i":2}`)
	if err := v.Wait(ctx, view.Newest); err != nil {
		t.Fatal(err)
	}
	if err := log.Delete(ctx, 2, 0); err != nil {
		t.Fatal(err)
	}
	for call, want := range map[string]string{`get [1]`: `{"seq":1,"value":{"k":1,"i":1}}`, `read [{"key":1,"values":false}]`: `{"items":[{"seq":1}]}`} {
		method, args, _ := strings.Cut(call, " ")
		if got, err := v.Read(ctx, view.Newest, method, json.Value(args)); err != nil || string(got) != want {
			t.Errorf("%s: %s, %v; want %s", call, string(got), err, want)
		}
	}
	if err := log.Delete(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if got, err := v.Read(ctx, view.Newest, "get", json.Value(`[1]`)); err != nil || string(got) != "null" {
		t.Errorf("all deleted: %s, %v", string(got), err)
	}
}

// mount opens a log with a hashtable and appends records.
func mount(t *testing.T, options string, records ...string) *view.Mounted {
	t.Helper()
	v, _ := mountOn(t, options, records...)
	return v
}

func mountOn(t *testing.T, options string, records ...string) (*view.Mounted, *core.Log) {
	t.Helper()
	ctx := context.Background()
	log, err := core.Open(ctx, memstore.Open(new(memstore.Disk)), core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	views := view.Open(log, view.Options{})
	t.Cleanup(func() {
		views.Close(ctx)
		log.Close(ctx)
	})
	v, err := views.Mount(ctx, view.Spec{Name: "v", Kind: hashtable.Kind, Options: json.Value(options)})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if _, err := log.Append(ctx, []byte(r)); err != nil {
			t.Fatal(err)
		}
	}
	return v, log
}

func TestAnswers(t *testing.T) {
	records := []string{
		`{"k":"x","i":0}`, `{"k":1.0,"i":1}`, `{"i":2}`, `{"k":"x","i":3}`, `{"k":null,"i":4}`, `{"k":{"b":1,"a":[2]},"i":5}`, `{"k":"\u0078","i":6,"o":true}`, `7`, `{"k":"x","o":false}`,
	}
	for _, c := range []struct{ options, method, args, want string }{
		{`{"key":"k"}`, "get", `["x"]`, `{"seq":8,"value":{"k":"x","o":false}}`},
		{`{"key":"k"}`, "get", `["x",{"values":false}]`, `{"seq":8}`},
		{`{"key":"k"}`, "get", `[1]`, `{"seq":1,"value":{"k":1.0,"i":1}}`},
		{`{"key":"k"}`, "get", `["1"]`, `null`},
		{`{"key":"k"}`, "get", `[null]`, `{"seq":4,"value":{"k":null,"i":4}}`},
		{`{"key":"k"}`, "get", `[{"a":[2],"b":1e0}]`, `{"seq":5,"value":{"k":{"b":1,"a":[2]},"i":5}}`},
		{`{"key":"k"}`, "read", `[{"key":"x","values":false}]`, `{"items":[{"seq":0},{"seq":3},{"seq":6},{"seq":8}]}`},
		{`{"key":"k"}`, "read", `[{"key":"x","values":false,"limit":2,"reverse":true}]`, `{"items":[{"seq":8},{"seq":6}]}`},
		{`{"key":"k"}`, "read", `[{"key":"x","limit":1}]`, `{"items":[{"seq":0,"value":{"k":"x","i":0}}]}`},
		{`{"key":"k"}`, "read", `[{"key":"z"}]`, `{"items":[]}`},
		{`{"key":"k"}`, "read", `[{"key":"x","old":false}]`, `{"items":[],"next":[0,0,9,8],"wait":true}`},
		{`{"key":"k"}`, "read", `[{"key":"x","old":false,"values":false},[0,0,7,6]]`, `{"items":[{"seq":8}],"next":[0,0,9,6],"wait":true}`},
		{`{"key":"k"}`, "read", `[{"key":"x","live":true,"reverse":true,"values":false},[2,1,5,6]]`, `{"items":[{"seq":3},{"seq":0}],"next":[0,0,7,0]}`},
		{`{"key":"k"}`, "read", `[{"key":"x","live":true,"reverse":true,"limit":3,"values":false},[3,1,5,6]]`, `{"items":[{"seq":3},{"seq":0}],"next":[1,0,7,0]}`},
		{`{"key":"k"}`, "read", `[{"key":"x","values":false},[0,0,3,20]]`, `{"items":[],"next":[0,0,3,20],"wait":true}`}, // it was at 20, and is being built again
		{`{"key":"k"}`, "read", `[{"key":"x","values":false},[0,0,3,5]]`, `{"items":[{"seq":3}]}`},
		{`{"key":["k","o"]}`, "get", `[["x",true]]`, `{"seq":6,"value":{"k":"\u0078","i":6,"o":true}}`},
		{`{"key":["k","o"]}`, "get", `[[true,"x"]]`, `null`},
		{`{"key":[["k","a",0]]}`, "get", `[2]`, `{"seq":5,"value":{"k":{"b":1,"a":[2]},"i":5}}`},
		{`{"key":true}`, "get", `[7]`, `{"seq":7,"value":7}`},
	} {
		got, err := mount(t, c.options, records...).Read(context.Background(), view.Newest, c.method, json.Value(c.args))
		if err != nil || string(got) != c.want {
			t.Errorf("%s %s(%s): %s, %v; want %s", c.options, c.method, c.args, string(got), err, c.want)
		}
	}
}

func TestRefuses(t *testing.T) {
	for options, want := range map[string]string{`{}`: "needs a key", `{"key":[]}`: "needs a path", `{"keys":"a"}`: `no option "keys"`, `{"key":7}`: "must be a path", `7`: "must be an object"} {
		if _, err := hashtable.Kind.New(json.Value(options)); !errors.Is(err, view.ErrOption) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", options, err)
		}
	}
	for _, c := range []struct{ options, method, args, want string }{
		{`{"key":"a"}`, "get", `[]`, "no key"},
		{`{"key":"a"}`, "get", `[1,{"vals":true}]`, `no option "vals"`},
		{`{"key":"a"}`, "read", `[{"key":1,"limit":"x"}]`, "whole number"},
		{`{"key":"a"}`, "read", `[{"key":1,"reverse":1}]`, "true or false"},
		{`{"key":"a"}`, "read", `[{"key":1,"gt":1}]`, `no option "gt"`},
		{`{"key":"a"}`, "read", `[{"limit":1}]`, "no key"},
		{`{"key":"a"}`, "read", `[{"key":1},[1,2]]`, "the page before"},
		{`{"key":["a","b"]}`, "get", `["a"]`, "array of 2"},
		{`{"key":["a","b"]}`, "get", `[["a"]]`, "array of 2"},
		{`{"key":"a"}`, "load", `[]`, `no method "load"`},
	} {
		_, err := mount(t, c.options).Read(context.Background(), view.Newest, c.method, json.Value(c.args))
		if !errors.Is(err, view.ErrOption) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s(%s): %v", c.options, c.method, c.args, err)
		}
	}
}

// TestLong lists more than fit on a page.
func TestLong(t *testing.T) {
	const n = 2500
	var records []string
	for i := range n {
		records = append(records, fmt.Sprintf(`{"k":%d}`, i%2))
	}
	v := mount(t, `{"key":"k"}`, records...)
	for _, options := range []string{`{"key":1}`, `{"key":1,"reverse":true}`, `{"key":1,"values":false,"limit":1100}`} {
		var seqs []core.Seq
		pages, next := 0, json.Value("null")
		for ; next != nil; pages++ {
			page, err := v.Read(context.Background(), view.Newest, "read", json.Value(`[`+options+`,`+string(next)+`]`))
			if err != nil {
				t.Fatal(err)
			}
			for items := page.Member("items").Items(); ; {
				item, more := items.Next()
				if !more {
					break
				}
				seq, _ := item.Member("seq").Int()
				seqs = append(seqs, core.Seq(seq))
			}
			next = page.Member("next")
		}
		want := n / 2
		if strings.Contains(options, "limit") {
			want = 1100
		}
		if len(seqs) != want || pages < 2 {
			t.Fatalf("%s: %d items on %d pages", options, len(seqs), pages)
		}
		for i, seq := range seqs {
			at := core.Seq(2*i + 1)
			if strings.Contains(options, "reverse") {
				at = n - at
			}
			if seq != at {
				t.Fatalf("%s: item %d is %d, not %d", options, i, seq, at)
			}
		}
	}
}

func BenchmarkApply(b *testing.B) {
	ctx := context.Background()
	log, _ := core.Open(ctx, memstore.Open(new(memstore.Disk)), core.Options{CacheBytes: 1 << 30})
	defer log.Close(ctx)
	views := view.Open(log, view.Options{})
	defer views.Close(ctx)
	const n = 100_000
	var batch [][]byte
	for i := range n {
		batch = append(batch, fmt.Appendf(nil, `{"key":"%%%043d=.sha256","value":{"sequence":%d,"text":"%0300d"}}`, i, i, i))
	}
	if _, err := log.Append(ctx, batch...); err != nil {
		b.Fatal(err)
	}
	v, err := views.Mount(ctx, view.Spec{Name: "v", Kind: hashtable.Kind, Options: json.Value(`{"key":"key"}`)})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		v.Rebuild()
		if err := v.Wait(ctx, n-1); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
	b.ReportMetric(float64(len(v.Save()))/n, "bytes/record")
}

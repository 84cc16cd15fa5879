package links

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/lsm"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/query/mfr"
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
	{Method: "read", Args: `[{"query":[{"$sort":["dest","rel"]}],"reverse":true}]`, Pages: true},
	{Method: "read", Args: `[{"query":[{"$filter":{"rel":{"$gte":1}}}],"unlinkedValues":true}]`, Pages: true},
	{Method: "read", Args: `[{"query":[{"$filter":{"dest":"b"}},{"$reduce":{"rel":"rel","n":{"$count":true}}}]}]`},
	{Method: "read", Args: `[{"query":{"rel":"a"},"limit":4}]`, Pages: true},
	{Method: "explain", Args: `[{"query":{"dest":"a"}}]`},
}

const indexes = `"indexes":[{"key":"RD","value":["rel","dest"]},{"key":"DR","value":["dest","rel"]}]`

func TestSuite(t *testing.T) {
	sizes := map[string]lsm.Sizes{
		"in memory": {Memory: 1 << 20, Inline: 1 << 20, Block: 1 << 10},
		"in parts":  {Memory: 600, Inline: 1 << 20, Block: 250},
	}
	for name, s := range sizes {
		t.Run(name, func(t *testing.T) {
			viewtest.Run(t, viewtest.Case{
				Kind: sized(s), Questions: questions, Records: 20,
				Options: `{` + indexes + `,"links":[{"rel":"n","dest":"a","x":"b.c"},{"dest":{"each":"b.c"},"rel":{"value":"each"}}],"where":{"n":{"ne":1}}}`,
			})
		})
	}
	t.Run("records", func(t *testing.T) {
		viewtest.Run(t, viewtest.Case{Kind: sized(sizes["in parts"]), Options: `{` + indexes + `}`, Questions: questions, Records: 20})
	})
	t.Run("mapped", func(t *testing.T) {
		viewtest.Run(t, viewtest.Case{
			Kind: sized(sizes["in parts"]), Options: `{"mapped":true,` + indexes + `}`, Questions: questions, Records: 20,
			Map: func(_ context.Context, first core.Seq, records [][]byte) (mapped []json.Value, err error) {
				for i, r := range records {
					other := string(json.Value(r).Member("other"))
					mapped = append(mapped, json.Value(fmt.Sprintf(`{"links":[{"rel":%s,"dest":%d},{"rel":"b"},{"dest":%s,"rel":"a"}],"value":%s}`, other, int(first)+i, other, r)))
				}
				return mapped, nil
			},
		})
	})
}

// TestFilters compares what is found by an index with what a query run over all
// links finds.
func TestFilters(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	ctx := context.Background()
	log, err := core.Open(ctx, memstore.Open(new(memstore.Disk)), core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close(ctx)
	set := view.Open(log, view.Options{Pause: 1, Interval: 1})
	defer set.Close(ctx)
	v, err := set.Mount(ctx, view.Spec{Name: "v", Kind: sized(lsm.Sizes{Memory: 2000, Inline: 1 << 20, Block: 300}), Options: json.Value(
		`{"indexes":[{"key":"ABC","value":["a",["b","c"],"d"]},{"key":"D","value":["d"]}],"links":{"a":"a","b":"b","d":{"each":"ds","at":"d"}}}`)})
	if err != nil {
		t.Fatal(err)
	}
	value := func() json.Value {
		if r.IntN(3) == 0 {
			return json.Value(fmt.Sprint(r.IntN(12) - 4))
		}
		return viewtest.Value(r)
	}
	var all []json.Value // in the order of the log
	for range 300 {
		a, c := value(), value()
		var ds []string
		for range r.IntN(3) {
			d := value()
			ds = append(ds, fmt.Sprintf(`{"d":%s}`, d))
			all = append(all, json.Value(fmt.Sprintf(`{"a":%s,"b":{"c":%s},"d":%s}`, a, c, d)))
		}
		if _, err := log.Append(ctx, fmt.Appendf(nil, `{"a":%s,"b":{"c":%s,"no":1},"ds":[%s]}`, a, c, strings.Join(ds, ","))); err != nil {
			t.Fatal(err)
		}
	}
	operator := func() string {
		switch r.IntN(6) {
		case 0:
			return fmt.Sprintf(`{"$gte":%d,"$lt":%d}`, r.IntN(12)-4, r.IntN(12)-2)
		case 1:
			return fmt.Sprintf(`{"$gt":%d}`, r.IntN(6)-2)
		case 2:
			return fmt.Sprintf(`{"$lte":%d}`, r.IntN(6)-2)
		case 3:
			return fmt.Sprintf(`{"$prefix":"%s"}`, []string{"a", "", "x ", "é", "long"}[r.IntN(5)])
		case 4:
			return `{"$ne":null}`
		}
		for {
			v := value()
			switch v.Kind() {
			case json.Array, json.Object:
			default:
				return string(v)
			}
		}
	}
	indexed := 0
	for range 400 {
		var rules []string
		for _, name := range []string{`"a":%s`, `"b":{"c":%s}`, `"d":%s`} {
			if r.IntN(2) == 0 {
				rules = append(rules, fmt.Sprintf(name, operator()))
			}
		}
		filter := `{"$filter":{` + strings.Join(rules, ",") + `}}`
		q, err := mfr.Parse(json.Value("[" + filter + "]"))
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		run := q.Run(func(v json.Value) { want = append(want, canonical(v)) })
		reader := mfr.NewReader(q.Fields)
		for _, link := range all {
			if err := reader.Read(link, run.Found); err != nil {
				t.Fatal(err)
			}
			if run.Holds() {
				run.Add(link)
			}
		}
		explained, err := v.Read(ctx, view.Newest, "explain", json.Value(`[{"query":[`+filter+`]}]`))
		if err != nil {
			t.Fatal(err)
		}
		index := explained.Member("index").Str()
		if index == "" {
			continue // and so answered from the log, whose links have more
		}
		indexed++
		if index == "D" { // has only that
			for i, w := range want {
				want[i] = fmt.Sprintf(`{"d":%s}`, json.Value(w).Member("d"))
			}
			if strings.Contains(filter, `"a"`) || strings.Contains(filter, `"b"`) {
				continue // it lacks what is asked for, as flumeview-links has it
			}
		}
		reverse := r.IntN(2) == 0
		sort := []string{``, `,{"$sort":["a",["b","c"],"d"]}`}[r.IntN(2)]
		if index == "D" {
			sort = ""
		}
		var got []string
		cursor := "null"
		for cursor != "" {
			page, err := v.Read(ctx, view.Newest, "read", json.Value(fmt.Sprintf(`[{"query":[%s%s],"reverse":%v},%s]`, filter, sort, reverse, cursor)))
			if err != nil {
				t.Fatal(err)
			}
			for w := page.Member("items").Items(); ; {
				item, more := w.Next()
				if !more {
					break
				}
				got = append(got, canonical(item))
			}
			cursor = string(page.Member("next"))
		}
		slices.Sort(got)
		slices.Sort(want)
		want = slices.Compact(want) // of one record, what is the same is once in an index
		if got = slices.Compact(got); !slices.Equal(got, want) {
			t.Fatalf("%s by %s: %d links, want %d\n%.900v\n%.900v", filter, index, len(got), len(want), got, want)
		}
	}
	if indexed < 200 {
		t.Fatalf("only %d filters were served by an index", indexed)
	}
}

// canonical is a value as all that are equal are written: in keys members are
// in the order of their names.
func canonical(v json.Value) string {
	return strings.ReplaceAll(string(mfr.Canonical(nil, v)), `{"b":[1],"a":2}`, `{"a":2,"b":[1]}`)
}

func TestOptions(t *testing.T) {
	for _, options := range []string{
		`7`, `{}`, `{"indexes":[]}`, `{"indexes":[{"key":"a","value":["a"]},{"key":"a","value":["b"]}]}`, `{"indexes":[{"key":"a","value":["a",["a","b"]]}]}`,
		`{"indexes":[{"key":"a","value":["a","a"]}]}`, `{"indexes":[{"key":"a","value":[true]}]}`, `{"indexes":[{"key":"a","value":["a"]}],"link":1}`,
		`{"indexes":[{"key":"a","value":["a"]}],"links":7}`, `{"indexes":[{"key":"a","value":["a"]}],"links":[]}`, `{"indexes":[{"key":"a","value":["a"]}],"links":{"a":{"each":"x","to":"y"}}}`,
		`{"indexes":[{"key":"a","value":["a"]}],"links":{"a":{"each":"x"},"b":{"each":"y"}}}`,
	} {
		if _, err := Kind.New(json.Value(options)); !errors.Is(err, view.ErrOption) {
			t.Errorf("%s: %v", options, err)
		}
	}
}

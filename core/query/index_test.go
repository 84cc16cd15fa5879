package query_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/query"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// explain is the explanation of a request, without sizes.
func (d *db) explain(request string) string {
	d.Helper()
	answer, err := d.v.Read(ctx, view.Newest, "explain", json.Value("["+request+"]"))
	if err != nil {
		d.Fatal(err)
	}
	var b strings.Builder
	for _, name := range []string{"scan", "index", "scores", "builds", "matches"} {
		if v := answer.Member(name); v != nil {
			fmt.Fprintf(&b, "%s %s ", name, string(v))
		}
	}
	return strings.TrimSpace(b.String())
}

// TestExplain has the planner of flumeview-query, with its own examples.
func TestExplain(t *testing.T) {
	indexes := `{"indexes":[{"key":"SDR","value":["source","dest","rel"]},{"key":"DRS","value":["dest","rel","source"]},{"key":"RDS","value":["rel","source","dest"]},
		{"key":"on","value":[["value","nest","okay"],["value","nest","number"]]},{"key":"no","value":[["value","nest","number"],["value","nest","okay"]]}]}`
	d := open(t, indexes, posts...)
	for query, want := range map[string]string{
		`[{"$filter":{"source":"foo","dest":"bar"}}]`:                                          `index "SDR" scores {"SDR":6,"DRS":2} matches 0`,
		`[{"$filter":{"dest":"bar","rel":{"$prefix":"a"}}}]`:                                   `index "DRS" scores {"DRS":5,"RDS":1} matches 0`,
		`[{"$filter":{"rel":{"$prefix":"b"}}}]`:                                                `index "RDS" scores {"RDS":1} matches 0`,
		`[{"$filter":{"source":"foo","dest":"bar","rel":"x"}}]`:                                `index "SDR" scores {"SDR":38,"DRS":38,"RDS":38} matches 0`,
		`[{"$filter":{"source":{"$prefix":"f"},"dest":{"$prefix":"b"}}}]`:                      `index "SDR" scores {"SDR":2,"DRS":1} matches 0`,
		`[{"$filter":{"source":{"$prefix":"f"},"dest":{"$prefix":"b"},"rel":"x"}}]`:            `index "RDS" scores {"SDR":6,"DRS":10,"RDS":26} matches 0`,
		`[{"$filter":{"value":{"nest":{"number":{"$gte":0,"$lte":3}}}}}]`:                      `index "no" scores {"no":1} matches 0`,
		`[{"$filter":{"source":"x"}},{"$sort":["dest","rel","source"]}]`:                       `index "DRS" scores {"SDR":2} matches 0`,
		`[{"$filter":{"source":"x"}},{"$sort":["dest","rel"]}]`:                                `scores {"SDR":2} matches 0`,
		`[{"$filter":{"source":{"$eq":"x"},"dest":{"$ne":"y"}}}]`:                              `index "SDR" scores {"SDR":2} matches 0`,
		`[{"$filter":{"n":3}}]`:                                                                `scan true scores {} builds [["n"]]`,
		`[{"$filter":{"n":3,"x":{"y":[{"$gt":0}]}}},{"$map":"t"}]`:                             `scan true scores {} builds [["n"],["x","y","0"]]`,
		`[{"$filter":{"n":3}},{"$reduce":{"t":"t","c":{"$count":true},"l":{"$collect":"l"}}}]`: `scan true scores {} builds [["n"]]`,
		`[{"$filter":{"n":3}},{"$reduce":{"t":"t","c":{"$count":true},"s":{"$sum":"s"}}}]`:     `scan true scores {} builds [["n"],["t"],["s"]]`,
		`[{"$sort":["n"]}]`:             `scan true scores {} builds [["n"]]`,
		`[{"$map":"n"}]`:                `scan true scores {}`,
		`{}`:                            `scan true scores {}`,
		`[{"$reduce":{"$count":true}}]`: `scores {}`,
		`{"indexes":[{"key":"n","value":["n","t"]}],"query":{"n":3}}`: `scan true index "n" scores {"n":2} builds [["n"],["t"]]`,
	} {
		if got := d.explain(query); got != want {
			t.Errorf("%s:\n%s, want\n%s", query, got, want)
		}
	}
}

// TestBuildsOnce shows that the log is read once for a field, whatever comes
// later, and that the column is there when the log is opened again.
func TestBuildsOnce(t *testing.T) {
	disk := new(memstore.Disk)
	const q = `[{"$filter":{"t":"a"}}]`
	for round, want := range []string{`scan true scores {} builds [["t"]]`, `scores {} matches 200`, `scores {} matches 201`} {
		log, err := core.Open(ctx, memstore.Open(disk), core.Options{SegmentBytes: 256})
		if err != nil {
			t.Fatal(err)
		}
		views := view.Open(log, view.Options{})
		v, err := views.Mount(ctx, view.Spec{Name: "v", Kind: query.Kind})
		if err != nil {
			t.Fatal(err)
		}
		d := &db{T: t, log: log, views: views, v: v}
		for i := range 600 {
			if round == 0 {
				log.Append(ctx, []byte(posts[i%len(posts)]))
			}
		}
		if got := d.explain(q); got != want {
			t.Errorf("opened for the %d. time: %s, want %s", round, got, want)
		}
		if round == 0 {
			if _, err := d.read(q); err != nil {
				t.Fatal(err)
			}
			if got := d.explain(q); got != `scores {} matches 200` {
				t.Errorf("built: %s", got)
			}
		} else {
			log.Append(ctx, []byte(posts[0]))
			if got := d.explain(q); got != fmt.Sprintf("scores {} matches %d", 200+round) {
				t.Errorf("with one more: %s", got)
			}
		}
		views.Close(ctx)
		log.Close(ctx)
	}
}

// TestTogether has many ask for the same and for other fields at once, while
// records come; and some of them give up.
func TestTogether(t *testing.T) {
	d := open(t, ``)
	r := rand.New(rand.NewPCG(1, 2))
	const n = 2000
	for range n {
		d.log.Append(ctx, record(r, 0))
	}
	var wait sync.WaitGroup
	for i := range 40 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			own := ctx
			if i%3 == 0 {
				limited, cancel := context.WithCancel(ctx)
				go cancel()
				own = limited
			}
			path := []string{"a", "e", "other", "b"}[i%4]
			q := fmt.Sprintf(`[{"query":[{"$filter":{%q:{"$ne":"no"}}},{"$reduce":{"$count":true}}],"lt":%d}]`, path, n)
			answer, err := d.v.Read(own, view.Newest, "read", json.Value(q))
			if own == ctx && (err != nil || string(answer.Member("items")) != fmt.Sprintf("[%d]", n)) {
				t.Errorf("%s: %s, %v", q, answer, err)
			}
		}()
	}
	for range 500 {
		d.log.Append(ctx, record(r, 0))
	}
	wait.Wait()
	if got := d.explain(`{"query":{"a":1,"e":2,"other":3,"b":{"$eq":4}}}`); strings.Contains(got, "builds") {
		t.Errorf("something is still missing: %s", got)
	}
}

// TestWide shows that no index is made of texts, and that queries for them are
// answered all the same.
func TestWide(t *testing.T) {
	d := open(t, ``)
	const n = 3000
	for i := range n {
		d.log.Append(ctx, fmt.Appendf(nil, `{"t":"a","text":"%d%s"}`, i, strings.Repeat("long ", 100)))
	}
	const q = `[{"$filter":{"t":"a","text":{"$prefix":"7"}}},{"$reduce":{"$count":true}}]`
	for range 2 {
		if got, err := d.read(q); got != `[111]` || err != nil {
			t.Errorf("%s, %v", got, err)
		}
	}
	if got := d.explain(q); got != fmt.Sprintf(`scores {} matches %d`, n) {
		t.Error(got)
	}
}

// TestSameAgain asks the same questions while records come that have values
// nobody has seen before.
func TestSameAgain(t *testing.T) {
	d := open(t, `{"indexes":[{"key":"a","value":["a"]}]}`, `{"a":"x","n":1}`)
	for i, step := range []struct{ record, x, y, above, count string }{
		{``, `[0]`, `[]`, `[]`, `[1]`},
		{`{"a":"x","n":2}`, `[0,1]`, `[]`, `[]`, `[2]`},
		{`{"a":"y","n":30}`, `[0,1]`, `[2]`, `[2]`, `[2]`},
		{`{"a":"y","n":30}`, `[0,1]`, `[2,3]`, `[2,3]`, `[2]`},
		{`{"a":"x","n":31}`, `[0,1,4]`, `[2,3]`, `[2,3,4]`, `[3]`},
		{`{"n":4}`, `[0,1,4]`, `[2,3]`, `[2,3,4]`, `[3]`},
	} {
		if step.record != "" {
			if _, err := d.log.Append(ctx, []byte(step.record)); err != nil {
				t.Fatal(err)
			}
		}
		for query, want := range map[string]string{
			`{"query":[{"$filter":{"a":"x"}}],"seqs":true}`:              step.x,
			`{"query":[{"$filter":{"a":"y"}}],"seqs":true}`:              step.y,
			`{"query":[{"$filter":{"n":{"$gt":20}}}],"seqs":true}`:       step.above,
			`{"query":[{"$filter":{"a":"x"}},{"$reduce":{"$count":1}}]}`: step.count,
		} {
			answers, err := d.read(query)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for items := json.Value(answers).Items(); ; {
				item, more := items.Next()
				if !more {
					break
				}
				if seq := item.Member("seq"); seq != nil {
					item = seq
				}
				got = append(got, string(item))
			}
			if list := "[" + strings.Join(got, ",") + "]"; list != want {
				t.Errorf("step %d: %s answers %s, want %s", i, query, list, want)
			}
		}
	}
}

// TestForgets shows that there are never too many columns.
func TestForgets(t *testing.T) {
	d := open(t, ``, posts...)
	for i := range 100 {
		if _, err := d.read(fmt.Sprintf(`[{"$filter":{"n":3,"f%d":{"$is":"undefined"}}}]`, i)); err != nil {
			t.Fatal(err)
		}
	}
	if got := d.explain(`{"query":{"f99":1,"f53":1,"n":1}}`); strings.Contains(got, "builds") {
		t.Error(got)
	}
	if got := d.explain(`{"query":{"f52":1,"n":1}}`); got != `scan true scores {} builds [["f52"]] matches 1` {
		t.Error(got)
	}
}

package query_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/query"
	"github.com/flumedb/flumedb-wasm/core/view"
)

const benchRecords = 100_000

// benchLog is a log of records like scuttlebutt's, of about 600 bytes each.
func benchLog(b *testing.B) (*core.Log, *view.Set) {
	r := rand.New(rand.NewPCG(1, 2))
	log, err := core.Open(ctx, memstore.Open(new(memstore.Disk)), core.Options{CacheBytes: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	var records [][]byte
	for i := range benchRecords {
		records = append(records, fmt.Appendf(nil, `{"key":"%%%043d=.sha256","value":{"previous":"%%%043d=.sha256","sequence":%d,"author":"@%043d=.ed25519","timestamp":%d,"hash":"sha256","content":{"type":"%s","text":"%s"},"signature":"%086d==.sig.ed25519"},"timestamp":%d.5}`,
			i, i, i, r.IntN(1+r.IntN(1000)), 1500000000000+i, []string{"post", "vote", "contact", "about", "channel", "post", "vote"}[r.IntN(7)], strings.Repeat("lorem ipsum ", r.IntN(24)), i, 1500000000000+i))
		if len(records) == 1000 {
			if _, err := log.Append(ctx, records...); err != nil {
				b.Fatal(err)
			}
			records = records[:0]
		}
	}
	views := view.Open(log, view.Options{})
	b.Cleanup(func() {
		views.Close(ctx)
		log.Close(ctx)
	})
	return log, views
}

func BenchmarkQuery(b *testing.B) {
	_, views := benchLog(b)
	v, err := views.Mount(ctx, view.Spec{Name: "v", Kind: query.Kind, Options: json.Value(`{"indexes":[{"key":"a","value":[["value","author"]]},{"key":"t","value":[["value","content","type"]]}]}`)})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("build", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			v.Rebuild()
			if err := v.Wait(ctx, benchRecords-1); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRecords, "ns/record")
	})
	author := fmt.Sprintf(`"author":"@%043d=.ed25519"`, 50)
	for name, q := range map[string]string{
		"newest of an author":       `{"query":[{"$filter":{"value":{` + author + `}}}],"reverse":true,"limit":1}`,
		"newest 100 of an author":   `{"query":{"value":{` + author + `}},"reverse":true,"limit":100}`,
		"newest 100 posts of one":   `{"query":{"value":{` + author + `,"content":{"type":"post"}}},"reverse":true,"limit":100}`,
		"count by type":             `[{"$reduce":{"type":["value","content","type"],"count":{"$count":true}}}]`,
		"count posts":               `[{"$filter":{"value":{"content":{"type":"post"}}}},{"$reduce":{"$count":true}}]`,
		"count posts in range":      `[{"$filter":{"value":{"content":{"type":"post"},"sequence":{"$gte":1000,"$lt":90000}}}},{"$reduce":{"$count":true}}]`,
		"count by author of posts":  `[{"$filter":{"value":{"content":{"type":"post"}}}},{"$reduce":{"author":["value","author"],"count":{"$count":true}}}]`,
		"sum by type":               `[{"$reduce":{"type":["value","content","type"],"sum":{"$sum":["value","sequence"]}}}]`,
		"newest 100 posts, by time": `{"query":[{"$filter":{"value":{"content":{"type":"post"}}}},{"$sort":[{"$reverse":["value","timestamp"]}]}],"limit":100}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Read(ctx, view.Newest, "read", json.Value("["+q+"]")); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

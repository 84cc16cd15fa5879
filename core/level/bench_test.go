package level_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/level"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// An index of author and type, by time, of records like scuttlebutt's.
func BenchmarkLevel(b *testing.B) {
	const count = 100_000
	ctx := context.Background()
	r := rand.New(rand.NewPCG(1, 2))
	log, err := core.Open(ctx, memstore.Open(new(memstore.Disk)), core.Options{CacheBytes: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/"
	var authors []string
	for range 500 {
		id := make([]byte, 43)
		for i := range id {
			id[i] = digits[r.IntN(64)]
		}
		authors = append(authors, string(id))
	}
	var records [][]byte
	for i := range count {
		records = append(records, fmt.Appendf(nil, `{"author":"@%s=.ed25519","sequence":%d,"timestamp":%d,"previous":"%%%s=.sha256","content":{"type":"%s","text":"%s"}}`,
			authors[int(500*r.Float64()*r.Float64()*r.Float64())], i, 1514764800000+int64(i)*30000+int64(r.IntN(30000)), authors[r.IntN(500)],
			[]string{"post", "vote", "contact", "about"}[r.IntN(4)], strings.Repeat("lorem ipsum dolor ", 1+r.IntN(44))))
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
	v, err := views.Mount(ctx, view.Spec{Name: "v", Kind: level.Kind, Options: json.Value(`{"keys":[[{"value":"author"},"author","timestamp"],[{"value":"type"},"content.type","timestamp"]]}`)})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("build", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			v.Rebuild()
			if err := v.Wait(ctx, count-1); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/record")
	})
	b.Run("newest 100 of an author", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			author := authors[i*37%500]
			args := fmt.Sprintf(`[{"gt":["author","@%s=.ed25519"],"lt":["author","@%s=.ed25519",undefined],"reverse":true,"limit":100,"keys":false,"seqs":false}]`, author, author)
			if _, err := v.Read(ctx, view.Newest, "read", json.Value(args)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

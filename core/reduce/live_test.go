package reduce_test

import (
	"context"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/reduce"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// BenchmarkAppendThenRead compares an append with an append and a read of what
// views make of it.
func BenchmarkAppendThenRead(b *testing.B) {
	ctx := context.Background()
	record := []byte(`{"value":{"sequence":1,"content":{"type":"post","text":"lorem ipsum dolor sit amet"}}}`)
	for _, n := range []int{0, 1, 5} {
		b.Run([]string{"append", "view", "", "", "", "5views"}[n], func(b *testing.B) {
			log, _ := core.Open(ctx, memstore.Open(new(memstore.Disk)), core.Options{})
			defer log.Close(ctx)
			set := view.Open(log, view.Options{})
			defer set.Close(ctx)
			var views []*view.Mounted
			for i := range n {
				v, err := set.Mount(ctx, view.Spec{Name: string(rune('a' + i)), Kind: reduce.Kind, Options: json.Value(`{"count":true,"sum":"value.sequence","groupBy":"value.content.type"}`)})
				if err != nil {
					b.Fatal(err)
				}
				views = append(views, v)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := log.Append(ctx, record); err != nil {
					b.Fatal(err)
				}
				for _, v := range views {
					if _, err := v.Read(ctx, view.Newest, "get", nil); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

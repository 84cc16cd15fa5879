package core_test

import (
	"context"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/filestore"
	"github.com/flumedb/flumedb-wasm/core/memfs"
	"github.com/flumedb/flumedb-wasm/core/memstore"
)

func TestStatsAreWhatVerifyFinds(t *testing.T) {
	for name, open := range map[string]func() (core.Store, error){
		"memory": func() (core.Store, error) { return memstore.Open(new(memstore.Disk)), nil },
		"files":  func() (core.Store, error) { return filestore.Open(memfs.New(1), filestore.Options{}) },
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			store, err := open()
			if err != nil {
				t.Fatal(err)
			}
			l, err := core.Open(ctx, store, core.Options{SegmentBytes: 1000})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close(ctx)
			if stats, err := l.Stats(ctx); err != nil || stats != (core.Stats{}) {
				t.Fatalf("of an empty log: %+v, %v", stats, err)
			}
			n := 0
			for batch := 1; n < 5000; batch = batch%40 + 1 {
				var records [][]byte
				for ; len(records) < batch; n++ {
					records = append(records, record(n))
				}
				if _, err := l.Append(ctx, records...); err != nil {
					t.Fatal(err)
				}
			}
			// Merging goes on behind: what is compared is of a moment without any.
			for try := 0; ; try++ {
				stats, err := l.Stats(ctx)
				if err != nil {
					t.Fatal(err)
				}
				report, err := l.Verify(ctx, nil)
				if err != nil {
					t.Fatal(err)
				}
				after, err := l.Stats(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if after != stats && try < 1000 {
					continue
				}
				if want := (core.Stats{Records: report.Records, Segments: report.Segments, Bytes: report.Bytes}); stats != want || stats.Records != int64(n) {
					t.Fatalf("stats are %+v, verify finds %+v of %d records", stats, want, n)
				}
				break
			}
		})
	}
}

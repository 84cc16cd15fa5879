package core_test

import (
	"context"
	"testing"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/memstore"
)

func openLog(t *testing.T, disk *memstore.Disk, opts core.Options) *core.Log {
	t.Helper()
	opts.Warn = func(err error) { t.Errorf("warned: %v", err) }
	l, err := core.Open(context.Background(), memstore.Open(disk), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(context.Background()) })
	return l
}

func TestMergingKeepsTheNumberOfSegmentsSmall(t *testing.T) {
	disk := new(memstore.Disk)
	l := openLog(t, disk, core.Options{SegmentBytes: 16 << 10})
	for i := range 5000 {
		if _, err := l.Append(context.Background(), record(i)); err != nil {
			t.Fatal(err)
		}
	}
	store := memstore.Open(disk)
	deadline := time.Now().Add(10 * time.Second)
	for {
		extents, err := store.Index(context.Background(), 0, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if len(extents) < 160 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("5000 appends left %d segments", len(extents))
		}
		time.Sleep(10 * time.Millisecond)
	}
	wantRecords(t, l, 5000)
	wantRecords(t, openLog(t, disk, core.Options{}), 5000)
}

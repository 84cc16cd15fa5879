package level

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/faultstore"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/lsm"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// TestNoRoom fills a store in which an index stands in parts, and past states of
// it: the log gets their room, the index is right throughout, and what there is
// no room for is refused.
func TestNoRoom(t *testing.T) {
	ctx := context.Background()
	disk := new(memstore.Disk)
	limited := faultstore.Limit(memstore.Open(disk), 120_000)
	var mu sync.Mutex
	var steps []core.Step
	log, err := core.Open(ctx, limited, core.Options{SegmentBytes: 4096, Health: func(h core.Health) {
		mu.Lock()
		defer mu.Unlock()
		if h.Condition == core.Healthy {
			steps = append(steps, h.Step)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	open := func(log *core.Log) (*view.Set, *view.Mounted) {
		set := view.Open(log, view.Options{Pause: 1, Interval: 1, HistoryGap: 50})
		v, err := set.Mount(ctx, view.Spec{Name: "v", Kind: sized(lsm.Sizes{Memory: 3000, Inline: 1000, Block: 500}), Options: json.Value(`"k"`), History: 3})
		if err != nil {
			t.Fatal(err)
		}
		return set, v
	}
	want := func(v *view.Mounted, n int) {
		t.Helper()
		answer, err := v.Read(ctx, view.Newest, "read", json.Value(`[{"reverse":true,"limit":1,"keys":false,"values":false}]`))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(answer.Member("items")); !strings.Contains(got, fmt.Sprint(n-1)) {
			t.Fatalf("the newest of %d keys is that of %s", n, got)
		}
	}
	set, v := open(log)
	n := 0
	for ; ; n++ {
		_, err := log.Append(ctx, fmt.Appendf(nil, `{"k":"key %05d","text":%q}`, n, strings.Repeat("x", 150)))
		if errors.Is(err, core.ErrQuota) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		want(v, n+1)
	}
	if log.Since() != core.Seq(n-1) || n < 400 {
		t.Fatalf("%d records were acknowledged, the newest is %d", n, log.Since())
	}
	mu.Lock()
	if !slices.Contains(steps, core.DropViews) {
		t.Errorf("room was made by %q", steps)
	}
	mu.Unlock()
	if used, err := limited.Used(ctx); err != nil || used < 110_000 {
		t.Errorf("the log has been given %d bytes of 120000, %v", used, err)
	}
	limited.SetLimit(10 << 20)
	if err := set.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(ctx); err != nil {
		t.Fatal(err)
	}

	log, err = core.Open(ctx, memstore.Open(disk), core.Options{SegmentBytes: 4096})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close(ctx)
	set, v = open(log)
	defer set.Close(ctx)
	want(v, n)
	for at := range 3 {
		answer, err := v.At(core.Seq(at*100), view.AtOptions{MaxReplay: -1}).Read(ctx, "read", json.Value(`[{"reverse":true,"limit":1,"keys":false,"values":false}]`))
		if err != nil || !strings.Contains(string(answer), fmt.Sprint(at*100)) {
			t.Fatalf("as of %d: %s, %v", at*100, answer, err)
		}
	}
}

// TestPartsThatAnotherHasDropped is of two tabs with one index: what one of them
// gives up, the other builds again.
func TestPartsThatAnotherHasDropped(t *testing.T) {
	ctx := context.Background()
	disk := new(memstore.Disk)
	open := func() (*core.Log, *view.Mounted) {
		log, err := core.Open(ctx, memstore.Open(disk), core.Options{SegmentBytes: 4096})
		if err != nil {
			t.Fatal(err)
		}
		set := view.Open(log, view.Options{Pause: 1, Interval: 1, PartBytes: 1})
		v, err := set.Mount(ctx, view.Spec{Name: "v", Kind: sized(lsm.Sizes{Memory: 3000, Inline: 1000, Block: 500}), Options: json.Value(`"k"`)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			set.Close(ctx)
			log.Close(ctx)
		})
		return log, v
	}
	log, one := open()
	var records [][]byte
	for n := range 500 {
		records = append(records, fmt.Appendf(nil, `{"k":"key %05d"}`, n))
	}
	if _, err := log.Append(ctx, records...); err != nil {
		t.Fatal(err)
	}
	if err := one.Wait(ctx, view.Newest); err != nil {
		t.Fatal(err)
	}
	store := memstore.Open(disk)
	for range 3 {
		if _, _, err := store.DropCheckpoints(ctx, func(string) bool { return false }); err != nil {
			t.Fatal(err)
		}
		answer, err := one.Read(ctx, view.Newest, "read", json.Value(`[{"limit":5,"keys":false,"values":false}]`))
		if err != nil || !strings.Contains(string(answer), `[0,1,2,3,4]`) {
			t.Fatalf("the index answers %s, %v", answer, err)
		}
	}
	_, other := open()
	answer, err := other.Read(ctx, view.Newest, "read", json.Value(`[{"reverse":true,"limit":1,"keys":false,"values":false}]`))
	if err != nil || !strings.Contains(string(answer), `499`) {
		t.Fatalf("another's index answers %s, %v", answer, err)
	}
}

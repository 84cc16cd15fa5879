package view_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// counted is sumKind, counting how many records are applied.
func counted(applied *atomic.Int64) view.Kind {
	return view.Kind{Name: "sum", New: func(options json.Value) (view.View, error) {
		v, err := sumKind.New(options)
		if err != nil {
			return nil, err
		}
		return &counting{v.(*sum), applied}, nil
	}}
}

type counting struct {
	*sum
	applied *atomic.Int64
}

func (v *counting) Apply(r *view.Record) error {
	v.applied.Add(1)
	return v.sum.Apply(r)
}

func countAt(t *testing.T, m *view.Mounted, seq core.Seq, maxReplay int) {
	t.Helper()
	answer, err := m.At(seq, view.AtOptions{MaxReplay: maxReplay}).Read(ctx, "get", nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := string(answer.Member("count")); n != fmt.Sprint(int64(seq)+1) {
		t.Fatalf("at %d it has seen %s records", seq, n)
	}
}

func TestPastStatesBoundTheReplay(t *testing.T) {
	const records, history = 10_000, 4
	disk := new(memstore.Disk)
	var applied atomic.Int64
	run := func(history int, version string, then func(m *view.Mounted)) {
		t.Helper()
		log := openLog(t, memstore.Open(disk))
		set := view.Open(log, view.Options{HistoryGap: 10, Batch: 16 << 10})
		m, err := set.Mount(ctx, view.Spec{Name: "v", Version: version, Kind: counted(&applied), Options: json.Value(`{"path":"n"}`), History: history})
		if err != nil {
			t.Fatal(err)
		}
		for log.Since() < records-1 {
			addMany(t, log, 1000)
		}
		if err := m.Wait(ctx, view.Newest); err != nil {
			t.Fatal(err)
		}
		then(m)
		if err := errors.Join(set.Close(ctx), log.Close(ctx)); err != nil {
			t.Fatal(err)
		}
	}
	bounded := func(m *view.Mounted) {
		t.Helper()
		for seq := core.Seq(77); seq < records; seq += 997 {
			before := applied.Load()
			countAt(t, m, seq, 4000)
			if n := applied.Load() - before; n > 4000 {
				t.Errorf("%d records were replayed for seq %d", n, seq)
			}
		}
	}
	run(history, "1", bounded)
	run(history, "1", bounded) // as they are stored
	parts, err := view.PartsOf(disk.CheckpointBytes("v"))
	if err != nil || len(parts) != history {
		t.Fatalf("there are %d past states, %v", len(parts), err)
	}
	run(history, "2", bounded) // built anew from a log that is there
	run(0, "3", func(m *view.Mounted) {
		var replay *view.ReplayError
		_, err := m.At(5000, view.AtOptions{MaxReplay: 4000}).Read(ctx, "get", nil)
		if !errors.Is(err, view.ErrReplay) || !errors.As(err, &replay) || replay.From != core.None || replay.To != 5000 {
			t.Errorf("without a history: %v", err)
		}
		countAt(t, m, records-1, 0)
		before := applied.Load()
		for range 3 {
			countAt(t, m, 5000, -1)
		}
		countAt(t, m, 5100, 100) // from the one before
		if n := applied.Load() - before; n != 5101 {
			t.Errorf("%d records were replayed", n)
		}
	})
	if names := disk.Checkpoints(); !slices.Equal(names, []string{"v"}) {
		t.Errorf("without a history there are %q", names)
	}
}

// TestPastWhileTheLogChanges reads past seqs in several goroutines, while
// records are appended and deleted.
func TestPastWhileTheLogChanges(t *testing.T) {
	log, set := open(t, memory(), view.Options{HistoryGap: 5, Pause: 1, Interval: 1})
	m, err := set.Mount(ctx, view.Spec{Name: "v", Version: "1", Kind: sumKind, Options: json.Value(`{"path":"n"}`), History: 3})
	if err != nil {
		t.Fatal(err)
	}
	var deleted atomic.Int64
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		readers.Add(1)
		go func() {
			defer readers.Done()
			for {
				select {
				case <-stop:
					return
				default:
				}
				runtime.Gosched() // nothing here waits, and in wasm nobody else would have a turn
				seq := core.Seq(rand.IntN(int(log.Since())+2)) - 1
				least := deleted.Load()
				answer, err := m.At(seq, view.AtOptions{MaxReplay: -1}).Read(ctx, "get", nil)
				if err != nil {
					t.Error(err)
					return
				}
				// The first records go, one after the other.
				n, _ := answer.Member("count").Int()
				if most, fewest := int64(seq)+1-min(least, int64(seq)+1), int64(seq)+1-min(deleted.Load()+1, int64(seq)+1); n > most || n < fewest {
					t.Errorf("at %d it has seen %d records, not %d to %d", seq, n, fewest, most)
					return
				}
			}
		}()
	}
	for i := range 60 {
		addMany(t, log, 20)
		if i%6 == 5 {
			if err := log.Delete(ctx, core.Seq(deleted.Load())); err != nil {
				t.Fatal(err)
			}
			deleted.Add(1)
		}
	}
	close(stop)
	readers.Wait()
}

package core_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/faultstore"
	"github.com/flumedb/flumedb-wasm/core/filestore"
	"github.com/flumedb/flumedb-wasm/core/memfs"
	"github.com/flumedb/flumedb-wasm/core/memstore"
)

// work appends to a log until something fails: batches, single records enough
// to be merged, checkpoints. It answers how many records were acknowledged, and
// how many the append had that was not.
func work(l *core.Log) (acknowledged, pending int) {
	ctx := context.Background()
	n := 0
	for step := range 100 {
		batch := [][]byte{record(n)}
		if step%9 == 0 {
			for i := 1; i < 40; i++ {
				batch = append(batch, record(n+i))
			}
		}
		seq, err := l.Append(ctx, batch...)
		if err != nil {
			return n, len(batch)
		}
		if seq != core.Seq(n+len(batch)-1) {
			panic(fmt.Sprintf("append answered %d, want %d", seq, n+len(batch)-1))
		}
		n += len(batch)
		if step%20 == 0 {
			if l.SetCheckpoint(ctx, "view", fmt.Append(nil, n)) != nil {
				return n, 0
			}
		}
	}
	return n, 0
}

// wantAcknowledged opens what a crash has left and checks that the log holds
// what was acknowledged, and of what was under way all or nothing.
func wantAcknowledged(t *testing.T, store core.Store, acknowledged, pending int) {
	t.Helper()
	l, err := core.Open(context.Background(), store, core.Options{})
	if err != nil {
		t.Fatalf("open after the crash: %v", err)
	}
	defer l.Close(context.Background())
	n := int(l.Since()) + 1
	if n != acknowledged && n != acknowledged+pending {
		t.Fatalf("%d records are there; %d were acknowledged, %d under way", n, acknowledged, pending)
	}
	wantRecords(t, l, n)
	if seq, err := l.Append(context.Background(), record(n)); err != nil || seq != core.Seq(n) {
		t.Fatalf("append after the crash: %d, %v", seq, err)
	}
	wantRecords(t, l, n+1)
}

// TestCrashAtEveryStoreOperation crashes at the k-th operation of the store,
// before it takes effect and after, for every k until a run finishes.
func TestCrashAtEveryStoreOperation(t *testing.T) {
	for name, done := range map[string]bool{"before": false, "after": true} {
		t.Run(name, func(t *testing.T) {
			for k := 1; ; k++ {
				disk := new(memstore.Disk)
				faulty := faultstore.Wrap(memstore.Open(disk), faultstore.Fault{At: k, Done: done, Crash: true})
				l, err := core.Open(context.Background(), faulty, core.Options{SegmentBytes: 4096})
				if err != nil {
					if k != 1 {
						t.Fatalf("open: %v", err)
					}
					continue
				}
				acknowledged, pending := work(l)
				l.Close(context.Background())
				wantAcknowledged(t, memstore.Open(disk), acknowledged, pending)
				if !faulty.Crashed() {
					t.Logf("a run makes %d operations", faulty.Count())
					if faulty.Count() < 105 {
						t.Fatalf("the run made %d operations: was nothing merged?", faulty.Count())
					}
					return
				}
			}
		})
	}
}

// TestFailureOfEveryStoreOperation has the k-th operation fail and the log go
// on: what failed is not there, and what is tried again is there once.
func TestFailureOfEveryStoreOperation(t *testing.T) {
	for k := 2; ; k++ {
		disk := new(memstore.Disk)
		faulty := faultstore.Wrap(memstore.Open(disk), faultstore.Fault{At: k, Err: core.ErrQuota})
		l, err := core.Open(context.Background(), faulty, core.Options{
			SegmentBytes: 4096,
			Warn: func(err error) {
				if !errors.Is(err, core.ErrQuota) {
					t.Errorf("warned: %v", err)
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		failed := 0
		for n := 0; n < 150; {
			seq, err := l.Append(context.Background(), record(n))
			if errors.Is(err, core.ErrQuota) && failed == 0 {
				failed++
				continue
			}
			if err != nil || seq != core.Seq(n) {
				t.Fatalf("operation %d: append %d: %d, %v", k, n, seq, err)
			}
			n++
		}
		l.Close(context.Background())
		wantRecords(t, openLog(t, disk, core.Options{}), 150)
		if faulty.Count() < k {
			return
		}
	}
}

// TestPowerCutUnderTheLog crashes the file system under a strict log at its
// k-th operation, and what was not synced is lost at random.
func TestPowerCutUnderTheLog(t *testing.T) {
	for k := 1; ; k += 3 {
		disk := memfs.New(uint64(k))
		disk.Inject(memfs.Fault{At: k, Crash: true})
		acknowledged, pending := 0, 0
		store, err := filestore.Open(disk, filestore.Options{Strict: true, FileSize: 8 << 10})
		if err == nil {
			var l *core.Log
			if l, err = core.Open(context.Background(), store, core.Options{SegmentBytes: 1024}); err == nil {
				acknowledged, pending = work(l)
				l.Close(context.Background())
			}
		}
		crashed := disk.Crashed()
		again, err := filestore.Open(disk.PowerCut(), filestore.Options{Strict: true})
		if err != nil {
			t.Fatalf("operation %d: open after the crash: %v", k, err)
		}
		wantAcknowledged(t, again, acknowledged, pending)
		if !crashed {
			return
		}
	}
}

func TestAppendsThatArriveDuringACommitAreTheNext(t *testing.T) {
	disk := new(memstore.Disk)
	held := faultstore.Wrap(memstore.Open(disk))
	hold := held.Hold(2) // the first append; opening asks for the state
	l, err := core.Open(context.Background(), held, core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan core.Seq, 100)
	enqueue := func(n int) {
		r := record(n)
		if err := l.Enqueue(r, []uint32{uint32(len(r))}, func(seq core.Seq, err error) { done <- seq }); err != nil {
			t.Fatal(err)
		}
		l.Commit()
	}
	enqueue(0)
	<-hold.Reached()
	for n := 1; n < 100; n++ {
		enqueue(n)
	}
	if since := l.Since(); since != core.None {
		t.Fatalf("since is %d before the commit has ended", since)
	}
	hold.Release()
	for n := range core.Seq(100) {
		if seq := <-done; seq != n {
			t.Fatalf("answered %d, want %d", seq, n)
		}
	}
	if extents, _ := memstore.Open(disk).Index(context.Background(), 0, 100); len(extents) != 2 {
		t.Fatalf("the appends were %d commits, not two", len(extents))
	}
	if err := l.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestCloseEndsWithItsContext(t *testing.T) {
	held := faultstore.Wrap(memstore.Open(new(memstore.Disk)))
	hold := held.Hold(2)
	l, err := core.Open(context.Background(), held, core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	if err := l.Enqueue([]byte("a"), []uint32{1}, func(_ core.Seq, err error) { answered <- err }); err != nil {
		t.Fatal(err)
	}
	l.Commit()
	<-hold.Reached()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := l.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("close of a log whose store hangs: %v", err)
	}
	hold.Release()
	if err := <-answered; !errors.Is(err, core.ErrClosed) {
		t.Fatalf("the append under way was answered %v", err)
	}
}

// TestRecordsOutlastTheirSegmentsMerging reads while segments are merged.
func TestRecordsOutlastTheirSegmentsMerging(t *testing.T) {
	l := openLog(t, new(memstore.Disk), core.Options{SegmentBytes: 2048, CacheBytes: 1})
	stop := make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		defer close(failed)
		for {
			select {
			case <-stop:
				return
			default:
			}
			runtime.Gosched() // or nobody else runs, in wasm
			for seq := core.Seq(0); seq <= l.Since(); seq += 17 {
				got, err := l.Get(context.Background(), seq)
				if err != nil || string(got) != string(record(int(seq))) {
					failed <- fmt.Errorf("record %d is %s, %w", seq, got, err)
					return
				}
			}
		}
	}()
	for n := range 1500 {
		if _, err := l.Append(context.Background(), record(n)); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	wantRecords(t, l, 1500)
}

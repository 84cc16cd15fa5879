package core_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/faultstore"
	"github.com/flumedb/flumedb-wasm/core/filestore"
	"github.com/flumedb/flumedb-wasm/core/memfs"
	"github.com/flumedb/flumedb-wasm/core/memstore"
)

var ctx = context.Background()

func openOn(t *testing.T, store core.Store, opts core.Options) *core.Log {
	t.Helper()
	l, err := core.Open(ctx, store, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(ctx) })
	return l
}

func mustAppend(t *testing.T, l *core.Log, records ...[]byte) {
	t.Helper()
	if _, err := l.Append(ctx, records...); err != nil {
		t.Fatal(err)
	}
}

// contents reads the whole log by streaming and by get, and fails where the
// two differ. A deleted record is "deleted".
func contents(t *testing.T, l *core.Log, reverse bool) []string {
	t.Helper()
	n := l.Since() + 1
	all := make([]string, n)
	from, through := core.Seq(0), n-1
	if reverse {
		from, through = through, from
	}
	for read := core.Seq(0); read < n; {
		runs, err := l.Read(ctx, core.Range{From: from, Through: through, Reverse: reverse, Budget: 300})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range runs {
			if want := from; !reverse && r.From != want || reverse && r.Through != want {
				t.Fatalf("a run from %d through %d, want one at %d", r.From, r.Through, want)
			}
			for seq := r.From; seq <= r.Through; seq++ {
				read++
				got, err := l.Get(ctx, seq)
				if r.Deleted != errors.Is(err, core.ErrDeleted) || !r.Deleted && (err != nil || !bytes.Equal(got, r.Record(seq))) {
					t.Fatalf("get %d: %s, %v; in a run that is deleted: %t", seq, got, err, r.Deleted)
				}
				if all[seq] = "deleted"; !r.Deleted {
					all[seq] = string(r.Record(seq))
				}
			}
			if from = r.Through + 1; reverse {
				from = r.From - 1
			}
		}
	}
	return all
}

// Random appends, deletes, compactions, reopens and a second log on the same
// data, beside a slice.
func TestDeleteModel(t *testing.T) {
	for name, open := range map[string]func() func() core.Store{
		"memory": func() func() core.Store {
			disk := new(memstore.Disk)
			return func() core.Store { return memstore.Open(disk) }
		},
		"files": func() func() core.Store {
			fs := memfs.New(1)
			return func() core.Store {
				s, err := filestore.Open(fs, filestore.Options{FileSize: 2000})
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			seed := rand.Int63()
			t.Logf("seed %d", seed)
			r := rand.New(rand.NewSource(seed))
			store := open()
			log := openOn(t, store(), core.Options{SegmentBytes: 600})
			var want []string
			for step := range 150 {
				switch r.Intn(7) {
				case 0, 1, 2:
					var records [][]byte
					for range 1 + r.Intn(12) {
						text := fmt.Sprintf(`"%d in step %d"`, len(want), step)
						want = append(want, text)
						records = append(records, []byte(text))
					}
					mustAppend(t, log, records...)
				case 3, 4:
					if len(want) == 0 {
						continue
					}
					var seqs []core.Seq
					for range 1 + r.Intn(20) {
						seq := r.Intn(len(want))
						seqs = append(seqs, core.Seq(seq))
						want[seq] = "deleted"
					}
					if err := log.Delete(ctx, seqs...); err != nil {
						t.Fatalf("step %d: delete %v: %v", step, seqs, err)
					}
				case 5:
					if _, err := log.Compact(ctx, nil); err != nil {
						t.Fatalf("step %d: compact: %v", step, err)
					}
				case 6:
					if err := log.Close(ctx); err != nil {
						t.Fatal(err)
					}
					log = openOn(t, store(), core.Options{SegmentBytes: 600})
				}
				if got := contents(t, log, step%2 == 0); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Fatalf("step %d: the log holds\n%v, want\n%v", step, got, want)
				}
			}
			if report, err := log.Verify(ctx, nil); err != nil || len(report.Damage) > 0 {
				t.Fatalf("verify: %+v, %v", report, err)
			}
		})
	}
}

func TestDeleteWhatIsNotThere(t *testing.T) {
	log := openOn(t, memstore.Open(new(memstore.Disk)), core.Options{})
	mustAppend(t, log, []byte("a"), []byte("b"))
	for _, seqs := range [][]core.Seq{{0, 2}, {-1, 1}} {
		if err := log.Delete(ctx, seqs...); !errors.Is(err, core.ErrNotFound) {
			t.Fatalf("delete %v: %v", seqs, err)
		}
	}
	if got := fmt.Sprint(contents(t, log, false)); got != "[a b]" {
		t.Fatalf("a delete that failed has deleted: %v", got)
	}
	if err := log.Delete(ctx); err != nil {
		t.Fatal(err)
	}
}

// A log beside the one that deletes may have the records in its cache.
func TestOthersSeeWhatIsDeleted(t *testing.T) {
	disk := new(memstore.Disk)
	a, b := openOn(t, memstore.Open(disk), core.Options{}), openOn(t, memstore.Open(disk), core.Options{})
	mustAppend(t, a, []byte("a"), []byte("b"), []byte("c"))
	if _, err := b.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	contents(t, b, false)
	if err := a.Delete(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(contents(t, b, false)); got != "[a deleted c]" {
		t.Fatalf("beside the log that deleted: %v", got)
	}
	if err := b.Delete(ctx, 1, 2); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(contents(t, a, false)); got != "[a deleted deleted]" {
		t.Fatalf("after both have deleted: %v", got)
	}
}

// Deletion and compaction crash at each operation of the store in turn. What
// was not to be deleted is always there, and doing it again finishes it.
func TestDeleteCrashes(t *testing.T) {
	for k := 1; ; k++ {
		disk := new(memstore.Disk)
		log := openOn(t, memstore.Open(disk), core.Options{SegmentBytes: 200})
		var want []string
		for i := range 60 {
			want = append(want, fmt.Sprintf(`"record %d"`, i))
			mustAppend(t, log, []byte(want[i]))
		}
		log.Close(ctx)
		faulty := faultstore.Wrap(memstore.Open(disk), faultstore.Fault{At: k, Crash: true, Done: k%2 == 0})
		log, err := core.Open(ctx, faulty, core.Options{SegmentBytes: 200})
		if err == nil {
			err = log.Delete(ctx, 3, 4, 5, 30, 59)
		}
		if err == nil {
			_, err = log.Compact(ctx, nil)
		}
		if crashed := faulty.Crashed(); crashed != (err != nil) {
			t.Fatalf("operation %d: crashed %t, and the error is %v", k, crashed, err)
		}
		again := openOn(t, memstore.Open(disk), core.Options{SegmentBytes: 200})
		for round := range 2 {
			for seq, got := range contents(t, again, false) {
				deletes := seq >= 3 && seq <= 5 || seq == 30 || seq == 59
				if got != want[seq] && !(deletes && got == "deleted") || round == 1 && deletes && got != "deleted" {
					t.Fatalf("operation %d: record %d is %s", k, seq, got)
				}
			}
			if err := again.Delete(ctx, 3, 4, 5, 30, 59); err != nil {
				t.Fatal(err)
			}
		}
		if report, err := again.Verify(ctx, nil); err != nil || len(report.Damage) > 0 {
			t.Fatalf("operation %d: verify: %+v, %v", k, report, err)
		}
		if err == nil {
			if k < 10 {
				t.Fatalf("only %d operations", k)
			}
			return
		}
	}
}

func TestCompactFrees(t *testing.T) {
	fs := memfs.New(1)
	s, err := filestore.Open(fs, filestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	log := openOn(t, s, core.Options{SegmentBytes: 5000})
	for i := range 2000 {
		mustAppend(t, log, fmt.Appendf(nil, `"record %d"`, i))
	}
	before, _ := log.Verify(ctx, nil)
	var seqs []core.Seq
	for seq := core.Seq(0); seq < 1000; seq++ {
		seqs = append(seqs, seq)
	}
	if err := log.Delete(ctx, seqs...); err != nil {
		t.Fatal(err)
	}
	deleted, _ := log.Verify(ctx, nil)
	last := core.None
	freed, err := log.Compact(ctx, func(seq core.Seq) {
		if seq <= last {
			t.Errorf("progress went from %d to %d", last, seq)
		}
		last = seq
	})
	after, _ := log.Verify(ctx, nil)
	if err != nil || freed != deleted.Bytes-after.Bytes || after.Bytes > before.Bytes/3 || last != 1999 {
		t.Fatalf("compacting: %v, %d freed; %d bytes at first, %d after deleting, %d after compacting; done %d", err, freed, before.Bytes, deleted.Bytes, after.Bytes, last)
	}
	if again, err := log.Compact(ctx, nil); again != 0 || err != nil {
		t.Fatalf("compacting again freed %d, %v", again, err)
	}
}

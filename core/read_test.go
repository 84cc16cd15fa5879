package core_test

import (
	"context"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// TestLogIsASlice does random things to a log and to a plain slice.
func TestLogIsASlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		disk := new(memstore.Disk)
		opts := core.Options{
			SegmentBytes: rapid.IntRange(100, 3000).Draw(t, "segment bytes"),
			CacheBytes:   rapid.IntRange(1, 5000).Draw(t, "cache bytes"),
		}
		open := func() *core.Log {
			l, err := core.Open(ctx, memstore.Open(disk), opts)
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
		l := open()
		defer func() { l.Close(ctx) }()
		var model [][]byte
		seqs := rapid.Custom(func(t *rapid.T) core.Seq {
			return core.Seq(rapid.IntRange(-2, len(model)+2).Draw(t, "seq"))
		})
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				batch := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 200), 0, 20).Draw(t, "batch")
				seq, err := l.Append(ctx, batch...)
				model = append(model, batch...)
				if err != nil || seq != core.Seq(len(model)-1) {
					t.Fatalf("append: %d, %v", seq, err)
				}
			},
			"get": func(t *rapid.T) {
				seq := seqs.Draw(t, "get")
				got, err := l.Get(ctx, seq)
				if seq < 0 || int(seq) >= len(model) {
					if !errors.Is(err, core.ErrNotFound) {
						t.Fatalf("get %d: %v", seq, err)
					}
				} else if err != nil || string(got) != string(model[seq]) {
					t.Fatalf("get %d: %q, %v, want %q", seq, got, err, model[seq])
				}
			},
			"read": func(t *rapid.T) {
				r := core.Range{
					From:    seqs.Draw(t, "from"),
					Through: seqs.Draw(t, "through"),
					Budget:  rapid.IntRange(0, 4000).Draw(t, "budget"),
					NoCache: rapid.Bool().Draw(t, "no cache"),
				}
				r.Reverse = r.From > r.Through
				checkRange(t, l, r, model)
			},
			"reopen": func(t *rapid.T) {
				if err := l.Close(ctx); err != nil {
					t.Fatal(err)
				}
				l = open()
			},
			"": func(t *rapid.T) {
				if l.Since() != core.Seq(len(model)-1) {
					t.Fatalf("since is %d, want %d", l.Since(), len(model)-1)
				}
			},
		})
		report, err := l.Verify(ctx, nil)
		if err != nil || report.Records != int64(len(model)) || len(report.Damage) > 0 {
			t.Fatalf("verify: %+v, %v", report, err)
		}
	})
}

// checkRange reads a range to its end.
func checkRange(t *rapid.T, l *core.Log, r core.Range, model [][]byte) {
	next := r.From
	for {
		r.From = next
		runs, err := l.Read(context.Background(), r)
		if r.From < 0 || int(r.From) >= len(model) || r.Through < 0 {
			if !errors.Is(err, core.ErrNotFound) {
				t.Fatalf("read %+v of %d records: %v", r, len(model), err)
			}
			return
		}
		if err != nil || len(runs) == 0 {
			t.Fatalf("read %+v: %d runs, %v", r, len(runs), err)
		}
		for _, run := range runs {
			if near := map[bool]core.Seq{false: run.From, true: run.Through}[r.Reverse]; near != next {
				t.Fatalf("read %+v: the run %d to %d comes where %d was to", r, run.From, run.Through, next)
			}
			for seq := run.From; seq <= run.Through; seq++ {
				if string(run.Record(seq)) != string(model[seq]) {
					t.Fatalf("record %d is %q, want %q", seq, run.Record(seq), model[seq])
				}
			}
			if next = run.Through + 1; r.Reverse {
				next = run.From - 1
			}
		}
		if next == r.Through+1 && !r.Reverse || next == r.Through-1 && r.Reverse {
			return
		}
	}
}

func TestDamageIsPlacedAndTheRestReadable(t *testing.T) {
	ctx := context.Background()
	disk := new(memstore.Disk)
	l := openLog(t, disk, core.Options{SegmentBytes: 1000})
	for i := range 100 {
		if _, err := l.Append(ctx, record(3*i), record(3*i+1), record(3*i+2)); err != nil {
			t.Fatal(err)
		}
	}
	l.Close(ctx)
	disk.Damage(150, segment.HeaderSize+20)
	l = openLog(t, disk, core.Options{})
	_, err := l.Get(ctx, 150)
	var corrupt *segment.CorruptError
	if !errors.As(err, &corrupt) || corrupt.First > 150 || corrupt.Last < 150 {
		t.Fatalf("get of a damaged record: %v", err)
	}
	for seq := range core.Seq(300) {
		got, err := l.Get(ctx, seq)
		if damaged := seq >= corrupt.First && seq <= corrupt.Last; damaged != errors.Is(err, core.ErrCorrupt) {
			t.Fatalf("get %d: %v", seq, err)
		} else if !damaged && string(got) != string(record(int(seq))) {
			t.Fatalf("record %d is %s", seq, got)
		}
	}
	// A scan reads up to the damage before it meets it, and on behind it.
	runs, err := l.Read(ctx, core.Range{From: 0, Through: 299, Budget: 1 << 20})
	if err != nil || runs[len(runs)-1].Through >= corrupt.First {
		t.Fatalf("scan: %v", err)
	}
	var checked core.Seq
	report, err := l.Verify(ctx, func(seq core.Seq) { checked = seq })
	if err != nil || len(report.Damage) != 1 || report.Damage[0].First != corrupt.First || report.Damage[0].Last != corrupt.Last ||
		report.Records != 300-int64(corrupt.Last-corrupt.First+1) || checked != 299 {
		t.Fatalf("verify: %+v, %v, checked through %d", report, err, checked)
	}
	if seq, err := l.Append(ctx, []byte("on")); err != nil || seq != 300 {
		t.Fatalf("append behind damage: %d, %v", seq, err)
	}
}

package core_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/memstore"
)

// Records lie apart, near each other, and in what is cached; some are deleted
// between two picks, and asked for twice.
func TestPick(t *testing.T) {
	ctx := context.Background()
	const count = 5000
	l := openLog(t, new(memstore.Disk), core.Options{SegmentBytes: 1024, CacheBytes: 64 << 10})
	appendRecords(t, l, count)
	random := rand.New(rand.NewPCG(1, 2))
	deleted := map[core.Seq]bool{}
	for round := range 60 {
		within := []core.Seq{count, 300, 5}[round%3]
		from := core.Seq(random.IntN(int(count - within + 1)))
		var seqs []core.Seq
		for range 1 + random.IntN(80) {
			seqs = append(seqs, from+core.Seq(random.IntN(int(within))))
		}
		want := map[core.Seq]bool{}
		for _, seq := range seqs {
			want[seq] = true
		}
		err := l.Pick(ctx, seqs, func(seq core.Seq, got []byte) {
			if !want[seq] {
				t.Fatalf("round %d: seq %d was not asked for, or came twice", round, seq)
			}
			delete(want, seq)
			if deleted[seq] != (got == nil) || got != nil && string(got) != string(record(int(seq))) {
				t.Fatalf("round %d: seq %d is %q", round, seq, got)
			}
		})
		if err != nil || len(want) > 0 {
			t.Fatalf("round %d: %v, and %d records did not come", round, err, len(want))
		}
		for _, seq := range seqs {
			if got, ok := l.Cached(seq); ok && (deleted[seq] || string(got) != string(record(int(seq)))) {
				t.Fatalf("round %d: seq %d is kept as %q", round, seq, got)
			}
		}
		if round%4 == 0 {
			if err := l.Delete(ctx, seqs[0]); err != nil {
				t.Fatal(err)
			}
			deleted[seqs[0]] = true
			if got, ok := l.Cached(seqs[0]); ok {
				t.Fatalf("seq %d is deleted, and kept as %q", seqs[0], got)
			}
		}
	}
	if err := l.Pick(ctx, []core.Seq{1, count}, func(core.Seq, []byte) {}); !errors.Is(err, core.ErrNotFound) {
		t.Fatalf("picked beyond the end: %v", err)
	}
}

// What was picked is found again without the store, though its segments would
// not all have room.
func TestPickedIsKept(t *testing.T) {
	l := openLog(t, new(memstore.Disk), core.Options{SegmentBytes: 1024, CacheBytes: 16 << 10})
	appendRecords(t, l, 2000)
	var seqs []core.Seq
	for seq := core.Seq(3); seq < 2000; seq += 150 {
		seqs = append(seqs, seq)
	}
	if err := l.Pick(context.Background(), seqs, func(core.Seq, []byte) {}); err != nil {
		t.Fatal(err)
	}
	for _, seq := range seqs {
		if got, ok := l.Cached(seq); !ok || string(got) != string(record(int(seq))) {
			t.Fatalf("seq %d is not kept, but %q", seq, got)
		}
	}
}

func appendRecords(t *testing.T, l *core.Log, n int) {
	t.Helper()
	var records [][]byte
	for seq := range n {
		records = append(records, record(seq))
	}
	if _, err := l.Append(context.Background(), records...); err != nil {
		t.Fatal(err)
	}
}

package core_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

func TestAppendAnswersTheNewestSeq(t *testing.T) {
	l := openLog(t, new(memstore.Disk), core.Options{})
	for _, c := range []struct {
		records []string
		want    core.Seq
	}{
		{[]string{"a"}, 0}, {[]string{"b", "", "c"}, 3}, {nil, 3}, {[]string{""}, 4},
	} {
		var records [][]byte
		for _, r := range c.records {
			records = append(records, []byte(r))
		}
		if seq, err := l.Append(context.Background(), records...); err != nil || seq != c.want {
			t.Fatalf("append %q: %d, %v", c.records, seq, err)
		}
	}
	for seq, want := range []string{"a", "b", "", "c", ""} {
		if got, err := l.Get(context.Background(), core.Seq(seq)); err != nil || string(got) != want {
			t.Errorf("record %d: %q, %v", seq, got, err)
		}
	}
}

func TestAppendsAreAnsweredInOrderAfterSinceHasMoved(t *testing.T) {
	l := openLog(t, new(memstore.Disk), core.Options{SegmentBytes: 256})
	var heard []core.Seq
	l.Watch(func(seq core.Seq) { heard = append(heard, seq) })
	var answered []core.Seq
	done := make(chan struct{})
	const appends = 300
	next := 0
	for i := range appends {
		var run []byte
		var lens []uint32
		for range 1 + i%4 {
			r := record(next)
			next++
			run = append(append(run, r...), '\n')
			lens = append(lens, uint32(len(r)))
		}
		err := l.Enqueue(run[:len(run)-1], lens, func(seq core.Seq, err error) {
			if err != nil || l.Since() < seq || heard[len(heard)-1] < seq {
				t.Errorf("append %d answered %d, %v; since is %d, heard %d", i, seq, err, l.Since(), heard)
			}
			answered = append(answered, seq)
			if len(answered) == appends {
				close(done)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if i%7 == 0 {
			l.Commit()
		}
	}
	l.Commit()
	<-done
	want := core.Seq(-1)
	for i, seq := range answered {
		if want += core.Seq(1 + i%4); seq != want {
			t.Fatalf("answer %d is %d, want %d", i, seq, want)
		}
	}
	for i := 1; i < len(heard); i++ {
		if heard[i] <= heard[i-1] {
			t.Fatalf("since moved from %d to %d", heard[i-1], heard[i])
		}
	}
	wantRecords(t, l, next)
}

func TestEnqueueRefusesAndTakesNothing(t *testing.T) {
	l := openLog(t, new(memstore.Disk), core.Options{})
	for name, c := range map[string]struct {
		run  string
		lens []uint32
	}{
		"no records":           {"", nil},
		"too few bytes":        {"ab", []uint32{3}},
		"too many bytes":       {"abcd", []uint32{3}},
		"no separator":         {"abcd", []uint32{2, 2}},
		"a record too large":   {"", []uint32{segment.MaxRecord + 1}},
		"lengths that wrap":    {"ab", []uint32{1<<32 - 1, 3}},
		"one too large of two": {"a", []uint32{1, segment.MaxRecord + 1}},
	} {
		err := l.Enqueue([]byte(c.run), c.lens, func(core.Seq, error) { t.Errorf("%s: done was called", name) })
		if !errors.Is(err, core.ErrInvalidRecord) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := l.Append(context.Background(), []byte("fine"), make([]byte, segment.MaxRecord+1)); !errors.Is(err, core.ErrInvalidRecord) {
		t.Errorf("append of one record too large: %v", err)
	}
	if l.Since() != core.None {
		t.Errorf("something was appended: since is %d", l.Since())
	}
}

func TestABatchInPartsIsOneAppend(t *testing.T) {
	l := openLog(t, new(memstore.Disk), core.Options{SegmentBytes: 300})
	if err := l.Enqueue(record(0), []uint32{uint32(len(record(0)))}, func(core.Seq, error) {}); err != nil {
		t.Fatal(err)
	}
	b := l.NewBatch()
	for n := 1; n < 101; n += 2 {
		x, y := record(n), record(n+1)
		run := append(append(append([]byte{}, x...), 0), y...)
		if err := b.Add(run, []uint32{uint32(len(x)), uint32(len(y))}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Add([]byte("ab"), []uint32{3}); !errors.Is(err, core.ErrInvalidRecord) {
		t.Fatalf("adding what contradicts itself: %v", err)
	}
	done := make(chan core.Seq, 1)
	if err := b.Enqueue(func(seq core.Seq, err error) { done <- seq }); err != nil {
		t.Fatal(err)
	}
	if seq, err := l.Append(context.Background(), record(101)); err != nil || seq != 101 {
		t.Fatalf("append behind the batch: %d, %v", seq, err)
	}
	if seq := <-done; seq != 100 {
		t.Fatalf("the batch answered %d", seq)
	}
	wantRecords(t, l, 102)
	if err := l.NewBatch().Enqueue(nil); !errors.Is(err, core.ErrInvalidRecord) {
		t.Fatalf("an empty batch: %v", err)
	}
	l.Close(context.Background())
	late := l.NewBatch()
	if err := late.Add([]byte("a"), []uint32{1}); err != nil {
		t.Fatal(err)
	}
	if err := late.Enqueue(nil); !errors.Is(err, core.ErrClosed) {
		t.Fatalf("a batch after close: %v", err)
	}
}

func TestLargeAppendsAreCutIntoSegments(t *testing.T) {
	disk := new(memstore.Disk)
	l := openLog(t, disk, core.Options{SegmentBytes: 1000})
	sizes := []int{0, 1, 900, 990, 5000, 3, 200, 200, 200, 200, 200, 200, 0, 0, 947, 1}
	var records [][]byte
	for i, n := range sizes {
		records = append(records, fmt.Appendf(nil, "%0*d", n, i)[:n])
	}
	if _, err := l.Append(context.Background(), records...); err != nil {
		t.Fatal(err)
	}
	store := memstore.Open(disk)
	extents, err := store.Index(context.Background(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range extents {
		if e.Size > 1000 && e.First != e.Last {
			t.Errorf("the segment of seq %d to %d has %d bytes", e.First, e.Last, e.Size)
		}
	}
	for seq, want := range records {
		if got, err := l.Get(context.Background(), core.Seq(seq)); err != nil || string(got) != string(want) {
			t.Errorf("record %d: %.20q, %v, want %.20q", seq, got, err, want)
		}
	}
}

func TestCloseAnswersWhatWasAppendedAndRefusesWhatComes(t *testing.T) {
	disk := new(memstore.Disk)
	l := openLog(t, disk, core.Options{})
	answered := 0
	for i := range 50 {
		r := record(i)
		if err := l.Enqueue(r, []uint32{uint32(len(r))}, func(_ core.Seq, err error) {
			if err == nil {
				answered++
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if answered != 50 {
		t.Errorf("%d of 50 appends were answered before close", answered)
	}
	if _, err := l.Append(context.Background(), []byte("late")); !errors.Is(err, core.ErrClosed) {
		t.Errorf("append after close: %v", err)
	}
	if err := l.Close(context.Background()); err != nil {
		t.Errorf("second close: %v", err)
	}
	wantRecords(t, openLog(t, disk, core.Options{}), 50)
}

func TestTwoLogsOnOneStoreSeeEachOther(t *testing.T) {
	disk := new(memstore.Disk)
	a, b := openLog(t, disk, core.Options{SegmentBytes: 512}), openLog(t, disk, core.Options{SegmentBytes: 512})
	for n := 0; n < 400; n += 2 {
		if _, err := a.Append(context.Background(), record(n)); err != nil {
			t.Fatal(err)
		}
		if seq, err := b.Append(context.Background(), record(n+1)); err != nil || seq != core.Seq(n+1) {
			t.Fatalf("append %d: %d, %v", n+1, seq, err)
		}
	}
	if since, err := a.Refresh(context.Background()); err != nil || since != 399 {
		t.Fatalf("refresh: %d, %v", since, err)
	}
	wantRecords(t, a, 400)
	wantRecords(t, b, 400)
}

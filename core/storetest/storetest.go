// Package storetest is the contract of core.Store as a test suite, which every
// implementation passes, on whichever host it runs.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Data is fresh data for one test and what a host can do to it.
type Data struct {
	// Open opens another store on the data.
	Open func() (core.Store, error)

	// Shared tells that several stores may be open on the data at once. If
	// not, the second Open must fail with core.ErrLocked.
	Shared bool

	// Damage flips a byte of the committed frame that holds seq, at an
	// offset from the frame's start, behind the stores' backs.
	Damage func(seq core.Seq, offset int)
}

// Run runs the suite. fresh makes new, empty data, and leaves its cleaning up
// to t.Cleanup.
func Run(t *testing.T, fresh func(t *testing.T) Data) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, d Data)
	}{
		{"an empty store", empty},
		{"appended segments come back", appended},
		{"one commit of many segments", manySegments},
		{"reading by budget in both directions", budgets},
		{"reading into the reader's memory", memory},
		{"reopening finds all", reopen},
		{"seqs outside the log", outside},
		{"index", index},
		{"replace merges a run", replace},
		{"replace refuses what others changed", replaceConflict},
		{"replace takes several runs at once", replaceRuns},
		{"deleted records", deleted},
		{"checkpoints", checkpoints},
		{"checkpoints that are dropped", dropped},
		{"bodies of checkpoints", bodies},
		{"keys", keys},
		{"the newest keys are remembered", newestKeys},
		{"one key used by many at once", keyAtOnce},
		{"notes", notes},
		{"one place noted by many at once", noteAtOnce},
		{"closed", closed},
		{"a context that has ended", ended},
		{"damage has a place and leaves the rest readable", damage},
		{"two at once", two},
		{"readers beside a writer", readers},
		{"a model of random operations", model},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, fresh(t)) })
	}
}

var ctx = context.Background()

func open(t *testing.T, d Data) core.Store {
	t.Helper()
	s, err := d.Open()
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Segment builds a segment without a place out of records.
func Segment(records ...string) *segment.Segment {
	var b segment.Builder
	for _, r := range records {
		b.Add([]byte(r))
	}
	return b.Finish()
}

// Numbered builds a segment of n records that say which seqs they have.
func Numbered(first core.Seq, n int) *segment.Segment {
	var b segment.Builder
	for i := range n {
		b.Add(fmt.Appendf(nil, `{"seq":%d}`, int(first)+i))
	}
	return b.Finish()
}

// fill appends commits of the given numbers of records, one segment each.
func fill(t *testing.T, s core.Store, sizes ...int) core.State {
	t.Helper()
	state, err := s.State(ctx)
	if err != nil {
		t.Fatalf("state: %v", err)
	}
	for _, n := range sizes {
		state, err = s.Append(ctx, []*segment.Segment{Numbered(state.Head+1, n)})
		if err != nil {
			t.Fatalf("append: %v", err)
		}
	}
	return state
}

// Records reads the whole log by budget and fails where records are not
// consecutive from 0 through the head.
func Records(t *testing.T, s core.Store, budget int) []string {
	t.Helper()
	state, err := s.State(ctx)
	if err != nil {
		t.Fatalf("state: %v", err)
	}
	var all []string
	for seq := core.Seq(0); seq <= state.Head; {
		run, err := s.Read(ctx, seq, false, budget)
		if err != nil {
			t.Fatalf("read %d: %v", seq, err)
		}
		for _, seg := range run {
			if seg.First() != seq {
				t.Fatalf("read: a segment from %d follows, want %d", seg.First(), seq)
			}
			for ; seq <= seg.Last(); seq++ {
				all = append(all, string(seg.Record(seq)))
			}
		}
	}
	return all
}

func wantNumbered(t *testing.T, s core.Store, n int) {
	t.Helper()
	got := Records(t, s, 1<<20)
	if len(got) != n {
		t.Fatalf("the store holds %d records, want %d", len(got), n)
	}
	for i, r := range got {
		if want := fmt.Sprintf(`{"seq":%d}`, i); r != want {
			t.Fatalf("record %d is %s", i, r)
		}
	}
}

func wantError(t *testing.T, doing string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: got error %v, want %v", doing, err, want)
	}
}

func empty(t *testing.T, d Data) {
	s := open(t, d)
	state, err := s.State(ctx)
	if err != nil || state.Head != core.None || state.Sealed != core.None || state.ID == 0 {
		t.Fatalf("state of an empty store: %+v, %v", state, err)
	}
	_, err = s.Read(ctx, 0, false, 1)
	wantError(t, "read", err, core.ErrNotFound)
	extents, err := s.Index(ctx, 0, 10)
	if err != nil || len(extents) != 0 {
		t.Fatalf("index of an empty store: %v, %v", extents, err)
	}
}

func appended(t *testing.T, d Data) {
	s := open(t, d)
	seg := Segment(`{"a":1}`, ``, `"ö"`, string(bytes.Repeat([]byte("x"), 100_000)))
	state, err := s.Append(ctx, []*segment.Segment{seg})
	if err != nil || state.Head != 3 {
		t.Fatalf("append: %+v, %v", state, err)
	}
	got := Records(t, s, 1)
	if len(got) != 4 || got[0] != `{"a":1}` || got[1] != "" || got[2] != `"ö"` || len(got[3]) != 100_000 {
		t.Fatalf("read back %.200q", got)
	}
}

func manySegments(t *testing.T, d Data) {
	s := open(t, d)
	fill(t, s, 3)
	var commit []*segment.Segment
	for i := range 40 {
		commit = append(commit, Numbered(core.Seq(3+i*50), 50))
	}
	state, err := s.Append(ctx, commit)
	if err != nil || state.Head != 2002 {
		t.Fatalf("append: %+v, %v", state, err)
	}
	wantNumbered(t, s, 2003)
}

func budgets(t *testing.T, d Data) {
	s := open(t, d)
	fill(t, s, 10, 1, 20, 5, 5, 100)
	for _, budget := range []int{0, 1, 300, 1 << 20} {
		if n := len(Records(t, s, budget)); n != 141 {
			t.Fatalf("budget %d: read %d records", budget, n)
		}
		seq := core.Seq(140)
		for seq >= 0 {
			run, err := s.Read(ctx, seq, true, budget)
			if err != nil {
				t.Fatalf("read %d in reverse: %v", seq, err)
			}
			for _, seg := range run {
				if seg.Last() < seq || seg.First() > seq {
					t.Fatalf("in reverse: segment %d to %d, want one with %d", seg.First(), seg.Last(), seq)
				}
				seq = seg.First() - 1
			}
		}
	}
	one, err := s.Read(ctx, 35, false, 1)
	if err != nil || len(one) != 1 || one[0].First() != 31 || one[0].Last() != 35 {
		t.Fatalf("the segment of seq 35: %v, %v", one, err)
	}
	all, err := s.Read(ctx, 0, false, 1<<20)
	if err != nil || len(all) < 2 {
		t.Fatalf("a large budget gave %d segments, %v", len(all), err)
	}
}

func memory(t *testing.T, d Data) {
	s := open(t, d)
	fill(t, s, 10, 1, 20, 5, 5, 100)
	var m core.Memory
	lent := core.WithMemory(ctx, &m)
	for _, budget := range []int{1, 300, 700, 1 << 20} {
		for seq := core.Seq(0); seq <= 140; {
			want, err := s.Read(ctx, seq, false, budget)
			if err != nil {
				t.Fatal(err)
			}
			m.Reset()
			got, err := s.Read(lent, seq, false, budget)
			if err != nil || len(got) != len(want) {
				t.Fatalf("from %d: %d segments, %v; want %d", seq, len(got), err, len(want))
			}
			for i := range got {
				if got[i].First() != want[i].First() || !bytes.Equal(got[i].Bytes(), want[i].Bytes()) {
					t.Fatalf("segment %d from %d differs", i, seq)
				}
				seq = got[i].Last() + 1
			}
		}
	}
}

func reopen(t *testing.T, d Data) {
	s := open(t, d)
	before := fill(t, s, 7, 1, 30)
	if err := s.SetCheckpoint(ctx, "v", []byte("state")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, d)
	after, err := s.State(ctx)
	if err != nil || after != before {
		t.Fatalf("state after reopening: %+v, %v, want %+v", after, err, before)
	}
	wantNumbered(t, s, 38)
	fill(t, s, 4)
	wantNumbered(t, s, 42)
	if v, err := s.Checkpoint(ctx, "v"); err != nil || string(v) != "state" {
		t.Fatalf("checkpoint after reopening: %q, %v", v, err)
	}
}

func outside(t *testing.T, d Data) {
	s := open(t, d)
	fill(t, s, 5)
	for _, seq := range []core.Seq{core.None, -7, 5, 1 << 40, segment.MaxSeq} {
		for _, reverse := range []bool{false, true} {
			_, err := s.Read(ctx, seq, reverse, 1)
			wantError(t, fmt.Sprintf("read %d", seq), err, core.ErrNotFound)
		}
	}
}

func index(t *testing.T, d Data) {
	s := open(t, d)
	fill(t, s, 10, 1, 20, 5)
	all, err := s.Index(ctx, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	next := core.Seq(0)
	for _, e := range all {
		if e.First != next || e.Last < e.First || e.Size <= 0 {
			t.Fatalf("index: %+v", all)
		}
		next = e.Last + 1
	}
	if next != 36 {
		t.Fatalf("the index ends at %d: %+v", next, all)
	}
	some, err := s.Index(ctx, 15, 1)
	if err != nil || len(some) != 1 || some[0].First > 15 || some[0].Last < 15 {
		t.Fatalf("index from 15: %+v, %v", some, err)
	}
}

// merged builds segments as merging would, in the place of seqs first to last.
func merged(t *testing.T, s core.Store, first, last core.Seq) []*segment.Segment {
	t.Helper()
	var b segment.Builder
	for seq := first; seq <= last; {
		run, err := s.Read(ctx, seq, false, 1)
		if err != nil {
			t.Fatal(err)
		}
		b.AddSegment(run[0])
		seq = run[0].Last() + 1
	}
	seg := b.Finish()
	seg.Place(first, false)
	return []*segment.Segment{seg}
}

func replace(t *testing.T, d Data) {
	s := open(t, d)
	before := fill(t, s, 4, 4, 4, 4, 4)
	state, err := s.Replace(ctx, core.Replacement{Generation: before.Generation, Segments: merged(t, s, 4, 15), Sealed: 7})
	if errors.Is(err, core.ErrNotAtomic) {
		t.Skip("this store does not replace here")
	}
	if err != nil {
		t.Fatal(err)
	}
	if state.Head != 19 || state.Generation == before.Generation || state.Sealed != 7 || state.ID != before.ID {
		t.Fatalf("state after replacing: %+v, before: %+v", state, before)
	}
	wantNumbered(t, s, 20)
	all, err := s.Read(ctx, 4, false, 1)
	if err != nil || all[0].First() != 4 || all[0].Last() != 15 {
		t.Fatalf("the merged segment: %v, %v", all, err)
	}
	fill(t, s, 3)
	s.Close()
	s = open(t, d)
	wantNumbered(t, s, 23)
	if again, _ := s.State(ctx); again.Sealed != 7 {
		t.Fatalf("sealed after reopening: %+v", again)
	}
}

func replaceConflict(t *testing.T, d Data) {
	s := open(t, d)
	before := fill(t, s, 4, 4, 4, 4)
	if _, err := s.Replace(ctx, core.Replacement{Generation: before.Generation, Segments: merged(t, s, 0, 7), Sealed: core.None}); errors.Is(err, core.ErrNotAtomic) {
		t.Skip("this store does not replace here")
	}
	_, err := s.Replace(ctx, core.Replacement{Generation: before.Generation, Segments: merged(t, s, 8, 15), Sealed: core.None})
	wantError(t, "replacing by an old generation", err, core.ErrConflict)
	now, _ := s.State(ctx)
	part := Numbered(2, 4)
	part.Place(2, false)
	_, err = s.Replace(ctx, core.Replacement{Generation: now.Generation, Segments: []*segment.Segment{part}, Sealed: core.None})
	wantError(t, "replacing parts of segments", err, core.ErrConflict)
	beyond := Numbered(12, 9)
	beyond.Place(12, false)
	_, err = s.Replace(ctx, core.Replacement{Generation: now.Generation, Segments: []*segment.Segment{beyond}, Sealed: core.None})
	wantError(t, "replacing beyond the head", err, core.ErrConflict)
	wantNumbered(t, s, 16)
}

func replaceRuns(t *testing.T, d Data) {
	s := open(t, d)
	before := fill(t, s, 4, 4, 4, 4, 4, 4)
	segments := append(merged(t, s, 4, 11), merged(t, s, 16, 23)...)
	state, err := s.Replace(ctx, core.Replacement{Generation: before.Generation, Segments: segments, Sealed: core.None})
	if errors.Is(err, core.ErrNotAtomic) {
		t.Skip("this store does not replace here")
	}
	if err != nil || state.Head != 23 || state.Deletions != before.Deletions {
		t.Fatalf("replacing two runs: %+v, %v", state, err)
	}
	fill(t, s, 2)
	for range 2 {
		wantNumbered(t, s, 26)
		extents, err := s.Index(ctx, 0, 100)
		if err != nil || len(extents) != 5 {
			t.Fatalf("index: %+v, %v", extents, err)
		}
		s.Close()
		s = open(t, d)
	}
	// Where one run does not fit, neither is replaced.
	part := Numbered(25, 1)
	part.Place(25, false)
	state, _ = s.State(ctx)
	_, err = s.Replace(ctx, core.Replacement{Generation: state.Generation, Segments: append(merged(t, s, 0, 11), part), Sealed: core.None})
	wantError(t, "replacing a run and part of a segment", err, core.ErrConflict)
	wantNumbered(t, s, 26)
}

func deleted(t *testing.T, d Data) {
	s := open(t, d)
	state := fill(t, s, 3, 4, 3)
	delete := func(seqs ...core.Seq) {
		t.Helper()
		var thinned []*segment.Segment
		for _, seq := range seqs {
			run, err := s.Read(ctx, seq, false, 1)
			if err != nil {
				t.Fatal(err)
			}
			thinned = append(thinned, run[0].Without(seq))
		}
		after, err := s.Replace(ctx, core.Replacement{Generation: state.Generation, Segments: thinned, Sealed: state.Sealed, Deletes: true})
		if err != nil {
			t.Fatal(err)
		}
		if after.Deletions != state.Deletions+1 || after.Head != state.Head {
			t.Fatalf("state after deleting: %+v, before: %+v", after, state)
		}
		state = after
	}
	delete(1, 9)
	delete(2)
	gone := map[core.Seq]bool{1: true, 2: true, 9: true}
	state = fill(t, s, 1)
	for range 2 {
		extents, err := s.Index(ctx, 0, 100)
		if err != nil || len(extents) != 4 || extents[0].Deleted != 2 || extents[1].Deleted != 0 || extents[2].Deleted != 1 {
			t.Fatalf("index: %+v, %v", extents, err)
		}
		for seq := core.Seq(0); seq <= state.Head; seq++ {
			run, err := s.Read(ctx, seq, false, 1)
			if err != nil {
				t.Fatalf("read %d: %v", seq, err)
			}
			if run[0].IsDeleted(seq) != gone[seq] || !gone[seq] && string(run[0].Record(seq)) != fmt.Sprintf(`{"seq":%d}`, seq) {
				t.Fatalf("record %d: deleted %t, %s", seq, run[0].IsDeleted(seq), run[0].Record(seq))
			}
		}
		s.Close()
		s = open(t, d)
	}
}

func checkpoints(t *testing.T, d Data) {
	s := open(t, d)
	get := func(name string) []byte {
		t.Helper()
		v, err := s.Checkpoint(ctx, name)
		if err != nil {
			t.Fatalf("checkpoint %q: %v", name, err)
		}
		return v
	}
	set := func(name string, v []byte) {
		t.Helper()
		if err := s.SetCheckpoint(ctx, name, v); err != nil {
			t.Fatalf("set checkpoint %q: %v", name, err)
		}
	}
	long := strings.Repeat("long", 100)
	names := []string{"a", "../escape", "Ünï/cödé", "con", "", "A", "a.tmp", "_41", "\x00", long, long + "er"}
	for i, name := range names {
		if v := get(name); v != nil {
			t.Fatalf("checkpoint %q before it was set: %q", name, v)
		}
		set(name, fmt.Appendf(nil, "value %d", i))
	}
	for i, name := range names {
		if v := get(name); string(v) != fmt.Sprintf("value %d", i) {
			t.Fatalf("checkpoint %q: %q", name, v)
		}
	}
	value := []byte("mine")
	set("a", value)
	value[0] = 'X'
	get("a")[0] = 'X'
	if v := get("a"); string(v) != "mine" {
		t.Fatalf("a checkpoint follows its caller's memory: %q", v)
	}
	large := bytes.Repeat([]byte("0123456789"), 100_000)
	set("a", large)
	set("A", []byte{})
	if !bytes.Equal(get("a"), large) {
		t.Fatal("a large checkpoint came back otherwise")
	}
	if v := get("A"); v == nil || len(v) != 0 {
		t.Fatalf("an empty checkpoint is not one that is missing: %v", v)
	}
	set("a", nil)
	set("a", nil)
	if v := get("a"); v != nil {
		t.Fatalf("a deleted checkpoint: %q", v)
	}

	many, ok := s.(core.ManyStore)
	if !ok {
		t.Log("this store reads one checkpoint after the other: it is no core.ManyStore")
		return
	}
	names = append(names, "A", "missing") // one of them twice
	values, err := many.Checkpoints(ctx, names)
	if err != nil || len(values) != len(names) {
		t.Fatalf("%d checkpoints of %d, %v", len(values), len(names), err)
	}
	for i, name := range names {
		want := get(name)
		if !bytes.Equal(values[i], want) || (values[i] == nil) != (want == nil) {
			t.Fatalf("checkpoint %q among others: %q, want %q", name, values[i], want)
		}
	}
	past, cancel := context.WithCancel(ctx)
	cancel()
	_, err = many.Checkpoints(past, names)
	wantError(t, "checkpoints", err, context.Canceled)
	s.Close()
	_, err = many.Checkpoints(ctx, names)
	wantError(t, "checkpoints", err, core.ErrClosed)
}

// bodies is for stores that keep some with checkpoints.
func bodies(t *testing.T, d Data) {
	s, ok := open(t, d).(core.BodyStore)
	if !ok {
		t.Log("this store keeps no bodies: it is no core.BodyStore")
		return
	}
	want := func(name, value, body string, hasBody bool) {
		t.Helper()
		v, b, err := s.CheckpointBody(ctx, name)
		if err != nil || string(v) != value || string(b) != body || (b != nil) != hasBody {
			t.Fatalf("%q: %d bytes, body %d bytes, %v; want %d and %d", name, len(v), len(b), err, len(value), len(body))
		}
		if v, err := s.Checkpoint(ctx, name); err != nil || string(v) != value {
			t.Fatalf("%q without its body: %d bytes, %v", name, len(v), err)
		}
	}
	set := func(name, value, body string) {
		t.Helper()
		v, b := []byte(value), []byte(body)
		if err := s.SetCheckpointBody(ctx, name, v, b); err != nil {
			t.Fatal(err)
		}
		for _, mine := range [][]byte{v, b} {
			if len(mine) > 0 {
				mine[0] ^= 1 // which the store must not follow
			}
		}
	}
	large := strings.Repeat("0123456789", 100_000)
	want("a", "", "", false)
	set("a", "value", large)
	set("b", large, "body")
	set("a\x00", "another's", "")
	want("a", "value", large, true)
	want("b", large, "body", true)
	want("a\x00", "another's", "", true)
	s.Close()
	s = open(t, d).(core.BodyStore)
	want("a", "value", large, true)
	want("b", large, "body", true)
	set("a", "newer", "small")
	want("a", "newer", "small", true)
	if err := s.SetCheckpoint(ctx, "a", []byte("alone")); err != nil {
		t.Fatal(err)
	}
	want("a", "alone", "", false)
	if err := s.SetCheckpoint(ctx, "b", nil); err != nil {
		t.Fatal(err)
	}
	want("b", "", "", false)
	past, cancel := context.WithCancel(ctx)
	cancel()
	_, _, err := s.CheckpointBody(past, "a")
	wantError(t, "body", err, context.Canceled)
	wantError(t, "set body", s.SetCheckpointBody(past, "a", []byte("x"), []byte("y")), context.Canceled)
	s.Close()
	_, _, err = s.CheckpointBody(ctx, "a")
	wantError(t, "body", err, core.ErrClosed)
	wantError(t, "set body", s.SetCheckpointBody(ctx, "a", []byte("x"), nil), core.ErrClosed)
}

func key(name string, through, count int, sum uint64) core.Key {
	return core.Key{Name: name, Through: through, Count: count, Sum: sum}
}

// wantKnown fails unless the store remembers just these of the keys.
func wantKnown(t *testing.T, err error, want map[string]core.Made) {
	t.Helper()
	var known *core.KnownError
	if !errors.As(err, &known) || !maps.Equal(known.Known, want) {
		t.Fatalf("got %v, want to be told of %v", err, want)
	}
}

func keys(t *testing.T, d Data) {
	s := open(t, d)
	fill(t, s, 3)
	long := strings.Repeat("\xff", core.MaxKey)
	state, err := s.AppendOnce(ctx, []*segment.Segment{Numbered(3, 4), Numbered(7, 2)},
		[]core.Key{key("a", 1, 1, 11), key(long, 6, 5, 1<<64-1)})
	if err != nil || state.Head != 8 {
		t.Fatalf("append with keys: %+v, %v", state, err)
	}
	a, z := core.Made{Last: 3, Count: 1, Sum: 11}, core.Made{Last: 8, Count: 5, Sum: 1<<64 - 1}
	fill(t, s, 1)
	for range 2 {
		_, err = s.AppendOnce(ctx, []*segment.Segment{Numbered(0, 3)}, []core.Key{key("b", 1, 1, 0), key(long, 2, 1, 0), key("a", 3, 1, 0)})
		wantKnown(t, err, map[string]core.Made{"a": a, long: z})
		wantNumbered(t, s, 10)
		s.Close()
		s = open(t, d)
	}
	if state, err = s.AppendOnce(ctx, []*segment.Segment{Numbered(10, 1)}, []core.Key{key("b", 1, 1, 0)}); err != nil || state.Head != 10 {
		t.Fatalf("append with a key that was not used: %+v, %v", state, err)
	}
	_, err = s.AppendOnce(ctx, []*segment.Segment{Numbered(0, 2)}, []core.Key{key("b", 1, 1, 0), key("A", 2, 1, 0)})
	wantKnown(t, err, map[string]core.Made{"b": {Last: 10, Count: 1}})
	wantNumbered(t, s, 11)
	if v, err := s.Checkpoint(ctx, "a"); v != nil || err != nil {
		t.Fatalf("a key is a checkpoint: %q, %v", v, err)
	}
}

func newestKeys(t *testing.T, d Data) {
	s := open(t, d)
	const total = 2*core.KeysKept + 500
	name := func(i int) string { return fmt.Sprint("key ", i) }
	for n := 0; n < total; {
		size := min(500, total-n)
		var add []core.Key
		for i := range size {
			add = append(add, core.Key{Name: name(n + i), Through: i + 1, Count: 1, Sum: uint64(n + i)})
		}
		if _, err := s.AppendOnce(ctx, []*segment.Segment{Numbered(core.Seq(n), size)}, add); err != nil {
			t.Fatalf("append from %d: %v", n, err)
		}
		if n += size; n == core.KeysKept+500 {
			s.Close()
			s = open(t, d)
		}
	}
	const step = 10 // stores on slow hosts are asked for some of them
	var some []core.Key
	for i := 0; i < total; i += step {
		some = append(some, core.Key{Name: name(i), Through: len(some) + 1, Count: 1})
	}
	_, err := s.AppendOnce(ctx, []*segment.Segment{Numbered(0, len(some))}, some)
	var known *core.KnownError
	if !errors.As(err, &known) {
		t.Fatalf("the keys again: %v", err)
	}
	for i := total - core.KeysKept; i < total; i += step {
		if known.Known[name(i)] != (core.Made{Last: core.Seq(i), Count: 1, Sum: uint64(i)}) {
			t.Fatalf("key %d of %d is remembered as %+v", i, total, known.Known[name(i)])
		}
	}
	if n := len(known.Known); n > 2*core.KeysKept/step {
		t.Fatalf("%d of %d keys are kept", n*step, total)
	}
	wantNumbered(t, s, total)
}

// keyAtOnce has many use the same keys at once, in several stores where these
// can share data: each append is made once.
func keyAtOnce(t *testing.T, d Data) {
	stores := []core.Store{open(t, d)}
	if d.Shared {
		stores = append(stores, open(t, d))
	}
	const each, writers = 10, 3
	var wait sync.WaitGroup
	var made [each]atomic.Int64
	for _, s := range stores {
		for range writers {
			wait.Go(func() {
				for i := range each {
					_, err := s.AppendOnce(ctx, []*segment.Segment{Segment(fmt.Sprint(i))}, []core.Key{key(fmt.Sprint(i), 1, 1, 7)})
					var known *core.KnownError
					switch {
					case err == nil:
						made[i].Add(1)
					case !errors.As(err, &known):
						t.Errorf("append once: %v", err)
					}
					if i%3 == 0 {
						if _, err := s.Append(ctx, []*segment.Segment{Segment("other")}); err != nil {
							t.Errorf("append: %v", err)
						}
					}
				}
			})
		}
	}
	wait.Wait()
	there := map[string]int{}
	for _, r := range Records(t, stores[0], 1<<20) {
		there[r]++
	}
	for i := range each {
		if made[i].Load() != 1 || there[fmt.Sprint(i)] != 1 {
			t.Errorf("%d is there %d times, and %d were told they had appended it", i, there[fmt.Sprint(i)], made[i].Load())
		}
	}
}

func closed(t *testing.T, d Data) {
	s := open(t, d)
	fill(t, s, 5)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
	}
	_, err := s.State(ctx)
	wantError(t, "state", err, core.ErrClosed)
	_, err = s.Append(ctx, []*segment.Segment{Numbered(5, 1)})
	wantError(t, "append", err, core.ErrClosed)
	_, err = s.AppendOnce(ctx, []*segment.Segment{Numbered(5, 1)}, []core.Key{{Name: "a", Through: 1, Count: 1}})
	wantError(t, "append once", err, core.ErrClosed)
	_, err = s.Read(ctx, 0, false, 1)
	wantError(t, "read", err, core.ErrClosed)
	_, err = s.Index(ctx, 0, 1)
	wantError(t, "index", err, core.ErrClosed)
	_, err = s.Checkpoint(ctx, "a")
	wantError(t, "checkpoint", err, core.ErrClosed)
	wantError(t, "set checkpoint", s.SetCheckpoint(ctx, "a", nil), core.ErrClosed)
	wantNumbered(t, open(t, d), 5)
}

func ended(t *testing.T, d Data) {
	s := open(t, d)
	fill(t, s, 5)
	past, cancel := context.WithCancel(ctx)
	cancel()
	_, err := s.State(past)
	wantError(t, "state", err, context.Canceled)
	_, err = s.Append(past, []*segment.Segment{Numbered(5, 1)})
	wantError(t, "append", err, context.Canceled)
	_, err = s.AppendOnce(past, []*segment.Segment{Numbered(5, 1)}, []core.Key{{Name: "a", Through: 1, Count: 1}})
	wantError(t, "append once", err, context.Canceled)
	_, err = s.Read(past, 0, false, 1)
	wantError(t, "read", err, context.Canceled)
	_, err = s.Index(past, 0, 1)
	wantError(t, "index", err, context.Canceled)
	_, err = s.Checkpoint(past, "a")
	wantError(t, "checkpoint", err, context.Canceled)
	wantError(t, "set checkpoint", s.SetCheckpoint(past, "a", []byte("x")), context.Canceled)
	wantNumbered(t, s, 5)
}

func damage(t *testing.T, d Data) {
	if d.Damage == nil {
		t.Fatal("the suite cannot damage this store's data")
	}
	for _, c := range []struct {
		name   string
		offset int
	}{
		{"magic", 0}, {"version", 4}, {"flags", 6}, {"first seq", 9}, {"count", 16}, {"data length", 20}, {"payload sum", 25},
		{"header sum", 41}, {"ends table", segment.HeaderSize + 1}, {"data", segment.HeaderSize + 45},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, d)
			state := fill(t, s, 10, 10, 10)
			hurt := state.Head - 15
			s.Close()
			d.Damage(hurt, c.offset)
			s = open(t, d)
			_, err := s.Read(ctx, hurt, false, 1<<20)
			var corrupt *segment.CorruptError
			if !errors.As(err, &corrupt) || !errors.Is(err, core.ErrCorrupt) {
				t.Fatalf("reading a damaged segment: %v", err)
			}
			if corrupt.First != state.Head-19 || corrupt.Last != state.Head-10 || corrupt.Segment == "" {
				t.Fatalf("the damage is placed at %+v, want seq %d to %d", corrupt, state.Head-19, state.Head-10)
			}
			for seq := state.Head - 29; seq <= state.Head; seq++ {
				run, err := s.Read(ctx, seq, false, 1<<20)
				if within := seq >= corrupt.First && seq <= corrupt.Last; within != (err != nil) {
					t.Fatalf("read %d: %v", seq, err)
				}
				if err == nil && string(run[0].Record(seq)) != fmt.Sprintf(`{"seq":%d}`, seq) {
					t.Fatalf("record %d is %s", seq, run[0].Record(seq))
				}
			}
			if now, err := s.State(ctx); err != nil || now.Head != state.Head {
				t.Fatalf("state with a damaged segment: %+v, %v", now, err)
			}
			d.Damage(hurt, c.offset) // the same bit flipped back
			s.Close()
		})
	}
	wantNumbered(t, open(t, d), 300)
}

func two(t *testing.T, d Data) {
	a := open(t, d)
	if !d.Shared {
		_, err := d.Open()
		wantError(t, "a second open", err, core.ErrLocked)
		fill(t, a, 2)
		a.Close()
		wantNumbered(t, open(t, d), 2)
		return
	}
	b := open(t, d)
	for range 10 {
		fill(t, a, 2)
		fill(t, b, 1, 3)
		fill(t, b, 1)
		wantNumbered(t, a, len(Records(t, b, 1)))
	}
	wantNumbered(t, b, 70)

	done := make(chan error)
	for i, s := range []core.Store{a, b} {
		go func() {
			for n := range 25 {
				if _, err := s.Append(ctx, []*segment.Segment{Segment(fmt.Sprintf("%d-%d", i, n))}); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Fatalf("append at once: %v", err)
		}
	}
	next := [2]int{}
	for _, r := range Records(t, a, 1<<20)[70:] {
		var i, n int
		fmt.Sscanf(r, "%d-%d", &i, &n)
		if n != next[i] {
			t.Fatalf("writer %d: record %d comes, want %d", i, n, next[i])
		}
		next[i]++
	}
	if next != [2]int{25, 25} {
		t.Fatalf("appended at once: %v", next)
	}
}

// readers read anything while one writer appends.
func readers(t *testing.T, d Data) {
	s := open(t, d)
	fill(t, s, 3)
	stop, cancel := context.WithCancel(ctx)
	done := make(chan error)
	for i := range 3 {
		go func() {
			for n := 0; stop.Err() == nil; n++ {
				state, err := s.State(ctx)
				if err != nil {
					done <- err
					return
				}
				seq := core.Seq(n*31+i) % (state.Head + 1)
				run, err := s.Read(ctx, seq, i == 1, 700)
				if err == nil && string(run[0].Record(seq)) != fmt.Sprintf(`{"seq":%d}`, seq) {
					err = fmt.Errorf("record %d is %s", seq, run[0].Record(seq))
				}
				if err != nil {
					done <- err
					return
				}
				runtime.Gosched()
			}
			done <- nil
		}()
	}
	n := 3
	for i := range 40 {
		fill(t, s, 1+i%7)
		n += 1 + i%7
		runtime.Gosched()
	}
	cancel()
	for range 3 {
		if err := <-done; err != nil {
			t.Errorf("a reader: %v", err)
		}
	}
	wantNumbered(t, s, n)
}

// model runs random operations beside a plain slice.
func model(t *testing.T, d Data) {
	seed := rand.Int63()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewSource(seed))
	s := open(t, d)
	n := 0
	for step := range 120 {
		switch r.Intn(8) {
		case 0, 1, 2, 3:
			var commit []*segment.Segment
			for range 1 + r.Intn(4) {
				size := 1 + r.Intn(30)
				commit = append(commit, Numbered(core.Seq(n), size))
				n += size
			}
			state, err := s.Append(ctx, commit)
			if err != nil || state.Head != core.Seq(n-1) {
				t.Fatalf("step %d: append: %+v, %v", step, state, err)
			}
		case 4, 5:
			extents, err := s.Index(ctx, 0, 1<<20)
			if err != nil {
				t.Fatalf("step %d: index: %v", step, err)
			}
			if len(extents) < 3 {
				continue
			}
			i := r.Intn(len(extents) - 1)
			j := min(len(extents)-1, i+1+r.Intn(10))
			state, _ := s.State(ctx)
			_, err = s.Replace(ctx, core.Replacement{Generation: state.Generation, Segments: merged(t, s, extents[i].First, extents[j].Last), Sealed: state.Sealed})
			if err != nil && !errors.Is(err, core.ErrNotAtomic) {
				t.Fatalf("step %d: replace: %v", step, err)
			}
		case 6:
			s.Close()
			s = open(t, d)
		case 7:
			if n > 0 {
				seq := core.Seq(r.Intn(n))
				run, err := s.Read(ctx, seq, r.Intn(2) == 0, r.Intn(5000))
				if err != nil || string(run[0].Record(seq)) != fmt.Sprintf(`{"seq":%d}`, seq) {
					t.Fatalf("step %d: read %d: %v", step, seq, err)
				}
			}
		}
	}
	wantNumbered(t, s, n)
}

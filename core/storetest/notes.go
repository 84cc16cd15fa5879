package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// openNotes opens a store that keeps notes, and skips the test of one that does
// not.
func openNotes(t *testing.T, d Data) (core.Store, core.NoteStore) {
	t.Helper()
	s := open(t, d)
	notes, ok := s.(core.NoteStore)
	if !ok {
		t.Skip("the store keeps no notes")
	}
	return s, notes
}

func wantNotes(t *testing.T, s core.NoteStore, after core.Seq, want ...core.Note) {
	t.Helper()
	got, err := s.Notes(ctx, after, 100)
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("the notes behind %d are %+v, %v; want %+v", after, got, err, want)
	}
}

func notes(t *testing.T, d Data) {
	s, n := openNotes(t, d)
	wantNotes(t, n, core.None)
	fill(t, s, 3)
	a := core.Note{First: 3, Last: 7, Origin: 1<<64 - 1, Place: 7}
	c := core.Note{First: 8, Last: 8, Origin: 3}
	state, err := n.AppendNoted(ctx, []*segment.Segment{Numbered(3, 4), Numbered(7, 2)}, core.None,
		[]core.Note{{First: 0, Last: 4, Origin: 1<<64 - 1, Place: 7}, {First: 5, Last: 5, Origin: 3}})
	if err != nil || state.Head != 8 {
		t.Fatalf("append with a note: %+v, %v", state, err)
	}
	fill(t, s, 1)
	_, err = n.AppendNoted(ctx, []*segment.Segment{Numbered(0, 1)}, 7, make([]core.Note, 1))
	wantError(t, "an append whose writer has not seen a note", err, core.ErrConflict)
	b := core.Note{First: 10, Last: 10, Origin: 5, Place: 1 << 60, Fork: 6, Boundary: 1 << 40}
	if _, err := n.AppendNoted(ctx, []*segment.Segment{Numbered(10, 1)}, 8, []core.Note{{Origin: 5, Place: 1 << 60, Fork: 6, Boundary: 1 << 40}}); err != nil {
		t.Fatalf("append behind the newest note: %v", err)
	}
	for range 2 {
		wantNumbered(t, s, 11)
		wantNotes(t, n, core.None, a, c, b)
		wantNotes(t, n, 6, a, c, b)
		wantNotes(t, n, 7, c, b)
		wantNotes(t, n, 8, b)
		wantNotes(t, n, 10)
		if got, err := n.Notes(ctx, core.None, 1); err != nil || len(got) == 0 || got[0] != a {
			t.Fatalf("one note at least: %+v, %v", got, err)
		}
		s.Close()
		s, n = openNotes(t, d)
	}
	_, err = n.AppendNoted(ctx, []*segment.Segment{Numbered(0, 1)}, 8, make([]core.Note, 1))
	wantError(t, "after reopening, an append whose writer has not seen a note", err, core.ErrConflict)
	s.Close()
	_, err = n.AppendNoted(ctx, []*segment.Segment{Numbered(0, 1)}, 10, make([]core.Note, 1))
	wantError(t, "append with a note", err, core.ErrClosed)
	_, err = n.Notes(ctx, core.None, 1)
	wantError(t, "notes", err, core.ErrClosed)
}

// noteAtOnce has many append the same places at once, each believing that it is
// the first: one is right.
func noteAtOnce(t *testing.T, d Data) {
	s, n := openNotes(t, d)
	stores := []core.NoteStore{n}
	if d.Shared {
		stores = append(stores, open(t, d).(core.NoteStore))
	}
	var wait sync.WaitGroup
	var made atomic.Int64
	for _, n := range stores {
		for range 3 {
			wait.Go(func() {
				_, err := n.AppendNoted(ctx, []*segment.Segment{Segment("a", "b")}, core.None, []core.Note{{Last: 1, Origin: 1}})
				switch {
				case err == nil:
					made.Add(1)
				case !errors.Is(err, core.ErrConflict):
					t.Errorf("append with a note: %v", err)
				}
			})
			wait.Go(func() {
				if _, err := s.Append(ctx, []*segment.Segment{Segment("other")}); err != nil {
					t.Errorf("append: %v", err)
				}
			})
		}
	}
	wait.Wait()
	got, err := n.Notes(ctx, core.None, 100)
	if err != nil || len(got) != 1 || made.Load() != 1 {
		t.Fatalf("%d appends were told they are the first, and the notes are %+v, %v", made.Load(), got, err)
	}
	records := Records(t, s, 1<<20)
	if text := fmt.Sprint(records[got[0].First : got[0].Last+1]); text != "[a b]" || len(records) != 2+3*len(stores) {
		t.Fatalf("the note is of %s, and there are %d records", text, len(records))
	}
}

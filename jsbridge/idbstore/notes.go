//go:build js && wasm

package idbstore

import (
	"context"
	"fmt"
	"syscall/js"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// The notes of records that come from other logs are rows of the object store
// "checkpoints" whose keys are [4, last seq], one for each commit, so that those
// behind a seq are a range.
const noteRow = 4

// noteAppend is notes that a commit is to hold, unless there are others behind the
// seq after.
type noteAppend struct {
	notes []core.Note
	after core.Seq
	found js.Value // the request for those that there are
}

// AppendNoted implements core.NoteStore.
func (s *Store) AppendNoted(ctx context.Context, segments []*segment.Segment, after core.Seq, notes []core.Note) (core.State, error) {
	return s.appendSegments(ctx, segments, extras{notes: &noteAppend{notes: notes, after: after}})
}

// notesBehind is the range of the notes of records behind a seq.
func (t *transaction) notesBehind(seq core.Seq) js.Value {
	return t.bound.Invoke(js.ValueOf([]any{noteRow, float64(seq)}), js.ValueOf([]any{noteRow + 1}), true, true)
}

// askNotes asks whether there are notes behind those that the writer knows.
func (t *transaction) askNotes(n *noteAppend) {
	n.found = t.getAllKeys.Invoke(t.objectStore.Invoke(t.js, t.checkpoints), t.notesBehind(n.after), 1)
}

// readNotes reads the answer, which is there.
func (t *transaction) readNotes(n *noteAppend) error {
	if t.reflectGet.Invoke(n.found, t.result).Length() > 0 {
		return core.ErrConflict
	}
	return nil
}

// writeNotes puts the row of the notes of segments that have their places.
func (t *transaction) writeNotes(n *noteAppend, segments []*segment.Segment) {
	row := core.EncodeNotes(nil, segments[0].First(), n.notes)
	last := segments[len(segments)-1].Last()
	t.put.Invoke(t.objectStore.Invoke(t.js, t.checkpoints), t.bytesToJS(row), js.ValueOf([]any{noteRow, float64(last)}))
}

// Notes implements core.NoteStore.
func (s *Store) Notes(ctx context.Context, after core.Seq, limit int) (notes []core.Note, err error) {
	err = s.do(ctx, func(c *connection) error {
		notes = notes[:0]
		t, err := browser().begin(c, browser().checkpoints, browser().readonly, s.durability())
		if err != nil {
			return hostError("reading notes", err)
		}
		var request js.Value
		err = t.request(func() {
			request = t.getAll.Invoke(t.objectStore.Invoke(t.js, t.checkpoints), t.notesBehind(after), limit)
		})
		var rows js.Value
		if err == nil {
			rows, err = t.await(request)
		}
		if err != nil {
			t.abandon()
			return hostError("reading notes", err)
		}
		for i := range rows.Length() {
			row, ok := t.bytesFromJS(rows.Index(i))
			for ok && len(row) > 0 {
				var note core.Note
				if note, ok = core.DecodeNote(row[:min(len(row), core.NoteSize)]); ok && note.Last > after {
					notes = append(notes, note)
				}
				row = row[min(len(row), core.NoteSize):]
			}
			if !ok {
				t.abandon()
				return fmt.Errorf("a note behind seq %d is damaged: %w", after, core.ErrCorrupt)
			}
		}
		return hostError("reading notes", t.end())
	})
	return notes, err
}

//go:build js && wasm

package durablestore

import (
	"context"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// AppendNoted implements core.NoteStore.
func (s *Store) AppendNoted(ctx context.Context, segments []*segment.Segment, after core.Seq, notes []core.Note) (core.State, error) {
	return s.append(ctx, segments, extras{notes: notes, after: after})
}

// unseen fails where there are notes that the writer of others does not know.
func (s *Store) unseen(with extras) error {
	if len(with.notes) == 0 {
		return nil
	}
	found, err := s.run(sql(`SELECT last FROM notes WHERE last > ? LIMIT 1`, int64(with.after)))
	if err == nil && found[0].count() > 0 {
		err = core.ErrConflict
	}
	return err
}

// Notes implements core.NoteStore.
func (s *Store) Notes(ctx context.Context, after core.Seq, limit int) ([]core.Note, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	found, err := s.run(sql(`SELECT note FROM notes WHERE last > ? ORDER BY last LIMIT ?`, int64(after), limit))
	if err != nil {
		return nil, err
	}
	var notes []core.Note
	for i := range found[0].count() {
		note, ok := core.DecodeNote(found[0].bytes(i, 0))
		if !ok {
			return nil, fmt.Errorf("a note behind seq %d is damaged: %w", after, core.ErrCorrupt)
		}
		notes = append(notes, note)
	}
	return notes, nil
}

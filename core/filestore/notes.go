package filestore

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// The notes of records that come from other logs are in the file notes, of
// entries of one size behind a head:
//
//	 0        4      5      8                           64
//	+--------+------+------+---------------------------+---------------------------+- -
//	| "FLMN" | vers | zero | core.Note.Encode          | core.Note.Encode          |
//	+--------+------+------+---------------------------+---------------------------+- -
//
// An entry is written and synced before its records are, whatever else the store
// promises: records without their note would pass for this log's own, and go to
// all others a second time. One of which a crash left no records says a last seq
// that the log does not have; Open cuts it off, before that is given to others.
const (
	notesName    = "notes"
	notesHead    = 8
	notesVersion = 1
)

var notesMagic = [4]byte{'F', 'L', 'M', 'N'}

// notes is what the store knows of its notes. It is guarded by Store.writing.
type notes struct {
	beside
	all []core.Note
	err error // what keeps them from being read
}

// AppendNoted implements core.NoteStore.
func (s *Store) AppendNoted(ctx context.Context, segments []*segment.Segment, after core.Seq, notes []core.Note) (core.State, error) {
	state, err := s.enterWriting(ctx)
	if err != nil {
		return core.State{}, err
	}
	defer s.writing.Unlock()
	if err := s.usable(); err != nil {
		return core.State{}, err
	}
	if s.notes.err != nil {
		return core.State{}, s.notes.err
	}
	if n := len(s.notes.all); n > 0 && s.notes.all[n-1].Last > after {
		return core.State{}, core.ErrConflict
	}
	first := state.Head + 1
	state, err = s.appendBeside(state, segments, &s.notes.beside, notesName, true, func() error {
		return s.writeNotes(core.EncodeNotes(nil, first, notes))
	})
	if err != nil {
		return core.State{}, err
	}
	for _, n := range notes {
		s.notes.all = append(s.notes.all, n.At(first))
	}
	return state, nil
}

// Notes implements core.NoteStore.
func (s *Store) Notes(ctx context.Context, after core.Seq, limit int) ([]core.Note, error) {
	if _, err := s.enterWriting(ctx); err != nil {
		return nil, err
	}
	defer s.writing.Unlock()
	if s.notes.err != nil {
		return nil, s.notes.err
	}
	all := s.notes.all
	from := sort.Search(len(all), func(i int) bool { return all[i].Last > after })
	return slices.Clone(all[from:min(len(all), from+limit)]), nil
}

// loadNotes reads the file, and cuts off the note of an append that a crash has
// taken away or not let be. Damage keeps the log from being a replica, and harms
// nothing else.
func (s *Store) loadNotes(names []string) error {
	if !slices.Contains(names, notesName) {
		return nil
	}
	b, err := readFile(s.fs, notesName, math.MaxInt64)
	if err != nil {
		return err
	}
	switch {
	case len(b) < notesHead || blank(b):
		return s.cutFile(notesName, 0) // it was being made
	case [4]byte(b) != notesMagic:
		s.notes.err = fmt.Errorf("%s: no notes begin there: %w", notesName, core.ErrCorrupt)
		return nil
	case b[4] > notesVersion:
		s.notes.err = fmt.Errorf("%s: %w", notesName, &segment.VersionError{Version: int(b[4])})
		return nil
	}
	s.notes.size = notesHead
	for rest := b[notesHead:]; len(rest) >= core.NoteSize; rest = rest[core.NoteSize:] {
		note, ok := core.DecodeNote(rest[:core.NoteSize])
		if !ok && blank(rest) {
			break // what was never written behind its length
		}
		if !ok {
			s.notes.err = fmt.Errorf("%s: the note at %d is damaged: %w", notesName, s.notes.size, core.ErrCorrupt)
			return nil
		}
		if note.Last > s.state.Head {
			break
		}
		s.notes.all = append(s.notes.all, note)
		s.notes.size += core.NoteSize
	}
	return s.cutFile(notesName, s.notes.size)
}

// blank reports whether there is nothing but zeros.
func blank(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

func (s *Store) writeNotes(entries []byte) error {
	head := binary.LittleEndian.AppendUint32(append([]byte{}, notesMagic[:]...), notesVersion)
	return s.writeBeside(&s.notes.beside, notesName, head, entries, true)
}

package core

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Note says of consecutive records of one commit that they come from elsewhere:
// which log appended them first, and where they stand in what that log appended.
// Package replica, which writes notes and reads them, says what they mean.
type Note struct {
	First, Last Seq    // the records; before the commit has its place, counted from its first
	Origin      uint64 // who appended them first
	Place       uint64 // of First in what Origin appended

	// Fork, where it is not 0, is who this log is from here on, because Origin
	// is who it was and others know other records for its places. This log's
	// own records from the place Boundary on are Fork's from place 0 on.
	Fork     uint64
	Boundary uint64
}

// NoteStore is what a Store is too whose log can be a replica.
type NoteStore interface {
	// AppendNoted is Store.Append that keeps notes in the same atomic commit, at
	// least one, which together are of all its records, in order. Where there is
	// a note of records behind the seq after, it changes nothing and fails with
	// ErrConflict: so whoever decides by the notes what to append has seen all of
	// them. Notes are kept for good.
	AppendNoted(ctx context.Context, segments []*segment.Segment, after Seq, notes []Note) (State, error)

	// Notes lists notes of records behind the seq after, in order: all there
	// are, or at least limit. Where some are damaged it fails with ErrCorrupt.
	Notes(ctx context.Context, after Seq, limit int) ([]Note, error)
}

// ErrNoNotes: the log's store keeps no notes, so it cannot be a replica.
var ErrNoNotes = errors.New("the store keeps no notes of where records come from")

// NoteSize is the bytes that Encode writes.
const NoteSize = 56

// Encode writes a note as it is stored: six numbers and their checksum.
func (n Note) Encode(b []byte) []byte {
	start := len(b)
	for _, v := range [...]uint64{uint64(n.First), uint64(n.Last), n.Origin, n.Place, n.Fork, n.Boundary} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b[start:]))
}

// DecodeNote reads what Encode has written; ok is false where the bytes are
// damaged.
func DecodeNote(b []byte) (n Note, ok bool) {
	if len(b) != NoteSize || xxhash.Sum64(b[:NoteSize-8]) != binary.LittleEndian.Uint64(b[NoteSize-8:]) {
		return Note{}, false
	}
	v := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	n = Note{First: Seq(v(0)), Last: Seq(v(1)), Origin: v(2), Place: v(3), Fork: v(4), Boundary: v(5)}
	return n, n.First >= 0 && n.First <= n.Last
}

// EncodeNotes writes the notes of a commit whose first record has that seq.
func EncodeNotes(b []byte, first Seq, notes []Note) []byte {
	for _, n := range notes {
		b = n.At(first).Encode(b)
	}
	return b
}

// At is the note as of a commit whose first record has that seq.
func (n Note) At(first Seq) Note {
	n.First, n.Last = n.First+first, n.Last+first
	return n
}

// AppendNoted appends records with notes of where they come from, all or none, and
// answers the newest one's seq when they are durable; run and lens are as for
// Enqueue, and belong to the log until then. Notes count from the first of the
// records, and are together of all of them, in order. Where there is a note of
// records behind the seq after already, it fails with ErrConflict and has appended
// nothing.
func (l *Log) AppendNoted(ctx context.Context, after Seq, notes []Note, run []byte, lens []uint32) (Seq, error) {
	store, ok := l.store.(NoteStore)
	if !ok {
		return None, ErrNoNotes
	}
	if err := checkRun(run, lens); err != nil {
		return None, err
	}
	n := &noted{store: store, after: after, notes: notes, answered: make(chan struct{})}
	n.group.add(run, lens, l.opts.SegmentBytes)
	n.group.seal()
	l.mu.Lock()
	if l.closing {
		l.mu.Unlock()
		return None, errAppendClosed
	}
	l.queue.groups = append(l.queue.groups, &group{bytes: n.bytes, noted: n})
	l.mu.Unlock()
	l.Commit()
	select {
	case <-n.answered:
		return n.seq, n.err
	case <-ctx.Done():
		return None, ctx.Err()
	}
}

// noted is an append with notes, which is a commit of its own.
type noted struct {
	group
	store    NoteStore
	after    Seq
	notes    []Note
	answered chan struct{} // closed when these are set:
	seq      Seq
	err      error
}

func (l *Log) commitNoted(n *noted) {
	defer close(n.answered)
	deletions := l.deletionCount()
	state, err := n.store.AppendNoted(context.Background(), n.segments, n.after, n.notes)
	if err != nil {
		n.seq, n.err = None, fmt.Errorf("append: %w", err)
		return
	}
	l.keep(deletions, n.segments...)
	l.advance(state)
	n.seq = n.segments[len(n.segments)-1].Last()
	if l.merger != nil {
		l.merger.committed(n.segments)
	}
}

// Notes lists notes of records behind the seq after, in order: all there are, or
// at least limit.
func (l *Log) Notes(ctx context.Context, after Seq, limit int) ([]Note, error) {
	store, ok := l.store.(NoteStore)
	if !ok {
		return nil, ErrNoNotes
	}
	notes, err := store.Notes(ctx, after, limit)
	if err != nil {
		return nil, fmt.Errorf("reading notes: %w", err)
	}
	return notes, nil
}

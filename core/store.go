package core

import (
	"context"

	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Seq is a record's place in the log: dense, from 0.
type Seq = segment.Seq

// None is the newest seq of an empty log.
const None = segment.None

// Store keeps the segments of one log and the checkpoints of its views. It is
// what the log needs of a host; package storetest is its contract in tests,
// and every implementation passes it.
//
// Several stores, in several processes, tabs or workers, may stand on the same
// data where the host allows that; where it does not, opening the second fails
// with ErrLocked. All methods may be called from several goroutines at once. A
// method whose context ends returns the context's error, and what it was to
// write is then either there as a whole or not at all.
//
// Errors are the sentinels of this package and of package segment, wrapped
// with what the store can say about the place; anything else is the host's
// own failure. After an error nothing has changed, unless the error is
// ErrUncertain.
type Store interface {
	// State reads what the store holds now, as others may have changed it.
	State(ctx context.Context) (State, error)

	// Append adds segments behind the newest record, whoever wrote that, in
	// one atomic commit: it gives them their places (segment.Place) and
	// returns the state after it, in which Head is the last of them. When it
	// returns, they are durable in the sense the store was opened with. The
	// segments belong to the store from the call on; on an error they are
	// the caller's again, with any place.
	Append(ctx context.Context, segments []*segment.Segment) (State, error)

	// AppendOnce is Append of records that have keys: in the same atomic
	// commit it remembers each key with what is appended under it, which is
	// Key.Made. Where it remembers one or more of the keys already, it changes
	// nothing and fails with a *KnownError that tells all of these. The newest
	// KeysKept keys at least are remembered, as durably as the records. No two
	// keys of a commit are the same.
	AppendOnce(ctx context.Context, segments []*segment.Segment, keys []Key) (State, error)

	// Replace puts segments in the place of all those that hold the same
	// seqs, in one atomic commit, and returns the state after it, with a new
	// Generation. It fails with ErrConflict where the store's generation is
	// not that of since, or where a run of the new segments does not begin
	// and end with whole old ones; and with ErrNotAtomic where this store
	// cannot replace all of them atomically.
	Replace(ctx context.Context, r Replacement) (State, error)

	// Read returns the segment that holds seq and those that follow it, or
	// with reverse those before it, in that order of walking, until they
	// make up budget bytes; always at least one. Neighbours are returned
	// without a gap. seq must be within the log; segment.None and seqs
	// beyond the head fail with ErrNotFound. A damaged segment fails with a
	// *segment.CorruptError if it is the first, and ends the run before it
	// if not; the error's First and Last name the records that are out of
	// reach, so that a reader can step over them.
	Read(ctx context.Context, seq Seq, reverse bool, budget int) ([]*segment.Segment, error)

	// Index lists the sizes of the segments from the one that holds seq on,
	// at most limit, without reading them.
	Index(ctx context.Context, seq Seq, limit int) ([]Extent, error)

	// Checkpoint reads a named value, nil where there is none.
	Checkpoint(ctx context.Context, name string) ([]byte, error)

	// SetCheckpoint replaces a named value atomically; nil deletes it.
	SetCheckpoint(ctx context.Context, name string, value []byte) error

	// Close gives up the store. It waits for no call; those under way may
	// fail with ErrClosed. Closing twice is no error.
	Close() error
}

// BodyStore is a Store whose named values can have a body: more bytes that are
// stored in the same atomic step, and need not be read with the value. So a log
// with large views opens without reading what those have kept.
type BodyStore interface {
	Store

	// SetCheckpointBody is SetCheckpoint of a value that has a body. What
	// SetCheckpoint stores or deletes under that name has none.
	SetCheckpointBody(ctx context.Context, name string, value, body []byte) error

	// CheckpointBody reads a named value and the body that was stored with it,
	// nil where there is none.
	CheckpointBody(ctx context.Context, name string) (value, body []byte, err error)
}

// ManyStore is a Store that reads several named values at less cost than one
// after the other.
type ManyStore interface {
	Store

	// Checkpoints is Checkpoint of several names, as they all are at one moment.
	// It fails with ErrCorrupt if any of them is damaged.
	Checkpoints(ctx context.Context, names []string) ([][]byte, error)
}

// State is what a store says about its log as a whole.
type State struct {
	ID         uint64 // drawn at random when the log was made
	Head       Seq    // the newest record, None while empty
	Generation uint64 // changes whenever existing segments were replaced
	Sealed     Seq    // segments through here are as large as merging makes them
	Deletions  uint64 // changes whenever existing records were deleted
}

// Replacement is what Replace is to do.
type Replacement struct {
	Generation uint64             // that this is based on
	Segments   []*segment.Segment // in their places, in order; not all need be neighbours
	Sealed     Seq                // State.Sealed from now on
	Deletes    bool               // the values of some records are no more in Segments
}

// Runs are the segments that stand one behind the other without a gap.
func (r Replacement) Runs() (runs []SegmentRun) {
	for i, s := range r.Segments {
		if n := len(runs); i > 0 && r.Segments[i-1].Last()+1 == s.First() {
			runs[n-1].Segments = append(runs[n-1].Segments, s)
			runs[n-1].Last = s.Last()
		} else {
			runs = append(runs, SegmentRun{s.First(), s.Last(), []*segment.Segment{s}})
		}
	}
	return runs
}

// SegmentRun is segments without a gap between them.
type SegmentRun struct {
	First, Last Seq
	Segments    []*segment.Segment
}

// Extent is a segment's place and size.
type Extent struct {
	First, Last Seq
	Size        int
	Deleted     int // how many of its records are deleted
}

// Traits tell the log how a store wants to be used. A store that has a method
// Traits() Traits says so; others get the zero value.
type Traits struct {
	// Merge asks for small segments to be merged in the background, because
	// reading many small values costs this store much more than reading one.
	Merge bool
}

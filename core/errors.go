package core

import (
	"errors"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Errors that a caller can act on. They come wrapped: compare with errors.Is.
var (
	// ErrNotFound: there is no record with that seq.
	ErrNotFound = errors.New("not found")

	// ErrDeleted: there was a record with that seq, and its value is gone.
	ErrDeleted = errors.New("deleted")

	// ErrClosed: the log or its store has been closed.
	ErrClosed = errors.New("closed")

	// ErrCorrupt: committed bytes are damaged. errors.As to a
	// *segment.CorruptError tells which records.
	ErrCorrupt = segment.ErrCorrupt

	// ErrVersion: a newer build wrote the data.
	ErrVersion = segment.ErrVersion

	// ErrQuota: the host has no room. Nothing was written; the same call may
	// work once there is room.
	ErrQuota = errors.New("no room left in the store")

	// ErrLocked: another process holds the store, and this host cannot share
	// it.
	ErrLocked = errors.New("the store is locked by another process")

	// ErrGone: the data this store was opened on has been deleted by someone
	// else. Open the log again to start a new one.
	ErrGone = errors.New("the log's data was deleted while it was open")

	// ErrInvalidRecord: the record cannot be stored as it is.
	ErrInvalidRecord = errors.New("invalid record")

	// ErrInvalidKey: the key of an append is empty or too long.
	ErrInvalidKey = errors.New("invalid key")

	// ErrKeyReused: an append with this key has been made, of other records.
	ErrKeyReused = errors.New("the key has been used for other records")

	// ErrConflict: someone else has replaced segments since; read the state
	// and try again.
	ErrConflict = errors.New("the segments have been replaced by someone else")

	// ErrNotAtomic: this store cannot replace this run in one atomic step.
	ErrNotAtomic = errors.New("the store cannot replace this run atomically")

	// ErrUncertain: the store failed in the middle of a commit and cannot
	// say whether it took effect.
	ErrUncertain = errors.New("whether the commit took effect is unknown")
)

// LostError says which records were committed here and are there no more. It is
// ErrGone.
type LostError struct {
	First, Last Seq
}

// Error implements error.
func (e *LostError) Error() string {
	return fmt.Sprintf("%v: seq %d to %d are lost", ErrGone, e.First, e.Last)
}

// Unwrap makes it an ErrGone.
func (e *LostError) Unwrap() error { return ErrGone }

// Place tells callers which records they are.
func (e *LostError) Place() (first, last Seq) { return e.First, e.Last }

// Package replica keeps logs the same that live in different places: it knows of
// each record which log appended it first, its origin, and where it stands in what
// that one appended, its place, and exchanges with another replica what either
// lacks. How, and why all come to hold the same: docs/sync.md.
//
// It knows nothing of networks. A Session makes the messages of the side that
// begins and takes in the answers, Replica.Answer is the other side; whoever
// carries the bytes between them may lose, repeat and cut off any message.
package replica

import (
	"errors"

	"github.com/flumedb/flumedb-wasm/core"
)

// Origin names a log by whom records were first appended: the id that was drawn
// at random when that log was made, or when it had to take another.
type Origin uint64

// Options tune a replica. The zero value is good.
type Options struct {
	// Check refuses records that this log is not to hold, as those that are no
	// JSON in a log of JSON. nil takes all.
	Check func(record []byte) error
}

// ErrMessage: what came is no message of this protocol, or not whole.
var ErrMessage = errors.New("not a message of a replica")

// errConflicts: others have appended notes more often than is credible.
var errConflicts = errors.New("other contexts have taken in records all the time")

// maxConflicts is how often others may have been faster in one append.
const maxConflicts = 100

var errNotes = errors.Join(errors.New("the notes of where records come from contradict each other"), core.ErrCorrupt)

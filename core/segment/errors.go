package segment

import (
	"errors"
	"strconv"
)

// ErrShort says that the bytes end before the frame does: a write that was
// torn, or a read of too little. It is not corruption.
var ErrShort = errors.New("segment: the bytes end before the segment does")

// ErrCorrupt is what every CorruptError is.
var ErrCorrupt = errors.New("corrupt segment")

// ErrVersion is what every VersionError is.
var ErrVersion = errors.New("segment of a newer format")

// CorruptError says that committed bytes are damaged, and where.
type CorruptError struct {
	First, Last Seq    // the records that cannot be read; None where unknown
	Segment     string // the store's name for the place, set by the store
	Reason      string
}

func (e *CorruptError) Error() string {
	text := "corrupt segment"
	if e.Segment != "" {
		text += " " + e.Segment
	}
	if e.First != None {
		text += " at seq " + strconv.FormatInt(int64(e.First), 10)
		if e.Last > e.First {
			text += " to " + strconv.FormatInt(int64(e.Last), 10)
		}
	}
	return text + ": " + e.Reason
}

// Is makes errors.Is(err, ErrCorrupt) hold.
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }

func (e *CorruptError) spanning(h Header) *CorruptError {
	e.First, e.Last = h.First, h.Last()
	return e
}

func corrupt(first Seq, reason string) *CorruptError {
	return &CorruptError{First: first, Last: None, Reason: reason}
}

// VersionError says that a newer build wrote the segment.
type VersionError struct{ Version int }

func (e *VersionError) Error() string {
	return "the segment has format version " + strconv.Itoa(e.Version) +
		", this build reads up to " + strconv.Itoa(Version)
}

// Is makes errors.Is(err, ErrVersion) hold.
func (e *VersionError) Is(target error) bool { return target == ErrVersion }

package view

import (
	"errors"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
)

// View is one state derived from a log. Its methods are called by one
// goroutine at a time, must not wait, and must not keep anything of what they
// are given: records lie in memory that belongs to others.
//
// What a view has beyond these methods, it says by having the methods of
// Storing.
type View interface {
	// Fields are the places in a record that Apply looks at, in the order in
	// which Record.Field counts them. They stay the same.
	Fields() []json.Path

	// Apply takes one record in. An error stops the view at this record.
	Apply(r *Record) error

	// Save puts the whole state behind b, and Load takes it back into a view
	// that is new and has the same options. Load must find out when bytes are
	// not what Save made of it, as far as that can harm it: an error has the
	// view built again.
	Save(b []byte) []byte
	Load(b []byte) error

	// Call answers a question. It does not change what any call answers; a view
	// that keeps more because of it says so by Call.Changed.
	Call(c *Call) error
}

// Kind is a sort of view, by the name that is stored with its states.
type Kind struct {
	Name string

	// New makes a view of that kind without any record. An error is about the
	// options, which are JSON, and goes to whoever has given them.
	New func(options json.Value) (View, error)
}

// Record is one record as a view sees it.
type Record struct {
	Seq  core.Seq
	Data json.Value // the whole record, or what the spec's Map made of it

	found []json.Span
	slots []int // of the fields of all views of a pass
	first int   // of slots, where this view's begin
}

// Field is the value at the i-th of the view's fields, nil where there is
// none.
func (r *Record) Field(i int) json.Value { return r.found[r.slots[r.first+i]].In(r.Data) }

// Reader finds a view's fields in records as Apply is given them, for a view
// that looks at others.
type Reader struct {
	scanner *json.Scanner
	record  Record
}

// NewReader makes a reader of some fields.
func NewReader(fields []json.Path) *Reader {
	scanner, slots := json.NewScanner(fields...)
	return &Reader{scanner, Record{found: make([]json.Span, scanner.Slots()), slots: slots}}
}

// Read reads a record. It is good until the next one is read.
func (r *Reader) Read(seq core.Seq, data json.Value) (*Record, error) {
	if err := r.scanner.Scan(data, r.record.found); err != nil {
		return nil, err
	}
	r.record.Seq, r.record.Data = seq, data
	return &r.record, nil
}

// Error is why a view has stopped.
type Error struct {
	View string
	Seq  core.Seq // the record it has stopped at, None where it was none
	Err  error
}

// Error implements error.
func (e *Error) Error() string {
	if e.Seq == core.None {
		return fmt.Sprintf("view %q: %v", e.View, e.Err)
	}
	return fmt.Sprintf("view %q stopped at seq %d: %v", e.View, int64(e.Seq), e.Err)
}

// Unwrap gives the error below.
func (e *Error) Unwrap() error { return e.Err }

// Place is the record.
func (e *Error) Place() (first, last core.Seq) { return e.Seq, core.None }

// Is has every *Error be ErrStopped.
func (e *Error) Is(target error) bool { return target == ErrStopped }

// Errors that a caller can act on. They come wrapped: compare with errors.Is.
var (
	// ErrOption: an option of a view, or an argument of a call, is none it
	// knows or not of its kind.
	ErrOption = errors.New("invalid option")

	// ErrStopped: the view has failed on a record, and goes no further.
	ErrStopped = errors.New("the view has stopped")

	// ErrMounted: there is a view of that name already.
	ErrMounted = errors.New("there is a view of that name already")
)

// Invalid makes an error that is ErrOption.
func Invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrOption, fmt.Sprintf(format, args...))
}

//go:build js && wasm

package jsbridge

import (
	"context"
	"errors"
	"unsafe"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Answer is what a request is settled with.
type Answer struct {
	A, B float64
	Data []byte
}

var cancels = map[uint32]context.CancelFunc{}

// Start does a request's work in a goroutine, and answers it.
func Start(request uint32, work func(ctx context.Context) (Answer, error)) {
	ctx, cancel := context.WithCancel(context.Background())
	cancels[request] = cancel
	Go(func() {
		answer, err := work(ctx)
		delete(cancels, request)
		cancel()
		if err != nil {
			Refuse(request, err)
			return
		}
		Settle(request, answer)
	})
}

func cancel(request uint32) {
	if cancel, ok := cancels[request]; ok {
		cancel()
	}
}

// Settle answers a request.
func Settle(request uint32, a Answer) {
	settle(request, a.A, a.B, Pointer(a.Data), uint32(len(a.Data)))
}

// Pointer is where a slice begins.
func Pointer[T any](s []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s)) }

// Refuse answers a request with an error, by the code that callers act on.
func Refuse(request uint32, err error) {
	code, place := Describe(err)
	fail(request, code, err.Error(), place.Segment, float64(place.First), float64(place.Last))
}

// placed is an error that is about records.
type placed interface {
	error
	Place() (first, last core.Seq)
}

// Describe is the code of an error and the place it is about.
func Describe(err error) (code string, place segment.CorruptError) {
	place = segment.CorruptError{First: core.None, Last: core.None}
	if corrupt := (*segment.CorruptError)(nil); errors.As(err, &corrupt) {
		place = *corrupt
	}
	if e := (placed)(nil); place.First == core.None && errors.As(err, &e) {
		place.First, place.Last = e.Place()
	}
	return codeOf(err), place
}

// codeOf is the stable code of an error. docs/errors.md explains them; where
// an error is several things, the first in this order is what a caller can do
// most about.
func codeOf(err error) string {
	for _, c := range []struct {
		sentinel error
		code     string
	}{
		{core.ErrGone, "GONE"},
		{core.ErrClosed, "CLOSED"},
		{core.ErrInvalidRecord, "INVALID_RECORD"},
		{core.ErrLocked, "LOCKED"},
		{core.ErrUncertain, "UNCERTAIN"},
		{core.ErrQuota, "QUOTA"},
		{core.ErrVersion, "VERSION"},
		{core.ErrCorrupt, "CORRUPT"},
		{core.ErrNotFound, "NOT_FOUND"},
		{core.ErrDeleted, "DELETED"},
		{context.Canceled, "ABORTED"},
	} {
		if errors.Is(err, c.sentinel) {
			return c.code
		}
	}
	for _, c := range moreCodes {
		if errors.Is(err, c.sentinel) {
			return c.code
		}
	}
	return "STORE"
}

// moreCodes are those that AddCode has added.
var moreCodes []struct {
	sentinel error
	code     string
}

// AddCode gives errors of a package that not every module has their code,
// where they have no other.
func AddCode(sentinel error, code string) {
	moreCodes = append(moreCodes, struct {
		sentinel error
		code     string
	}{sentinel, code})
}

// Warn tells of a failure in the background that harms no data.
func Warn(log uint32, message string) { warn(log, message) }

//go:build js && wasm

package jsbridge

import (
	"context"
	"errors"
	"unsafe"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// answer is what settle says.
type answer struct {
	a, b float64
	data []byte
}

var cancels = map[uint32]context.CancelFunc{}

// start does a request's work in a goroutine, and answers it.
func start(request uint32, work func(ctx context.Context) (answer, error)) {
	ctx, cancel := context.WithCancel(context.Background())
	cancels[request] = cancel
	go func() {
		answer, err := work(ctx)
		delete(cancels, request)
		cancel()
		if err == errSettled {
			return
		}
		if err != nil {
			refuse(request, err)
			return
		}
		settle(request, answer.a, answer.b, pointer(answer.data), uint32(len(answer.data)))
	}()
}

// errSettled says that the work has settled its request itself.
var errSettled = errors.New("settled")

func cancel(request uint32) {
	if cancel, ok := cancels[request]; ok {
		cancel()
	}
}

func pointer(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

func pointer32(n []uint32) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(n)) }

// refuse answers a request with an error, by the code that callers act on.
func refuse(request uint32, err error) {
	code, place := describe(err)
	fail(request, code, err.Error(), place.Segment, float64(place.First), float64(place.Last))
}

// describe is the code of an error and the place it is about.
func describe(err error) (code string, place segment.CorruptError) {
	place = segment.CorruptError{First: core.None, Last: core.None}
	if corrupt := (*segment.CorruptError)(nil); errors.As(err, &corrupt) {
		place = *corrupt
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
		{context.Canceled, "ABORTED"},
		{view.ErrOption, "INVALID_OPTION"},
	} {
		if errors.Is(err, c.sentinel) {
			return c.code
		}
	}
	if e := (*view.Error)(nil); errors.As(err, &e) {
		return "VIEW"
	}
	return "STORE"
}

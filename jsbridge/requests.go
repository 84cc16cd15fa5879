//go:build js && wasm

package jsbridge

import (
	"context"
	"errors"
	"unsafe"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
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
		if err != nil {
			refuse(request, err)
			return
		}
		settle(request, answer.a, answer.b, pointer(answer.data), uint32(len(answer.data)))
	}()
}

func cancel(request uint32) {
	if cancel, ok := cancels[request]; ok {
		cancel()
	}
}

func pointer(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

// refuse answers a request with an error, by the code that callers act on.
func refuse(request uint32, err error) {
	place := segment.CorruptError{First: core.None, Last: core.None}
	if corrupt := (*segment.CorruptError)(nil); errors.As(err, &corrupt) {
		place = *corrupt
	}
	fail(request, codeOf(err), err.Error(), place.Segment, float64(place.First), float64(place.Last))
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
	} {
		if errors.Is(err, c.sentinel) {
			return c.code
		}
	}
	return "STORE"
}

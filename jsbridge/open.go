//go:build js && wasm

package jsbridge

import (
	"context"
	"errors"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Opener opens a store of one kind; strict asks for the host's strictest
// durability.
type Opener func(ctx context.Context, name string, strict bool) (core.Store, error)

// Stores are the kinds of store that a module has. The numbers of the kinds
// are those of npm/src/boundary.ts.
type Stores map[uint32]Opener

// Kinds of store.
const (
	Memory    = 0
	IndexedDB = 1
	Files     = 2
)

var stores Stores

// Serve has the module open logs in these stores, and does not return. Each
// module's main is a call of it, so that a module links only what it needs.
func Serve(s Stores) {
	paceCollector()
	stores = s
	select {}
}

// logs are the open logs by their handles.
var (
	logs       = map[uint32]*core.Log{}
	lastHandle uint32
)

func openLog(request, kind uint32, name string, strict bool) {
	Start(request, func(ctx context.Context) (Answer, error) {
		store, err := openStore(ctx, kind, name, strict)
		if err != nil {
			return Answer{}, fmt.Errorf("opening %q: %w", name, err)
		}
		lastHandle++
		handle := lastHandle
		log, err := core.Open(ctx, store, core.Options{
			Warn:   func(err error) { warn(handle, err.Error()) },
			Health: func(h core.Health) { tellHealth(handle, h) },
		})
		if err != nil {
			return Answer{}, fmt.Errorf("opening %q: %w", name, err)
		}
		logs[handle] = log
		log.Watch(func(seq core.Seq) { since(handle, float64(seq)) })
		if s, ok := store.(interface{ Warning() string }); ok && s.Warning() != "" {
			go warn(handle, s.Warning()) // once the request is settled
		}
		return Answer{A: float64(handle), B: float64(log.Since())}, nil
	})
}

func tellHealth(handle uint32, h core.Health) {
	code, message, place := "", "", segment.CorruptError{First: core.None, Last: core.None}
	if h.Err != nil {
		code, place = Describe(h.Err)
		message = h.Err.Error()
	}
	health(handle, string(h.Condition), string(h.Step), float64(h.Freed), code, message, float64(place.First), float64(place.Last))
}

func openStore(ctx context.Context, kind uint32, name string, strict bool) (core.Store, error) {
	open, ok := stores[kind]
	if !ok {
		return nil, fmt.Errorf("this module has no store of kind %d", kind)
	}
	return open(ctx, name, strict)
}

func closeLog(handle, request uint32) {
	log, ok := logs[handle]
	delete(logs, handle)
	Start(request, func(ctx context.Context) (Answer, error) {
		if !ok {
			return Answer{}, nil
		}
		var errs []error
		for _, fn := range beforeClose {
			errs = append(errs, fn(ctx, handle))
		}
		return Answer{}, errors.Join(append(errs, log.Close(ctx))...)
	})
}

var beforeClose []func(ctx context.Context, handle uint32) error

// BeforeClose has fn called before a log is closed.
func BeforeClose(fn func(ctx context.Context, handle uint32) error) {
	beforeClose = append(beforeClose, fn)
}

// Opened is the log with that handle; where there is none, the request fails.
func Opened(handle, request uint32) (*core.Log, bool) {
	log, ok := logs[handle]
	if !ok {
		Refuse(request, fmt.Errorf("the log is %w", core.ErrClosed))
	}
	return log, ok
}

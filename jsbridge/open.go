//go:build js && wasm

package jsbridge

import (
	"context"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/jsbridge/idbstore"
)

// Kinds of store.
const (
	kindMemory    = 0
	kindIndexedDB = 1
	kindFile      = 2
)

// logs are the open logs by their handles.
var (
	logs       = map[uint32]*core.Log{}
	lastHandle uint32
)

func openLog(request, kind uint32, name string, strict bool) {
	start(request, func(ctx context.Context) (answer, error) {
		store, err := openStore(ctx, kind, name, strict)
		if err != nil {
			return answer{}, fmt.Errorf("opening %q: %w", name, err)
		}
		lastHandle++
		handle := lastHandle
		log, err := core.Open(ctx, store, core.Options{
			Warn: func(err error) { warn(handle, err.Error()) },
		})
		if err != nil {
			return answer{}, fmt.Errorf("opening %q: %w", name, err)
		}
		logs[handle] = log
		log.Watch(func(seq core.Seq) { since(handle, float64(seq)) })
		return answer{a: float64(handle), b: float64(log.Since())}, nil
	})
}

func openStore(ctx context.Context, kind uint32, name string, strict bool) (core.Store, error) {
	switch kind {
	case kindMemory:
		return memstore.Open(new(memstore.Disk)), nil
	case kindIndexedDB:
		return idbstore.Open(ctx, name, idbstore.Options{Strict: strict})
	case kindFile:
		return openFiles(name, strict)
	}
	return nil, fmt.Errorf("there is no store of kind %d", kind)
}

func deleteLog(request, kind uint32, name string) {
	start(request, func(ctx context.Context) (answer, error) {
		if kind != kindIndexedDB {
			return answer{}, fmt.Errorf("a store of kind %d is not deleted here", kind)
		}
		return answer{}, idbstore.Delete(ctx, name)
	})
}

func closeLog(handle, request uint32) {
	log, ok := logs[handle]
	delete(logs, handle)
	start(request, func(ctx context.Context) (answer, error) {
		if !ok {
			return answer{}, nil
		}
		return answer{}, log.Close(ctx)
	})
}

// opened is the log with that handle; where there is none, the request fails.
func opened(handle, request uint32) (*core.Log, bool) {
	log, ok := logs[handle]
	if !ok {
		refuse(request, fmt.Errorf("the log is %w", core.ErrClosed))
	}
	return log, ok
}

//go:build js && wasm

// Command flumedb is the module for pages, workers and service workers that use
// no views but JavaScript's. It is smaller than command flumedb-views.
package main

import (
	"context"
	"io"
	"log"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/jsbridge"
	"github.com/flumedb/flumedb-wasm/jsbridge/idbstore"
)

func main() {
	// go-indexeddb reports on the standard logger what the store handles.
	log.SetOutput(io.Discard)

	jsbridge.Serve(jsbridge.Stores{
		jsbridge.Memory: func(context.Context, string, bool) (core.Store, error) {
			return memstore.Open(new(memstore.Disk)), nil
		},
		jsbridge.IndexedDB: func(ctx context.Context, name string, strict bool) (core.Store, error) {
			return idbstore.Open(ctx, name, idbstore.Options{Strict: strict})
		},
	})
}

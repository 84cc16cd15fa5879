//go:build js && wasm

// Command flumedb-views is the module for pages, workers and service workers
// that use the views built in; it is command flumedb with these.
package main

import (
	"context"
	"io"
	"log"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/kinds"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/jsbridge"
	"github.com/flumedb/flumedb-wasm/jsbridge/idbstore"
	"github.com/flumedb/flumedb-wasm/jsbridge/replicas"
	"github.com/flumedb/flumedb-wasm/jsbridge/views"
)

func main() {
	// go-indexeddb reports on the standard logger what the store handles.
	log.SetOutput(io.Discard)

	views.Serve(kinds.All...)
	replicas.Serve()
	jsbridge.Serve(jsbridge.Stores{
		jsbridge.Memory: func(context.Context, string, bool) (core.Store, error) {
			return memstore.Open(new(memstore.Disk)), nil
		},
		jsbridge.IndexedDB: func(ctx context.Context, name string, strict bool) (core.Store, error) {
			return idbstore.Open(ctx, name, idbstore.Options{Strict: strict})
		},
	})
}

//go:build js && wasm

// Package hosts makes one module for every host: pages, workers and Node. The
// modules that are shipped link only what theirs needs; a module with views of
// one's own is simpler to keep as one.
package hosts

import (
	"context"
	"io"
	"log"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/filestore"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/view"
	"github.com/flumedb/flumedb-wasm/jsbridge"
	"github.com/flumedb/flumedb-wasm/jsbridge/idbstore"
	"github.com/flumedb/flumedb-wasm/jsbridge/nodefs"
	"github.com/flumedb/flumedb-wasm/jsbridge/replicas"
	"github.com/flumedb/flumedb-wasm/jsbridge/views"
)

// Serve has the module open logs and mount views of these kinds, and does not
// return. It is all that a main has to do; docs/writing-views.md has one.
func Serve(kinds ...view.Kind) {
	// go-indexeddb reports on the standard logger what the store handles.
	log.SetOutput(io.Discard)

	views.Serve(kinds...)
	replicas.Serve()
	jsbridge.Serve(jsbridge.Stores{
		jsbridge.Memory: func(context.Context, string, bool) (core.Store, error) {
			return memstore.Open(new(memstore.Disk)), nil
		},
		jsbridge.IndexedDB: func(ctx context.Context, name string, strict bool) (core.Store, error) {
			return idbstore.Open(ctx, name, idbstore.Options{Strict: strict})
		},
		jsbridge.Files: func(_ context.Context, dir string, strict bool) (core.Store, error) {
			return filestore.Open(nodefs.New(dir), filestore.Options{Strict: strict})
		},
	})
}

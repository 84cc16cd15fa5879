//go:build js && wasm

// Command flumedb-node is the module for Node: the log in a folder of files, and
// all views, since nobody has to fetch it.
package main

import (
	"context"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/filestore"
	"github.com/flumedb/flumedb-wasm/core/kinds"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/jsbridge"
	"github.com/flumedb/flumedb-wasm/jsbridge/nodefs"
	"github.com/flumedb/flumedb-wasm/jsbridge/replicas"
	"github.com/flumedb/flumedb-wasm/jsbridge/views"
)

func main() {
	views.Serve(kinds.All...)
	replicas.Serve()
	jsbridge.Serve(jsbridge.Stores{
		jsbridge.Memory: func(context.Context, string, bool) (core.Store, error) {
			return memstore.Open(new(memstore.Disk)), nil
		},
		jsbridge.Files: func(_ context.Context, dir string, strict bool) (core.Store, error) {
			return filestore.Open(nodefs.New(dir), filestore.Options{Strict: strict})
		},
	})
}

//go:build js && wasm

// Command flumedb-http is the module that answers a service worker's fetch
// events with package httpapi, from a log in IndexedDB. It is apart from the
// others so that only those pay for net/http who use it.
package main

import (
	"context"
	"io"
	"log"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/httpapi"
	"github.com/flumedb/flumedb-wasm/jsbridge/database"
	"github.com/flumedb/flumedb-wasm/jsbridge/fetch"
	"github.com/flumedb/flumedb-wasm/jsbridge/idbstore"
)

func main() {
	// go-indexeddb reports on the standard logger what the store handles.
	log.SetOutput(io.Discard)

	fetch.Serve(database.Handler(database.Options{
		Open: func(ctx context.Context, name string, strict bool) (core.Store, error) {
			return idbstore.Open(ctx, name, idbstore.Options{Strict: strict})
		},
		HTTP: httpapi.Options{Storage: database.BrowserStorage},
	}))
	select {}
}

//go:build js && wasm

// Command flumedb-http is the module that answers a service worker's fetch
// events with package httpapi, from a log in IndexedDB. It is apart from the
// others so that only those pay for net/http who use it.
package main

import (
	"io"
	"log"

	"github.com/flumedb/flumedb-wasm/jsbridge/database"
	"github.com/flumedb/flumedb-wasm/jsbridge/fetch"
)

func main() {
	// go-indexeddb reports on the standard logger what the store handles.
	log.SetOutput(io.Discard)

	fetch.Serve(database.Handler())
	select {}
}

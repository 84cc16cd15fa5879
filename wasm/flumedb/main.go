//go:build js && wasm

// Command flumedb is the module of the npm package flumedb-wasm: the log and
// its stores, without a server.
package main

import (
	"io"
	"log"
	"runtime/debug"

	_ "github.com/flumedb/flumedb-wasm/jsbridge"
)

func main() {
	// Most of the heap is segments' bytes, which the collector does not look
	// into: collecting often is cheap, and memory once grown never shrinks.
	debug.SetGCPercent(30)

	// go-indexeddb reports on the standard logger what the store handles.
	log.SetOutput(io.Discard)

	select {}
}

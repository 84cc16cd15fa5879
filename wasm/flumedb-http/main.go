//go:build js && wasm

// Command flumedb-http is the module that answers a service worker's fetch
// events with package httpapi, from a log in IndexedDB. It is apart from the
// others so that only those pay for net/http who use it.
package main

import (
	"io"
	"log"
	"net/http"
	"syscall/js"

	"github.com/flumedb/flumedb-wasm/core/httpapi"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/jsbridge/fetch"
)

func main() {
	// go-indexeddb reports on the standard logger what the store handles.
	log.SetOutput(io.Discard)

	binding := fetch.Binding()
	s, err := parseSettings(json.Value(binding.Get("settings").String()))
	if err != nil {
		fetch.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { httpapi.Fail(w, r, err) }))
		select {}
	}
	d := &database{settings: s}
	binding.Set("refresh", js.FuncOf(func(js.Value, []js.Value) any { go d.refresh(); return nil }))
	binding.Set("memory", js.FuncOf(func(js.Value, []js.Value) any { return memory() }))
	fetch.Serve(d)
	select {}
}

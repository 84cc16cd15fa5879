//go:build js && wasm

// Command edge is the module for Cloudflare: in a Worker it decides which log a
// request is for, if any, and in a Durable Object it serves one.
package main

import (
	"context"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/httpapi"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/jsbridge/database"
	"github.com/flumedb/flumedb-wasm/jsbridge/durablestore"
	"github.com/flumedb/flumedb-wasm/jsbridge/fetch"
	"github.com/flumedb/flumedb-wasm/jsbridge/gate"
)

func main() {
	binding := fetch.Binding()
	if settings := binding.Get("gate"); settings.Truthy() {
		gate.Serve(binding, json.Value(settings.String()))
		select {}
	}
	storage := binding.Get("storage")
	fetch.Serve(database.Handler(database.Options{
		Open: func(context.Context, string, bool) (core.Store, error) { return durablestore.Open(storage) },
		// An isolate has 128 MB, for all objects that share it. MaxBody is MAX_BODY of npm/edge/body.ts.
		HTTP: httpapi.Options{MaxBody: 4 << 20, MaxBuffered: 16 << 20, MaxStreams: 200},
		Log:  core.Options{CacheBytes: 4 << 20},
	}))
	select {}
}

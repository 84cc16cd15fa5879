//go:build js && wasm

// Package gate has JavaScript ask core/gate what becomes of a request.
package gate

import (
	"syscall/js"

	"github.com/syumai/workers"

	"github.com/flumedb/flumedb-wasm/core/gate"
	"github.com/flumedb/flumedb-wasm/core/json"
)

// Serve gives the binding the function decide, which answers at once: so that an
// instance may serve many requests where each has its own timers, as in a Worker.
// settings are the token and the origins, as JSON. It does not block.
func Serve(binding js.Value, settings json.Value) {
	o := gate.Options{Token: settings.Member("token").Str()}
	for origins := settings.Member("origins").Items(); ; {
		origin, more := origins.Next()
		if !more {
			break
		}
		o.Origins = append(o.Origins, origin.Str())
	}
	g := gate.New(o)
	binding.Set("decide", js.FuncOf(func(_ js.Value, args []js.Value) any {
		headers := args[2]
		verdict := g.Decide(gate.Request{
			Method: args[0].String(),
			Path:   args[1].String(),
			Header: func(name string) string {
				if value := headers.Call("get", name); value.Type() == js.TypeString {
					return value.String()
				}
				return ""
			},
		})
		header := make([]any, len(verdict.Header))
		for i, text := range verdict.Header {
			header[i] = text
		}
		return map[string]any{"log": verdict.Log, "path": verdict.Path, "status": verdict.Status, "body": string(verdict.Body), "header": header}
	}))
	workers.Ready()
}

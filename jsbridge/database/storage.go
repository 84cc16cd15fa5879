//go:build js && wasm

package database

import (
	"context"
	"fmt"
	"syscall/js"

	"github.com/flumedb/flumedb-wasm/core/httpapi"
	"github.com/flumedb/flumedb-wasm/jsbridge/promise"
)

// BrowserStorage is what the browser says of the storage of this origin, all of
// it. Only pages can ask for it to be kept.
func BrowserStorage(ctx context.Context) (s httpapi.Storage, err error) {
	manager := js.Global().Get("navigator").Get("storage")
	if manager.IsUndefined() {
		return s, nil
	}
	estimate, err := ask(ctx, manager, "estimate")
	if err != nil {
		return s, err
	}
	persisted, err := ask(ctx, manager, "persisted")
	if err != nil {
		return s, err
	}
	if estimate.Type() == js.TypeObject {
		s.Usage, s.Quota = bytesOf(estimate.Get("usage")), bytesOf(estimate.Get("quota"))
	}
	if persisted.Type() == js.TypeBoolean {
		yes := persisted.Bool()
		s.Persisted = &yes
	}
	return s, nil
}

func bytesOf(v js.Value) *int64 {
	if v.Type() != js.TypeNumber {
		return nil
	}
	n := int64(v.Float())
	return &n
}

// ask calls a method that answers with a promise, and answers what that comes to;
// undefined where there is no such method.
func ask(ctx context.Context, of js.Value, method string) (js.Value, error) {
	if of.Get(method).Type() != js.TypeFunction {
		return js.Undefined(), nil
	}
	value, err := promise.Await(ctx, of.Call(method))
	if err != nil {
		return js.Undefined(), fmt.Errorf("asking the browser for its storage: %w", err)
	}
	return value, nil
}

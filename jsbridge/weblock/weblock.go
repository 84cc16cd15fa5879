//go:build js && wasm

// Package weblock has one context at a time, of the browser's tabs and workers,
// build a view. It is for js/wasm.
package weblock

import (
	"context"
	"fmt"
	"strings"
	"syscall/js"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/view"
	"github.com/flumedb/flumedb-wasm/jsbridge/promise"
)

// Claim is a view.Claim among all tabs and workers of the origin, by a Web Lock,
// which ends with whoever holds it. It is nil where there are none: in Node, where
// one process has a log, and in pages that are not secure.
func Claim(log *core.Log) view.Claim {
	navigator := js.Global().Get("navigator")
	if navigator.IsUndefined() || navigator.Get("locks").IsUndefined() {
		return nil
	}
	locks := navigator.Get("locks")
	return func(ctx context.Context, key string) (func(), error) {
		// The log's own id: two logs may have the same name at different times.
		name := fmt.Sprintf("flumedb-wasm:view:%x:%s", log.State().ID, strings.ReplaceAll(key, "\x00", "@"))
		return hold(ctx, locks, name)
	}
}

// hold waits for a lock, and holds it until release is called.
func hold(ctx context.Context, locks js.Value, name string) (release func(), err error) {
	global := js.Global()
	var letGo js.Value
	executor := js.FuncOf(func(_ js.Value, args []js.Value) any {
		letGo = args[0]
		return nil
	})
	held := global.Get("Promise").New(executor)
	executor.Release()

	granted, refused := make(chan struct{}, 1), make(chan error, 1)
	grant := js.FuncOf(func(js.Value, []js.Value) any {
		granted <- struct{}{}
		return held
	})
	stop := global.Get("AbortController").New()
	options := global.Get("Object").New()
	options.Set("signal", stop.Get("signal"))
	promise.Then(locks.Call("request", name, options, grant), func(_ js.Value, err error) {
		grant.Release()
		if err != nil {
			refused <- err
		}
	})

	select {
	case <-granted:
		return func() { letGo.Invoke() }, nil
	case err := <-refused:
		return nil, fmt.Errorf("the lock %q: %w", name, err)
	case <-ctx.Done():
		stop.Call("abort")
		letGo.Invoke() // it may have been granted just now
		return nil, ctx.Err()
	}
}

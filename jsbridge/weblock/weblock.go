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

	granted, refused := make(chan struct{}, 1), make(chan string, 1)
	var funcs [3]js.Func
	funcs[0] = js.FuncOf(func(js.Value, []js.Value) any {
		granted <- struct{}{}
		return held
	})
	over := func() {
		for _, fn := range funcs {
			fn.Release()
		}
	}
	funcs[1] = js.FuncOf(func(js.Value, []js.Value) any {
		over()
		return nil
	})
	funcs[2] = js.FuncOf(func(_ js.Value, args []js.Value) any {
		refused <- global.Get("String").Invoke(args[0]).String()
		over()
		return nil
	})
	stop := global.Get("AbortController").New()
	options := global.Get("Object").New()
	options.Set("signal", stop.Get("signal"))
	locks.Call("request", name, options, funcs[0]).Call("then", funcs[1], funcs[2])

	select {
	case <-granted:
		return func() { letGo.Invoke() }, nil
	case reason := <-refused:
		return nil, fmt.Errorf("the lock %q: %s", name, reason)
	case <-ctx.Done():
		stop.Call("abort")
		letGo.Invoke() // it may have been granted just now
		return nil, ctx.Err()
	}
}

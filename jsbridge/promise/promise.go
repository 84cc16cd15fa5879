//go:build js && wasm

// Package promise waits for what JavaScript promises. It is for js/wasm.
package promise

import (
	"context"
	"errors"
	"syscall/js"
)

// Then has settled called once, with what a promise comes to; err says what it
// was rejected with, which may be anything. It is called in the event that
// settles the promise, and must not wait.
func Then(promise js.Value, settled func(value js.Value, err error)) {
	var resolved, rejected js.Func
	over := func() {
		resolved.Release()
		rejected.Release()
	}
	resolved = js.FuncOf(func(_ js.Value, args []js.Value) any {
		over()
		settled(args[0], nil)
		return nil
	})
	rejected = js.FuncOf(func(_ js.Value, args []js.Value) any {
		over()
		settled(js.Undefined(), errors.New(js.Global().Call("String", args[0]).String()))
		return nil
	})
	promise.Call("then", resolved, rejected)
}

// Await is what a promise comes to. A context that is over ends the wait only.
func Await(ctx context.Context, promise js.Value) (js.Value, error) {
	type outcome struct {
		value js.Value
		err   error
	}
	settled := make(chan outcome, 1)
	Then(promise, func(value js.Value, err error) { settled <- outcome{value, err} })
	select {
	case o := <-settled:
		return o.value, o.err
	case <-ctx.Done():
		return js.Undefined(), ctx.Err()
	}
}

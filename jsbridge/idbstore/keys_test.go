//go:build js && wasm

package idbstore

import (
	"errors"
	"syscall/js"
	"testing"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
)

const lostConnection = `Object.defineProperty(tx, 'error', { value: new DOMException('Connection to Indexed Database server lost. Refresh the page to try again', 'UnknownError') })`

// TestAKeyedCommitThatTheBrowserLost loses the connection around a commit with
// a key, before it took effect and after, with and without others who commit
// before the store looks again: the records are there once, and the store
// knows where.
func TestAKeyedCommitThatTheBrowserLost(t *testing.T) {
	for name, sabotage := range map[string]string{
		"after it took effect": `tx => tx.addEventListener('complete', event => {
			event.stopImmediatePropagation()
			globalThis.lose = () => {
				tx.db.close()
				` + lostConnection + `
				tx.dispatchEvent(new Event('abort'))
			}
		})`,
		"before it took effect": `tx => {
			` + lostConnection + `
			tx.insteadOfCommit = () => tx.abort()
			tx.addEventListener('abort', event => {
				if (globalThis.lose) return
				event.stopImmediatePropagation()
				globalThis.lose = () => tx.dispatchEvent(new Event('abort'))
			})
		}`,
	} {
		for _, others := range []bool{false, true} {
			t.Run(name+map[bool]string{true: ", and others go on"}[others], func(t *testing.T) {
				s, dbName := openFresh(t)
				other, err := Open(ctx, dbName, Options{})
				if err != nil {
					t.Fatal(err)
				}
				defer other.Close()
				appendOne(t, s, 0)
				js.Global().Set("lose", js.Undefined())
				onNextWrite(sabotage)
				key := core.Key{Name: "k", Through: 1, Count: 1, Sum: 7}
				answered := make(chan error)

				go func() {

					_, err := s.AppendOnce(ctx, some(1, 1), []core.Key{key})
					answered <- err
				}()
				for js.Global().Get("lose").IsUndefined() {
					time.Sleep(time.Millisecond)
				}
				if others {
					if _, err := other.Append(ctx, some(9, 2)); err != nil {
						t.Fatal(err)
					}
				}
				js.Global().Call("setTimeout", js.Global().Get("lose"))
				err = <-answered
				var known *core.KnownError
				if err != nil && !errors.As(err, &known) {
					t.Fatalf("append: %v", err)
				}
				// Whoever asks next is told of the one that is there.
				_, err = other.AppendOnce(ctx, some(1, 1), []core.Key{key})
				if !errors.As(err, &known) || known.Known["k"].Count != 1 || known.Known["k"].Sum != 7 {
					t.Fatalf("the key is not known: %v", err)
				}
				last := known.Known["k"].Last
				n := 2
				if others {
					n = 4
				}
				now, err := s.State(ctx)
				if err != nil || now.Head != core.Seq(n-1) {
					t.Fatalf("%d records are there, %v; want %d", now.Head+1, err, n)
				}
				run, err := s.Read(ctx, last, false, 1)
				if err != nil || string(run[0].Record(last)) != `{"seq":1}` {
					t.Fatalf("the record of the key: %v", err)
				}
			})
		}
	}
}

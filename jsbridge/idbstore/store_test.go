//go:build js && wasm

package idbstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall/js"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/storetest"
	"github.com/flumedb/flumedb-wasm/jsbridge/idbstore"
)

func TestStore(t *testing.T) {
	for _, strict := range []bool{false, true} {
		t.Run(fmt.Sprintf("strict=%t", strict), func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Data { return freshData(t, strict) })
		})
	}
}

func freshData(t *testing.T, strict bool) storetest.Data {
	name := freshName(t)
	return storetest.Data{
		Open: func() (core.Store, error) {
			return idbstore.Open(context.Background(), name, idbstore.Options{Strict: strict})
		},
		Shared: true,
		Damage: func(seq core.Seq, offset int) {
			awaitPromise(t, evaluate(damageFunction), name, float64(seq), offset)
		},
	}
}

// freshName names a database that is deleted after the test.
func freshName(t *testing.T) string {
	if !js.Global().Get("indexedDB").Truthy() {
		t.Fatal("these tests need a browser: run them with go test -exec, see make test-wasm")
	}
	name := fmt.Sprintf("test-%x", rand.Uint64())
	t.Cleanup(func() {
		if err := idbstore.Delete(context.Background(), name); err != nil {
			t.Errorf("deleting the test's database: %v", err)
		}
	})
	return name
}

// evaluate makes a JavaScript function of its text.
func evaluate(text string) js.Value { return js.Global().Call("eval", "("+text+")") }

// awaitPromise calls a JavaScript function and waits for the promise it answers.
func awaitPromise(t *testing.T, fn js.Value, args ...any) js.Value {
	t.Helper()
	type outcome struct {
		value js.Value
		err   error
	}
	done := make(chan outcome, 1)
	resolved := js.FuncOf(func(_ js.Value, args []js.Value) any { done <- outcome{value: args[0]}; return nil })
	rejected := js.FuncOf(func(_ js.Value, args []js.Value) any { done <- outcome{err: js.Error{Value: args[0]}}; return nil })
	defer resolved.Release()
	defer rejected.Release()
	fn.Invoke(args...).Call("then", resolved, rejected)
	o := <-done
	if o.err != nil {
		t.Fatal(o.err)
	}
	return o.value
}

const damageFunction = `async (name, seq, offset) => {
	const count = frame => new DataView(frame.buffer).getUint32(16, true)
	const done = request => new Promise((resolve, reject) => {
		request.onsuccess = () => resolve(request.result)
		request.onerror = () => reject(request.error)
	})
	const db = await done(indexedDB.open(name))
	const tx = db.transaction(['segments', 'tail'], 'readwrite')
	let cursor = await done(tx.objectStore('segments').openCursor(IDBKeyRange.lowerBound([seq])))
	if (!cursor) {
		// In the tail, whose rows are placed by how many records those before them hold.
		const newest = await done(tx.objectStore('segments').openKeyCursor(null, 'prev'))
		let last = newest ? newest.key[0] : -1
		const request = tx.objectStore('tail').openCursor()
		cursor = await done(request)
		while ((last += count(cursor.value)) < seq) {
			cursor.continue()
			cursor = await done(request)
		}
	}
	const bytes = cursor.value
	bytes[offset] ^= 0x40
	await done(cursor.update(bytes))
	db.close()
}`

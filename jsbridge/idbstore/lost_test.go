//go:build js && wasm

package idbstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"syscall/js"
	"testing"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
	"github.com/flumedb/flumedb-wasm/core/storetest"
)

// The tests reach the store's own connections and transactions through what
// the page sees of them, and do to them what browsers do.
func TestMain(m *testing.M) {
	js.Global().Call("eval", `
		if (globalThis.indexedDB) {
			const open = IDBFactory.prototype.open
			globalThis.connections = []
			IDBFactory.prototype.open = function (...args) {
				const request = open.apply(this, args)
				request.addEventListener('success', () => connections.push(request.result))
				return request
			}
			const commit = IDBTransaction.prototype.commit
			IDBTransaction.prototype.commit = function () {
				return this.insteadOfCommit ? this.insteadOfCommit() : commit.call(this)
			}
			const transaction = IDBDatabase.prototype.transaction
			IDBDatabase.prototype.transaction = function (...args) {
				const tx = transaction.apply(this, args)
				globalThis.onTransaction?.(tx)
				return tx
			}
		}`)
	os.Exit(m.Run())
}

var ctx = context.Background()

func openFresh(t *testing.T) (*Store, string) {
	t.Helper()
	name := fmt.Sprintf("test-%x", rand.Uint64())
	s, err := Open(ctx, name, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		js.Global().Set("onTransaction", js.Undefined())
		if err := Delete(ctx, name); err != nil {
			t.Errorf("deleting the test's database: %v", err)
		}
	})
	return s, name
}

// onNextWrite runs a JavaScript function on the next transaction that writes.
func onNextWrite(text string) {
	js.Global().Call("eval", `globalThis.onTransaction = tx => {
		if (tx.mode !== 'readwrite') return
		globalThis.onTransaction = undefined
		;(`+text+`)(tx)
	}`)
}

func appendOne(t *testing.T, s *Store, want core.Seq) {
	t.Helper()
	appendSome(t, s, want, 1)
}

// appendSome makes a commit of one-record segments: one goes to the tail, more
// go to segments.
func appendSome(t *testing.T, s *Store, first core.Seq, n int) {
	t.Helper()
	state, err := s.Append(ctx, some(first, n))
	if err != nil || state.Head != first+core.Seq(n)-1 {
		t.Fatalf("append %d: %+v, %v", first, state, err)
	}
}

func some(first core.Seq, n int) (segments []*segment.Segment) {
	for i := range n {
		segments = append(segments, storetest.Numbered(first+core.Seq(i), 1))
	}
	return segments
}

func wantWhole(t *testing.T, s *Store, n int) {
	t.Helper()
	for i, r := range storetest.Records(t, s, 1<<20) {
		if r != fmt.Sprintf(`{"seq":%d}`, i) {
			t.Fatalf("record %d is %s", i, r)
		}
	}
	if state, err := s.State(ctx); err != nil || state.Head != core.Seq(n-1) {
		t.Fatalf("state: %+v, %v, want %d records", state, err, n)
	}
}

func TestAClosedConnectionIsReplaced(t *testing.T) {
	for name, use := range map[string]func(s *Store) error{
		"state": func(s *Store) error { _, err := s.State(ctx); return err },
		"append": func(s *Store) error {
			_, err := s.Append(ctx, []*segment.Segment{storetest.Numbered(1, 1)})
			return err
		},
		"read":       func(s *Store) error { _, err := s.Read(ctx, 0, false, 1); return err },
		"index":      func(s *Store) error { _, err := s.Index(ctx, 0, 10); return err },
		"checkpoint": func(s *Store) error { _, err := s.Checkpoint(ctx, "a"); return err },
		"set":        func(s *Store) error { return s.SetCheckpoint(ctx, "a", []byte("x")) },
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := openFresh(t)
			appendOne(t, s, 0)
			js.Global().Call("eval", `connections.forEach(db => db.close())`)
			if err := use(s); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestACommitThatTheBrowserLost(t *testing.T) {
	const loss = `Object.defineProperty(tx, 'error', { value: new DOMException('Connection to Indexed Database server lost. Refresh the page to try again', 'UnknownError') })`
	for name, sabotage := range map[string]string{
		"after it took effect": `tx => tx.addEventListener('complete', event => {
			event.stopImmediatePropagation()
			tx.db.close()
			` + loss + `
			tx.dispatchEvent(new Event('abort'))
		})`,
		"before it took effect": `tx => { ` + loss + `; tx.insteadOfCommit = () => tx.abort() }`,
		// The connection is closed later: where it is at once, WebKit does not tell of the abort.
		"before it could begin": `tx => { tx.abort(); tx.addEventListener('abort', () => tx.db.close()) }`,
	} {
		for _, n := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s, %d segments", name, n), func(t *testing.T) {
				s, _ := openFresh(t)
				appendSome(t, s, 0, n)
				onNextWrite(sabotage)
				appendSome(t, s, core.Seq(n), n)
				appendSome(t, s, core.Seq(2*n), n)
				wantWhole(t, s, 3*n)
			})
		}
	}
}

// What could not even begin is not uncertain, whatever others have done meanwhile.
func TestACommitThatCouldNotBegin(t *testing.T) {
	for n := 1; n <= 2; n++ {
		s, name := openFresh(t)
		appendSome(t, s, 0, n)
		other, err := Open(ctx, name, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		js.Global().Call("eval", `connections.forEach(db => db.close())`)
		appendSome(t, other, core.Seq(n), 2)
		appendSome(t, s, core.Seq(n)+2, n)
		wantWhole(t, s, 2*n+2)
	}
}

// A store without room for one thing gives up its connection, on which others are
// under way: they go on, and nothing is told of it.
func TestNoRoomForOneOfMany(t *testing.T) {
	s, _ := openFresh(t)
	appendSome(t, s, 0, 2)
	told := hear(s)
	js.Global().Call("eval", `globalThis.onTransaction = tx => {
		if (tx.mode !== 'readwrite' || tx.objectStoreNames.length > 1 || tx.objectStoreNames[0] !== 'checkpoints') return
		globalThis.onTransaction = undefined
		Object.defineProperty(tx, 'error', { value: new DOMException('', 'QuotaExceededError') })
		queueMicrotask(() => tx.abort())
	}`)
	failed := make(chan error)
	go func() { failed <- s.SetCheckpoint(ctx, "a", []byte("x")) }()
	for first := core.Seq(2); first < 40; first += 2 {
		appendSome(t, s, first, 2)
	}
	if err := <-failed; !errors.Is(err, core.ErrQuota) {
		t.Fatalf("the one without room: %v", err)
	}
	wantWhole(t, s, 40)
	for len(told) > 0 {
		if h := <-told; h.Condition != core.Healthy {
			t.Errorf("%s was told: %v", h.Condition, h.Err)
		}
	}
}

func TestAnAbortWithoutAReasonIsAnError(t *testing.T) {
	s, _ := openFresh(t)
	appendOne(t, s, 0)
	for n := range 2 {
		onNextWrite(`tx => { tx.insteadOfCommit = () => tx.abort() }`)
		if _, err := s.Append(ctx, some(1, n+1)); !errors.Is(err, errAborted) {
			t.Fatalf("append of %d segments in an aborted transaction: %v", n+1, err)
		}
	}
	onNextWrite(`tx => queueMicrotask(() => tx.abort())`)
	if err := s.SetCheckpoint(ctx, "a", []byte("x")); !errors.Is(err, errAborted) {
		t.Fatalf("checkpoint in an aborted transaction: %v", err)
	}
	if v, err := s.Checkpoint(ctx, "a"); v != nil || err != nil {
		t.Fatalf("the checkpoint that was not written: %q, %v", v, err)
	}
	appendOne(t, s, 1)
	wantWhole(t, s, 2)
}

func TestNoRoom(t *testing.T) {
	s, _ := openFresh(t)
	appendOne(t, s, 0)
	for n := range 2 {
		if _, err := s.State(ctx); err != nil { // on a connection anew, as one without room is dropped
			t.Fatal(err)
		}
		onNextWrite(`tx => {
			Object.defineProperty(tx, 'error', { value: new DOMException('', 'QuotaExceededError') })
			tx.insteadOfCommit = () => tx.abort()
		}`)
		if _, err := s.Append(ctx, some(1, n+1)); !errors.Is(err, core.ErrQuota) {
			t.Fatalf("append of %d segments without room: %v", n+1, err)
		}
	}
	appendOne(t, s, 1)
	wantWhole(t, s, 2)
}

func TestADatabaseDeletedUnderUsIsGone(t *testing.T) {
	s, name := openFresh(t)
	appendOne(t, s, 0)
	if err := Delete(ctx, name); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.Append(ctx, []*segment.Segment{storetest.Numbered(1, 1)}); !errors.Is(err, core.ErrGone) {
			t.Fatalf("append to a deleted log: %v", err)
		}
		if _, err := s.Read(ctx, 0, false, 1); !errors.Is(err, core.ErrGone) {
			t.Fatalf("read of a deleted log: %v", err)
		}
	}
	await(t, `async name => {
		const found = await indexedDB.databases()
		if (found.some(database => database.name === name && database.version)) // WebKit lists it, of version 0
			 throw new Error('it has been created again: ' + JSON.stringify(found))
	}`, name)
	again, err := Open(ctx, name, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	appendOne(t, again, 0)
	if _, err := s.State(ctx); !errors.Is(err, core.ErrGone) {
		t.Fatalf("state of a log in whose place another stands: %v", err)
	}
}

func TestADatabaseUpgradedUnderUsIsNewer(t *testing.T) {
	s, name := openFresh(t)
	appendOne(t, s, 0)
	await(t, `name => new Promise((resolve, reject) => {
		const request = indexedDB.open(name, 2)
		request.onsuccess = () => resolve(request.result.close())
		request.onerror = () => reject(request.error)
	})`, name)
	if _, err := s.Append(ctx, []*segment.Segment{storetest.Numbered(1, 1)}); !errors.Is(err, core.ErrVersion) {
		t.Fatalf("append to an upgraded database: %v", err)
	}
}

func TestADatabaseThatIsNotOursIsRefused(t *testing.T) {
	name := fmt.Sprintf("test-%x", rand.Uint64())
	await(t, `name => new Promise(resolve => {
		const request = indexedDB.open(name, 1)
		request.onupgradeneeded = () => request.result.createObjectStore('theirs')
		request.onsuccess = () => resolve(request.result.close())
	})`, name)
	defer Delete(ctx, name)
	if _, err := Open(ctx, name, Options{}); !errors.Is(err, core.ErrVersion) {
		t.Fatalf("opening a database of another application: %v", err)
	}
}

func TestADamagedStateRowIsCorrupt(t *testing.T) {
	s, name := openFresh(t)
	appendOne(t, s, 0)
	s.Close()
	for want, value := range map[error]string{
		core.ErrCorrupt: `new Uint8Array([70, 76, 77, 73, 1, 0, 0, 0, 5])`,
		core.ErrVersion: `new Uint8Array([70, 76, 77, 73, 9, 0, 0, 0])`,
	} {
		await(t, `name => new Promise(resolve => {
			const request = indexedDB.open(name)
			request.onsuccess = () => {
				const tx = request.result.transaction('meta', 'readwrite')
				tx.objectStore('meta').put(`+value+`, 'state')
				tx.oncomplete = () => resolve(request.result.close())
			}
		})`, name)
		if _, err := Open(ctx, name, Options{}); !errors.Is(err, want) {
			t.Errorf("opening with the state row %s: %v", value, err)
		}
	}
}

func TestABlockedOpenEndsWithItsContext(t *testing.T) {
	s, name := openFresh(t)
	appendOne(t, s, 0)
	s.Close()
	// A tab that does not let go, and another that waits to delete.
	await(t, `name => new Promise(resolve => {
		const request = indexedDB.open(name)
		request.onsuccess = () => {
			globalThis.holding = request.result
			indexedDB.deleteDatabase(name).onblocked = resolve
		}
	})`, name)
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if blocked, err := Open(short, name, Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a blocked open: %v, %v", blocked, err)
	}
	js.Global().Get("holding").Call("close")
	again, err := Open(ctx, name, Options{})
	if err != nil {
		t.Fatalf("open after the other let go: %v", err)
	}
	again.Close()
}

// await calls a JavaScript function that answers a promise, and waits for it.
func await(t *testing.T, text string, args ...any) {
	t.Helper()
	done := make(chan error, 1)
	resolved := js.FuncOf(func(js.Value, []js.Value) any { done <- nil; return nil })
	rejected := js.FuncOf(func(_ js.Value, args []js.Value) any { done <- js.Error{Value: args[0]}; return nil })
	defer resolved.Release()
	defer rejected.Release()
	js.Global().Call("eval", "("+text+")").Invoke(args...).Call("then", resolved, rejected)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// onEffect closes took when the page's tookEffect is called.
func onEffect(took chan struct{}) (release func()) {
	hook := js.FuncOf(func(js.Value, []js.Value) any { close(took); return nil })
	js.Global().Set("tookEffect", hook)
	return hook.Release
}

func lose() { js.Global().Call("lose") }

// A large checkpoint is written in several tasks, which are one commit all the same.
func TestALargeCheckpointIsWrittenAsAWhole(t *testing.T) {
	s, _ := openFresh(t)
	large := func(fill byte) []byte { return bytes.Repeat([]byte{fill}, largeRow) }
	want := func(fill byte) {
		t.Helper()
		value, body, err := s.CheckpointBody(ctx, "a")
		if err != nil || !bytes.Equal(value, large(fill)) || !bytes.Equal(body, large(fill+1)) {
			t.Fatalf("the checkpoint is %d bytes and %d, %v", len(value), len(body), err)
		}
	}
	if err := s.SetCheckpointBody(ctx, "a", large('a'), large('b')); err != nil {
		t.Fatal(err)
	}
	want('a')
	put := browser().put
	browser().put = js.Global().Call("eval", `let puts = 0
		;(store, ...row) => {
			if (++puts > 1) throw new DOMException('', 'DataError')
			return store.put(...row)
		}`)
	err := s.SetCheckpointBody(ctx, "a", large('c'), large('d'))
	browser().put = put
	if err == nil {
		t.Fatal("the second put was to fail")
	}
	want('a')
	if err := s.SetCheckpointBody(ctx, "a", large('c'), large('d')); err != nil {
		t.Fatal(err)
	}
	want('c')
}

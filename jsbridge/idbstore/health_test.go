//go:build js && wasm

package idbstore

import (
	"errors"
	"fmt"
	"syscall/js"
	"testing"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
)

// hear gives what a store tells of its health.
func hear(s *Store) <-chan core.Health {
	told := make(chan core.Health, 100)
	s.TellHealth(func(h core.Health) { told <- h })
	return told
}

func wantHealth(t *testing.T, told <-chan core.Health, want ...core.Condition) (last core.Health) {
	t.Helper()
	for i, condition := range want {
		select {
		case last = <-told:
			if last.Condition != condition {
				t.Fatalf("told %d is %s, %v, want %q", i, last.Condition, last.Err, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("told %d has not come, want %q", i, want)
		}
	}
	return last
}

// closed does to the store's connections what a browser that closes them does.
const closed = `connections.forEach(db => { db.close(); db.dispatchEvent(new Event('close')) })`

func TestAConnectionClosedByTheBrowserIsReopenedAtOnce(t *testing.T) {
	s, _ := openFresh(t)
	appendOne(t, s, 0)
	told := hear(s)
	js.Global().Call("eval", closed)
	wantHealth(t, told, core.Reopening, core.Healthy)
	appendOne(t, s, 1)
	wantWhole(t, s, 2)
}

func TestADeletedDatabaseIsNoticedAtOnce(t *testing.T) {
	s, name := openFresh(t)
	appendSome(t, s, 0, 3)
	told := hear(s)
	if err := Delete(ctx, name); err != nil {
		t.Fatal(err)
	}
	h := wantHealth(t, told, core.Reopening, core.Lost)
	var lost *core.LostError
	if !errors.As(h.Err, &lost) || *lost != (core.LostError{First: 0, Last: 2}) {
		t.Fatalf("lost is %v", h.Err)
	}
}

// What comes back of a database may be older than what was seen of it.
func TestAShorterLogIsLost(t *testing.T) {
	s, name := openFresh(t)
	for seq := range core.Seq(3) {
		appendOne(t, s, seq)
	}
	told := hear(s)
	js.Global().Call("eval", `connections.forEach(db => db.close())`)
	await(t, `name => new Promise((resolve, reject) => {
		const request = indexedDB.open(name)
		request.onerror = () => reject(request.error)
		request.onsuccess = () => {
			const tx = request.result.transaction('tail', 'readwrite')
			tx.objectStore('tail').delete(IDBKeyRange.lowerBound(2))
			tx.oncomplete = () => resolve(request.result.close())
		}
	})`, name)
	want := core.LostError{First: 1, Last: 2}
	for range 2 {
		_, err := s.Append(ctx, some(3, 1))
		var lost *core.LostError
		if !errors.As(err, &lost) || *lost != want || !errors.Is(err, core.ErrGone) {
			t.Fatalf("append: %v", err)
		}
	}
	wantHealth(t, told, core.Reopening, core.Lost)
	again, err := Open(ctx, name, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	appendOne(t, again, 1)
}

// As WebKit does when its storage process has died: a lost connection, and for a
// while no other.
func TestADatabaseThatCannotBeOpenedForAWhile(t *testing.T) {
	s, _ := openFresh(t)
	appendOne(t, s, 0)
	told := hear(s)
	js.Global().Call("eval", `
		globalThis.openAsBefore = IDBFactory.prototype.open
		IDBFactory.prototype.open = () => { throw new DOMException('Connection to Indexed Database server lost. Refresh the page to try again', 'UnknownError') }
	`+closed)
	wantHealth(t, told, core.Reopening)
	h := wantHealth(t, told, core.Failed)
	if h.Err == nil {
		t.Error("it does not say why")
	}
	if _, err := s.Append(ctx, some(1, 1)); err == nil || errors.Is(err, core.ErrGone) || errors.Is(err, core.ErrQuota) {
		t.Fatalf("append: %v", err)
	}
	wantHealth(t, told, core.Failed)
	js.Global().Call("eval", `IDBFactory.prototype.open = openAsBefore`)
	appendOne(t, s, 1)
	wantHealth(t, told, core.Healthy)
	wantWhole(t, s, 2)
}

func TestALostRequestIsTold(t *testing.T) {
	s, _ := openFresh(t)
	appendOne(t, s, 0)
	told := hear(s)
	onNextWrite(`tx => {
		Object.defineProperty(tx, 'error', { value: new DOMException('Connection to Indexed Database server lost. Refresh the page to try again', 'UnknownError') })
		tx.insteadOfCommit = () => tx.abort()
	}`)
	appendOne(t, s, 1)
	h := wantHealth(t, told, core.Reopening, core.Healthy)
	if h.Err != nil {
		t.Error(h.Err)
	}
	wantWhole(t, s, 2)
}

func TestReclaimingLeavesNothingBehind(t *testing.T) {
	s, _ := openFresh(t)
	appendOne(t, s, 0)
	told := hear(s)
	for range 2 {
		if err := s.Reclaim(ctx); err != nil {
			t.Fatal(err)
		}
	}
	await(t, `async name => {
		if ((await indexedDB.databases()).some(database => database.name === name)) throw new Error('it is still there')
	}`, scratchName)
	appendOne(t, s, 1)
	wantWhole(t, s, 2)
	if len(told) > 0 {
		t.Errorf("it told of %v", <-told)
	}
}

func TestAClosedStoreTellsNothing(t *testing.T) {
	s, _ := openFresh(t)
	appendOne(t, s, 0)
	told := hear(s)
	s.Close()
	js.Global().Call("eval", closed)
	if _, err := s.State(ctx); !errors.Is(err, core.ErrClosed) {
		t.Fatal(err)
	}
	select {
	case h := <-told:
		t.Fatal(fmt.Sprint(h))
	default:
	}
}

//go:build js && wasm

package idbstore

import (
	"errors"
	"fmt"
	"sync"
	"syscall/js"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/hack-pad/go-indexeddb/idb"
)

// host is the browser's functions that every append and read calls, bound so
// that a call is one Invoke, without looking up a name or passing a string.
type host struct {
	transaction, objectStore, commit, abort js.Value
	put, get, del, getAll, getAllKeys       js.Value
	lowerBound, upperBound, bound           js.Value
	reflectGet, reflectSet                  js.Value

	uint8Array                             js.Value
	full, fill                             js.Value // see segmentToJS
	onsuccess, oncomplete, onabort, result js.Value
	errorKey, length, buffer               js.Value
	transfer                               js.Value // undefined where the engine has none
	readonly, readwrite                    js.Value
	relaxed, strict                        js.Value
	segments, tail, meta, checkpoints      js.Value
	all, metaAndTail, allAndKeys           js.Value
	stateKey                               js.Value
}

// browser binds them at first use, since Node has none of it.
var browser = sync.OnceValue(func() *host {
	global := js.Global()
	call := global.Get("Function").Get("prototype").Get("call")
	method := func(class, name string) js.Value {
		return call.Call("bind", global.Get(class).Get("prototype").Get(name))
	}
	keyRange := global.Get("IDBKeyRange")
	var transfer js.Value
	if global.Get("ArrayBuffer").Get("prototype").Get("transfer").Truthy() {
		transfer = method("ArrayBuffer", "transfer")
	}
	return &host{
		transaction: method("IDBDatabase", "transaction"),
		objectStore: method("IDBTransaction", "objectStore"),
		commit:      method("IDBTransaction", "commit"),
		abort:       method("IDBTransaction", "abort"),
		put:         method("IDBObjectStore", "put"),
		get:         method("IDBObjectStore", "get"),
		del:         method("IDBObjectStore", "delete"),
		getAll:      method("IDBObjectStore", "getAll"),
		getAllKeys:  method("IDBObjectStore", "getAllKeys"),
		lowerBound:  keyRange.Get("lowerBound").Call("bind", keyRange),
		upperBound:  keyRange.Get("upperBound").Call("bind", keyRange),
		bound:       keyRange.Get("bound").Call("bind", keyRange),
		reflectGet:  global.Get("Reflect").Get("get"),
		reflectSet:  global.Get("Reflect").Get("set"),

		uint8Array:  global.Get("Uint8Array"),
		onsuccess:   js.ValueOf("onsuccess"),
		oncomplete:  js.ValueOf("oncomplete"),
		onabort:     js.ValueOf("onabort"),
		result:      js.ValueOf("result"),
		errorKey:    js.ValueOf("error"),
		length:      js.ValueOf("length"),
		buffer:      js.ValueOf("buffer"),
		transfer:    transfer,
		readonly:    js.ValueOf("readonly"),
		readwrite:   js.ValueOf("readwrite"),
		relaxed:     js.ValueOf(map[string]any{"durability": "relaxed"}),
		strict:      js.ValueOf(map[string]any{"durability": "strict"}),
		segments:    js.ValueOf(segmentStore),
		tail:        js.ValueOf(tailStore),
		meta:        js.ValueOf(metaStore),
		checkpoints: js.ValueOf(checkpointStore),
		all:         js.ValueOf([]any{segmentStore, tailStore, metaStore}),
		metaAndTail: js.ValueOf([]any{metaStore, tailStore}),
		allAndKeys:  js.ValueOf([]any{segmentStore, tailStore, metaStore, checkpointStore}),
		stateKey:    js.ValueOf(stateKey),
	}
})

// transaction is an IDBTransaction under way.
type transaction struct {
	*host
	js     js.Value
	conn   *connection
	frozen bool // it was aborted since its page was to be frozen
	*ending
	memory *core.Memory // of whoever reads, nil where that has none
}

// ending hears how a transaction ends, and that a request in it succeeded. Its
// functions are costly to make and so are used again: a transaction that has
// ended has no more events.
type ending struct {
	done     chan struct{} // one token when the transaction has ended
	answered chan struct{} // one token when the awaited request succeeded
	aborted  bool

	oncomplete, onabort, onsuccess js.Func
}

var endings []*ending

func borrowEnding() *ending {
	if n := len(endings); n > 0 {
		e := endings[n-1]
		endings = endings[:n-1]
		e.aborted = false
		return e
	}
	e := &ending{done: make(chan struct{}, 1), answered: make(chan struct{}, 1)}
	e.oncomplete = js.FuncOf(func(js.Value, []js.Value) any { e.done <- struct{}{}; return nil })
	e.onabort = js.FuncOf(func(js.Value, []js.Value) any { e.aborted = true; e.done <- struct{}{}; return nil })
	e.onsuccess = js.FuncOf(func(js.Value, []js.Value) any { e.answered <- struct{}{}; return nil })
	return e
}

// errNotBegun says of a lost connection that nothing was asked of it.
var errNotBegun = errors.New("the transaction has not begun")

// begin starts a transaction, which fails with errNotBegun where the
// connection is gone.
func (h *host) begin(c *connection, stores, mode, options js.Value) (t *transaction, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w: %w", errNotBegun, err)
		}
	}()
	defer recoverJS(&err)
	t = &transaction{host: h, js: h.transaction.Invoke(c.raw, stores, mode, options), conn: c}
	c.active[t] = struct{}{}
	c.work.Add(1)
	t.ending = borrowEnding()
	h.reflectSet.Invoke(t.js, h.oncomplete, t.ending.oncomplete)
	h.reflectSet.Invoke(t.js, h.onabort, t.ending.onabort)
	return t, nil
}

// await waits until request has its result. The goroutine goes on inside the
// request's event, so the transaction is still active and takes more requests.
func (t *transaction) await(request js.Value) (js.Value, error) {
	t.reflectSet.Invoke(request, t.host.onsuccess, t.ending.onsuccess)
	select {
	case <-t.answered:
		return t.reflectGet.Invoke(request, t.result), nil
	case <-t.done:
		t.done <- struct{}{} // for end
		return js.Undefined(), t.failure()
	}
}

// request runs what makes requests, and aborts the transaction where one
// cannot be made.
func (t *transaction) request(make func()) error {
	err := func() (err error) {
		defer recoverJS(&err)
		make()
		return nil
	}()
	if err != nil {
		t.tryAbort()
	}
	return err
}

// end waits for the transaction's end and gives back what it borrowed.
func (t *transaction) end() error {
	<-t.done
	delete(t.conn.active, t)
	t.conn.work.Done()
	err := t.failure()
	select {
	case <-t.answered:
	default:
	}
	endings = append(endings, t.ending)
	return err
}

// abandon ends the transaction without its writes. It is no error that it has
// ended already.
func (t *transaction) abandon() {
	t.tryAbort()
	t.end()
}

func (t *transaction) tryAbort() {
	var ignored error
	defer recoverJS(&ignored)
	t.abort.Invoke(t.js)
}

var errAborted = errors.New("the browser aborted the transaction without a reason, as it does when the disk is full")

var errFrozen = fmt.Errorf("the page was frozen: %w", errLost)

// failure is why the transaction was aborted, nil if it was not.
func (t *transaction) failure() error {
	if !t.aborted {
		return nil
	}
	reason := t.reflectGet.Invoke(t.js, t.errorKey)
	if !reason.Truthy() && t.frozen {
		return errFrozen
	}
	if !reason.Truthy() {
		return errAborted
	}
	return domException(reason)
}

// bytesToJS copies b out of the wasm's memory: IndexedDB clones the whole
// buffer behind a view, and that would be all of the memory.
func (h *host) bytesToJS(b []byte) js.Value {
	v := h.uint8Array.New(len(b))
	js.CopyBytesToJS(v, b)
	return v
}

// fullValue is the size of the values that nearly full segments are stored in,
// padded with zeros: the log's segments are cut for it.
const fullValue = 96 << 10

// segmentToJS is bytesToJS for a frame that is to be put at once. Nearly full
// ones all pass through one array of one size, since fresh memory for each
// would cost more than all else; a put copies it before it returns.
func (h *host) segmentToJS(frame []byte) js.Value {
	if len(frame) > fullValue || len(frame) < fullValue*7/8 {
		return h.bytesToJS(frame)
	}
	if h.full.IsUndefined() {
		h.full = h.uint8Array.New(fullValue)
		h.fill = h.full.Get("fill").Call("bind", h.full)
	}
	js.CopyBytesToJS(h.full, frame)
	h.fill.Invoke(0, len(frame))
	return h.full
}

// bytesFromJS copies a stored value in, which is not to be used again; ok is
// false where it is not bytes.
func (h *host) bytesFromJS(v js.Value) (b []byte, ok bool) {
	n, ok := h.size(v)
	if !ok {
		return nil, false
	}
	b = make([]byte, n)
	ok = js.CopyBytesToGo(b, v) == n
	h.release(v)
	return b, ok
}

// segmentFromJS copies a frame of so many bytes in, without its padding.
func (t *transaction) segmentFromJS(v js.Value, size int) (frame []byte, ok bool) {
	n, ok := t.size(v)
	if !ok {
		return nil, false
	}
	if n = min(n, size); t.memory != nil {
		frame = t.memory.Take(n)
	} else {
		frame = make([]byte, n)
	}
	return frame, js.CopyBytesToGo(frame, v) == len(frame)
}

// worthReleasing is from how many bytes on giving back memory pays for the calls.
const worthReleasing = 16 << 10

// release gives the memory of a stored value back once its bytes are copied. The
// collector would come to it only when tens of megabytes more have been asked
// for, and where fresh memory is dear that costs as much as all the rest of
// reading. Engines that cannot do it leave it to their collector.
func (h *host) release(v js.Value) {
	if !h.transfer.Truthy() {
		return
	}
	if n, ok := h.size(v); ok && n >= worthReleasing {
		h.transfer.Invoke(h.reflectGet.Invoke(v, h.buffer), 0)
	}
}

// size is how many bytes a stored value has; ok is false where it is not bytes.
func (h *host) size(v js.Value) (n int, ok bool) {
	if v.Type() != js.TypeObject || !v.InstanceOf(h.uint8Array) {
		return 0, false
	}
	return h.reflectGet.Invoke(v, h.length).Int(), true
}

// recoverJS turns a JavaScript exception, which syscall/js panics with, into
// an error.
func recoverJS(err *error) {
	switch r := recover().(type) {
	case nil:
	case js.Error:
		*err = domException(r.Value)
	default:
		panic(r)
	}
}

// domException is go-indexeddb's error for a DOMException, by whose name
// errors.Is compares.
func domException(v js.Value) error {
	return namedError{idb.NewDOMException(v.Get("name").String()), v.Get("message").String()}
}

type namedError struct {
	idb.DOMException
	message string
}

func (e namedError) Error() string {
	if e.message == "" {
		return e.DOMException.Error()
	}
	return e.DOMException.Error() + ": " + e.message
}

func (e namedError) Unwrap() error { return e.DOMException }

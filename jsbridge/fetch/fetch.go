//go:build js && wasm

// Package fetch serves an http.Handler to the fetch events of a long-lived
// JavaScript context, as a service worker is, on the runtime of
// github.com/syumai/workers.
//
// That runtime is made for one Go instance a request. Of it are used the binding
// by which JavaScript hands requests in, and what makes a Response of status,
// header and body. What it does not do for many requests on one instance is done
// here, with npm/src/service-worker/module.ts as the other side:
//
//   - Bodies of answers go to a ReadableStream of JavaScript's. Its own close a
//     channel of the package's for each answer, and panic at the second.
//   - A body is handed over only as far as it is read, so that a slow reader holds
//     up the handler.
//   - The request's context ends when the client goes.
//   - A handler that panics ends its answer, not the instance.
//   - Headers are taken from the request itself: there they are cut at commas.
//   - Bodies of requests come as bytes: reading its streams leaks a function for
//     each piece.
package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"syscall/js"
	"time"

	"github.com/syumai/workers"
)

// build names the sources that this module was built from, set by the linker. The
// other side knows its own.
var build = "0"

// idHeader is how the runtime's request says which of ours it is.
const idHeader = "X-Flumedb-Request"

// exchanges are the requests that are being answered, by their numbers.
var exchanges = map[int]*exchange{}

// exchange is one request and its answer.
type exchange struct {
	id     int
	cancel context.CancelFunc
	pulled chan struct{} // one token when the reader wants a piece
	gone   chan struct{} // closed when nobody reads any more
}

// Binding is the object by which both sides meet.
func Binding() js.Value { return js.Global().Get("context").Get("binding") }

// Serve begins to answer requests with a handler. It does not block.
func Serve(handler http.Handler) {
	b := Binding()
	b.Set("pulled", js.FuncOf(func(_ js.Value, args []js.Value) any {
		if x := exchanges[args[0].Int()]; x != nil {
			select {
			case x.pulled <- struct{}{}:
			default:
			}
		}
		return nil
	}))
	b.Set("gone", js.FuncOf(func(_ js.Value, args []js.Value) any {
		if x := exchanges[args[0].Int()]; x != nil {
			x.leave()
		}
		return nil
	}))
	b.Set("build", build)
	b.Set("open", js.FuncOf(func(js.Value, []js.Value) any { return len(exchanges) }))
	workers.ServeNonBlock(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(handler, w, r) }))
	workers.Ready()
}

func (x *exchange) leave() {
	select {
	case <-x.gone:
	default:
		close(x.gone)
		x.cancel()
	}
}

// answer has the handler answer one request.
func answer(handler http.Handler, w http.ResponseWriter, handed *http.Request) {
	id, _ := strconv.Atoi(handed.Header.Get(idHeader))
	ctx, cancel := context.WithCancel(context.Background())
	x := &exchange{id: id, cancel: cancel, pulled: make(chan struct{}, 1), gone: make(chan struct{})}
	exchanges[id] = x
	out := &writer{ResponseWriter: w, exchange: x}
	defer func() {
		p := recover()
		out.finish(p)
		delete(exchanges, id)
		cancel()
		if p != nil && p != http.ErrAbortHandler {
			fmt.Fprintf(os.Stderr, "flumedb: answering %s %s: %v\n", handed.Method, handed.URL, p)
		}
	}()
	r, err := x.request(ctx)
	if err != nil {
		http.Error(out, err.Error(), http.StatusBadRequest)
		return
	}
	out.head = r.Method == http.MethodHead
	handler.ServeHTTP(out, r)
}

// request makes the request as JavaScript has kept it.
func (x *exchange) request(ctx context.Context) (*http.Request, error) {
	kept := Binding().Call("take", x.id)
	if kept.IsUndefined() {
		return nil, errors.New("there is no such request")
	}
	u, err := url.Parse(kept.Get("url").String())
	if err != nil {
		return nil, err
	}
	r := (&http.Request{Method: kept.Get("method").String(), URL: u, Host: u.Host, Header: http.Header{}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody}).WithContext(ctx)
	headers := kept.Get("headers")
	for i := range headers.Length() {
		r.Header.Add(headers.Index(i).Index(0).String(), headers.Index(i).Index(1).String())
	}
	if body := kept.Get("body"); body.Truthy() {
		b := make([]byte, body.Get("length").Int())
		js.CopyBytesToGo(b, body)
		r.ContentLength = int64(len(b))
		r.Body = io.NopCloser(bytes.NewReader(b))
	}
	return r, nil
}

// writer writes an answer to a stream of JavaScript's.
type writer struct {
	http.ResponseWriter // the runtime's
	*exchange
	head     bool // the request is HEAD: there is no body
	begun    bool
	body     js.Value // what Binding().newBody has made; undefined without a body
	deadline time.Time
}

// SetWriteDeadline is for http.ResponseController. WebKit does not tell of a
// client that goes before it is answered: then nobody ever reads.
func (w *writer) SetWriteDeadline(deadline time.Time) error {
	w.deadline = deadline
	return nil
}

// WriteHeader implements http.ResponseWriter. The Response is there when it
// returns, and its body is read while it is written.
func (w *writer) WriteHeader(status int) {
	if w.begun {
		return
	}
	w.begun = true
	w.body = js.Undefined()
	if !w.head && status != http.StatusNoContent && status != http.StatusNotModified {
		w.body = Binding().Call("newBody", w.id)
	}
	// The runtime gives it a body of its own unless it has one.
	raw := js.Null()
	if !w.body.IsUndefined() {
		raw = w.body.Get("stream")
	}
	w.ResponseWriter.(interface{ WriteRawJSBody(js.Value) }).WriteRawJSBody(raw)
	w.ResponseWriter.WriteHeader(status)
	w.ResponseWriter.(interface{ Ready() }).Ready()
}

// piece is the most that is handed over at once.
const piece = 64 << 10

// Write implements io.Writer. It waits until the reader wants more.
func (w *writer) Write(b []byte) (n int, err error) {
	w.WriteHeader(http.StatusOK)
	var late <-chan time.Time
	if !w.deadline.IsZero() && len(b) > 0 {
		timer := time.NewTimer(time.Until(w.deadline))
		defer timer.Stop()
		late = timer.C
	}
	for len(b) > 0 && !w.body.IsUndefined() {
		select {
		case <-w.pulled:
		case <-late:
			return n, os.ErrDeadlineExceeded
		case <-w.gone:
			return n, context.Canceled
		}
		part := b[:min(len(b), piece)]
		chunk := js.Global().Get("Uint8Array").New(len(part))
		js.CopyBytesToJS(chunk, part)
		w.body.Call("write", chunk)
		b = b[len(part):]
		n += len(part)
	}
	return n + len(b), nil
}

// Flush implements http.Flusher: there is nothing that waits.
func (w *writer) Flush() { w.WriteHeader(http.StatusOK) }

// finish ends the answer, or breaks it off.
func (w *writer) finish(p any) {
	if p != nil && !w.begun {
		w.ResponseWriter.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusInternalServerError)
	}
	w.WriteHeader(http.StatusOK)
	if w.body.IsUndefined() {
		return
	}
	if p != nil {
		w.body.Call("fail", "the answer was broken off")
	} else {
		w.body.Call("close")
	}
}

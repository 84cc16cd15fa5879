//go:build js && wasm

// Package database is the log and the views that a home in JavaScript serves, as
// a service worker is: they are opened when the first request needs them.
package database

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"syscall/js"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/httpapi"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/kinds"
	"github.com/flumedb/flumedb-wasm/core/view"
	"github.com/flumedb/flumedb-wasm/jsbridge/fetch"
)

// Options are what a home does in its own way. The zero value is good, but for
// Open.
type Options struct {
	// Open opens the store of the log of that name.
	Open func(ctx context.Context, name string, strict bool) (core.Store, error)

	HTTP httpapi.Options // Views are set here
	Log  core.Options    // and so is Warn
}

// settings are what JavaScript hands over, as JSON.
type settings struct {
	name   string
	strict bool
	views  []view.Spec
}

func parseSettings(text json.Value) (s settings, err error) {
	s.name = text.Member("name").Str()
	s.strict = text.Member("strict").Kind() == json.True
	s.views, err = kinds.Specs(text.Member("views"))
	return s, err
}

// database is the log and its views, opened when they are first needed, and
// again when the log was deleted or could not be opened.
type database struct {
	settings settings
	opts     Options
	opening  sync.Mutex
	log      *core.Log
	views    *view.Set
	handler  *httpapi.Handler
}

// Handler serves the database that JavaScript asks for in the binding's settings.
func Handler(opts Options) http.Handler {
	binding := fetch.Binding()
	s, err := parseSettings(json.Value(binding.Get("settings").String()))
	if err != nil {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { httpapi.Fail(w, r, err) })
	}
	opts.Log.Warn = warn
	d := &database{settings: s, opts: opts}
	binding.Set("refresh", js.FuncOf(func(js.Value, []js.Value) any { go d.refresh(); return nil }))
	binding.Set("endStreams", js.FuncOf(func(js.Value, []js.Value) any { go d.endStreams(); return nil }))
	return d
}

// ServeHTTP implements http.Handler.
func (d *database) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler, err := d.open(r.Context())
	if err != nil {
		httpapi.Fail(w, r, err)
		return
	}
	handler.ServeHTTP(w, r)
}

func (d *database) open(ctx context.Context) (*httpapi.Handler, error) {
	log, handler, err := d.opened()
	if err != nil {
		return nil, err
	}
	if _, err = log.Refresh(ctx); !errors.Is(err, core.ErrGone) {
		return handler, err
	}
	// Another log stands in its place, or none does.
	d.forget(log)
	_, handler, err = d.opened()
	return handler, err
}

func (d *database) forget(log *core.Log) {
	d.opening.Lock()
	defer d.opening.Unlock()
	if d.log != log {
		return
	}
	d.handler.Close()
	_ = d.views.Close(context.Background()) // its states are of what is gone
	_ = d.log.Close(context.Background())
	d.log = nil
}

// opened opens what is not open.
func (d *database) opened() (*core.Log, *httpapi.Handler, error) {
	d.opening.Lock()
	defer d.opening.Unlock()
	if d.log != nil {
		return d.log, d.handler, nil
	}
	// Not in the time of the request that happens to be the first.
	ctx := context.Background()
	store, err := d.opts.Open(ctx, d.settings.name, d.settings.strict)
	if err != nil {
		return nil, nil, err
	}
	log, err := core.Open(ctx, store, d.opts.Log)
	if err != nil {
		return nil, nil, err
	}
	views := view.Open(log, view.Options{Yield: yield, Warn: warn})
	for _, spec := range d.settings.views {
		if _, err := views.Mount(ctx, spec); err != nil {
			return nil, nil, errors.Join(err, views.Close(ctx), log.Close(ctx))
		}
	}
	log.Watch(func(seq core.Seq) { fetch.Binding().Call("moved", float64(seq)) })
	log.WatchDeletions(func() { fetch.Binding().Call("moved", -1) })
	d.log, d.views = log, views
	served := d.opts.HTTP
	served.Views = views
	d.handler = httpapi.New(log, served)
	return d.log, d.handler, nil
}

// refresh learns what others say they have done.
func (d *database) refresh() {
	d.opening.Lock()
	log := d.log
	d.opening.Unlock()
	if log == nil {
		return
	}
	if _, err := log.Refresh(context.Background()); err != nil && !errors.Is(err, core.ErrGone) {
		warn(err)
	}
}

// endStreams ends the live streams, so that their clients come to a newer worker.
func (d *database) endStreams() {
	d.opening.Lock()
	defer d.opening.Unlock()
	if d.log != nil {
		d.handler.EndStreams()
	}
}

func warn(err error) {
	js.Global().Get("console").Call("warn", "flumedb: "+err.Error())
}

// yield lets the worker's events have their turn.
func yield(context.Context) { time.Sleep(time.Millisecond) }

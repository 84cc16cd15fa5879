//go:build js && wasm

// Package database is the log and the views that a home in JavaScript serves, as
// a service worker is: they are opened when the first request needs them.
package database

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"syscall/js"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/httpapi"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/kinds"
	"github.com/flumedb/flumedb-wasm/core/view"
	"github.com/flumedb/flumedb-wasm/jsbridge/fetch"
	"github.com/flumedb/flumedb-wasm/jsbridge/weblock"
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
	opened   *opened // nil while nothing is open
}

// opened is a log with its views. They are mounted a moment later than it is
// opened, since what they have to read would hold up the first answer.
type opened struct {
	log     *core.Log
	views   *view.Set
	handler *httpapi.Handler

	mounting sync.Mutex
	specs    []view.Spec // those that are not mounted
}

// mountAfter is when views are mounted that nobody has asked.
const mountAfter = 50 * time.Millisecond

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
	o, err := d.current(r.Context())
	if err == nil && tellsOfViews(r.URL.Path) {
		err = o.mount()
	}
	if err != nil {
		httpapi.Fail(w, r, err)
		return
	}
	o.handler.ServeHTTP(w, r)
}

// tellsOfViews reports whether all views have to be there for an answer.
func tellsOfViews(path string) bool {
	return !strings.HasPrefix(path, "/records") && path != "/since" && path != "/sync" && path != "/health"
}

// current is what is open, and knows all that is in the store.
func (d *database) current(ctx context.Context) (*opened, error) {
	o, fresh, err := d.open()
	if err != nil || fresh {
		return o, err
	}
	if _, err = o.log.Refresh(ctx); !errors.Is(err, core.ErrGone) {
		return o, err
	}
	// Another log stands in its place, or none does.
	d.forget(o)
	o, _, err = d.open()
	return o, err
}

func (d *database) forget(o *opened) {
	d.opening.Lock()
	defer d.opening.Unlock()
	if d.opened != o {
		return
	}
	d.opened = nil
	o.handler.Close()
	_ = o.views.Close(context.Background()) // its states are of what is gone
	_ = o.log.Close(context.Background())
}

// open opens what is not open; fresh says that it was not.
func (d *database) open() (o *opened, fresh bool, err error) {
	d.opening.Lock()
	defer d.opening.Unlock()
	if d.opened != nil {
		return d.opened, false, nil
	}
	// Not in the time of the request that happens to be the first.
	ctx := context.Background()
	store, err := d.opts.Open(ctx, d.settings.name, d.settings.strict)
	if err != nil {
		return nil, false, err
	}
	log, err := core.Open(ctx, store, d.opts.Log)
	if err != nil {
		return nil, false, err
	}
	log.Watch(func(seq core.Seq) { fetch.Binding().Call("moved", float64(seq)) })
	log.WatchDeletions(func() { fetch.Binding().Call("moved", -1) })
	views := view.Open(log, view.Options{Yield: yield, Warn: warn, Claim: weblock.Claim(log)})
	served := d.opts.HTTP
	served.Views = views
	o = &opened{log: log, views: views, handler: httpapi.New(log, served), specs: d.settings.views}
	time.AfterFunc(mountAfter, func() {
		if err := o.mount(); err != nil && !errors.Is(err, core.ErrClosed) {
			warn(err)
		}
	})
	d.opened = o
	return o, true, nil
}

// mount mounts the views, together. Those that failed are tried again by the
// next who asks.
func (o *opened) mount() (failure error) {
	o.mounting.Lock()
	defer o.mounting.Unlock()
	if len(o.specs) == 0 {
		return nil
	}
	var failed []view.Spec
	_, errs := o.views.MountAll(context.Background(), o.specs)
	for i, err := range errs {
		if err == nil {
			continue
		}
		failed = append(failed, o.specs[i])
		if failure == nil {
			failure = err
		}
	}
	o.specs = failed
	return failure
}

// refresh learns what others say they have done.
func (d *database) refresh() {
	d.opening.Lock()
	o := d.opened
	d.opening.Unlock()
	if o == nil {
		return
	}
	if _, err := o.log.Refresh(context.Background()); err != nil && !errors.Is(err, core.ErrGone) {
		warn(err)
	}
}

// endStreams ends the live streams, so that their clients come to a newer worker.
func (d *database) endStreams() {
	d.opening.Lock()
	defer d.opening.Unlock()
	if d.opened != nil {
		d.opened.handler.EndStreams()
	}
}

func warn(err error) {
	js.Global().Get("console").Call("warn", "flumedb: "+err.Error())
}

// yield lets the worker's events have their turn.
func yield(context.Context) { time.Sleep(time.Millisecond) }

package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/replica"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// Options tune a handler. The zero value is good.
type Options struct {
	// Views are the log's, nil where it has none.
	Views *view.Set

	// Shared says that others may append to the same data and delete from it,
	// as other tabs do: then the store is asked for news before each answer.
	// Streams hear of what others append when the log does (core.Log.Refresh).
	Shared bool

	// Storage asks the host how much room there is, for /storage. By default
	// that tells of what the log and its views take, and nothing else.
	Storage func(ctx context.Context) (Storage, error)

	// MaxBody bounds the body of an append. Default 16 MiB.
	MaxBody int64

	// MaxBuffered bounds the bodies of all requests that are being read or
	// appended; others wait. A body without a Content-Length counts as MaxBody.
	// Default 64 MiB, and never less than MaxBody.
	MaxBuffered int64

	// MaxStreams bounds the streams that are open, live or not. Default 1,000.
	MaxStreams int

	// Timeout bounds all requests but streams. Default 30 s.
	Timeout time.Duration

	// WriteTimeout is how long a client may take to accept the next 64 KiB of
	// a stream, where the server can set deadlines. Default 30 s.
	WriteTimeout time.Duration

	// Heartbeat is after how long without a record a live stream says that it
	// is there. Default 15 s.
	Heartbeat time.Duration
}

// maxArguments bounds the arguments of a view's method.
const maxArguments = 1 << 20

// Handler serves one database.
type Handler struct {
	log      *core.Log
	replica  *replica.Replica
	opts     Options
	buffered *semaphore.Weighted
	streams  chan struct{} // one token for each that is open

	mu     sync.Mutex
	closed bool
	ending chan struct{} // closed to end the live streams that are open
}

// New makes a handler. Whoever has opened the log and the views closes them;
// requests that come after that are answered with the code CLOSED.
func New(log *core.Log, opts Options) *Handler {
	if opts.MaxBody == 0 {
		opts.MaxBody = 16 << 20
	}
	if opts.MaxBuffered == 0 {
		opts.MaxBuffered = 64 << 20
	}
	opts.MaxBuffered = max(opts.MaxBuffered, opts.MaxBody, maxArguments)
	if opts.MaxStreams == 0 {
		opts.MaxStreams = 1000
	}
	if opts.Timeout == 0 {
		opts.Timeout = 30 * time.Second
	}
	if opts.WriteTimeout == 0 {
		opts.WriteTimeout = 30 * time.Second
	}
	if opts.Heartbeat == 0 {
		opts.Heartbeat = 15 * time.Second
	}
	return &Handler{
		log:      log,
		replica:  replica.New(log, replica.Options{Check: replica.CheckJSON}),
		opts:     opts,
		buffered: semaphore.NewWeighted(opts.MaxBuffered),
		streams:  make(chan struct{}, opts.MaxStreams),
		ending:   make(chan struct{}),
	}
}

// Close ends the live streams, so that a server can be shut down. What comes
// later is answered with the code CLOSED.
func (h *Handler) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.closed = true
		close(h.ending)
	}
}

// EndStreams ends the live streams that are open, once they have told what there
// is, so that their clients connect anew: to who takes the place of this handler.
func (h *Handler) EndStreams() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		close(h.ending)
		h.ending = make(chan struct{})
	}
}

// state is whether the handler is closed, and what is closed to end the streams
// that are open from now on.
func (h *Handler) state() (closed bool, ending <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed, h.ending
}

// Route is one operation of the handler, by its method and path, whose segments
// in braces are parameters.
type Route struct{ Method, Path string }

// route is a Route with what serves it. That returns an error only as long as
// it has written nothing.
type route struct {
	Route
	serve func(h *Handler, w http.ResponseWriter, r *request) error
}

var routes = []route{
	{Route{"POST", "/records"}, (*Handler).append},
	{Route{"GET", "/records"}, (*Handler).readRange},
	{Route{"DELETE", "/records"}, (*Handler).deleteMany},
	{Route{"GET", "/records/{seq}"}, (*Handler).readRecord},
	{Route{"DELETE", "/records/{seq}"}, (*Handler).deleteRecord},
	{Route{"GET", "/since"}, (*Handler).since},
	{Route{"GET", "/stats"}, (*Handler).stats},
	{Route{"GET", "/health"}, (*Handler).health},
	{Route{"GET", "/storage"}, (*Handler).storage},
	{Route{"GET", "/progress"}, (*Handler).progress},
	{Route{"GET", "/views"}, (*Handler).listViews},
	{Route{"GET", "/views/{view}/{method}"}, (*Handler).readView},
	{Route{"POST", "/views/{view}/{method}"}, (*Handler).readView},
	{Route{"POST", "/sync"}, (*Handler).sync},
}

// Routes lists the operations that there are. HEAD is answered like GET.
func Routes() (all []Route) {
	for _, r := range routes {
		all = append(all, r.Route)
	}
	return all
}

// request is a request with the parameters of its path.
type request struct {
	*http.Request
	query  url.Values
	params [2]string
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	if err := h.serve(w, hr); err != nil {
		// A read that had no more time ends the context too, and the client is
		// still there.
		if hr.Context().Err() != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			panic(http.ErrAbortHandler) // nobody hears, or is to take this for an answer
		}
		writeProblem(w, hr, problemOf(err))
	}
}

func (h *Handler) serve(w http.ResponseWriter, hr *http.Request) error {
	if closed, _ := h.state(); closed {
		return fmt.Errorf("the database is %w", core.ErrClosed)
	}
	r := &request{Request: hr}
	found, allowed := find(hr.Method, hr.URL.EscapedPath(), &r.params)
	switch {
	case found == nil && allowed == nil:
		return refuse(http.StatusNotFound, "NOT_FOUND", "nothing is at this path")
	case found == nil:
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		return refuse(http.StatusMethodNotAllowed, "INVALID_OPTION", "the method is none of "+strings.Join(allowed, ", "))
	}
	var err error
	if r.query, err = url.ParseQuery(hr.URL.RawQuery); err != nil {
		return invalid("the query cannot be read: %v", err)
	}
	return found.serve(h, w, r)
}

// find is the route for a path, or which methods there are for it.
func find(method, path string, params *[2]string) (found *route, allowed []string) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i := range routes {
		r := &routes[i]
		if !r.matches(segments, params) {
			continue
		}
		if r.Method == method {
			return r, nil
		}
		allowed = append(allowed, r.Method)
		if r.Method == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	return nil, allowed
}

func (r *route) matches(segments []string, params *[2]string) bool {
	pattern := strings.Split(r.Path[1:], "/")
	if len(pattern) != len(segments) {
		return false
	}
	n := 0
	for i, want := range pattern {
		if want[0] != '{' {
			if segments[i] != want {
				return false
			}
			continue
		}
		value, err := url.PathUnescape(segments[i])
		if err != nil || value == "" {
			return false
		}
		params[n] = value
		n++
	}
	return true
}

// options fails where a query has others than these, or one twice.
func (r *request) options(known ...string) error {
	for name, values := range r.query {
		if !slices.Contains(known, name) {
			return invalid("there is no option %q, but %s", name, strings.Join(known, ", "))
		}
		if len(values) > 1 {
			return invalid("%s is given twice", name)
		}
	}
	return nil
}

func (r *request) flag(name string, to *bool) error {
	switch r.query.Get(name) {
	case "true", "1":
		*to = true
	case "false", "0":
		*to = false
	default:
		if r.query.Has(name) {
			return invalid("%s must be true or false, not %q", name, r.query.Get(name))
		}
	}
	return nil
}

// number reads an option that is a whole number of at most 2^53.
func (r *request) number(name string) (n int64, given bool, err error) {
	if !r.query.Has(name) {
		return 0, false, nil
	}
	n, ok := parseInt(r.query.Get(name))
	if !ok {
		return 0, false, invalid("%s must be a whole number, not %q", name, r.query.Get(name))
	}
	return n, true, nil
}

// bounded gives the time that requests have which are no streams.
func (h *Handler) bounded(r *request) (context.Context, context.CancelFunc) {
	return context.WithTimeout(r.Context(), h.opts.Timeout)
}

// refresh learns what others have done to the data.
func (h *Handler) refresh(ctx context.Context) error {
	if !h.opts.Shared {
		return nil
	}
	_, err := h.log.Refresh(ctx)
	return err
}

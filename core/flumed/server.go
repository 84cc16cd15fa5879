//go:build !js

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/filestore"
	"github.com/flumedb/flumedb-wasm/core/gate"
	"github.com/flumedb/flumedb-wasm/core/httpapi"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// settings are what a server is told.
type settings struct {
	dir         string
	token       string
	origins     []string
	views       []view.Spec
	strict      bool
	maxBody     int64
	maxLogs     int
	maxConns    int
	idle        time.Duration
	warn        func(error)
	requestTime time.Duration // the most that a request may take, and a piece of a stream
}

// Time limits of connections, beside those of requests.
const (
	headerTime = 10 * time.Second // until a request's headers are there
	quietTime  = 2 * time.Minute  // between two requests
	closeTime  = 20 * time.Second // for the requests under way when the server ends
)

// cacheBytes of each log is less than elsewhere: there may be many, and the
// system keeps their files in memory anyway.
const cacheBytes = 4 << 20

// server answers requests for logs in the folders of a directory.
type server struct {
	settings
	gate *gate.Gate
	logs *logs
}

func newServer(s settings) *server {
	v := &server{settings: s, gate: gate.New(gate.Options{Token: s.token, Origins: s.origins})}
	v.logs = newLogs(s.maxLogs, v.open, s.warn)
	return v
}

// open opens the log of a name, and mounts the views.
func (s *server) open(name string) (*database, error) {
	if !filepath.IsLocal(name) || runtime.GOOS == "windows" && strings.HasSuffix(name, ".") {
		return nil, view.Invalid("this system can keep no log named %q", name)
	}
	ctx := context.Background()
	warn := func(err error) { s.warn(fmt.Errorf("%s: %w", name, err)) }
	store, err := filestore.Open(filestore.OS(filepath.Join(s.dir, name)), filestore.Options{Strict: s.strict})
	if err != nil {
		return nil, err
	}
	if warning := store.Warning(); warning != "" {
		s.warn(fmt.Errorf("%s: %s", name, warning))
	}
	log, err := core.Open(ctx, store, core.Options{CacheBytes: cacheBytes, Warn: warn})
	if err != nil {
		return nil, err
	}
	views := view.Open(log, view.Options{Warn: warn})
	d := &database{closers: []func(context.Context) error{views.Close, log.Close}}
	d.handler = httpapi.New(log, httpapi.Options{
		Views:   views,
		MaxBody: s.maxBody,
		// So that who sends slowly to one log holds up that log only.
		MaxBuffered:  2 * s.maxBody,
		Timeout:      s.requestTime,
		WriteTimeout: s.requestTime,
	})
	for _, spec := range s.views {
		if _, err := views.Mount(ctx, spec); err != nil {
			d.close()
			return nil, err
		}
	}
	return d, nil
}

// ServeHTTP implements http.Handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	verdict := s.gate.Decide(gate.Request{Method: r.Method, Path: r.URL.EscapedPath(), Header: func(name string) string {
		if name == "Host" { // which net/http keeps apart
			return r.Host
		}
		return r.Header.Get(name)
	}})
	for i := 0; i < len(verdict.Header); i += 2 {
		w.Header().Set(verdict.Header[i], verdict.Header[i+1])
	}
	if r.ContentLength != 0 {
		// net/http reads on when a handler has left some of a body: not for ever.
		wait := s.requestTime
		if verdict.Log == "" {
			wait = time.Second
		}
		http.NewResponseController(w).SetReadDeadline(time.Now().Add(wait))
	}
	if verdict.Log == "" {
		w.WriteHeader(verdict.Status)
		if r.Method != http.MethodHead {
			w.Write(verdict.Body)
		}
		return
	}
	path, err := url.PathUnescape(verdict.Path)
	if err != nil {
		httpapi.Fail(w, r, view.Invalid("the path cannot be read: %v", err))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.requestTime)
	db, release, err := s.logs.use(ctx, verdict.Log)
	cancel()
	if err != nil {
		httpapi.Fail(w, r, err)
		return
	}
	defer release()
	forLog := *r
	forLog.URL = &url.URL{Path: path, RawPath: verdict.Path, RawQuery: r.URL.RawQuery}
	db.handler.ServeHTTP(w, &forLog)
}

// serve answers what comes in at a listener until ctx ends; then it ends the
// streams, waits for the requests that are under way, and closes the logs.
func (s *server) serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       quietTime,
		MaxHeaderBytes:    16 << 10,
		// Of an answer as a whole; streams have it anew for each piece.
		WriteTimeout: 2*s.requestTime + headerTime,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(&limited{Listener: listener, most: int64(s.maxConns)}) }()
	ticker := time.NewTicker(max(s.idle/4, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.logs.closeIdle(s.idle)
		case err := <-failed:
			s.logs.endStreams()
			server.Close()
			s.logs.closeAll()
			return err
		case <-ctx.Done():
			s.logs.endStreams()
			ctx, cancel := context.WithTimeout(context.Background(), closeTime)
			defer cancel()
			if server.Shutdown(ctx) != nil {
				server.Close() // those that are still there have had their time
			}
			s.logs.closeAll()
			return nil
		}
	}
}

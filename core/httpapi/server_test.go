//go:build !js

// Go in JavaScript has no network of its own.

package httpapi_test

import (
	"bufio"
	"context"
	stdjson "encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/httpapi"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/kinds"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// server is a database that is served over HTTP.
type server struct {
	*testing.T
	log     *core.Log
	views   *view.Set
	handler *httpapi.Handler
	url     string
}

// serve serves a log over a disk, with a view of every kind.
func serve(t *testing.T, store core.Store, opts httpapi.Options) *server {
	t.Helper()
	ctx := context.Background()
	log, err := core.Open(ctx, store, core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	views := view.Open(log, view.Options{})
	for name, options := range map[string]string{
		"reduce":    `{"count":true,"groupBy":"type"}`,
		"level":     `{"keys":["n"]}`,
		"hashtable": `{"key":"n"}`,
		"bloom":     `{"key":"n"}`,
		"search":    `{"fields":["text"]}`,
		"query":     `{"indexes":[{"key":"t","value":["type"]}]}`,
	} {
		for _, kind := range kinds.All {
			if kind.Name != name {
				continue
			}
			if _, err := views.Mount(ctx, view.Spec{Name: name, Version: "1", Kind: kind, Options: json.Value(options)}); err != nil {
				t.Fatalf("mounting %s: %v", name, err)
			}
		}
	}
	opts.Views = views
	handler := httpapi.New(log, opts)
	hs := httptest.NewServer(handler)
	s := &server{T: t, log: log, views: views, handler: handler, url: hs.URL}
	t.Cleanup(func() {
		handler.Close()
		hs.Close()
		views.Close(ctx)
		log.Close(ctx)
	})
	return s
}

func serveMemory(t *testing.T, opts httpapi.Options) *server {
	t.Helper()
	return serve(t, memstore.Open(new(memstore.Disk)), opts)
}

// answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	body   string
}

// code is that of a problem.
func (a answer) code() string {
	var p struct{ Code string }
	stdjson.Unmarshal([]byte(a.body), &p)
	return p.Code
}

// do makes a request; headers are name and value in turn.
func (s *server) do(method, path, body string, headers ...string) answer {
	s.Helper()
	response := s.start(context.Background(), method, path, body, headers...)
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		s.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{response.StatusCode, response.Header, string(b)}
}

func (s *server) start(ctx context.Context, method, path, body string, headers ...string) *http.Response {
	s.Helper()
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	if body == "" {
		r.Body = nil
	} else {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatalf("%s %s: %v", method, path, err)
	}
	return response
}

func (s *server) want(a answer, status int, body string) {
	s.Helper()
	if a.status != status || a.body != body {
		s.Fatalf("got %d %s\nwant %d %s", a.status, a.body, status, body)
	}
}

func (s *server) wantProblem(a answer, status int, code string) {
	s.Helper()
	if a.status != status || a.code() != code || a.header.Get("Content-Type") != "application/problem+json" {
		s.Fatalf("got %d %s %s, want %d %s", a.status, a.header.Get("Content-Type"), a.body, status, code)
	}
}

// live is a stream that is being read.
type live struct {
	*server
	response *http.Response
	lines    *bufio.Scanner
	cancel   context.CancelFunc
}

func (s *server) follow(path string, headers ...string) *live {
	s.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	response := s.start(ctx, "GET", path, "", headers...)
	if response.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(response.Body)
		s.Fatalf("GET %s: %d %s", path, response.StatusCode, b)
	}
	l := &live{s, response, bufio.NewScanner(response.Body), cancel}
	s.Cleanup(l.leave)
	return l
}

func (l *live) leave() {
	l.cancel()
	l.response.Body.Close()
}

// next is the next line that is no heartbeat.
func (l *live) next() string {
	l.Helper()
	for l.lines.Scan() {
		if l.lines.Text() != "" && l.lines.Text() != ":" {
			return l.lines.Text()
		}
	}
	l.Fatalf("the stream ended: %v", l.lines.Err())
	return ""
}

func (l *live) want(lines ...string) {
	l.Helper()
	for _, line := range lines {
		if got := l.next(); got != line {
			l.Fatalf("got %s, want %s", got, line)
		}
	}
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 1000 {
		if holds() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("%s: not so after 5 s", what)
}

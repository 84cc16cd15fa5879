//go:build !js

// Go in JavaScript has no network of its own.

package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/httpapi"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// contract is docs/openapi.yaml, and which of its answers have been seen.
type contract struct {
	*server
	document *openapi3.T
	router   routers.Router
	seen     map[string]bool
}

func load(t *testing.T) *contract {
	t.Helper()
	for _, media := range []string{ndjson, events, syncType} {
		openapi3filter.RegisterBodyDecoder(media, openapi3filter.FileBodyDecoder)
	}
	document, err := openapi3.NewLoader().LoadFromFile("../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := document.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	router, err := legacy.NewRouter(document)
	if err != nil {
		t.Fatal(err)
	}
	return &contract{document: document, router: router, seen: map[string]bool{}}
}

// exchange makes a request and holds the answer to the document; the request
// too, unless it is to be refused. Of a live stream it reads the beginning.
func (c *contract) exchange(method, path, body string, status int, headers ...string) answer {
	c.Helper()
	live := strings.Contains(path, "live=true") || slices.Contains(headers, events)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	response := c.start(ctx, method, path, body, headers...)
	if live && response.StatusCode == 200 {
		time.AfterFunc(100*time.Millisecond, cancel)
	}
	text, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil && !live {
		c.Fatal(err)
	}
	if response.StatusCode != status {
		c.Fatalf("%s %s: %d %s, want %d", method, path, response.StatusCode, text, status)
	}

	c.hold(method, path, response, text)
	if status < 400 {
		if err := openapi3filter.ValidateRequest(ctx, c.input(method, path, body, response)); err != nil {
			c.Errorf("%s %s, which is answered, is refused by the document: %v", method, path, err)
		}
	}
	return answer{response.StatusCode, response.Header, string(text)}
}

// input is what the document has to say of a request.
func (c *contract) input(method, path, body string, response *http.Response) *openapi3filter.RequestValidationInput {
	c.Helper()
	r, err := http.NewRequest(method, path, strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	r.Header = response.Request.Header
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		c.Fatalf("%s %s is not in the document: %v", method, path, err)
	}
	return &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{IncludeResponseStatus: true}}
}

// hold holds an answer to the document.
func (c *contract) hold(method, path string, response *http.Response, text []byte) {
	c.Helper()
	in := c.input(method, path, "", response)
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: response.StatusCode, Header: response.Header, Options: in.Options}
	if response.StatusCode != 204 && response.StatusCode != 304 {
		out.Body = io.NopCloser(bytes.NewReader(text))
	}
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		c.Errorf("%s %s: %d %s: %v", method, path, response.StatusCode, text, err)
	}
	media, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
	c.seen[strings.Join([]string{in.Route.Operation.OperationID, strconv.Itoa(response.StatusCode), media}, " ")] = true
}

// TestOpenAPI holds the handler and docs/openapi.yaml to each other: each route
// is an operation and the other way round, each operation, each status and each
// media type that is there by name is exercised, and all answers are as their
// schemas say.
func TestOpenAPI(t *testing.T) {
	c := load(t)
	var documented, served []string
	for path, item := range c.document.Paths.Map() {
		for method := range item.Operations() {
			documented = append(documented, method+" "+path)
		}
	}
	for _, r := range httpapi.Routes() {
		served = append(served, r.Method+" "+r.Path)
	}
	slices.Sort(documented)
	slices.Sort(served)
	if !slices.Equal(documented, served) {
		t.Fatalf("documented are %q, served %q", documented, served)
	}

	c.server = serveMemory(t, httpapi.Options{MaxBody: 2000, Timeout: 2 * time.Second})
	c.exchange("POST", "/records", `{"n":1,"type":"a","text":"hello"}`, 201, "Idempotency-Key", "a")
	c.exchange("POST", "/records", `{"n":1,"type":"a","text":"hello"}`, 200, "Idempotency-Key", "a")
	c.exchange("POST", "/records", `[{"n":2},{"n":3}]`, 201)
	c.exchange("POST", "/records", "1\n2\n", 201, "Content-Type", ndjson)
	c.exchange("POST", "/records", `3`, 422, "Idempotency-Key", "a")
	c.exchange("POST", "/records", `{`, 400)
	c.exchange("POST", "/records", "1\n{\n", 400, "Content-Type", ndjson)
	c.exchange("POST", "/records", strings.Repeat("1", 3000), 413)
	c.exchange("POST", "/records", `1`, 415, "Content-Type", "text/plain")

	tag := c.exchange("GET", "/records?gt=0&gte=0&lt=4&lte=4&limit=2&reverse=true&seqs=true&values=true", "", 200).header.Get("ETag")
	c.exchange("GET", "/records?gt=0&gte=0&lt=4&lte=4&limit=2&reverse=true&seqs=true&values=true", "", 304, "If-None-Match", tag)
	c.exchange("GET", "/records?live=true&old=false&sync=true", "", 200)
	c.exchange("GET", "/records", "", 200, "Accept", events, "Last-Event-ID", "2")
	c.exchange("GET", "/records", "", 406, "Accept", "image/png")
	c.exchange("GET", "/records?gt=x", "", 400)

	tag = c.exchange("GET", "/records/0", "", 200).header.Get("ETag")
	c.exchange("GET", "/records/0", "", 304, "If-None-Match", tag)
	c.exchange("GET", "/records/99", "", 404)
	c.exchange("GET", "/records/x", "", 400)
	c.exchange("DELETE", "/records/1", "", 204)
	c.exchange("DELETE", "/records/99", "", 404)
	c.exchange("GET", "/records/1", "", 410)
	c.exchange("DELETE", "/records?seqs=1,2", "", 204)
	c.exchange("DELETE", "/records?seqs=1,99", "", 404)

	c.exchange("GET", "/since", "", 200)
	c.exchange("GET", "/since", "", 200, "Accept", events)
	c.exchange("GET", "/since?x=1", "", 400)
	c.exchange("GET", "/stats", "", 200)
	c.exchange("GET", "/health", "", 200)
	c.exchange("GET", "/health", "", 200, "Accept", events)
	c.exchange("GET", "/health", "", 406, "Accept", "image/png")
	c.exchange("GET", "/storage", "", 200)
	c.exchange("GET", "/storage?persist=true", "", 400)
	c.exchange("GET", "/progress", "", 200)
	c.exchange("GET", "/views", "", 200)
	c.exchange("GET", "/views/reduce/get?args=[]&since=-1", "", 200)
	c.exchange("GET", "/views/level/read", "", 200, "Accept", ndjson)
	c.exchange("GET", "/views/none/get", "", 404)
	c.exchange("GET", "/views/reduce/get", "", 406, "Accept", ndjson)
	c.exchange("POST", "/views/hashtable/get", `[1]`, 200)
	c.exchange("POST", "/views/search/query", `[{"query":"hello"}]`, 200, "Accept", ndjson)
	c.exchange("POST", "/views/none/get", `[]`, 404)
	c.exchange("POST", "/views/reduce/get", `[]`, 406, "Accept", ndjson)
	c.exchange("POST", "/views/reduce/get", `[`+strings.Repeat(" ", 1<<20)+`]`, 413)

	question := firstMessage(t)
	c.exchange("POST", "/sync?wait=1", question, 200, "Content-Type", syncType)
	c.exchange("POST", "/sync", question[:len(question)-1], 400, "Content-Type", syncType)
	c.exchange("POST", "/sync", question, 415)
	c.exchange("POST", "/sync", strings.Repeat("x", 3000), 413, "Content-Type", syncType)

	c.server = serve(t, full{memstore.Open(new(memstore.Disk))}, httpapi.Options{Timeout: 100 * time.Millisecond})
	c.exchange("POST", "/records", `1`, 507)
	c.exchange("GET", "/health", "", 200)
	c.server = serveMemory(t, httpapi.Options{Timeout: 100 * time.Millisecond})
	c.slowBody()
	c.handler.Close()
	for _, path := range []string{"/records", "/records/0", "/since", "/stats", "/health", "/storage", "/progress", "/views", "/views/reduce/get"} {
		c.exchange("GET", path, "", 503)
	}
	c.exchange("POST", "/records", `1`, 503)

	for path, item := range c.document.Paths.Map() {
		for method, operation := range item.Operations() {
			for status, response := range operation.Responses.Map() {
				medias := []string{""}
				if len(response.Value.Content) > 0 {
					medias = nil
				}
				for media := range response.Value.Content {
					medias = append(medias, media)
				}
				for _, media := range medias {
					if strings.HasSuffix(status, "XX") {
						continue
					}
					if name := strings.Join([]string{operation.OperationID, status, media}, " "); !c.seen[name] {
						t.Errorf("%s %s: %s has not been exercised", method, path, name)
					}
				}
			}
		}
	}
}

// slowBody sends the beginning of a body, and waits to be told.
func (c *contract) slowBody() {
	c.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.url, "http://"))
	if err != nil {
		c.Fatal(err)
	}
	defer conn.Close()
	r, err := http.NewRequest("POST", "/records", nil)
	if err != nil {
		c.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	io.WriteString(conn, "POST /records HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n[")
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	response, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		c.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 408 {
		c.Fatalf("%d %s, %v", response.StatusCode, text, err)
	}
	c.hold(http.MethodPost, "/records", response, text)
}

// full is a store without room.
type full struct{ core.Store }

func (full) Append(context.Context, []*segment.Segment) (core.State, error) {
	return core.State{}, core.ErrQuota
}

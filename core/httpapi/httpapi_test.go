//go:build !js

// Go in JavaScript has no network of its own.

package httpapi_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/httpapi"
	"github.com/flumedb/flumedb-wasm/core/memstore"
)

const ndjson = "application/x-ndjson"

func TestAppendAndRead(t *testing.T) {
	s := serveMemory(t, httpapi.Options{})
	a := s.do("POST", "/records", `{"n":0}`)
	s.want(a, 201, `{"first":0,"seq":0,"count":1}`)
	if a.header.Get("Location") != "records/0" {
		t.Fatalf("the location is %q", a.header.Get("Location"))
	}
	s.want(s.do("POST", "/records", ` [{"n":1}, [2] ,"3"] `, "Content-Type", "application/json; charset=UTF-8"), 201, `{"first":1,"seq":3,"count":3}`)
	s.want(s.do("POST", "/records", "{\"n\":4}\r\n\n[5]\n  null", "Content-Type", ndjson), 201, `{"first":4,"seq":6,"count":3}`)
	s.want(s.do("POST", "/records", "{\"n\" :\n [ 7 , \" \\n \"\n] }"), 201, `{"first":7,"seq":7,"count":1}`)
	for seq, record := range []string{`{"n":0}`, `{"n":1}`, `[2]`, `"3"`, `{"n":4}`, `[5]`, `null`, `{"n":[7," \n "]}`} {
		a := s.do("GET", fmt.Sprint("/records/", seq), "")
		s.want(a, 200, record)
		if a.header.Get("Content-Type") != "application/json" {
			t.Fatal(a.header)
		}
	}
	s.wantProblem(s.do("GET", "/records/8", ""), 404, "NOT_FOUND")
	s.want(s.do("GET", "/since", ""), 200, `{"since":7}`)
	s.want(s.do("HEAD", "/records/0", ""), 200, ``)
}

func TestBadRequests(t *testing.T) {
	s := serveMemory(t, httpapi.Options{MaxBody: 1000})
	s.do("POST", "/records", `{"n":0}`)
	for _, c := range []struct {
		method, path, body string
		status             int
		code               string
		headers            []string
	}{
		{"POST", "/records", `{"n":}`, 400, "INVALID_RECORD", nil},
		{"POST", "/records", `{"n":1} {"n":2}`, 400, "INVALID_RECORD", nil},
		{"POST", "/records", `[]`, 400, "INVALID_RECORD", nil},
		{"POST", "/records", ``, 400, "INVALID_RECORD", []string{"Content-Type", "application/json"}},
		{"POST", "/records", "\xff", 400, "INVALID_RECORD", nil},
		{"POST", "/records", "1\n2\n{\n", 400, "INVALID_RECORD", []string{"Content-Type", ndjson}},
		{"POST", "/records", "\n \n", 400, "INVALID_RECORD", []string{"Content-Type", ndjson}},
		{"POST", "/records", strings.Repeat("[", 1000), 400, "INVALID_RECORD", nil},
		{"POST", "/records", `"` + strings.Repeat("x", 1000) + `"`, 413, "TOO_LARGE", nil},
		{"POST", "/records", `1`, 415, "INVALID_OPTION", []string{"Content-Type", "text/plain"}},
		{"POST", "/records", `1`, 415, "INVALID_OPTION", []string{"Content-Type", ""}},
		{"POST", "/records", `1`, 415, "INVALID_OPTION", []string{"Content-Type", "application/json; charset=latin1"}},
		{"POST", "/records", `1`, 415, "INVALID_OPTION", []string{"Content-Encoding", "br"}},
		{"POST", "/records", `1`, 400, "INVALID_OPTION", []string{"Idempotency-Key", strings.Repeat("k", 256)}},
		{"POST", "/records", `1`, 400, "INVALID_OPTION", []string{"Idempotency-Key", ""}},
		{"POST", "/records?x=1", `1`, 400, "INVALID_OPTION", nil},
		{"PUT", "/records", `1`, 405, "INVALID_OPTION", nil},
		{"GET", "/records/x", ``, 400, "INVALID_OPTION", nil},
		{"GET", "/records/-1", ``, 400, "INVALID_OPTION", nil},
		{"GET", "/records/99999999999999999999", ``, 400, "INVALID_OPTION", nil},
		{"GET", "/records/1", ``, 404, "NOT_FOUND", nil},
		{"DELETE", "/records/1", ``, 404, "NOT_FOUND", nil},
		{"DELETE", "/records", ``, 400, "INVALID_OPTION", nil},
		{"DELETE", "/records?seqs=0,x", ``, 400, "INVALID_OPTION", nil},
		{"DELETE", "/records?seqs=0,1", ``, 404, "NOT_FOUND", nil},
		{"DELETE", "/records?seqs=0" + strings.Repeat(",0", 1000), ``, 400, "INVALID_OPTION", nil},
		{"GET", "/records?gt=x", ``, 400, "INVALID_OPTION", nil},
		{"GET", "/records?gt=1&gt=2", ``, 400, "INVALID_OPTION", nil},
		{"GET", "/records?lmit=2", ``, 400, "INVALID_OPTION", nil},
		{"GET", "/records?reverse=yes", ``, 400, "INVALID_OPTION", nil},
		{"GET", "/records?reverse=true&live=true", ``, 400, "INVALID_OPTION", nil},
		{"GET", "/records?seqs=false&values=false", ``, 400, "INVALID_OPTION", nil},
		{"GET", "/records?live=false", ``, 400, "INVALID_OPTION", []string{"Accept", "text/event-stream"}},
		{"GET", "/records", ``, 400, "INVALID_OPTION", []string{"Accept", "text/event-stream", "Last-Event-ID", "x"}},
		{"GET", "/records", ``, 406, "INVALID_OPTION", []string{"Accept", "image/png"}},
		{"GET", "/records?%", ``, 400, "INVALID_OPTION", nil},
		{"GET", "/", ``, 404, "NOT_FOUND", nil},
		{"GET", "/records/", ``, 404, "NOT_FOUND", nil},
		{"GET", "/nothing", ``, 404, "NOT_FOUND", nil},
		{"GET", "/views/none/get", ``, 404, "NOT_FOUND", nil},
		{"GET", "/views/reduce/none", ``, 400, "INVALID_OPTION", nil},
		{"GET", "/views/reduce/get?args=1", ``, 400, "INVALID_OPTION", nil},
		{"GET", "/views/reduce/get?args=[", ``, 400, "INVALID_OPTION", nil},
		{"GET", "/views/reduce/get?since=x", ``, 400, "INVALID_OPTION", nil},
		{"GET", "/views/reduce/get", ``, 406, "INVALID_OPTION", []string{"Accept", ndjson}},
		{"POST", "/views/reduce/get?args=[]", `[]`, 400, "INVALID_OPTION", nil},
		{"POST", "/views/reduce/get", `{}`, 400, "INVALID_OPTION", nil},
		{"POST", "/views/reduce/get", `[]`, 415, "INVALID_OPTION", []string{"Content-Type", ndjson}},
		{"POST", "/views/reduce/get", `[` + strings.Repeat(" ", 1<<20) + `]`, 413, "TOO_LARGE", nil},
	} {
		a := s.do(c.method, c.path, c.body, c.headers...)
		if a.status != c.status || a.code() != c.code || a.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s %.40q %v: got %d %s, want %d %s", c.method, c.path, c.body, c.headers, a.status, a.body, c.status, c.code)
		}
	}
	a := s.do("PUT", "/records/0", "1")
	if a.header.Get("Allow") != "GET, HEAD, DELETE" {
		t.Fatalf("allowed are %q", a.header.Get("Allow"))
	}
	a = s.do("POST", "/records", "1\n\n{\n", "Content-Type", ndjson)
	s.want(a, 400, `{"title":"Bad Request","status":400,"code":"INVALID_RECORD","detail":"line 3 is not valid JSON","line":3}`)
	// Nothing of all that has changed anything.
	s.want(s.do("GET", "/records", ""), 200, `{"seq":0,"value":{"n":0}}`+"\n")
}

// fill appends n records of {"n":i,…}.
func (s *server) fill(n int) {
	s.Helper()
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"n":%d,"type":"%c","text":"text of %d"}`+"\n", i, "ab"[i%2], i)
	}
	if a := s.do("POST", "/records", b.String(), "Content-Type", ndjson); a.status != 201 {
		s.Fatalf("append: %d %s", a.status, a.body)
	}
}

func TestRanges(t *testing.T) {
	s := serveMemory(t, httpapi.Options{})
	s.want(s.do("GET", "/records", ""), 200, "")
	s.want(s.do("GET", "/records?reverse=true", ""), 200, "")
	const n = 5000 // more than is read at a time
	s.fill(n)
	for query, want := range map[string][2]int{
		"":                     {0, n - 1},
		"gte=0&lte=100000":     {0, n - 1},
		"gt=-5":                {0, n - 1},
		"gt=10&lt=13":          {11, 12},
		"gte=10&lte=13":        {10, 13},
		"gte=10&gt=11&lte=13":  {12, 13},
		"gt=4997":              {4998, 4999},
		"limit=3":              {0, 2},
		"gte=7&limit=3":        {7, 9},
		"reverse=1":            {n - 1, 0},
		"reverse=true&limit=3": {n - 1, n - 3},
		"reverse=true&lt=4":    {3, 0},
		"gt=2&lte=4&reverse=1": {4, 3},
		"gte=3000&lte=4000":    {3000, 4000},
		"limit=0&gt=4998":      {4999, 4999},
		"limit=-1&gt=4998":     {4999, 4999},
	} {
		var lines []string
		for i := want[0]; ; {
			lines = append(lines, strconv.Itoa(i))
			if i == want[1] {
				break
			}
			if want[0] < want[1] {
				i++
			} else {
				i--
			}
		}
		s.want(s.do("GET", "/records?values=false&"+query, ""), 200, strings.Join(lines, "\n")+"\n")
	}
	for _, query := range []string{"gt=4999", "lt=0", "gt=5&lt=6", "gte=8&lte=7", "gte=8&lte=7&reverse=1"} {
		s.want(s.do("GET", "/records?"+query, ""), 200, "")
	}
	s.want(s.do("GET", "/records?gte=1&lte=2", ""), 200,
		`{"seq":1,"value":{"n":1,"type":"b","text":"text of 1"}}`+"\n"+`{"seq":2,"value":{"n":2,"type":"a","text":"text of 2"}}`+"\n")
	s.want(s.do("GET", "/records?lte=0&seqs=false", ""), 200, `{"n":0,"type":"a","text":"text of 0"}`+"\n")
}

func TestIdempotency(t *testing.T) {
	s := serveMemory(t, httpapi.Options{})
	a := s.do("POST", "/records", `[1,2]`, "Idempotency-Key", "k")
	s.want(a, 201, `{"first":0,"seq":1,"count":2}`)
	if a.header.Get("Idempotency-Replayed") != "" {
		t.Fatal("the first is replayed")
	}
	s.do("POST", "/records", `3`)
	for _, body := range []string{`[1,2]`, ` [ 1 , 2 ] `} {
		a = s.do("POST", "/records", body, "Idempotency-Key", "k")
		s.want(a, 200, `{"first":0,"seq":1,"count":2}`)
		if a.header.Get("Idempotency-Replayed") != "true" {
			t.Fatal("a replay does not say so")
		}
	}
	s.want(s.do("POST", "/records", "1\n2", "Idempotency-Key", "k", "Content-Type", ndjson), 200, `{"first":0,"seq":1,"count":2}`)
	s.wantProblem(s.do("POST", "/records", `[1,2,3]`, "Idempotency-Key", "k"), 422, "KEY_REUSED")
	s.wantProblem(s.do("POST", "/records", `[12]`, "Idempotency-Key", "k"), 422, "KEY_REUSED")
	// Also when what it appended has been deleted.
	s.want(s.do("DELETE", "/records/0", ""), 204, "")
	s.want(s.do("POST", "/records", `[1,2]`, "Idempotency-Key", "k"), 200, `{"first":0,"seq":1,"count":2}`)
	s.want(s.do("GET", "/since", ""), 200, `{"since":2}`)
}

func TestCaching(t *testing.T) {
	disk := new(memstore.Disk)
	s := serve(t, memstore.Open(disk), httpapi.Options{Shared: true})
	s.fill(10)
	get := func(path, tag string) answer {
		t.Helper()
		if tag == "" {
			return s.do("GET", path, "")
		}
		return s.do("GET", path, "", "If-None-Match", tag)
	}
	for _, path := range []string{"/records?gte=2&lte=4", "/records?lt=5&reverse=1", "/records", "/records/3", "/records?gte=2&lte=4&seqs=false"} {
		a := get(path, "")
		tag := a.header.Get("ETag")
		if a.status != 200 || tag == "" || a.header.Get("Cache-Control") != "private, no-cache" {
			t.Fatalf("%s: %d %v", path, a.status, a.header)
		}
		for _, given := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
			if a = get(path, given); a.status != 304 || a.body != "" || a.header.Get("ETag") != tag {
				t.Fatalf("%s with %s: %d %s %v", path, given, a.status, a.body, a.header)
			}
		}
		if a = get(path, `"other"`); a.status != 200 {
			t.Fatalf("%s with another: %d", path, a.status)
		}
	}
	fixed, all := get("/records?gte=2&lte=4", "").header.Get("ETag"), get("/records", "").header.Get("ETag")
	if other := get("/records?gte=2&lte=5", "").header.Get("ETag"); other == fixed {
		t.Fatal("two ranges have one tag")
	}
	record, other := get("/records/3", "").header.Get("ETag"), get("/records/4", "").header.Get("ETag")

	// Whoever appends: a range that is over stays the same.
	second, err := core.Open(t.Context(), memstore.Open(disk), core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close(t.Context())
	if _, err := second.Append(t.Context(), []byte(`"new"`)); err != nil {
		t.Fatal(err)
	}
	if a := get("/records?gte=2&lte=4", fixed); a.status != 304 {
		t.Fatalf("after an append: %d", a.status)
	}
	if a := get("/records", all); a.status != 200 || !strings.Contains(a.body, `"new"`) {
		t.Fatalf("all after an append: %d", a.status)
	}
	// Whoever deletes: what holds the record is not had from a cache.
	if err := second.Delete(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	if a := get("/records?gte=2&lte=4", fixed); a.status != 200 || strings.Contains(a.body, `"n":3`) {
		t.Fatalf("after a deletion: %d %s", a.status, a.body)
	}
	s.wantProblem(get("/records/3", record), 410, "DELETED")
	if a := get("/records/4", other); a.status != 304 {
		t.Fatalf("another record after a deletion: %d", a.status)
	}
	if a := s.do("GET", "/records", "", "Accept", "text/event-stream;q=0, "+ndjson); a.header.Get("Vary") != "Accept" {
		t.Fatal(a.header)
	}
}

func TestDelete(t *testing.T) {
	s := serveMemory(t, httpapi.Options{})
	s.fill(6)
	s.want(s.do("DELETE", "/records/2", ""), 204, "")
	s.want(s.do("DELETE", "/records/2", ""), 204, "")
	s.want(s.do("DELETE", "/records?seqs=0,4,5", ""), 204, "")
	s.wantProblem(s.do("GET", "/records/2", ""), 410, "DELETED")
	s.want(s.do("GET", "/records?values=false", ""), 200, "1\n3\n")
	s.want(s.do("GET", "/records?values=false&reverse=true", ""), 200, "3\n1\n")
	a := s.do("GET", "/stats", "")
	if a.status != 200 || !strings.HasPrefix(a.body, `{"records":6,"deleted":4,"segments":1,"bytes":`) {
		t.Fatal(a.body)
	}
}

func TestViews(t *testing.T) {
	s := serveMemory(t, httpapi.Options{})
	s.fill(300)
	// Reads wait for what was appended before.
	a := s.do("GET", "/views/reduce/get", "")
	s.want(a, 200, `{"a":150,"b":150}`)
	if a.header.Get("Flumedb-Since") != "299" || a.header.Get("Cache-Control") != "no-store" {
		t.Fatal(a.header)
	}
	s.want(s.do("POST", "/views/hashtable/get", `[7]`), 200, `{"seq":7,"value":{"n":7,"type":"b","text":"text of 7"}}`)
	s.want(s.do("GET", "/views/bloom/has?args=[7]&since=299", ""), 200, `true`)
	s.want(s.do("GET", "/views/hashtable/get?args=[-7]", ""), 200, `null`)
	s.want(s.do("POST", "/views/search/query", `[{"query":"of 42","values":false}]`), 200, `{"items":[{"seq":42}]}`)
	s.want(s.do("POST", "/views/search/query", `[{"query":"of 42"}]`, "Accept", ndjson), 200, `{"seq":42,"value":{"n":42,"type":"a","text":"text of 42"}}`+"\n")

	// All pages of what has many.
	lines := strings.Split(strings.TrimSpace(s.do("POST", "/views/level/read", `[{"values":false,"seqs":false}]`, "Accept", ndjson).body), "\n")
	if len(lines) != 300 || lines[0] != "0" || lines[299] != "299" {
		t.Fatalf("%d keys: %.100v", len(lines), lines)
	}
	lines = strings.Split(strings.TrimSpace(s.do("POST", "/views/query/read", `[{"query":[{"$filter":{"type":"a"}}]}]`, "Accept", ndjson).body), "\n")
	if len(lines) != 150 {
		t.Fatalf("%d records of type a: %.200v", len(lines), lines)
	}
	a = s.do("GET", "/views", "")
	if a.status != 200 || strings.Count(a.body, `"since":299`) != 6 {
		t.Fatal(a.body)
	}
	a = s.do("GET", "/progress", "")
	if a.status != 200 || !strings.HasPrefix(a.body, `{"current":299,"target":299,"views":[`) {
		t.Fatal(a.body)
	}
}

func TestLiveView(t *testing.T) {
	s := serveMemory(t, httpapi.Options{})
	s.fill(2)
	l := s.follow(`/views/hashtable/read?args=[{"key":1,"live":true}]`, "Accept", ndjson)
	l.want(`{"seq":1,"value":{"n":1,"type":"b","text":"text of 1"}}`)
	s.do("POST", "/records", `[{"n":5},{"n":1}]`)
	l.want(`{"seq":3,"value":{"n":1}}`)
}

func TestClosed(t *testing.T) {
	s := serveMemory(t, httpapi.Options{})
	s.fill(2)
	l := s.follow("/records?live=true&values=false")
	l.want("0", "1")
	s.handler.Close()
	if l.lines.Scan() {
		t.Fatalf("a stream goes on with %s", l.lines.Text())
	}
	if err := l.lines.Err(); err != nil {
		t.Fatalf("a stream ended with %v", err)
	}
	s.wantProblem(s.do("GET", "/since", ""), http.StatusServiceUnavailable, "CLOSED")
}

func TestEndStreams(t *testing.T) {
	s := serveMemory(t, httpapi.Options{})
	s.fill(2)
	for _, path := range []string{"/records?live=true&values=false", "/since", `/views/hashtable/read?args=[{"key":1,"live":true}]`} {
		accept := ndjson
		if path == "/since" {
			accept = events
		}
		l, last := s.follow(path, "Accept", accept), ""
		for range strings.Count(path, "records") + 1 {
			last = l.next()
		}
		s.handler.EndStreams()
		for l.lines.Scan() {
			if l.lines.Text() != "" {
				t.Fatalf("%s goes on behind %s with %s", path, last, l.lines.Text())
			}
		}
		if err := l.lines.Err(); err != nil {
			t.Fatalf("%s ended with %v", path, err)
		}
	}
	// Those that are opened afterwards stay.
	l := s.follow("/records?old=false&values=false")
	s.do("POST", "/records", "1")
	l.want("2")
	s.do("POST", "/records", "2")
	l.want("3")
}

func TestStoppedView(t *testing.T) {
	s := serveMemory(t, httpapi.Options{})
	s.views.Close(t.Context())
	s.fill(1)
	s.wantProblem(s.do("GET", "/views/reduce/get", ""), 503, "CLOSED")
	s.want(s.do("GET", "/views/reduce/get?since=-1", ""), 200, `{}`)
}

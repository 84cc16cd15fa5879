package gate_test

import (
	stdjson "encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/flumedb/flumedb-wasm/core/gate"
)

// request makes one of headers, which are name and value in turn.
func request(method, path string, headers ...string) gate.Request {
	return gate.Request{Method: method, Path: path, Header: func(name string) string {
		for i := 0; i < len(headers); i += 2 {
			if headers[i] == name {
				return headers[i+1]
			}
		}
		if name == "Host" {
			return "localhost:7380"
		}
		return ""
	}}
}

func header(v gate.Verdict, name string) string {
	if i := slices.Index(v.Header, name); i >= 0 {
		return v.Header[i+1]
	}
	return ""
}

func wantRefused(t *testing.T, v gate.Verdict, status int, code string) {
	t.Helper()
	var p struct {
		Title, Code, Detail string
		Status              int
	}
	if err := stdjson.Unmarshal(v.Body, &p); err != nil || v.Log != "" {
		t.Fatalf("got log %q and %s, want %d %s: %v", v.Log, v.Body, status, code, err)
	}
	if v.Status != status || p.Status != status || p.Code != code || p.Title == "" || p.Detail == "" || header(v, "Content-Type") != "application/problem+json" {
		t.Fatalf("got %d %s, want %d %s", v.Status, v.Body, status, code)
	}
}

func TestToken(t *testing.T) {
	g := gate.New(gate.Options{Token: "s3cret"})
	for _, good := range []string{"Bearer s3cret", "bearer s3cret", "BEARER  s3cret "} {
		if v := g.Decide(request("GET", "/logs/a/since", "Authorization", good)); v.Log != "a" || v.Path != "/since" {
			t.Errorf("%q is refused: %s", good, v.Body)
		}
	}
	for _, bad := range []string{"", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3crets", "Bearer S3cret", "Basic s3cret", "s3cret", "Bearer s3cret, Bearer s3cret", "Bearer\ts3cret"} {
		v := g.Decide(request("GET", "/logs/a/since", "Authorization", bad))
		wantRefused(t, v, 401, "UNAUTHORIZED")
		if !strings.HasPrefix(header(v, "WWW-Authenticate"), "Bearer") {
			t.Errorf("no challenge in %q", v.Header)
		}
	}
	// Who has no token does not learn which paths there are.
	wantRefused(t, g.Decide(request("GET", "/nothing")), 401, "UNAUTHORIZED")
	if v := gate.New(gate.Options{}).Decide(request("GET", "/logs/a/since")); v.Log != "a" {
		t.Errorf("a gate without a token refuses: %s", v.Body)
	}
}

// TestRebinding refuses, where there is no token, what names another host, as the
// requests of a page do whose site has its name stand for this machine.
func TestRebinding(t *testing.T) {
	open, closed := gate.New(gate.Options{}), gate.New(gate.Options{Token: "t"})
	for host, lets := range map[string]bool{
		"localhost": true, "localhost:7380": true, "127.0.0.1": true, "127.0.0.1:80": true, "127.1.2.3:80": true, "[::1]:80": true, "[::1]": true,
		"": false, "evil.example": false, "evil.example:7380": false, "127.0.0.1.evil.example": false, "localhost.evil.example:80": false, "192.168.1.2:80": false, "0.0.0.0": false,
	} {
		v := open.Decide(request("GET", "/logs/a/since", "Host", host))
		if lets && v.Log != "a" {
			t.Errorf("%q is refused: %s", host, v.Body)
		} else if !lets {
			wantRefused(t, v, 403, "UNAUTHORIZED")
		}
		if v := closed.Decide(request("GET", "/logs/a/since", "Host", host, "Authorization", "Bearer t")); v.Log != "a" {
			t.Errorf("%q is refused in spite of the token: %s", host, v.Body)
		}
	}
}

func TestPaths(t *testing.T) {
	g := gate.New(gate.Options{})
	for path, want := range map[string][2]string{
		"/logs/journal/records":     {"journal", "/records"},
		"/logs/a.b_c-9/records/3":   {"a.b_c-9", "/records/3"},
		"/logs/.../views/a%2Fb/get": {"...", "/views/a%2Fb/get"},
		"/logs/a":                   {"a", "/"},
		"/logs/a/":                  {"a", "/"},
		"/logs/a//records":          {"a", "//records"},
		"/logs/" + strings.Repeat("n", 64) + "/records": {strings.Repeat("n", 64), "/records"},
	} {
		if v := g.Decide(request("GET", path)); [2]string{v.Log, v.Path} != want {
			t.Errorf("%s goes to %q %q: %s", path, v.Log, v.Path, v.Body)
		}
	}
	for _, path := range []string{"", "/", "/logs", "/log/a/records", "/Logs/a/records", "//logs/a/records"} {
		wantRefused(t, g.Decide(request("GET", path)), 404, "NOT_FOUND")
	}
	for _, name := range []string{"", ".", "..", "A", "a b", "a%20b", "%61", "%2e%2e", "ä", "a\x00", "a\\b", "a:b", "~", strings.Repeat("n", 65)} {
		wantRefused(t, g.Decide(request("GET", "/logs/"+name+"/records")), 400, "INVALID_OPTION")
	}
}

func TestCORS(t *testing.T) {
	preflight := []string{"Origin", "https://app.example", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type"}
	for _, c := range []struct {
		origins     []string
		allowOrigin string
	}{
		{nil, ""},
		{[]string{"https://other.example"}, ""},
		{[]string{"https://app.example.evil"}, ""},
		{[]string{"https://other.example", "https://app.example"}, "https://app.example"},
		{[]string{"*"}, "*"},
	} {
		g := gate.New(gate.Options{Token: "t", Origins: c.origins})
		// A preflight has no token.
		v := g.Decide(request("OPTIONS", "/logs/a/records", preflight...))
		if c.allowOrigin == "" {
			wantRefused(t, v, 403, "UNAUTHORIZED")
		} else if v.Status != 204 || len(v.Body) > 0 || !strings.Contains(header(v, "Access-Control-Allow-Methods"), "DELETE") || !strings.Contains(header(v, "Access-Control-Allow-Headers"), "Authorization") {
			t.Errorf("%q: a preflight is answered %d %q %s", c.origins, v.Status, v.Header, v.Body)
		}
		for name, v := range map[string]gate.Verdict{
			"a preflight":                   v,
			"one let in":                    g.Decide(request("GET", "/logs/a/since", "Origin", "https://app.example", "Authorization", "Bearer t")),
			"one refused":                   g.Decide(request("GET", "/logs/a/since", "Origin", "https://app.example")),
			"one let in of an allowed page": g.Decide(request("GET", "/logs/a/since", "Origin", c.allowOrigin)),
		} {
			if name == "one let in of an allowed page" && c.allowOrigin == "" {
				continue
			}
			if got := header(v, "Access-Control-Allow-Origin"); got != c.allowOrigin {
				t.Errorf("%q: %s may be read by %q, want %q", c.origins, name, got, c.allowOrigin)
			}
			if c.origins != nil && c.allowOrigin != "*" && header(v, "Vary") != "Origin" {
				t.Errorf("%q: caches take the answer to %s for every origin's", c.origins, name)
			}
		}
	}
	// What is no preflight needs the token.
	g := gate.New(gate.Options{Token: "t", Origins: []string{"*"}})
	wantRefused(t, g.Decide(request("OPTIONS", "/logs/a/records", "Origin", "https://app.example")), 401, "UNAUTHORIZED")
}

// FuzzNames sends any path: a log has a valid name, whose path is what followed.
func FuzzNames(f *testing.F) {
	for _, path := range []string{"/logs/a/records", "/logs/../x", "/logs/./x", "/logs/%2e/x", "/logs//x", "/logs/A/x", "/logs/a", "/logs/a%00/x", "/logs/\xff/x", "//", ""} {
		f.Add("GET", path, "Bearer t")
	}
	g := gate.New(gate.Options{Token: "t", Origins: []string{"https://app.example"}})
	f.Fuzz(func(t *testing.T, method, path, authorization string) {
		v := g.Decide(request(method, path, "Authorization", authorization))
		if v.Log == "" {
			if v.Status < 400 || !stdjson.Valid(v.Body) {
				t.Fatalf("%q is answered %d %s", path, v.Status, v.Body)
			}
			return
		}
		if !gate.ValidName(v.Log) || strings.ContainsAny(v.Log, "/\\%\x00") || v.Log == ".." || v.Log == "." || len(v.Log) > gate.MaxName {
			t.Fatalf("%q goes to %q", path, v.Log)
		}
		if path != "/logs/"+v.Log+v.Path && path != "/logs/"+v.Log {
			t.Fatalf("%q goes to %q %q", path, v.Log, v.Path)
		}
		if !strings.Contains(authorization, "t") {
			t.Fatalf("%q is let in", authorization)
		}
	})
}

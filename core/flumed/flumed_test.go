//go:build !js

package main

import (
	"bufio"
	"bytes"
	"context"
	stdjson "encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestMain runs the command in the place of the tests where a test has started
// this binary for that.
func TestMain(m *testing.M) {
	if os.Getenv("FLUMED_RUN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is a server in a process of its own.
type process struct {
	*testing.T
	cmd *exec.Cmd
	url string
}

// start starts a server that has the token "t".
func start(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"-dir", dir, "-listen", "127.0.0.1:0"}, args...)...)
	cmd.Env = append(os.Environ(), "FLUMED_RUN=1", "FLUMED_TOKEN=t")
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, _ := bufio.NewReader(out).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "flumed: listening on ")
	if !ok {
		t.Fatalf("the server says %q", line)
	}
	go io.Copy(os.Stderr, out)
	return &process{t, cmd, url}
}

func (p *process) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// answer is a response that has been read.
type answer struct {
	status int
	body   string
	header http.Header
}

// request makes a request with the token "t"; headers are name and value in turn.
func request(method, url, body string, headers ...string) (answer, error) {
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Authorization", "Bearer t")
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, string(b), response.Header}, err
}

func want(t *testing.T, status int, body, method, url, sent string, headers ...string) {
	t.Helper()
	a, err := request(method, url, sent, headers...)
	if err != nil {
		t.Fatal(err)
	}
	if a.status != status || a.body != body {
		t.Fatalf("%s %s: got %d %s\nwant %d %s", method, url, a.status, a.body, status, body)
	}
}

func wantProblem(t *testing.T, status int, code, method, url, sent string, headers ...string) {
	t.Helper()
	a, err := request(method, url, sent, headers...)
	if err != nil {
		t.Fatal(err)
	}
	var p struct{ Code string }
	stdjson.Unmarshal([]byte(a.body), &p)
	if a.status != status || p.Code != code || a.header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("%s %s: got %d %s, want %d %s", method, url, a.status, a.body, status, code)
	}
}

// TestKill kills the server in the middle of appends to two logs, again and again.
// Clients make a request until it is answered: all is there, once, in order.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir)
	const total = 200
	var mu sync.Mutex
	url := p.url
	where := func() string {
		mu.Lock()
		defer mu.Unlock()
		return url
	}
	var writers sync.WaitGroup
	for _, name := range []string{"one", "two"} {
		for w := range 2 {
			writers.Go(func() {
				for i := range total {
					key := fmt.Sprintf("%d/%d", w, i)
					for {
						a, err := request("POST", where()+"/logs/"+name+"/records", fmt.Sprintf(`[{"w":%d,"i":%d},"of %s"]`, w, i, name), "Idempotency-Key", key)
						if err == nil && a.status/100 == 2 {
							break
						}
						if err == nil && a.status != 503 {
							t.Errorf("an append is answered %d %s", a.status, a.body)
							return
						}
						time.Sleep(2 * time.Millisecond)
					}
				}
			})
		}
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	kills := 0
	for running := true; running; {
		select {
		case <-done:
			running = false
		case <-time.After(150 * time.Millisecond):
			p.kill()
			kills++
			p = start(t, dir)
			mu.Lock()
			url = p.url
			mu.Unlock()
		}
	}
	p.kill()
	p = start(t, dir)
	if kills == 0 {
		t.Error("the server was never killed")
	}
	for _, name := range []string{"one", "two"} {
		a, err := request("GET", p.url+"/logs/"+name+"/records?seqs=false", "")
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(a.body), "\n")
		next := [2]int{}
		for i, line := range lines {
			if i%2 == 1 {
				if line != fmt.Sprintf(`"of %s"`, name) {
					t.Fatalf("%s: record %d is %s", name, i, line)
				}
				continue
			}
			var r struct{ W, I int }
			if err := stdjson.Unmarshal([]byte(line), &r); err != nil || r.I != next[r.W] {
				t.Fatalf("%s: record %d is %s, and %d was to follow of its writer: %v", name, i, line, next[r.W], err)
			}
			next[r.W]++
		}
		if next != [2]int{total, total} {
			t.Fatalf("%s: of the writers' %d appends there are %v", name, total, next)
		}
	}
	t.Logf("%d kills", kills)
}

// TestRefused asks for what is not to be had: that is told, and leaves nothing.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir, "-max-body", "1", "-origin", "https://app.example")
	for _, token := range []string{"", "Bearer", "Bearer T", "Bearer tt", "Basic t"} {
		wantProblem(t, 401, "UNAUTHORIZED", "POST", p.url+"/logs/secret/records", "1", "Authorization", token)
	}
	wantProblem(t, 401, "UNAUTHORIZED", "POST", p.url+"/logs/secret/records", strings.Repeat(" ", 3<<20), "Authorization", "Bearer no")
	for _, name := range []string{"..", ".", "A", "a%2fb", "%2e%2e", "", "a%00", strings.Repeat("x", 65)} {
		wantProblem(t, 400, "INVALID_OPTION", "POST", p.url+"/logs/"+name+"/records", "1")
	}
	wantProblem(t, 404, "NOT_FOUND", "GET", p.url+"/", "")
	if found, _ := filepath.Glob(filepath.Join(dir, "*")); len(found) > 0 {
		t.Fatalf("what was refused has made %v", found)
	}
	wantProblem(t, 413, "TOO_LARGE", "POST", p.url+"/logs/a/records", `"`+strings.Repeat("x", 1<<20)+`"`)
	a, err := request("GET", p.url+"/logs/a/since", "", "Origin", "https://app.example")
	if err != nil || a.body != `{"since":-1}` || a.header.Get("Access-Control-Allow-Origin") != "https://app.example" {
		t.Fatal(a, err)
	}
	a, err = request("OPTIONS", p.url+"/logs/a/records", "", "Origin", "https://app.example", "Access-Control-Request-Method", "POST", "Authorization", "")
	if err != nil || a.status != 204 {
		t.Fatal(a, err)
	}
}

// serving is a server in this process.
func serving(t *testing.T, change func(*settings)) string {
	t.Helper()
	s := settings{dir: t.TempDir(), token: "t", maxBody: 1 << 20, maxLogs: 10, maxConns: 100, idle: time.Minute, requestTime: 500 * time.Millisecond, warn: func(err error) { t.Log(err) }}
	if change != nil {
		change(&s)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- newServer(s).serve(ctx, listener) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "http://" + listener.Addr().String()
}

// TestSlowClients has clients that begin a request and send no more: they are told
// where there is a request, closed, and nobody else waits for them.
func TestSlowClients(t *testing.T) {
	url := serving(t, nil)
	dial := func(text string) net.Conn {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		io.WriteString(conn, text)
		return conn
	}
	body := "POST /logs/slow/records HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n"
	cases := map[string]struct {
		conns []net.Conn
		want  string // which statuses it may be
		most  time.Duration
	}{
		// Those for whose bodies there is room, and those who waited for it.
		"half a body":               {want: "408 503", most: 5 * time.Second},
		"half a body, no token":     {want: "401", most: 5 * time.Second},
		"a body that is not wanted": {want: "200", most: 5 * time.Second},
		"half a header":             {want: "400", most: headerTime + 5*time.Second},
		"nothing":                   {want: "", most: headerTime + 5*time.Second},
	}
	for name, c := range cases {
		for range 15 {
			c.conns = append(c.conns, dial(map[string]string{
				"half a body":               body + "Authorization: Bearer t\r\n\r\n[1,",
				"half a body, no token":     body + "\r\n[1,",
				"a body that is not wanted": strings.Replace(body, "POST /logs/slow/records", "GET /logs/slow/since", 1) + "Authorization: Bearer t\r\n\r\n[1,",
				"half a header":             "GET /logs/slow/since HTTP/1.1\r\nHost: x\r\nAuth",
				"nothing":                   "",
			}[name]))
		}
		cases[name] = c
	}
	begun := time.Now()
	for range 20 {
		want(t, 200, `{"since":-1}`, "GET", url+"/logs/other/since", "")
	}
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("beside them 20 requests took %v", took)
	}
	var wait sync.WaitGroup
	for name, c := range cases {
		for _, conn := range c.conns {
			wait.Go(func() {
				conn.SetReadDeadline(begun.Add(c.most))
				b, err := io.ReadAll(conn)
				if status, ok := strings.CutPrefix(string(b[:min(len(b), 12)]), "HTTP/1.1 "); ok != (c.want != "") || !strings.Contains(c.want, status) {
					t.Errorf("%s: answered %q", name, b)
				}
				if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
					t.Errorf("%s: still open after %v", name, c.most)
				}
			})
		}
	}
	wait.Wait()
}

func TestConnectionsAreLimited(t *testing.T) {
	url := serving(t, func(s *settings) { s.maxConns = 3 })
	var conns []net.Conn
	for range 3 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns = append(conns, conn)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(conn)
	if err != nil || !bytes.HasPrefix(b, []byte("HTTP/1.1 503 ")) || !bytes.Contains(b, []byte(`"BUSY"`)) {
		t.Fatalf("one too many is told %q, %v", b, err)
	}
	conns[0].Close()
	for tries := 0; ; tries++ {
		if a, err := request("GET", url+"/logs/a/since", ""); err == nil && a.status == 200 {
			break
		}
		if tries > 200 {
			t.Fatal("a connection that was closed makes no room")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// TestLogsComeAndGo has more logs than may be open, and finds all records.
func TestLogsComeAndGo(t *testing.T) {
	url := serving(t, func(s *settings) { s.maxLogs, s.idle = 3, 50*time.Millisecond })
	var wait sync.WaitGroup
	for w := range 3 {
		wait.Go(func() {
			for i := range 40 {
				for {
					a, err := request("POST", fmt.Sprintf("%s/logs/log-%d/records", url, (i+w)%8), fmt.Sprint(i))
					if err != nil {
						t.Error(err)
						return
					}
					if a.status == 201 {
						break
					}
					if a.status != 503 {
						t.Errorf("an append is answered %d %s", a.status, a.body)
						return
					}
				}
				if i%10 == 0 {
					time.Sleep(100 * time.Millisecond) // all are closed
				}
			}
		})
	}
	wait.Wait()
	for name := range 8 {
		want(t, 200, `{"since":14}`, "GET", fmt.Sprintf("%s/logs/log-%d/since", url, name), "")
	}
	// Those in use stay, and what is one too many is told so.
	var live []io.Closer
	for name := range 3 {
		r, _ := http.NewRequest("GET", fmt.Sprintf("%s/logs/log-%d/records?live=true", url, name), nil)
		r.Header.Set("Authorization", "Bearer t")
		response, err := http.DefaultClient.Do(r)
		if err != nil || response.StatusCode != 200 {
			t.Fatal(response, err)
		}
		live = append(live, response.Body)
	}
	time.Sleep(100 * time.Millisecond)
	wantProblem(t, 503, "BUSY", "GET", url+"/logs/log-7/since", "")
	want(t, 200, `{"since":14}`, "GET", url+"/logs/log-2/since", "")
	for _, body := range live {
		body.Close()
	}
}

// TestShutdown ends the server in an orderly way: streams end, nothing waits.
func TestShutdown(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir)
	want(t, 201, `{"first":0,"seq":1,"count":2}`, "POST", p.url+"/logs/a/records", "[1,2]")
	r, _ := http.NewRequest("GET", p.url+"/logs/a/records?live=true", nil)
	r.Header.Set("Authorization", "Bearer t")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewReader(response.Body)
	for records := 0; records < 2; {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line != "\n" {
			records++
		}
	}
	begun := time.Now()
	p.cmd.Process.Signal(syscall.SIGTERM)
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
		t.Fatalf("a stream ends with %q, %v", rest, err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Fatalf("the server ends with %v", err)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	p = start(t, dir)
	want(t, 200, `{"since":1}`, "GET", p.url+"/logs/a/since", "")
}

func TestArguments(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "views.json"), []byte(`{"x":{"kind":"none"}}`), 0o666)
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "-dir is needed"},
		{[]string{"-dir", dir, "more"}, "unknown argument"},
		{[]string{"-dir", dir, "-durability", "lax"}, "must be strict or relaxed"},
		{[]string{"-dir", dir, "-max-body", "0"}, "must be 1 to 256"},
		{[]string{"-dir", dir, "-listen", "0.0.0.0:0"}, "give a token"},
		{[]string{"-dir", dir, "-views", filepath.Join(dir, "none")}, "no such file"},
		{[]string{"-dir", dir, "-views", filepath.Join(dir, "views.json")}, "no kind that there is"},
	} {
		var out bytes.Buffer
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		if err := run(ctx, c.args, func(string) string { return "" }, &out); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.args, err, c.want)
		}
		cancel()
	}
}

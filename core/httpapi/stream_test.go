//go:build !js

// Go in JavaScript has no network of its own.

package httpapi_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/faultstore"
	"github.com/flumedb/flumedb-wasm/core/httpapi"
	"github.com/flumedb/flumedb-wasm/core/memstore"
)

const events = "text/event-stream"

func TestLive(t *testing.T) {
	s := serveMemory(t, httpapi.Options{Heartbeat: 20 * time.Millisecond})
	s.fill(2)
	l := s.follow("/records?live=true&values=false&sync=true")
	l.want("0", "1", `{"sync":true}`)
	s.do("POST", "/records", `["a"]`)
	l.want("2")
	time.Sleep(50 * time.Millisecond) // heartbeats come in between
	s.do("POST", "/records", `["b","c"]`)
	l.want("3", "4")

	l = s.follow("/records?old=false&seqs=false&limit=2")
	s.do("POST", "/records", `["d"]`)
	s.do("POST", "/records", `["e","f"]`)
	l.want(`"d"`, `"e"`)
	if l.lines.Scan() {
		t.Fatalf("behind the limit comes %s", l.lines.Text())
	}
	l = s.follow("/records?live=true&gte=7&lte=8&values=false")
	l.want("7")
	s.do("POST", "/records", `["g","h"]`)
	l.want("8")
	if l.lines.Scan() {
		t.Fatalf("behind the range comes %s", l.lines.Text())
	}
}

func TestEvents(t *testing.T) {
	s := serveMemory(t, httpapi.Options{})
	s.fill(3)
	s.do("DELETE", "/records/1", "")
	l := s.follow("/records?seqs=false&sync=true", "Accept", events)
	if got := l.response.Header.Get("Content-Type"); got != events {
		t.Fatal(got)
	}
	l.want("id: 0", `data: {"n":0,"type":"a","text":"text of 0"}`, "id: 2", `data: {"n":2,"type":"a","text":"text of 2"}`, "event: sync", "data: 2")
	s.do("POST", "/records", "{\n\"a\" : \"b\"}")
	l.want("id: 3", `data: {"a":"b"}`)
	l.leave()
	s.do("POST", "/records", "4")
	for range 2 {
		l = s.follow("/records?gte=1&old=false", "Accept", events, "Last-Event-ID", "2")
		l.want("id: 3", `data: {"seq":3,"value":{"a":"b"}}`, "id: 4", `data: {"seq":4,"value":4}`)
	}
	l = s.follow("/records", "Accept", events, "Last-Event-ID", "4")
	s.do("POST", "/records", "5")
	l.want("id: 5", `data: {"seq":5,"value":5}`)

	since := s.follow("/since", "Accept", events)
	since.want("data: 5")
	s.do("POST", "/records", "6")
	since.want("data: 6")
}

// TestResume leaves streams at random and resumes them: nothing is missed and
// nothing comes twice.
func TestResume(t *testing.T) {
	s := serveMemory(t, httpapi.Options{})
	const total = 2000
	go func() {
		for i := range total {
			s.log.Append(context.Background(), fmt.Appendf(nil, "%d", i))
		}
	}()
	next := 0
	for round := 0; next < total; round++ {
		headers := []string{"Accept", events}
		if next > 0 {
			headers = append(headers, "Last-Event-ID", fmt.Sprint(next-1))
		}
		l := s.follow("/records", headers...)
		for range 1 + round*37%200 {
			l.want(fmt.Sprintf("id: %d", next), fmt.Sprintf(`data: {"seq":%d,"value":%d}`, next, next))
			if next++; next == total {
				break
			}
		}
		l.leave()
	}
}

func TestDamageBreaksAStreamOff(t *testing.T) {
	disk := new(memstore.Disk)
	s := serve(t, memstore.Open(disk), httpapi.Options{})
	s.log.Append(t.Context(), []byte("0"))
	s.log.Append(t.Context(), []byte("1"))
	s.log.Close(t.Context())
	disk.Damage(1, 50)
	s = serve(t, memstore.Open(disk), httpapi.Options{})
	response := s.start(t.Context(), "GET", "/records?values=false", "")
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	// What is before the damage is little enough to have been kept back.
	if err == nil && response.StatusCode == 200 {
		t.Fatalf("the stream ended as if it were whole: %s", b)
	}
	a := s.do("GET", "/records?gte=1", "")
	s.wantProblem(a, 500, "CORRUPT")
	if !strings.Contains(a.body, `"seq":1`) {
		t.Fatal(a.body)
	}
	l := s.follow("/records?values=false", "Accept", events)
	l.want("id: 0", "data: 0", "event: problem")
	if line := l.next(); !strings.Contains(line, `"code":"CORRUPT"`) {
		t.Fatal(line)
	}
}

// slowReader asks for all records, and then reads nothing.
func (s *server) slowReader() net.Conn {
	s.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { conn.Close() })
	conn.(*net.TCPConn).SetReadBuffer(4096)
	fmt.Fprintf(conn, "GET /records?live=true HTTP/1.1\r\nHost: x\r\n\r\n")
	return conn
}

// TestSlowReaders has many clients that read nothing of a log of 40 MB: memory
// stays, others are served, and after their time the slow are cut off.
func TestSlowReaders(t *testing.T) {
	s := serveMemory(t, httpapi.Options{WriteTimeout: time.Second, MaxStreams: 60})
	record := bytes.Repeat([]byte("x"), 100_000)
	record[0], record[len(record)-1] = '"', '"'
	for range 400 {
		if _, err := s.log.Append(t.Context(), record); err != nil {
			t.Fatal(err)
		}
	}
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	goroutines := runtime.NumGoroutine()
	for range 50 {
		s.slowReader()
	}
	time.Sleep(500 * time.Millisecond)
	runtime.GC()
	runtime.ReadMemStats(&during)
	if grown := int64(during.HeapAlloc) - int64(before.HeapAlloc); grown > 50<<20 {
		t.Errorf("50 slow readers hold %d MB", grown>>20)
	}
	// Another reader has it all meanwhile.
	response := s.start(t.Context(), "GET", "/records", "")
	n, err := io.Copy(io.Discard, response.Body)
	response.Body.Close()
	if err != nil || n < 400*100_000 {
		t.Fatalf("beside the slow, %d bytes came: %v", n, err)
	}
	eventually(t, "the slow are cut off", func() bool { return runtime.NumGoroutine() <= goroutines+5 })
}

func TestLimits(t *testing.T) {
	s := serveMemory(t, httpapi.Options{MaxStreams: 2, Timeout: 200 * time.Millisecond, MaxBody: 2 << 20, MaxBuffered: 2 << 20})
	s.fill(1)
	a, b := s.follow("/records?live=true"), s.follow("/since", "Accept", events)
	refused := s.do("GET", "/records", "")
	s.wantProblem(refused, 503, "BUSY")
	if refused.header.Get("Retry-After") != "1" {
		t.Fatal(refused.header)
	}
	b.leave()
	eventually(t, "a stream that was left makes room", func() bool { return s.do("GET", "/records", "").status == 200 })
	a.leave()

	// A client that sends its body slowly has its time.
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /records HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2000000\r\n\r\n{")
	reply := make([]byte, 4096)
	conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	n, err := conn.Read(reply)
	if err != nil || !bytes.Contains(reply[:n], []byte("408 Request Timeout")) || !bytes.Contains(reply[:n], []byte(`"TIMEOUT"`)) {
		t.Fatalf("a slow client is told %s, %v", reply[:n], err)
	}
	s.want(s.do("GET", "/since", ""), 200, `{"since":0}`)
}

// TestAStoreThatHangs has an append that takes longer than a request may: that
// is told, its bytes count until it is done, and with its key it can be made
// again.
func TestAStoreThatHangs(t *testing.T) {
	faulty := faultstore.Wrap(memstore.Open(new(memstore.Disk)))
	s := serve(t, faulty, httpapi.Options{Timeout: 300 * time.Millisecond, MaxBody: 2 << 20, MaxBuffered: 2 << 20})
	hold := faulty.Hold(faulty.Count() + 1)
	defer hold.Release()
	large := `"` + strings.Repeat("x", 3<<19) + `"`
	s.wantProblem(s.do("POST", "/records", large, "Idempotency-Key", "k"), 503, "UNCERTAIN")
	s.wantProblem(s.do("POST", "/records", large, "Idempotency-Key", "other"), 503, "BUSY")
	hold.Release()
	var again answer
	eventually(t, "the append is told", func() bool { // where a request takes its time too
		again = s.do("POST", "/records", large, "Idempotency-Key", "k")
		return again.code() != "UNCERTAIN"
	})
	s.want(again, 200, `{"first":0,"seq":0,"count":1}`)
}

// TestAbortedRequests sends many requests in parallel, of which some are
// aborted: the others are answered, what was acknowledged is there once, and
// nothing is left running.
func TestAbortedRequests(t *testing.T) {
	s := serveMemory(t, httpapi.Options{})
	s.fill(1000)
	goroutines := runtime.NumGoroutine()
	var wait sync.WaitGroup
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	for w := range 16 {
		wait.Go(func() {
			for i := range 60 {
				ctx, cancel := context.WithCancel(context.Background())
				text := fmt.Sprintf(`"%d/%d"`, w, i)
				switch i % 4 {
				case 0: // appended, for sure
					for ctx.Err() == nil {
						try, stop := context.WithTimeout(ctx, time.Duration(1+i%5)*time.Millisecond)
						status, err := s.post(try, text, text)
						stop()
						if err == nil && status/100 == 2 {
							mu.Lock()
							acknowledged[text] = true
							mu.Unlock()
							break
						}
					}
				case 1: // appended, maybe
					time.AfterFunc(time.Duration(i%3)*time.Millisecond, cancel)
					s.post(ctx, text, text)
				case 2: // a stream that is left
					r, _ := http.NewRequestWithContext(ctx, "GET", s.url+"/records?live=true", nil)
					if response, err := http.DefaultClient.Do(r); err == nil {
						io.ReadFull(response.Body, make([]byte, 100*i))
						cancel()
						response.Body.Close()
					}
				case 3:
					if a, err := http.Get(s.url + "/records?gte=990&lte=999&values=false"); err != nil {
						t.Error(err)
					} else {
						b, _ := io.ReadAll(a.Body)
						a.Body.Close()
						if string(b) != "990\n991\n992\n993\n994\n995\n996\n997\n998\n999\n" {
							t.Errorf("a range is %q", b)
						}
					}
				}
				cancel()
			}
		})
	}
	wait.Wait()
	there := map[string]int{}
	for seq := core.Seq(1000); seq <= s.log.Since(); seq++ {
		r, err := s.log.Get(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		there[string(r)]++
	}
	for text := range acknowledged {
		if there[text] != 1 {
			t.Errorf("%s, which was acknowledged, is there %d times", text, there[text])
		}
	}
	for text, n := range there {
		if n > 1 {
			t.Errorf("%s is there %d times", text, n)
		}
	}
	if len(acknowledged) != 16*15 {
		t.Errorf("%d were acknowledged", len(acknowledged))
	}
	http.DefaultClient.CloseIdleConnections()
	eventually(t, "all has ended", func() bool { return runtime.NumGoroutine() <= goroutines+3 })
}

func (s *server) post(ctx context.Context, body, key string) (status int, err error) {
	r, err := http.NewRequestWithContext(ctx, "POST", s.url+"/records", strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

//go:build !js

package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/httpapi"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/replica"
)

const syncType = "application/vnd.flumedb.sync"

func newReplica(t *testing.T) (*core.Log, *replica.Replica) {
	t.Helper()
	log, err := core.Open(context.Background(), memstore.Open(new(memstore.Disk)), core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close(context.Background()) })
	return log, replica.New(log, replica.Options{})
}

// firstMessage is what an empty replica asks first.
func firstMessage(t *testing.T) string {
	t.Helper()
	_, r := newReplica(t)
	message, err := r.NewSession().Message(context.Background(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	return string(message)
}

// ask exchanges messages once. The request is packed where pack is set, the answer
// by what Go's client asks for; it is cut off behind cut bytes, if that is not -1.
func ask(s *replica.Session, url string, wait int, pack bool, cut int) (replica.Progress, error) {
	ctx := context.Background()
	message, err := s.Message(ctx, 50_000)
	if err != nil {
		return replica.Progress{}, err
	}
	var body bytes.Buffer
	if pack {
		w := gzip.NewWriter(&body)
		w.Write(message)
		w.Close()
	} else {
		body.Write(message)
	}
	request, err := http.NewRequest("POST", fmt.Sprintf("%s/sync?wait=%d", url, wait), &body)
	if err != nil {
		return replica.Progress{}, err
	}
	request.Header.Set("Content-Type", syncType)
	if pack {
		request.Header.Set("Content-Encoding", "gzip")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return replica.Progress{}, err
	}
	defer response.Body.Close()
	if response.StatusCode != 200 {
		text, _ := io.ReadAll(response.Body)
		return replica.Progress{}, fmt.Errorf("%s: %s", response.Status, text)
	}
	piece := make([]byte, 10_000)
	for {
		n, err := response.Body.Read(piece)
		if cut >= 0 {
			if n = min(n, cut); n == cut {
				err = io.ErrUnexpectedEOF
			}
			cut -= n
		}
		if taken := s.Take(ctx, piece[:n]); taken != nil {
			return replica.Progress{}, taken
		}
		if errors.Is(err, io.EOF) {
			return s.Finish(ctx)
		}
		if err != nil {
			return replica.Progress{}, err
		}
	}
}

func settle(t *testing.T, s *replica.Session, url string) replica.Progress {
	t.Helper()
	for range 100 {
		p, err := ask(s, url, 0, true, -1)
		if err != nil {
			t.Fatal(err)
		}
		if p.Settled {
			return p
		}
	}
	t.Fatal("it does not come to an end")
	return replica.Progress{}
}

func contents(t *testing.T, log *core.Log) (all []string) {
	t.Helper()
	for seq := core.Seq(0); seq <= log.Since(); seq++ {
		record, err := log.Get(context.Background(), seq)
		if errors.Is(err, core.ErrDeleted) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(record))
	}
	slices.Sort(all)
	return all
}

// TestSyncOverHTTP has replicas sync with a server at once, over answers that are
// cut off, while it and they are appended to.
func TestSyncOverHTTP(t *testing.T) {
	s := serveMemory(t, httpapi.Options{})
	var logs []*core.Log
	var replicas []*replica.Replica
	var wait sync.WaitGroup
	for i := range 3 {
		log, r := newReplica(t)
		logs, replicas = append(logs, log), append(replicas, r)
		random := rand.New(rand.NewPCG(uint64(i), 1))
		wait.Go(func() {
			for n := range 30 {
				var records [][]byte
				for j := range 1 + random.IntN(50) {
					records = append(records, fmt.Appendf(nil, `{"by":%d,"n":[%d,%d],"text":"%0*d"}`, i, n, j, random.IntN(500), 0))
				}
				if _, err := []*core.Log{log, s.log}[random.IntN(2)].Append(context.Background(), records...); err != nil {
					t.Error(err)
				}
				cut := -1
				if random.IntN(3) == 0 {
					cut = random.IntN(20_000)
				}
				if _, err := ask(r.NewSession(), s.url, 0, random.IntN(2) == 0, cut); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	for range 2 {
		for _, r := range replicas {
			settle(t, r.NewSession(), s.url)
		}
	}
	want := contents(t, s.log)
	for i, log := range logs {
		if got := contents(t, log); !slices.Equal(got, want) {
			t.Errorf("replica %d has %d records, and the server %d", i, len(got), len(want))
		}
	}
	if unique := slices.Compact(slices.Clone(want)); len(unique) != len(want) {
		t.Error("some records are there twice")
	}
}

// TestSyncWaits has a replica wait for news.
func TestSyncWaits(t *testing.T) {
	s := serveMemory(t, httpapi.Options{})
	log, r := newReplica(t)
	session := r.NewSession()
	settle(t, session, s.url)
	for i, news := range []func(){
		func() { s.log.Append(context.Background(), []byte(`1`)) },
		func() { s.log.Delete(context.Background(), 0) },
	} {
		time.AfterFunc(50*time.Millisecond, news)
		begun := time.Now()
		if _, err := ask(session, s.url, 10, false, -1); err != nil {
			t.Fatal(err)
		}
		settle(t, session, s.url)
		if took := time.Since(begun); took < 40*time.Millisecond || took > 8*time.Second {
			t.Errorf("waited for %s", took)
		}
		if got := contents(t, log); len(got) != 1-i {
			t.Errorf("the replica has %v", got)
		}
	}
	begun := time.Now()
	if _, err := ask(session, s.url, 1, false, -1); err != nil || time.Since(begun) < 900*time.Millisecond {
		t.Errorf("without news it is answered after %s, %v", time.Since(begun), err)
	}
	time.AfterFunc(50*time.Millisecond, s.handler.Close)
	if _, err := ask(session, s.url, 10, false, -1); err != nil || time.Since(begun) > 8*time.Second {
		t.Errorf("when the handler closes it is answered after %s, %v", time.Since(begun), err)
	}
}

// TestSyncRefuses holds what is no JSON out of the log.
func TestSyncRefuses(t *testing.T) {
	s := serveMemory(t, httpapi.Options{})
	log, r := newReplica(t)
	if _, err := log.Append(context.Background(), []byte(`1`), []byte(`no JSON`)); err != nil {
		t.Fatal(err)
	}
	session := r.NewSession()
	if _, err := ask(session, s.url, 0, false, -1); err != nil {
		t.Fatal(err)
	}
	if _, err := ask(session, s.url, 0, false, -1); err == nil {
		t.Fatal("it is taken")
	}
	if n := s.log.Since(); n != core.None {
		t.Fatalf("the server has %d records", n+1)
	}
}

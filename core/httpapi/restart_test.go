package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/filestore"
	"github.com/flumedb/flumedb-wasm/core/httpapi"
	"github.com/flumedb/flumedb-wasm/core/memfs"
)

// TestRetriesOverRestarts crashes the server at every operation of its file
// system; the client makes each request until it is answered. All is there once.
func TestRetriesOverRestarts(t *testing.T) {
	ctx := context.Background()
	const requests = 4
	replays := 0
	for k := 1; ; k++ {
		disk := memfs.New(uint64(k))
		disk.Inject(memfs.Fault{At: k, Crash: true})
		crashed := false
		for n := 0; n < requests; {
			store, err := filestore.Open(disk, filestore.Options{Strict: true})
			var log *core.Log
			if err == nil {
				log, err = core.Open(ctx, store, core.Options{})
			}
			if err != nil && !errors.Is(err, memfs.ErrCrashed) {
				t.Fatalf("operation %d: %v", k, err)
			}
			if err == nil {
				handler := httpapi.New(log, httpapi.Options{})
				for ; n < requests; n++ {
					r := httptest.NewRequest("POST", "/records", strings.NewReader(fmt.Sprintf(`[{"n":%d},"more"]`, n)))
					r.Header.Set("Content-Type", "application/json")
					r.Header.Set("Idempotency-Key", fmt.Sprint(n))
					w := httptest.NewRecorder()
					handler.ServeHTTP(w, r)
					if w.Header().Get("Idempotency-Replayed") != "" {
						replays++
					}
					if w.Code/100 != 2 {
						break
					}
					if want := fmt.Sprintf(`{"first":%d,"seq":%d,"count":2}`, 2*n, 2*n+1); w.Body.String() != want {
						t.Fatalf("operation %d: got %s, want %s", k, w.Body, want)
					}
				}
				log.Close(ctx)
			}
			if disk.Crashed() {
				crashed = true
				disk = disk.Kill()
			}
		}
		disk.Heal()
		store, err := filestore.Open(disk, filestore.Options{Strict: true})
		if err != nil {
			t.Fatal(err)
		}
		log, err := core.Open(ctx, store, core.Options{})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		httpapi.New(log, httpapi.Options{}).ServeHTTP(w, httptest.NewRequest("GET", "/records?seqs=false", nil))
		want := ""
		for n := range requests {
			want += fmt.Sprintf("{\"n\":%d}\n\"more\"\n", n)
		}
		if w.Code != http.StatusOK || w.Body.String() != want {
			t.Fatalf("operation %d: %d %s", k, w.Code, w.Body)
		}
		log.Close(ctx)
		if !crashed {
			break
		}
	}
	if replays == 0 {
		t.Fatal("no crash came between a commit and its answer")
	}
}

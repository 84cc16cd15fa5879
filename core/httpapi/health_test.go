//go:build !js

package httpapi_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/faultstore"
	"github.com/flumedb/flumedb-wasm/core/httpapi"
	"github.com/flumedb/flumedb-wasm/core/memstore"
)

// telling is a store that tells what a test has it tell.
type telling struct {
	*faultstore.Limited
	tell func(core.Health)
}

func (s *telling) TellHealth(tell func(core.Health)) { s.tell = tell }

// TestHealth has the state told to who asks, and each that stays to who listens.
func TestHealth(t *testing.T) {
	store := &telling{Limited: faultstore.Limit(memstore.Open(new(memstore.Disk)), 1000)}
	s := serve(t, store, httpapi.Options{})
	l := s.follow("/health", "Accept", events)
	at := regexp.MustCompile(`"at":1\d{12}`)
	told := func() string { return at.ReplaceAllString(strings.TrimPrefix(l.next(), "data: "), `"at":0`) }
	until := func(want string) {
		t.Helper()
		for {
			got := told()
			if strings.HasPrefix(got, want) {
				break
			}
			if !strings.HasPrefix(got, `{"state":"rescuing"`) { // which is skipped where the next is there already
				t.Fatalf("got %s, want %s", got, want)
			}
		}
		if a := s.do("GET", "/health", ""); !strings.HasPrefix(at.ReplaceAllString(a.body, `"at":0`), want) {
			t.Fatalf("who asks is answered %s, want %s", a.body, want)
		}
	}
	until(`{"state":"ok","at":0}`)
	s.wantProblem(s.do("POST", "/records", `"`+strings.Repeat("x", 2000)+`"`), 507, "QUOTA")
	until(`{"state":"full","at":0,"error":{"title":"Insufficient Storage","status":507,"code":"QUOTA","detail":"`)
	s.do("POST", "/records", `1`)
	until(`{"state":"ok","at":0}`)

	store.tell(core.Health{Condition: core.Lost, Err: &core.LostError{First: 3, Last: 7}})
	s.handler.EndStreams()
	until(`{"state":"lost","at":0,"error":{"title":"Service Unavailable","status":503,"code":"GONE"`)
	if l.lines.Scan() && l.lines.Text() != "" || l.lines.Scan() {
		t.Fatalf("behind the end comes %s", l.lines.Text())
	}
	if a := s.do("GET", "/health", ""); !strings.Contains(a.body, `"seq":3,"last":7}`) {
		t.Fatalf("the records that are lost are not told: %s", a.body)
	}
}

package core_test

import (
	"context"
	"testing"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/faultstore"
	"github.com/flumedb/flumedb-wasm/core/memstore"
)

// telling is a store that tells what a test has it tell.
type telling struct {
	*faultstore.Limited
	tell func(core.Health)
}

func (s *telling) TellHealth(tell func(core.Health)) { s.tell = tell }

func TestHealthOfStoreAndRescues(t *testing.T) {
	opened := time.Now()
	store := &telling{Limited: faultstore.Limit(memstore.Open(new(memstore.Disk)), 1000)}
	h := new(healths)
	l, err := core.Open(context.Background(), store, core.Options{Health: h.hear})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close(context.Background())
	says := func(conditions ...core.Condition) {
		for _, c := range conditions {
			store.tell(core.Health{Condition: c})
		}
	}
	fill := func(bytes int) { l.Append(context.Background(), make([]byte, bytes)) }

	says(core.Healthy, core.Healthy)
	h.want(t) // as it was
	says(core.Reopening, core.Reopening, core.Failed, core.Failed, core.Healthy)
	h.want(t, "reopening ", "failed ", "ok ")

	fill(2000)
	h.want(t, "rescuing compact", "rescuing checkpoints", "rescuing views", "full ")
	says(core.Reopening, core.Healthy)
	h.want(t, "reopening ", "full ")
	fill(10)
	h.want(t, "ok ")

	mustSet(t, l, "view", 800)
	fill(500)
	h.want(t, "rescuing compact", "rescuing checkpoints", "ok checkpoints")
	says(core.Reopening, core.Healthy)
	h.want(t, "reopening ", "ok ") // that room was made has been told

	says(core.Lost, core.Healthy, core.Reopening)
	fill(2000)
	h.want(t, "lost ")

	if now, at := l.Health(); now.Condition != core.Lost || at.Before(opened) {
		t.Fatalf("it is %v since %v", now, at)
	}
}

func TestWatchHealth(t *testing.T) {
	store := &telling{Limited: faultstore.Limit(memstore.Open(new(memstore.Disk)), 1000)}
	l, err := core.Open(context.Background(), store, core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close(context.Background())
	var heard [2]int
	stop := l.WatchHealth(func() { heard[0]++ })
	l.WatchHealth(func() { heard[1]++ })
	if now, at := l.Health(); now.Condition != core.Healthy || at.IsZero() {
		t.Fatalf("it is %v since %v at first", now, at)
	}
	store.tell(core.Health{Condition: core.Reopening})
	store.tell(core.Health{Condition: core.Reopening})
	stop()
	store.tell(core.Health{Condition: core.Healthy})
	if heard != [2]int{1, 2} {
		t.Fatalf("the watchers were called %v times", heard)
	}
	if now, _ := l.Health(); now.Condition != core.Healthy {
		t.Fatalf("it is %v again", now)
	}
}

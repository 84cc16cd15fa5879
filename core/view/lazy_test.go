package view_test

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// fat is a view whose state is large.
type fat struct{ sum }

var fatKind = view.Kind{Name: "fat", New: func(options json.Value) (view.View, error) {
	v, err := sumKind.New(options)
	if err != nil {
		return nil, err
	}
	return &fat{*v.(*sum)}, nil
}}

var padding = bytes.Repeat([]byte("fat "), 5000)

func (v *fat) Save(b []byte) []byte { return v.sum.Save(append(b, padding...)) }

func (v *fat) Load(b []byte) error {
	if len(b) < len(padding) {
		return errors.New("too short")
	}
	return v.sum.Load(b[len(padding):])
}

func mountFat(t *testing.T, set *view.Set, history int) *view.Mounted {
	t.Helper()
	m, err := set.Mount(ctx, view.Spec{Name: "m", Version: "1", Kind: fatKind, Options: json.Value(`{"path":"n"}`), History: history})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// fatDisk holds the numbers below count and the state of a fat view of them.
func fatDisk(t *testing.T, count, history int) *memstore.Disk {
	t.Helper()
	disk := new(memstore.Disk)
	log, set := open(t, memstore.Open(disk), view.Options{HistoryGap: 1, Batch: 64})
	m := mountFat(t, set, history)
	addMany(t, log, count)
	total(t, m, view.Newest)
	set.Close(ctx)
	log.Close(ctx)
	return disk
}

// bodies is a store that counts reads of bodies, and may refuse them.
type bodies struct {
	core.BodyStore
	reads   atomic.Int32
	refuses atomic.Bool
}

var errRefused = errors.New("refused")

func (s *bodies) CheckpointBody(ctx context.Context, name string) (value, body []byte, err error) {
	s.reads.Add(1)
	if s.refuses.Load() {
		return nil, nil, errRefused
	}
	return s.BodyStore.CheckpointBody(ctx, name)
}

func TestALargeStateIsReadWhenItIsNeeded(t *testing.T) {
	for name, need := range map[string]func(t *testing.T, log *core.Log, set *view.Set, m *view.Mounted) (want string){
		"a read": func(t *testing.T, log *core.Log, set *view.Set, m *view.Mounted) string { return "45" },
		"an append": func(t *testing.T, log *core.Log, set *view.Set, m *view.Mounted) string {
			add(t, log, `{"n":55}`)
			return "100"
		},
		"a pin": func(t *testing.T, log *core.Log, set *view.Set, m *view.Mounted) string {
			p, err := set.Pin(ctx, []*view.Mounted{m})
			if err != nil {
				t.Fatal(err)
			}
			p.Release()
			return "45"
		},
		"a past": func(t *testing.T, log *core.Log, set *view.Set, m *view.Mounted) string {
			b, err := m.At(4, view.AtOptions{MaxReplay: -1}).Read(ctx, "get", nil)
			if err != nil || string(json.Value(b).Member("total")) != "10" {
				t.Fatalf("%s, %v", b, err)
			}
			return "45"
		},
		"a rebuild": func(t *testing.T, log *core.Log, set *view.Set, m *view.Mounted) string {
			if err := m.Rebuild(); err != nil {
				t.Fatal(err)
			}
			return "45"
		},
	} {
		t.Run(name, func(t *testing.T) {
			disk := fatDisk(t, 10, 3)
			store := &bodies{BodyStore: memstore.Open(disk)}
			log, set := open(t, store, view.Options{})
			m := mountFat(t, set, 3)
			if err := m.Wait(ctx, 9); err != nil {
				t.Fatal(err)
			}
			if n := store.reads.Load(); n != 0 {
				t.Fatalf("%d reads of a state that nobody has asked for", n)
			}
			want := need(t, log, set, m)
			if got := total(t, m, view.Newest); got != want {
				t.Fatalf("%s, want %s", got, want)
			}
			set.Close(ctx)
			log.Close(ctx)
			if n := store.reads.Load(); n > 1 {
				t.Fatalf("%d reads", n)
			}
			_, set = open(t, memstore.Open(disk), view.Options{})
			if got := total(t, mountFat(t, set, 3), view.Newest); got != want {
				t.Fatalf("reopened: %s, want %s", got, want)
			}
		})
	}
}

func TestALargeStateThatNobodyNeedsIsNotRead(t *testing.T) {
	store := &bodies{BodyStore: memstore.Open(fatDisk(t, 10, 0))}
	log, set := open(t, store, view.Options{})
	mountFat(t, set, 0)
	set.Close(ctx)
	log.Close(ctx)
	if n := store.reads.Load(); n != 0 {
		t.Fatalf("%d reads", n)
	}
}

// Another tab stores the state of a newer seq before this one has read that
// which it has found.
func TestALargeStateThatAnotherHasReplaced(t *testing.T) {
	disk := fatDisk(t, 10, 0)
	log, set := open(t, memstore.Open(disk), view.Options{Warn: func(err error) { t.Error(err) }})
	m := mountFat(t, set, 0)

	otherLog, otherSet := open(t, memstore.Open(disk), view.Options{})
	other := mountFat(t, otherSet, 0)
	add(t, otherLog, `{"n":55}`)
	total(t, other, view.Newest)
	otherSet.Close(ctx)
	otherLog.Close(ctx)

	if got := total(t, m, view.Loaded); got != "45" && got != "100" {
		t.Fatalf("without waiting: %s", got)
	}
	if _, err := log.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if got := total(t, m, view.Newest); got != "100" {
		t.Fatal(got)
	}
}

func TestALargeStateThatIsLost(t *testing.T) {
	disk := fatDisk(t, 10, 0)
	disk.PutCheckpoint("m", disk.CheckpointBytes("m")) // without its body
	var warned atomic.Int32
	_, set := open(t, memstore.Open(disk), view.Options{Warn: func(error) { warned.Add(1) }})
	m := mountFat(t, set, 0)
	if got := total(t, m, view.Newest); got != "45" {
		t.Fatal(got)
	}
	if warned.Load() == 0 {
		t.Fatal("nobody was told")
	}
}

func TestALargeStateThatCannotBeRead(t *testing.T) {
	store := &bodies{BodyStore: memstore.Open(fatDisk(t, 10, 0))}
	_, set := open(t, store, view.Options{})
	m := mountFat(t, set, 0)
	store.refuses.Store(true)
	if _, err := m.Read(ctx, view.Newest, "get", nil); !errors.Is(err, errRefused) {
		t.Fatalf("got %v", err)
	}
	store.refuses.Store(false)
	if got := total(t, m, view.Newest); got != "45" {
		t.Fatal(got)
	}
}

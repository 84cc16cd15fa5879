package view_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// right is one that one at a time has, as a lock of the browser's.
type right struct {
	free chan struct{}
	asks atomic.Int32
}

func newRight() *right {
	r := &right{free: make(chan struct{}, 1)}
	r.free <- struct{}{}
	return r
}

func (r *right) claim(ctx context.Context, key string) (func(), error) {
	r.asks.Add(1)
	select {
	case <-r.free:
		return func() { r.free <- struct{}{} }, nil // blocks, and so fails, if it is given back twice
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestOneBuildsWhatSeveralWant(t *testing.T) {
	const records = 3000
	log := openLog(t, memory())
	addMany(t, log, records)
	want := fmt.Sprint(float64(records * (records - 1) / 2))

	var applied atomic.Int64
	kind := counted(&applied)
	r := newRight()
	opts := view.Options{Claim: r.claim, Far: 100, Pause: time.Millisecond}
	var mounted []*view.Mounted
	var sets []*view.Set
	for range 4 {
		set := view.Open(log, opts)
		t.Cleanup(func() { set.Close(ctx) })
		m, err := set.Mount(ctx, view.Spec{Name: "sum", Version: "1", Kind: kind, Options: json.Value(`{"path":"n"}`)})
		if err != nil {
			t.Fatal(err)
		}
		sets, mounted = append(sets, set), append(mounted, m)
	}
	for i, m := range mounted {
		if got := total(t, m, view.Newest); got != want {
			t.Fatalf("view %d: %s, want %s", i, got, want)
		}
	}
	if n := applied.Load(); n != records {
		t.Fatalf("%d records were applied, of %d", n, records)
	}
	// A view that is near goes on without asking.
	asks := r.asks.Load()
	add(t, log, `{"n":1}`)
	want = fmt.Sprint(float64(records*(records-1)/2 + 1))
	for i, m := range mounted {
		if got := total(t, m, view.Newest); got != want {
			t.Fatalf("view %d: %s, want %s", i, got, want)
		}
	}
	// Rebuild does what it says, whatever others have.
	before := applied.Load()
	if err := mounted[1].Rebuild(); err != nil {
		t.Fatal(err)
	}
	if got := total(t, mounted[1], view.Newest); got != want {
		t.Fatalf("%s, want %s", got, want)
	}
	if n := applied.Load() - before; n != records+1 || r.asks.Load() != asks {
		t.Fatalf("a rebuild applied %d records, and %d have asked", n, r.asks.Load()-asks)
	}
	for _, set := range sets {
		set.Close(ctx)
	}
	select {
	case <-r.free:
	default:
		t.Fatal("the right was not given back")
	}
}

// halting does something after each record.
type halting struct {
	*counting
	after func()
}

func (v *halting) Apply(r *view.Record) error {
	err := v.counting.Apply(r)
	v.after()
	return err
}

func TestAnotherGoesOnWhereOneHasEnded(t *testing.T) {
	const records = 3000
	log := openLog(t, memory())
	addMany(t, log, records)
	var applied atomic.Int64
	half, reached := make(chan struct{}), make(chan struct{})
	kind := counted(&applied)
	made := kind.New
	kind.New = func(options json.Value) (view.View, error) {
		v, err := made(options)
		return &halting{v.(*counting), func() {
			if applied.Load() == records/2 {
				close(reached)
				<-half
			}
		}}, err
	}
	r := newRight()
	opts := view.Options{Claim: r.claim, Far: 100}
	spec := view.Spec{Name: "sum", Version: "1", Kind: kind, Options: json.Value(`{"path":"n"}`)}
	first, second := view.Open(log, opts), view.Open(log, opts)
	t.Cleanup(func() { second.Close(ctx) })
	if _, err := first.Mount(ctx, spec); err != nil {
		t.Fatal(err)
	}
	<-reached
	m, err := second.Mount(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(10*time.Millisecond, func() { close(half) })
	if err := first.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if got, want := total(t, m, view.Newest), fmt.Sprint(float64(records*(records-1)/2)); got != want {
		t.Fatalf("%s, want %s", got, want)
	}
	if n := applied.Load(); n != records {
		t.Fatalf("%d records were applied, of %d", n, records)
	}
}

func TestWhoeverHasTheRightAndDoesNothingIsNotWaitedFor(t *testing.T) {
	const records = 1000
	log := openLog(t, memory())
	addMany(t, log, records)
	r := newRight()
	<-r.free // somebody has it who is frozen
	set := view.Open(log, view.Options{Claim: r.claim, Far: 100, Sleep: func(ctx context.Context, _ time.Duration) {
		time.Sleep(time.Millisecond)
	}})
	t.Cleanup(func() { set.Close(ctx) })
	m := mount(t, set, "sum", "1")
	if got := total(t, m, view.Loaded); got != "0" {
		t.Fatalf("what there is, meanwhile: %s", got)
	}
	if got, want := total(t, m, view.Newest), fmt.Sprint(float64(records*(records-1)/2)); got != want {
		t.Fatalf("%s, want %s", got, want)
	}
}

func TestAViewThatWaitsForTheRightCanBeClosed(t *testing.T) {
	log := openLog(t, memory())
	addMany(t, log, 1000)
	r := newRight()
	<-r.free
	set := view.Open(log, view.Options{Claim: r.claim, Far: 100})
	m := mount(t, set, "sum", "1")
	gone := mount(t, set, "gone", "1")
	for r.asks.Load() < 2 {
		time.Sleep(time.Millisecond)
	}
	if err := gone.Unmount(ctx, false); err != nil {
		t.Fatal(err)
	}
	if err := set.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if err := m.Wait(ctx, view.Newest); err == nil {
		t.Fatal("the view has caught up without being fed")
	}
	r.free <- struct{}{}
}

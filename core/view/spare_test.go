package view_test

import (
	"testing"
	"time"

	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// awaitBytes waits until a view has stored its state.
func awaitBytes(t *testing.T, m *view.Mounted) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); m.Status().Bytes == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the view's state has not been stored")
		}
	}
}

func TestAViewInMemoryGivesWhatIsStoredOfIt(t *testing.T) {
	disk := new(memstore.Disk)
	log, set := open(t, memstore.Open(disk), view.Options{Pause: 1, Interval: 1, HistoryGap: 1})
	m, err := set.Mount(ctx, view.Spec{Name: "m", Kind: sumKind, Options: json.Value(`{"path":"n"}`), History: 5})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		add(t, log, `{"n":1}`)
		awaitBytes(t, m)
	}
	if set.Needs("m") || set.Needs("m\x003") {
		t.Error("a view in memory needs what is stored of it")
	}
	bytes, any, err := set.Give(ctx, false)
	if err != nil || !any || bytes == 0 {
		t.Fatalf("it gave %d bytes, %t, %v", bytes, any, err)
	}
	if names := disk.Checkpoints(); len(names) > 0 {
		t.Errorf("it has left %q", names)
	}
	if bytes, any, err := set.Give(ctx, true); err != nil || any || bytes > 0 {
		t.Errorf("it gave %d bytes more, %t, %v", bytes, any, err)
	}
	add(t, log, `{"n":1}`)
	if got := total(t, m, view.Newest); got != "11" {
		t.Errorf("it has %s", got)
	}
	past, err := m.At(4, view.AtOptions{MaxReplay: -1}).Read(ctx, "get", nil)
	if err != nil || string(past.Member("total")) != "5" {
		t.Errorf("as of 4 it has %s, %v", past, err)
	}
	time.Sleep(20 * time.Millisecond)
	if names := disk.Checkpoints(); len(names) > 0 {
		t.Errorf("it has taken room again for %q", names)
	}
	if err := set.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if names := disk.Checkpoints(); len(names) == 0 {
		t.Error("its state was not stored at the end")
	}
}

func TestAStateThatIsLoadedLaterIsNotLost(t *testing.T) {
	disk := new(memstore.Disk)
	log, set := open(t, memstore.Open(disk), view.Options{})
	m := mount(t, set, "m", "1")
	addMany(t, log, 100)
	total(t, m, view.Newest)
	if err := set.Close(ctx); err != nil {
		t.Fatal(err)
	}
	log.Close(ctx)
	_, set = open(t, memstore.Open(disk), view.Options{})
	m = mount(t, set, "m", "1")
	if _, any, err := set.Give(ctx, false); err != nil || !any {
		t.Fatalf("it gave nothing, %v", err)
	}
	if got := total(t, m, view.Newest); got != "4950" {
		t.Errorf("it has %s", got)
	}
}

// What nobody has asked for yet is only in the store.
func TestAStateThatIsNotReadYetIsGivenLast(t *testing.T) {
	disk := fatDisk(t, 10, 0)
	_, set := open(t, memstore.Open(disk), view.Options{})
	m := mountFat(t, set, 0)
	if !set.Needs("m") {
		t.Error("a view does not need its state, which it has not read")
	}
	if bytes, any, err := set.Give(ctx, false); err != nil || any {
		t.Errorf("it gave %d bytes of what it needs, %v", bytes, err)
	}
	if _, any, err := set.Give(ctx, true); err != nil || !any {
		t.Errorf("it gave nothing, %v", err)
	}
	if got := total(t, m, view.Newest); got != "45" {
		t.Errorf("it has %s", got)
	}
}

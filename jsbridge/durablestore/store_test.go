//go:build js && wasm

package durablestore_test

import (
	"bytes"
	"context"
	"strings"
	"syscall/js"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
	"github.com/flumedb/flumedb-wasm/core/storetest"
	"github.com/flumedb/flumedb-wasm/jsbridge/durablestore"
)

// storage is the object's, which npm/scripts/workerd-exec.mjs gives.
func storage(t *testing.T) js.Value {
	s := js.Global().Get("durableStorage")
	if s.IsUndefined() {
		t.Skip("this host is no Durable Object: make test-edge runs these in workerd")
	}
	run(s, "SELECT 1")
	t.Cleanup(func() { empty(s) })
	empty(s)
	return s
}

// run runs statements, each an array of its text and values.
func run(s js.Value, statements ...any) js.Value {
	list := js.Global().Get("Array").New()
	for _, st := range statements {
		if text, ok := st.(string); ok {
			st = []any{text}
		}
		list.Call("push", js.ValueOf(st))
	}
	return s.Call("run", list)
}

func empty(s js.Value) {
	for _, table := range []string{"state", "segments", "checkpoints", "more", "notes", "keys"} {
		run(s, "DROP TABLE IF EXISTS "+table)
	}
}

func fresh(t *testing.T) storetest.Data {
	s := storage(t)
	return storetest.Data{
		Open:   func() (core.Store, error) { return durablestore.Open(s) },
		Shared: true,
		Damage: func(seq core.Seq, offset int) {
			found := run(s, []any{"SELECT last, bytes FROM segments WHERE last >= ? ORDER BY last LIMIT 1", int(seq)}).Index(0).Index(0)
			frame := found.Index(1)
			frame.SetIndex(offset, frame.Index(offset).Int()^0x40)
			run(s, []any{"UPDATE segments SET bytes = ? WHERE last = ?", frame, found.Index(0)})
		},
	}
}

func TestStore(t *testing.T) { storetest.Run(t, fresh) }

// TestLargeValues has values larger than the host takes: whole, damaged, replaced.
func TestLargeValues(t *testing.T) {
	ctx := context.Background()
	s := storage(t)
	store, err := durablestore.Open(s)
	if err != nil {
		t.Fatal(err)
	}
	more := func() int { return run(s, "SELECT count(*) FROM more").Index(0).Index(0).Index(0).Int() }
	large := strings.Repeat("0123456789", 700_000) // 7 MB
	for _, records := range [][]string{{"small"}, {large}, {"a", "b"}, {large[:1<<20]}, {"end"}} {
		if _, err := store.Append(ctx, []*segment.Segment{storetest.Segment(records...)}); err != nil {
			t.Fatal(err)
		}
	}
	if more() == 0 {
		t.Fatal("nothing was cut")
	}
	check := func(want ...string) {
		t.Helper()
		got := storetest.Records(t, store, 1<<20)
		if len(got) != len(want) {
			t.Fatalf("there are %d records, not %d", len(got), len(want))
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("record %d has %d bytes, not %d, or others", i, len(got[i]), len(want[i]))
			}
		}
	}
	check("small", large, "a", "b", large[:1<<20], "end")

	run(s, []any{"UPDATE more SET bytes = ? WHERE n = 2", uint8s(3)})
	if _, err := store.Read(ctx, 1, false, 1); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Fatalf("a piece that is cut off is read as %v", err)
	}
	if _, err := store.Read(ctx, 2, false, 1); err != nil {
		t.Fatal(err)
	}
	state, _ := store.State(ctx)
	var b segment.Builder
	b.AddDeleted()
	without := b.Finish()
	without.Place(1, false)
	if _, err := store.Replace(ctx, core.Replacement{Generation: state.Generation, Segments: []*segment.Segment{without}, Sealed: state.Sealed, Deletes: true}); err != nil {
		t.Fatal(err)
	}
	if n := more(); n != 1 {
		t.Fatalf("%d pieces are left, not 1", n)
	}

	for _, value := range [][]byte{[]byte(large), []byte("small"), []byte(large[:3<<20]), {}} {
		if err := store.SetCheckpoint(ctx, "view\x00\xff", value); err != nil {
			t.Fatal(err)
		}
		got, err := store.Checkpoint(ctx, "view\x00\xff")
		if err != nil || got == nil || !bytes.Equal(got, value) {
			t.Fatalf("a checkpoint of %d bytes comes back with %d: %v", len(value), len(got), err)
		}
	}
	if err := store.SetCheckpoint(ctx, "view\x00\xff", nil); err != nil {
		t.Fatal(err)
	}
	if n := more(); n != 1 {
		t.Fatalf("%d pieces are left of checkpoints", n-1)
	}
}

func uint8s(n int) js.Value { return js.Global().Get("Uint8Array").New(n) }

// TestVersion refuses tables of a later version.
func TestVersion(t *testing.T) {
	s := storage(t)
	if _, err := durablestore.Open(s); err != nil {
		t.Fatal(err)
	}
	run(s, "UPDATE state SET format = 2")
	if _, err := durablestore.Open(s); err == nil || !strings.Contains(err.Error(), "version") {
		t.Fatalf("a later version is opened: %v", err)
	}
}

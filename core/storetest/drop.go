package storetest

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// dropped is for stores that are core.DropStores: values go by what they are
// named, and nothing else does.
func dropped(t *testing.T, d Data) {
	s, ok := open(t, d).(core.DropStore)
	if !ok {
		t.Skip("the store does not drop checkpoints by their names")
	}
	state := fill(t, s, 3)
	if _, err := s.AppendOnce(ctx, []*segment.Segment{Numbered(3, 1)}, []core.Key{{Name: "view", Through: 1, Count: 1, Sum: 7}}); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("ö long name ", 40)
	names := []string{"", "view", "view\x000", "view\x0012", "View", "view two", long, long + "a", "kept/view"}
	for _, name := range names {
		if err := s.SetCheckpoint(ctx, name, []byte("value of "+name)); err != nil {
			t.Fatal(err)
		}
	}
	want := func(left ...string) {
		t.Helper()
		for _, name := range names {
			b, err := s.Checkpoint(ctx, name)
			there := false
			for _, l := range left {
				there = there || l == name
			}
			if err != nil || there && !bytes.Equal(b, []byte("value of "+name)) || !there && b != nil {
				t.Errorf("checkpoint %q: %q, %v", name, b, err)
			}
		}
	}
	asked := map[string]bool{}
	count, _, err := s.DropCheckpoints(ctx, func(name string) bool {
		asked[name] = true
		return name != "view\x0012" && name != long && name != ""
	})
	if err != nil || count != 3 || len(asked) != len(names) {
		t.Fatalf("dropped %d, having asked of %d names: %v", count, len(asked), err)
	}
	want("view", "view\x000", "View", "view two", long+"a", "kept/view")
	if count, _, err = s.DropCheckpoints(ctx, func(name string) bool { return strings.HasPrefix(name, "kept/") }); err != nil || count != 5 {
		t.Fatalf("dropped %d: %v", count, err)
	}
	want("kept/view")
	if count, _, err = s.DropCheckpoints(ctx, func(name string) bool { return true }); err != nil || count != 0 {
		t.Fatalf("dropped %d where all were to be kept: %v", count, err)
	}
	var known *core.KnownError
	if _, err := s.AppendOnce(ctx, []*segment.Segment{Numbered(4, 1)}, []core.Key{{Name: "view", Through: 1, Count: 1, Sum: 7}}); !errors.As(err, &known) {
		t.Errorf("the key of an append has gone with them: %v", err)
	}
	if all := Records(t, s, 1<<20); len(all) != int(state.Head)+2 {
		t.Errorf("%d records are left", len(all))
	}
	if b, ok := s.(core.BodyStore); ok {
		if err := b.SetCheckpointBody(ctx, "view", []byte("value"), []byte("body")); err != nil {
			t.Fatal(err)
		}
		if count, _, err := s.DropCheckpoints(ctx, func(name string) bool { return name != "view" }); err != nil || count != 1 {
			t.Fatalf("dropped %d with a body: %v", count, err)
		}
		if value, body, err := b.CheckpointBody(ctx, "view"); value != nil || body != nil || err != nil {
			t.Errorf("left of one with a body: %q, %q, %v", value, body, err)
		}
	}
	s.Close()
	if _, _, err := s.DropCheckpoints(ctx, func(name string) bool { return false }); !errors.Is(err, core.ErrClosed) {
		t.Errorf("of a closed store: %v", err)
	}
}

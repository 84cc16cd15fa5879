package view_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// many is a store that reads several checkpoints at once, and counts how they
// are read. Those of damaged names cannot be.
type many struct {
	core.BodyStore
	damaged     map[string]error
	one, atOnce int
}

func (s *many) Checkpoint(ctx context.Context, name string) ([]byte, error) {
	s.one++
	if err := s.damaged[name]; err != nil {
		return nil, err
	}
	return s.BodyStore.Checkpoint(ctx, name)
}

func (s *many) Checkpoints(ctx context.Context, names []string) (values [][]byte, err error) {
	s.atOnce++
	for _, name := range names {
		if s.damaged[name] != nil {
			return nil, fmt.Errorf("one of them: %w", core.ErrCorrupt)
		}
		value, err := s.BodyStore.Checkpoint(ctx, name)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}

// sumsOf are specs of views of these names.
func sumsOf(names ...string) (specs []view.Spec) {
	for _, name := range names {
		specs = append(specs, view.Spec{Name: name, Version: "1", Kind: sumKind, Options: json.Value(`{"path":"n"}`)})
	}
	return specs
}

func answerOf(t *testing.T, m *view.Mounted) string {
	t.Helper()
	b, err := m.Read(ctx, view.Newest, "get", nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestMountAll(t *testing.T) {
	disk := new(memstore.Disk)
	log, set := open(t, memstore.Open(disk), view.Options{})
	mounted, errs := set.MountAll(ctx, sumsOf("a", "b", "c"))
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	add(t, log, `{"n":1}`, `{"n":2}`)
	want := answerOf(t, mounted[0])
	for _, m := range mounted {
		if err := m.Wait(ctx, view.Newest); err != nil {
			t.Fatal(err)
		}
	}
	set.Close(ctx)
	log.Close(ctx)

	for name, c := range map[string]struct {
		damaged map[string]error
		fails   string // one whose checkpoint the store fails to read
		one     int
	}{
		"all are read in one go":                 {nil, "", 0},
		"one that is damaged is built again":     {map[string]error{"b": core.ErrCorrupt}, "", 3},
		"one that cannot be read is not mounted": {map[string]error{"b": errRefused}, "b", 3},
	} {
		t.Run(name, func(t *testing.T) {
			store := &many{BodyStore: memstore.Open(disk), damaged: c.damaged}
			_, set := open(t, store, view.Options{Pause: 1 << 40})
			specs := append(sumsOf("a", "b", "c", "a"), view.Spec{Name: "d", Kind: sumKind, Options: json.Value(`{}`)})
			mounted, errs := set.MountAll(ctx, specs)
			if !errors.Is(errs[3], view.ErrMounted) || mounted[3] != nil {
				t.Fatalf("a name that is there already: %v", errs[3])
			}
			if !errors.Is(errs[4], view.ErrOption) || mounted[4] != nil {
				t.Fatalf("an option that is none: %v", errs[4])
			}
			for i, m := range mounted[:3] {
				if specs[i].Name == c.fails {
					if !errors.Is(errs[i], errRefused) || m != nil {
						t.Fatalf("%s: %v", specs[i].Name, errs[i])
					}
					continue
				}
				if errs[i] != nil {
					t.Fatal(errs[i])
				}
				if got := answerOf(t, m); got != want {
					t.Fatalf("%s: %s, want %s", specs[i].Name, got, want)
				}
			}
			if store.atOnce != 1 || store.one != c.one {
				t.Fatalf("read %d times at once and %d one by one", store.atOnce, store.one)
			}
			// What has failed leaves its name free.
			delete(c.damaged, "b")
			if c.fails != "" {
				if _, err := set.Mount(ctx, specs[1]); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

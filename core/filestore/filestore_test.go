//go:build !js

package filestore_test

import (
	"os"
	"path/filepath"
	"sort"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/filestore"
	"github.com/flumedb/flumedb-wasm/core/segment"
	"github.com/flumedb/flumedb-wasm/core/storetest"
)

func TestStore(t *testing.T) {
	for _, c := range []struct {
		name    string
		options filestore.Options
	}{
		{"relaxed", filestore.Options{}},
		{"strict", filestore.Options{Strict: true}},
		{"small files", filestore.Options{FileSize: 700}},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Data {
				dir := filepath.Join(t.TempDir(), "made", "on the way")
				return storetest.Data{
					Open: func() (core.Store, error) {
						s, err := filestore.Open(filestore.OS(dir), c.options)
						if err != nil {
							return nil, err
						}
						return s, nil
					},
					Damage: func(seq core.Seq, offset int) { damageFile(t, dir, seq, offset) },
				}
			})
		})
	}
}

// damageFile flips a bit of the frame that holds seq. It remembers nothing, so
// it finds a frame that is already damaged by stepping over it as a reader
// does who knows how long it was.
func damageFile(t *testing.T, dir string, seq core.Seq, offset int) {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(dir, "*.log"))
	sort.Strings(names)
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for off := 0; off < len(b); {
			h, err := segment.ReadHeader(b[off:])
			if err != nil {
				if damaged.name != name || damaged.off != off {
					t.Fatalf("%s@%d: %v", name, off, err)
				}
				h = damaged.header
			}
			if h.First <= seq && seq <= h.Last() {
				damaged.name, damaged.off, damaged.header = name, off, h
				b[off+offset] ^= 0x40
				if err := os.WriteFile(name, b, 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			off += h.Size
		}
	}
	t.Fatalf("no frame holds seq %d", seq)
}

var damaged struct {
	name   string
	off    int
	header segment.Header
}

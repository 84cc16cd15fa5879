//go:build !js

package filestore_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/filestore"
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

func damageFile(t *testing.T, dir string, seq core.Seq, offset int) {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(dir, "*.log"))
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if off, ok := damaged.find(t, name, b, seq); ok {
			b[off+offset] ^= 0x40
			if err := os.WriteFile(name, b, 0o666); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("no frame holds seq %d", seq)
}

// A directory that another process has made, and that is not one.
func TestOSErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		if s, err := filestore.Open(filestore.OS(dir), filestore.Options{}); err == nil {
			s.Close()
			t.Fatalf("%s was opened", dir)
		}
	}
}

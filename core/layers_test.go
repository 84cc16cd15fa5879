//go:build !js

package core_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestLayers keeps each layer from what is above it.
func TestLayers(t *testing.T) {
	const module = "github.com/flumedb/flumedb-wasm/"
	checked := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		checked++
		for _, i := range file.Imports {
			name := strings.Trim(i.Path.Value, `"`)
			switch {
			case name == "syscall/js":
				t.Errorf("core/%s imports %s: core runs on every platform; what needs JavaScript belongs into jsbridge", path, name)
			case strings.HasPrefix(name, module) && !strings.HasPrefix(name, module+"core"):
				t.Errorf("core/%s imports %s: calls go down; have core declare an interface and let the layer above implement it", path, name)
			case name == "encoding/json" && !strings.HasSuffix(path, "_test.go"):
				t.Errorf("core/%s imports %s: it is slow, and a third of the module; write JSON as jsbridge/wire does", path, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked < 20 {
		t.Fatalf("only %d files were checked", checked)
	}
}

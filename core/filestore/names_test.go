package filestore_test

import (
	"strings"
	"testing"

	"github.com/flumedb/flumedb-wasm/core/filestore"
)

func TestCheckpointNames(t *testing.T) {
	long := strings.Repeat("x", 200)
	names := []string{"", "a", "A", "_41", "_", "__", "a.", "a ", "con", "CON", "nul.txt", "..", "../x", "a/b", `a\b`,
		"é", "e\u0301", "\x00", "\xff", "a:b", "*", "~", "-", "tmp", "v.tmp",
		long, long + "1", long + "2", strings.Repeat("Ü", 100), strings.Repeat("Ü", 100) + "!"}
	seen := map[string]string{}
	for _, name := range names {
		file := filestore.CheckpointName(name)
		if other, ok := seen[file]; ok {
			t.Errorf("%q and %q are both %s", name, other, file)
		}
		seen[file] = name
		if len(file) > 180 || file != strings.ToLower(file) || strings.Trim(file, "abcdefghijklmnopqrstuvwxyz0123456789-_~") != "" ||
			strings.HasSuffix(file, ".tmp") {
			t.Errorf("%q becomes %q", name, file)
		}
	}
	if file := filestore.CheckpointName("delays"); file != "checkpoint-delays" {
		t.Errorf("a plain name becomes %q", file)
	}
}

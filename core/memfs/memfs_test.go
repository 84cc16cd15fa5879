package memfs_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"slices"
	"testing"

	"github.com/flumedb/flumedb-wasm/core/filestore"
	"github.com/flumedb/flumedb-wasm/core/memfs"
)

var _ filestore.FS = (*memfs.FS)(nil)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, d *memfs.FS, name, content string, sync bool) filestore.File {
	t.Helper()
	f, err := d.Create(name)
	must(t, err)
	if n, err := f.WriteAt([]byte(content), 0); err != nil || n != len(content) {
		t.Fatal(n, err)
	}
	if sync {
		must(t, f.Sync())
	}
	return f
}

func names(t *testing.T, d *memfs.FS) []string {
	t.Helper()
	names, err := d.ReadDir()
	must(t, err)
	slices.Sort(names)
	return names
}

func TestFiles(t *testing.T) {
	d := memfs.New(1)
	f := write(t, d, "a", "hello", false)
	b := make([]byte, 3)
	if n, err := f.ReadAt(b, 1); n != 3 || err != nil || string(b) != "ell" {
		t.Fatal(n, err, b)
	}
	if n, err := f.ReadAt(b, 3); n != 2 || err != io.EOF {
		t.Fatal(n, err)
	}
	if n, err := f.ReadAt(b, 30); n != 0 || err != io.EOF {
		t.Fatal(n, err)
	}
	must(t, f.Truncate(2))
	if size, err := f.Size(); size != 2 || err != nil {
		t.Fatal(size, err)
	}
	must(t, f.Close())
	if _, err := f.Size(); err == nil {
		t.Fatal("a closed file has a size")
	}
	must(t, d.Rename("a", "b"))
	_, err := d.Open("a")
	if !errors.Is(err, fs.ErrNotExist) || !errors.Is(d.Remove("a"), fs.ErrNotExist) || !errors.Is(d.Rename("a", "c"), fs.ErrNotExist) {
		t.Fatal(err)
	}
	if got := d.ReadFile("b"); string(got) != "he" || len(names(t, d)) != 1 {
		t.Fatalf("%q in %q", got, names(t, d))
	}
}

// What a power cut leaves is what was synced, and each of the rest at times.
func TestPowerCut(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(400) {
		d := memfs.New(seed)
		f := write(t, d, "synced", "0123456789", true)
		must(t, d.SyncDir())
		if _, err := f.WriteAt(bytes.Repeat([]byte("x"), 1000), 10); err != nil {
			t.Fatal(err)
		}
		write(t, d, "unlisted", "synced", true)
		write(t, d, "gone", "", true)
		must(t, d.Rename("gone", "moved"))
		after := d.PowerCut()
		if _, err := f.Size(); !errors.Is(err, memfs.ErrCrashed) {
			t.Fatalf("a file outlives the power cut: %v", err)
		}
		b := after.ReadFile("synced")
		if string(b[:10]) != "0123456789" {
			t.Fatalf("%q was synced", b)
		}
		rest := b[10:]
		switch {
		case len(rest) == 0:
			seen["nothing"]++
		case bytes.Count(rest, []byte("x")) == 1000:
			seen["all"]++
		case bytes.Contains(rest, []byte{0}):
			seen["some sectors"]++
		default:
			seen["a first part"]++
		}
		for _, name := range names(t, after) {
			seen[name]++
		}
		if again := after.PowerCut(); !bytes.Equal(again.ReadFile("synced"), b) {
			t.Fatal("a second power cut takes more")
		}
	}
	for _, what := range []string{"nothing", "all", "some sectors", "a first part", "unlisted", "gone", "moved"} {
		if seen[what] == 0 || seen[what] == 400 {
			t.Errorf("%s: %d times of 400", what, seen[what])
		}
	}
}

func TestKillLeavesAll(t *testing.T) {
	d := memfs.New(1)
	write(t, d, "a", "hello", false)
	after := d.Kill()
	if got := after.ReadFile("a"); string(got) != "hello" {
		t.Fatalf("%q", got)
	}
	// It is still not synced.
	lost := false
	for seed := range uint64(50) {
		d := memfs.New(seed)
		write(t, d, "a", "hello", false)
		lost = lost || len(names(t, d.Kill().PowerCut())) == 0
	}
	if !lost {
		t.Fatal("the end of a process has synced")
	}
}

func TestFaults(t *testing.T) {
	errDisk := errors.New("the disk failed")
	d := memfs.New(3)
	f := write(t, d, "a", "hello", true)
	d.Inject(memfs.Fault{At: 2, Times: 2, Err: errDisk, Short: true, Ops: []string{"WriteAt"}})
	for i, want := range []error{nil, errDisk, errDisk, nil} {
		n, err := f.WriteAt([]byte("world"), 5)
		if !errors.Is(err, want) || err == nil && n != 5 {
			t.Fatalf("write %d: %d, %v", i, n, err)
		}
		if got := string(d.ReadFile("a")); i > 0 && err != nil && got[:5] != "hello" {
			t.Fatalf("write %d left %q", i, got)
		}
	}
	d.Inject(memfs.Fault{At: 1, Crash: true})
	if err := d.Remove("a"); !errors.Is(err, memfs.ErrCrashed) || !d.Crashed() || !d.Struck() {
		t.Fatal(err)
	}
	if _, err := d.ReadDir(); !errors.Is(err, memfs.ErrCrashed) {
		t.Fatal(err)
	}
}

// A sync that failed takes bytes for clean that may never reach the disk, and
// the next one that works does not change that.
func TestAFailedSyncDrops(t *testing.T) {
	lost := false
	for seed := range uint64(50) {
		d := memfs.New(seed)
		f := write(t, d, "a", "", true)
		must(t, d.SyncDir())
		_, err := f.WriteAt([]byte("hello"), 0)
		must(t, err)
		d.Inject(memfs.Fault{At: 1, Err: errors.New("the disk failed"), Ops: []string{"Sync"}})
		if err := f.Sync(); err == nil {
			t.Fatal("the sync worked")
		}
		must(t, f.Sync())
		if got := string(d.ReadFile("a")); got != "hello" {
			t.Fatalf("%q before the power cut", got)
		}
		lost = lost || string(d.PowerCut().ReadFile("a")) != "hello"
	}
	if !lost {
		t.Fatal("nothing was dropped")
	}
}

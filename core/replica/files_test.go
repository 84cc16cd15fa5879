package replica_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/filestore"
	"github.com/flumedb/flumedb-wasm/core/memfs"
	"github.com/flumedb/flumedb-wasm/core/replica"
)

// TestFilesThatCrash has a replica in files crash, or lose its power, at every
// operation of the file system while it pulls and appends. (A store that is not
// strict promises nothing for power cuts.) Whatever is left, it
// knows where its records come from: after the next exchanges both hold the same,
// and nothing has come back as another's.
func TestFilesThatCrash(t *testing.T) {
	for _, c := range []struct {
		name             string
		strict, powerCut bool
	}{
		{"killed", false, false},
		{"strict, power cut", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			seeds := uint64(1)
			if c.powerCut {
				seeds = 4
			}
			for k, finished := 1, false; !finished; k++ {
				for seed := range seeds {
					disk := memfs.New(seed)
					disk.Inject(memfs.Fault{At: k, Crash: true})
					finished = pullIntoFiles(t, disk, c.strict, c.powerCut)
					if t.Failed() {
						t.Fatalf("operation %d, seed %d", k, seed)
					}
				}
			}
		})
	}
}

func pullIntoFiles(t *testing.T, disk *memfs.FS, strict, powerCut bool) (finished bool) {
	open := func() (*core.Log, error) {
		store, err := filestore.Open(disk, filestore.Options{Strict: strict, FileSize: 600})
		if err != nil {
			return nil, err
		}
		return core.Open(ctx, store, core.Options{SegmentBytes: 200})
	}
	server := newPlace(t, "server")
	crash := func() error {
		log, err := open()
		if err != nil {
			return err
		}
		defer log.Close(ctx)
		session := replica.New(log, replica.Options{}).NewSession()
		for i := range 3 {
			server.append(4)
			if _, err := log.Append(ctx, fmt.Appendf(nil, `{"by":"files","n":%d}`, i)); err != nil {
				return err
			}
			for range 2 {
				if _, err := exchange(session, server.replica, quiet, func(n int) int { return n - 1 }); err != nil {
					return err
				}
			}
		}
		return nil
	}
	err := crash()
	finished = !disk.Crashed()
	switch {
	case finished && err != nil:
		t.Error(err)
	case !finished && powerCut:
		disk = disk.PowerCut()
	case !finished:
		disk = disk.Kill()
	default:
		disk.Heal()
	}
	log, err := open()
	if err != nil {
		t.Error(err)
		return true
	}
	defer log.Close(ctx)
	files := &place{t: t, name: "files", log: log, replica: replica.New(log, replica.Options{})}
	if _, err := log.Append(ctx, []byte(`{"by":"files","n":100}`)); err != nil {
		t.Error(err)
	}
	sync(t, files, server)
	sync(t, files, server)
	got, want := files.records(), server.records()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the files hold %v\nand the server %v", got, want)
	}
	if len(slices.Compact(slices.Clone(got))) != len(got) {
		t.Errorf("twice: %v", got)
	}
	return finished
}

// TestDamagedNotes has damage to the file of notes fail sync, and nothing else.
func TestDamagedNotes(t *testing.T) {
	disk := memfs.New(1)
	open := func() *core.Log {
		store, err := filestore.Open(disk, filestore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		log, err := core.Open(ctx, store, core.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return log
	}
	server := newPlace(t, "server")
	log := open()
	for range 3 {
		server.append(2)
		sync(t, &place{t: t, name: "files", log: log, replica: replica.New(log, replica.Options{})}, server)
	}
	log.Close(ctx)
	notes := disk.ReadFile("notes")
	notes[8+56+20] ^= 1
	disk.WriteFile("notes", notes)
	log = open()
	defer log.Close(ctx)
	if _, err := log.Append(ctx, []byte(`1`)); err != nil || log.Since() != 6 {
		t.Fatalf("append: %v, since %d", err, log.Since())
	}
	_, err := replica.New(log, replica.Options{}).NewSession().Message(ctx, 1000)
	if !errors.Is(err, core.ErrCorrupt) {
		t.Fatalf("sync over damaged notes: %v", err)
	}
}

package filestore_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/filestore"
	"github.com/flumedb/flumedb-wasm/core/memfs"
)

var errDisk = errors.New("the disk failed")

// persist lives a life in which operations may fail: it tries each again, and
// opens the log again where that does not help.
func (u *user) persist(fs *memfs.FS) error {
	var s core.Store
	open := func() (err error) {
		if s != nil {
			s.Close()
		}
		for range 4 {
			if s, err = filestore.Open(fs, u.options); err == nil {
				return u.seen(s)
			}
		}
		return err
	}
	if err := open(); err != nil {
		return err
	}
	steps := []func() error{
		func() error { return u.append(s, 3) },
		func() error { return u.append(s, 1, 5, 30, 2) },
		func() error { return u.setCheckpoint(s, "view", fmt.Sprint(len(u.acked))) },
		func() error { return u.append(s, 40) },
		func() error { return u.append(s, 1) },
		func() error { return merge(s) },
		func() error { return u.append(s, 20, 20) },
		open,
		func() error { return u.append(s, 7) },
		func() error { return u.setCheckpoint(s, "view", fmt.Sprint(len(u.acked))) },
	}
	for i, step := range steps {
		var err error
		for range 8 {
			if err = step(); err == nil {
				break
			}
			if strings.Contains(err.Error(), "until it is opened again") || errors.Is(err, core.ErrUncertain) {
				if opening := open(); opening != nil {
					return fmt.Errorf("step %d: %w, opening again: %w", i, err, opening)
				}
			}
			if strings.Contains(err.Error(), "the head is") {
				return err
			}
			if seen := u.seen(s); seen != nil && !errors.Is(seen, errDisk) {
				return fmt.Errorf("step %d failed: %w, and then: %w", i, err, seen)
			}
		}
		if err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	err := s.Close()
	if errors.Is(err, errDisk) || errors.Is(err, core.ErrQuota) {
		err = nil
	}
	return err
}

// seen compares what the store holds with what was acknowledged, and takes
// what it holds for the truth about commits whose fate was unknown.
func (u *user) seen(s core.Store) error {
	found, err := records(s)
	if err == nil {
		err = u.compare(found)
	}
	if err == nil {
		u.acked, u.maybe = found, nil
	}
	return err
}

// TestFailRetryReopen fails the k-th operation, and some that follow, in every
// way, tries again, and then looks at what a crash would leave.
func TestFailRetryReopen(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault memfs.Fault
	}{
		{"one fails", memfs.Fault{Err: errDisk}},
		{"two fail", memfs.Fault{Err: errDisk, Times: 2}},
		{"three fail", memfs.Fault{Err: errDisk, Times: 3}},
		{"no room", memfs.Fault{Err: core.ErrQuota, Short: true, Ops: []string{"Create", "WriteAt", "Sync", "Rename", "SyncDir"}}},
		{"short writes", memfs.Fault{Err: errDisk, Short: true, Ops: []string{"WriteAt"}}},
		{"writes that are done and fail", memfs.Fault{Err: errDisk, Done: true, Ops: []string{"WriteAt"}}},
		{"short writes and no cutting back", memfs.Fault{Err: errDisk, Short: true, Times: 2, Ops: []string{"WriteAt", "Truncate"}}},
		{"syncs", memfs.Fault{Err: errDisk, Ops: []string{"Sync"}}},
		{"syncs and no cutting back", memfs.Fault{Err: errDisk, Times: 2, Ops: []string{"Sync", "Truncate"}}},
		{"two syncs", memfs.Fault{Err: errDisk, Times: 2, Ops: []string{"Sync"}}},
		{"directory syncs", memfs.Fault{Err: errDisk, Ops: []string{"SyncDir"}}},
		{"directory syncs that are done", memfs.Fault{Err: errDisk, Done: true, Ops: []string{"SyncDir"}}},
	} {
		for _, strict := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/strict=%v", c.name, strict), func(t *testing.T) {
				for k := 1; ; k++ {
					struck := false
					for seed := range uint64(3) {
						fs := memfs.New(seed)
						c.fault.At = k
						fs.Inject(c.fault)
						u := &user{options: filestore.Options{Strict: strict, FileSize: 900}, views: map[string]string{}}
						if err := u.persist(fs); err != nil {
							t.Fatalf("k %d, seed %d: %v", k, seed, err)
						}
						struck = fs.Struck()
						fs.Heal()
						after := fs.Kill
						if strict {
							after = fs.PowerCut
						}
						if err := u.check(after()); err != nil {
							t.Fatalf("k %d, seed %d: %v", k, seed, err)
						}
					}
					if !struck {
						break
					}
				}
			})
		}
	}
}

func newLog(t *testing.T, o filestore.Options) (*memfs.FS, *filestore.Store, *user) {
	t.Helper()
	fs := memfs.New(1)
	return fs, openLog(t, fs, o), &user{options: o, views: map[string]string{}}
}

func openLog(t *testing.T, fs *memfs.FS, o filestore.Options) *filestore.Store {
	t.Helper()
	s, err := filestore.Open(fs, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, doing string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: got error %v, want %v", doing, err, want)
	}
}

func wantRecords(t *testing.T, s core.Store, want []string) {
	t.Helper()
	found, err := records(s)
	must(t, err)
	if fmt.Sprint(found) != fmt.Sprint(want) {
		t.Fatalf("the log holds %d records, %.300q, want %d", len(found), found, len(want))
	}
}

func TestNoRoomLosesNothing(t *testing.T) {
	for _, strict := range []bool{true, false} {
		fs, s, u := newLog(t, filestore.Options{Strict: strict})
		must(t, u.append(s, 5))
		for _, op := range []string{"WriteAt", "Sync"} {
			if op == "Sync" && !strict {
				continue
			}
			fs.Inject(memfs.Fault{At: 1, Err: core.ErrQuota, Short: true, Ops: []string{op}})
			wantError(t, "append to a full disk", u.append(s, 3, 4), core.ErrQuota)
			wantRecords(t, s, u.acked)
			must(t, u.append(s, 2, 2))
			wantRecords(t, s, u.acked)
		}
	}
}

func TestAStoreThatCannotCutBackTakesNoMore(t *testing.T) {
	fs, s, u := newLog(t, filestore.Options{})
	must(t, u.append(s, 5))
	fs.Inject(memfs.Fault{At: 1, Err: errDisk, Short: true, Times: 2, Ops: []string{"WriteAt", "Truncate"}})
	wantError(t, "append", u.append(s, 3), core.ErrUncertain)
	fs.Heal()
	err := u.append(s, 3)
	if err == nil || !errors.Is(err, errDisk) || !strings.Contains(err.Error(), "until it is opened again") {
		t.Fatalf("append behind garbage: %v", err)
	}
	wantRecords(t, s, u.acked)
	must(t, s.Close())
	s = openLog(t, fs, u.options)
	must(t, u.seen(s))
	must(t, u.append(s, 3))
}

// After a sync that failed the system may take bytes for clean that never
// reached the disk. The commit that is tried again must not depend on them.
func TestASyncThatFailedIsNotBelievedLater(t *testing.T) {
	for seed := range uint64(200) {
		fs := memfs.New(seed)
		u := &user{options: filestore.Options{Strict: true}, views: map[string]string{}}
		s := openLog(t, fs, u.options)
		must(t, u.append(s, 5))
		fs.Inject(memfs.Fault{At: 1, Err: errDisk, Ops: []string{"Sync"}})
		wantError(t, "append", u.append(s, 30, 30), errDisk)
		must(t, u.append(s, 30, 30))
		must(t, u.check(fs.PowerCut()))
	}
}

func TestUncertainWhereNeitherSyncNorCuttingBackWorks(t *testing.T) {
	fs, s, u := newLog(t, filestore.Options{Strict: true})
	must(t, u.append(s, 5))
	fs.Inject(memfs.Fault{At: 1, Err: errDisk, Times: 2, Ops: []string{"Sync"}})
	wantError(t, "append", u.append(s, 3), core.ErrUncertain)
	if err := u.append(s, 3); err == nil || errors.Is(err, core.ErrUncertain) {
		t.Fatalf("append to a store that is broken: %v", err)
	}
	wantRecords(t, s, u.acked)
}

// An empty newest file that a clean close has noted is made again behind a sync
// that failed, and the process dies: its new name is not in the directory on the
// disk, though what was noted describes it.
func TestAnEmptyFileMadeAgainIsListedBeforeAnAppendIsAcknowledged(t *testing.T) {
	for seed := range uint64(200) {
		fs := memfs.New(seed)
		u := &user{options: filestore.Options{Strict: true, FileSize: 1}, views: map[string]string{}}
		s := openLog(t, fs, u.options)
		must(t, u.append(s, 5))
		fs.Inject(memfs.Fault{At: 1, Err: errDisk, Ops: []string{"WriteAt"}})
		wantError(t, "append to a new file", u.append(s, 3), errDisk)
		must(t, s.Close())
		s = openLog(t, fs, u.options)
		fs.Inject(memfs.Fault{At: 1, Err: errDisk, Ops: []string{"Sync"}})
		wantError(t, "append to the empty file", u.append(s, 3), errDisk)
		fs.Inject(memfs.Fault{At: 1, Err: errDisk, Ops: []string{"WriteAt"}})
		wantError(t, "append to it, made again", u.append(s, 3), errDisk)
		fs = fs.Kill()
		s = openLog(t, fs, u.options)
		must(t, u.append(s, 3))
		must(t, u.check(fs.PowerCut()))
	}
}

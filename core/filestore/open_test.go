package filestore_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/filestore"
	"github.com/flumedb/flumedb-wasm/core/memfs"
	"github.com/flumedb/flumedb-wasm/core/segment"
	"github.com/flumedb/flumedb-wasm/core/storetest"
)

// The contract over the directory in memory, so that it runs on every host.
func TestStoreInMemory(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Data {
		fs := memfs.New(1)
		return storetest.Data{
			Open: func() (core.Store, error) {
				s, err := filestore.Open(fs, filestore.Options{Strict: true, FileSize: 700})
				if err != nil {
					return nil, err
				}
				return s, nil
			},
			Damage: func(seq core.Seq, offset int) { damageIn(t, fs, seq, offset) },
		}
	})
}

func damageIn(t *testing.T, fs *memfs.FS, seq core.Seq, offset int) {
	t.Helper()
	names, err := fs.ReadDir()
	must(t, err)
	for _, name := range names {
		if !strings.HasSuffix(name, ".log") {
			continue
		}
		b := fs.ReadFile(name)
		if off, ok := damaged.find(t, name, b, seq); ok {
			b[off+offset] ^= 0x40
			fs.WriteFile(name, b)
			return
		}
	}
	t.Fatalf("no frame holds seq %d", seq)
}

// Opening a log that was closed cleanly costs the same however long it is.
func TestOpeningReadsNoRecords(t *testing.T) {
	operations := func(records int) int {
		fs, s, u := newLog(t, filestore.Options{FileSize: 2000})
		for range records {
			must(t, u.append(s, 10))
		}
		must(t, s.Close())
		before := fs.Count()
		s = openLog(t, fs, u.options)
		n := fs.Count() - before
		wantRecords(t, s, u.acked)
		return n
	}
	if few, many := operations(3), operations(300); few != many {
		t.Fatalf("%d operations for 3 commits, %d for 300", few, many)
	}
}

// A relaxed store that was closed is as durable as a strict one.
func TestClosingMakesDurable(t *testing.T) {
	for seed := range uint64(50) {
		fs := memfs.New(seed)
		u := &user{views: map[string]string{}}
		s := openLog(t, fs, u.options)
		must(t, u.append(s, 10, 20))
		must(t, u.append(s, 100))
		must(t, s.Close())
		fs = fs.PowerCut()
		s = openLog(t, fs, u.options)
		wantRecords(t, s, u.acked)
		if r := s.Recovered(); r.Bytes != 0 || r.Lost != 0 {
			t.Fatalf("recovered %+v", r)
		}
	}
}

func TestLocked(t *testing.T) {
	fs, s, u := newLog(t, filestore.Options{})
	_, err := filestore.Open(fs, u.options)
	wantError(t, "a second open", err, core.ErrLocked)
	must(t, s.Close())
	openLog(t, fs, u.options)
}

// Names in the directory that are not ours stay as they are.
func TestForeignFiles(t *testing.T) {
	fs := memfs.New(1)
	foreign := []string{"notes.txt", "1.log", "server.log", "00000000000000000.log", "0000000000000000-0.log",
		"9999999999999999.log", "0000000000000000-.log", "notes.tmp", "meta.old", "checkpoint"}
	for _, name := range foreign {
		fs.WriteFile(name, []byte("not ours"))
	}
	fs.WriteFile("0000000000000000.log.tmp", []byte("ours, and not whole"))
	s := openLog(t, fs, filestore.Options{})
	u := &user{}
	must(t, u.append(s, 3))
	wantRecords(t, s, u.acked)
	for _, name := range foreign {
		if string(fs.ReadFile(name)) != "not ours" {
			t.Fatalf("%s was changed", name)
		}
	}
	names, err := fs.ReadDir()
	must(t, err)
	if len(names) != len(foreign)+2 {
		t.Fatalf("the directory holds %q", names)
	}
}

// More files than are kept open, and frames of all sizes around the size of a
// read.
func TestManyFiles(t *testing.T) {
	_, s, u := newLog(t, filestore.Options{FileSize: 1})
	for range 100 {
		must(t, u.append(s, 2))
	}
	for _, n := range []int{60_000, 70_000, 300_000, 1, 2_000_000, 5} {
		var b segment.Builder
		r := strings.Repeat("x", n)
		b.Add([]byte(r))
		if _, err := s.Append(ctx, []*segment.Segment{b.Finish()}); err != nil {
			t.Fatal(err)
		}
		u.acked = append(u.acked, r)
	}
	wantRecords(t, s, u.acked)
	must(t, s.Close())
	s = openLogOf(t, s, u)
	wantRecords(t, s, u.acked)
}

func openLogOf(t *testing.T, s *filestore.Store, u *user) *filestore.Store {
	t.Helper()
	again, err := filestore.Open(filestore.FSOf(s), u.options)
	must(t, err)
	t.Cleanup(func() { again.Close() })
	return again
}

// A segment does not keep the memory of all that was read with it.
func TestASmallReadKeepsLittle(t *testing.T) {
	_, s, u := newLog(t, filestore.Options{})
	for range 2000 {
		must(t, u.append(s, 1))
	}
	for seq := core.Seq(0); seq < 2000; seq += 97 {
		run, err := s.Read(ctx, seq, false, 1)
		must(t, err)
		if c := cap(run[0].Bytes()); len(run) != 1 || c > 2*run[0].Size()+64 {
			t.Fatalf("a segment of %d bytes keeps %d", run[0].Size(), c)
		}
	}
}

// Readers of all kinds go on while a writer appends, rolls and replaces.
func TestAtOnce(t *testing.T) {
	_, s, u := newLog(t, filestore.Options{FileSize: 3000})
	must(t, u.append(s, 5))
	stop, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	fail := make(chan error, 10)
	for i := range 4 {
		wg.Go(func() {
			for n := 0; stop.Err() == nil; n++ {
				state, err := s.State(ctx)
				if err == nil {
					seq := core.Seq(n*7919+i) % (state.Head + 1)
					var run []*segment.Segment
					run, err = s.Read(ctx, seq, i%2 == 0, 1000)
					if err == nil && !strings.HasPrefix(string(run[0].Record(seq)), fmt.Sprint(seq)+"/") {
						err = fmt.Errorf("record %d is %q", seq, run[0].Record(seq))
					}
				}
				if err == nil && i == 3 {
					_, err = s.Index(ctx, 0, 50)
				}
				if err != nil {
					fail <- err
					return
				}
				runtime.Gosched() // or nobody else runs, in wasm
			}
		})
	}
	for n := range 300 {
		must(t, u.append(s, 1+n%20, 3))
		runtime.Gosched()
		if n%10 == 0 {
			must(t, merge(s))
		}
	}
	cancel()
	wg.Wait()
	close(fail)
	for err := range fail {
		t.Error(err)
	}
	wantRecords(t, s, u.acked)
}

// Closing while others read and write ends their calls with ErrClosed at the
// worst, and what was acknowledged is there.
func TestCloseWhileAtWork(t *testing.T) {
	for range 20 {
		fs, s, u := newLog(t, filestore.Options{Strict: true, FileSize: 2000})
		must(t, u.append(s, 5))
		var wg sync.WaitGroup
		started := make(chan struct{}, 2)
		var writing, reading error
		wg.Go(func() {
			for writing == nil {
				writing = u.append(s, 3, 4)
				runtime.Gosched()
				select {
				case started <- struct{}{}:
				default:
				}
			}
		})
		wg.Go(func() {
			for reading == nil {
				_, reading = s.Read(ctx, 2, false, 5000)
				runtime.Gosched()
			}
		})
		<-started
		must(t, s.Close())
		wg.Wait()
		wantError(t, "append", writing, core.ErrClosed)
		wantError(t, "read", reading, core.ErrClosed)
		wantRecords(t, openLog(t, fs, u.options), u.acked)
	}
}

func TestReplaceAcrossFiles(t *testing.T) {
	_, s, u := newLog(t, filestore.Options{FileSize: 1})
	must(t, u.append(s, 2))
	must(t, u.append(s, 2))
	seg := storetest.Segment(u.acked...)
	seg.Place(0, false)
	_, err := s.Replace(ctx, core.Replacement{Generation: 0, Segments: []*segment.Segment{seg}, Sealed: core.None})
	if !errors.Is(err, core.ErrNotAtomic) {
		t.Fatalf("replace across files: %v", err)
	}
	wantRecords(t, s, u.acked)
}

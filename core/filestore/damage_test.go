package filestore_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/filestore"
	"github.com/flumedb/flumedb-wasm/core/memfs"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

const firstFile = "0000000000000000.log"

// frames finds where the frames of a file that is not damaged begin, and its
// end.
func frames(t *testing.T, b []byte) (offs []int) {
	t.Helper()
	for off := 0; ; {
		offs = append(offs, off)
		if off == len(b) {
			return offs
		}
		h, err := segment.ReadHeader(b[off:])
		must(t, err)
		off += h.Size
	}
}

// grown is a log that was closed, cleanly or not.
func grown(t *testing.T, o filestore.Options, cleanly bool, commits ...[]int) (*memfs.FS, *user) {
	t.Helper()
	fs, s, u := newLog(t, o)
	for _, sizes := range commits {
		must(t, u.append(s, sizes...))
	}
	if cleanly {
		must(t, s.Close())
		return fs, u
	}
	return fs.Kill(), u
}

// TestCutAtEveryByte cuts the newest file at every byte: the commits that are
// whole stay, the one that is cut goes as a whole, and is reported.
func TestCutAtEveryByte(t *testing.T) {
	for _, cleanly := range []bool{true, false} {
		origin, u := grown(t, filestore.Options{}, cleanly, []int{2}, []int{3, 1}, []int{1}, []int{2, 2, 2})
		whole := origin.ReadFile(firstFile)
		meta := origin.ReadFile("meta")
		offs := frames(t, whole)
		// Where commits end, and how many records there are then.
		ends := []struct{ off, records int }{{0, 0}, {offs[1], 2}, {offs[3], 6}, {offs[4], 7}, {offs[7], 13}}
		for cut := range whole {
			want := ends[0]
			for _, e := range ends {
				if e.off <= cut {
					want = e
				}
			}
			fs := memfs.New(1)
			fs.WriteFile("meta", meta)
			fs.WriteFile(firstFile, whole[:cut])
			s := openLog(t, fs, u.options)
			wantRecords(t, s, u.acked[:want.records])
			r := s.Recovered()
			if r.Bytes != int64(cut-want.off) || r.Seq != core.Seq(want.records-1) || r.Meta {
				t.Fatalf("cut at %d: recovered %+v, want the commits through %+v", cut, r, want)
			}
			if lost := int64(13 - want.records); cleanly && r.Lost != lost || !cleanly && r.Lost != 0 {
				t.Fatalf("cut at %d, closed %v: recovered %+v", cut, cleanly, r)
			}
			left := &user{options: u.options, acked: slices.Clone(u.acked[:want.records])}
			must(t, left.append(s, 2, 2))
			must(t, s.Close())
			wantRecords(t, openLog(t, fs, u.options), left.acked)
		}
	}
}

// wantDamage reads all seqs and wants exactly those from first through last to
// be out of reach, and said to be so.
func wantDamage(t *testing.T, s core.Store, u *user, first, last core.Seq) {
	t.Helper()
	state, err := s.State(ctx)
	must(t, err)
	for seq := core.Seq(0); seq <= state.Head; seq++ {
		for _, reverse := range []bool{false, true} {
			run, err := s.Read(ctx, seq, reverse, 1<<20)
			if first <= seq && seq <= last {
				var damage *segment.CorruptError
				if !errors.As(err, &damage) || damage.First != first || damage.Last != last || !strings.Contains(damage.Segment, "@") {
					t.Fatalf("read %d: %v (%+v), want damage from %d to %d", seq, err, damage, first, last)
				}
				continue
			}
			must(t, err)
			if got := string(run[0].Record(seq)); got != u.acked[seq] {
				t.Fatalf("record %d is %q", seq, got)
			}
			for _, seg := range run {
				if last >= first && seg.First() <= first && first <= seg.Last() {
					t.Fatalf("read %d: the damaged segment came along", seq)
				}
			}
		}
	}
	extents, err := s.Index(ctx, 0, 1<<20)
	must(t, err)
	next := core.Seq(0)
	for _, e := range extents {
		if e.First != next {
			t.Fatalf("index: %+v", extents)
		}
		next = e.Last + 1
	}
	if next != state.Head+1 {
		t.Fatalf("the index ends at %d, the log at %d", next-1, state.Head)
	}
}

func flip(b []byte, off int) []byte {
	b = bytes.Clone(b)
	b[off] ^= 0x40
	return b
}

// What a damaged place means depends on what follows it and on what is known
// to have been committed.
func TestDamageOrTorn(t *testing.T) {
	const header, records = 20, segment.HeaderSize + 7
	for _, c := range []struct {
		name        string
		cleanly     bool
		commits     [][]int
		frame, at   int // which frame is hurt, and where in it
		blank       bool
		first, last core.Seq // what is out of reach
		left        int      // how many records there are then, readable or not
	}{
		{"the last commit's records", false, [][]int{{3}, {4}}, 1, records, false, 0, -1, 3},
		{"the last commit's header", false, [][]int{{3}, {4}}, 1, header, false, 0, -1, 3},
		{"the last commit's records, closed", true, [][]int{{3}, {4}}, 1, records, false, 3, 6, 7},
		{"the last commit's header, closed", true, [][]int{{3}, {4}}, 1, header, false, 3, 6, 7},
		{"the only commit's records", false, [][]int{{3}}, 0, records, false, 0, -1, 0},
		{"the only commit's header, closed", true, [][]int{{3}}, 0, header, false, 0, 2, 3},
		{"the commit before's records", false, [][]int{{3}, {4}, {5}}, 1, records, false, 3, 6, 12},
		{"the commit before's header", false, [][]int{{3}, {4}, {5}}, 1, header, false, 3, 6, 12},
		{"the commit before's header, closed", true, [][]int{{3}, {4}, {5}}, 1, header, false, 3, 6, 12},
		{"records within the last commit", false, [][]int{{3}, {4, 4, 4}}, 2, records, false, 0, -1, 3},
		{"records at the last commit's start", false, [][]int{{3}, {4, 4, 4}}, 1, records, false, 0, -1, 3},
		{"records at the last commit's end", false, [][]int{{3}, {4, 4, 4}}, 3, records, false, 0, -1, 3},
		{"records within the commit before", false, [][]int{{3}, {4, 4, 4}, {1}}, 2, records, false, 7, 10, 16},
		{"records within the last commit, closed", true, [][]int{{3}, {4, 4, 4}}, 2, records, false, 7, 10, 15},
		// A header that cannot be read does not say whether its commit goes
		// on, so what follows may have been acknowledged, unless it was never
		// written.
		{"a header within the last commit", false, [][]int{{3}, {4, 4, 4}}, 2, header, false, 7, 10, 15},
		{"a header within the last commit, never written", false, [][]int{{3}, {4, 4, 4}}, 2, 0, true, 0, -1, 3},
		{"a header at the last commit's start, never written", false, [][]int{{3}, {4, 4, 4}}, 1, 0, true, 0, -1, 3},
		{"a header within the commit before, never written", false, [][]int{{3}, {4, 4, 4}, {1}}, 2, 0, true, 7, 10, 16},
		{"a header within the last commit, never written, closed", true, [][]int{{3}, {4, 4, 4}}, 2, 0, true, 7, 10, 15},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs, u := grown(t, filestore.Options{}, c.cleanly, c.commits...)
			b := fs.ReadFile(firstFile)
			offs := frames(t, b)
			if c.blank {
				clear(b[offs[c.frame]:offs[c.frame+1]])
			} else {
				b = flip(b, offs[c.frame]+c.at)
			}
			fs.WriteFile(firstFile, b)
			for round := range 3 {
				s := openLog(t, fs, u.options)
				state, err := s.State(ctx)
				must(t, err)
				if round == 0 && state.Head != core.Seq(c.left-1) {
					t.Fatalf("the head is %d, recovered %+v, want %d records", state.Head, s.Recovered(), c.left)
				}
				u.acked = u.acked[:state.Head+1]
				wantDamage(t, s, u, c.first, c.last)
				must(t, u.append(s, 3, 3))
				wantDamage(t, s, u, c.first, c.last)
				if round == 1 {
					fs = fs.Kill()
				} else {
					must(t, s.Close())
				}
			}
		})
	}
}

// TestOlderFiles damages files that others follow.
func TestOlderFiles(t *testing.T) {
	// Files of 12 records, 6 each 2 frames.
	fresh := func(cleanly bool) (*memfs.FS, *user) {
		return grown(t, filestore.Options{FileSize: 1}, cleanly, []int{6, 6}, []int{6, 6}, []int{6, 6})
	}
	const second = "0000000000000012.log"
	for _, c := range []struct {
		name        string
		hurt        func(fs *memfs.FS)
		first, last core.Seq
	}{
		{"cut in a frame", func(fs *memfs.FS) {
			b := fs.ReadFile(second)
			fs.WriteFile(second, b[:len(b)-1])
		}, 18, 23},
		{"cut between frames", func(fs *memfs.FS) {
			b := fs.ReadFile(second)
			fs.WriteFile(second, b[:frames(t, b)[1]])
		}, 18, 23},
		{"empty", func(fs *memfs.FS) { fs.WriteFile(second, nil) }, 12, 23},
		{"gone", func(fs *memfs.FS) { must(t, fs.Remove(second)) }, 12, 23},
		{"the first is gone", func(fs *memfs.FS) { must(t, fs.Remove(firstFile)) }, 0, 11},
		{"zeros", func(fs *memfs.FS) { fs.WriteFile(second, make([]byte, 1000)) }, 12, 23},
		{"another file", func(fs *memfs.FS) { fs.WriteFile(second, fs.ReadFile(firstFile)) }, 12, 23},
		{"header of the first frame", func(fs *memfs.FS) { fs.WriteFile(second, flip(fs.ReadFile(second), 9)) }, 12, 17},
		{"version of the first frame", func(fs *memfs.FS) { fs.WriteFile(second, flip(fs.ReadFile(second), 4)) }, 12, 17},
		{"length of the first frame", func(fs *memfs.FS) { fs.WriteFile(second, flip(fs.ReadFile(second), 21)) }, 12, 17},
		{"something between frames", func(fs *memfs.FS) {
			b := fs.ReadFile(second)
			fs.WriteFile(second, slices.Insert(b, frames(t, b)[1], []byte("FLMS is no frame")...))
		}, 0, -1},
		{"a frame is missing", func(fs *memfs.FS) {
			b := fs.ReadFile(second)
			fs.WriteFile(second, b[frames(t, b)[1]:])
		}, 12, 17},
		{"a frame is there twice", func(fs *memfs.FS) {
			b := fs.ReadFile(second)
			n := frames(t, b)[1]
			fs.WriteFile(second, slices.Concat(b[:n], b[:n], b[n:]))
		}, 0, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, cleanly := range []bool{true, false} {
				fs, u := fresh(cleanly)
				c.hurt(fs)
				s := openLog(t, fs, u.options)
				wantDamage(t, s, u, c.first, c.last)
				must(t, u.append(s, 2))
				wantDamage(t, s, u, c.first, c.last)
			}
		})
	}
}

// A record may look like a frame. Where the header of the frame around it is
// damaged, but for its lengths, it is not taken for one.
func TestARecordThatIsAFrame(t *testing.T) {
	var inner segment.Builder
	inner.Add([]byte("evil"))
	image := inner.Finish()
	image.Place(1, false)
	fs, s, u := newLog(t, filestore.Options{})
	must(t, u.append(s, 1))
	var outer segment.Builder
	outer.Add([]byte("x"))
	outer.Add(image.Bytes())
	state, err := s.Append(ctx, []*segment.Segment{outer.Finish()})
	if err != nil || state.Head != 2 {
		t.Fatal(state, err)
	}
	u.acked = append(u.acked, "x", string(image.Bytes()))
	must(t, u.append(s, 1))
	must(t, s.Close())
	b := fs.ReadFile(firstFile)
	for _, at := range []int{0, 4, 5, 6, 9, 25, 33, 41} {
		fs.WriteFile(firstFile, flip(b, frames(t, b)[1]+at))
		s := openLog(t, fs, u.options)
		wantDamage(t, s, u, 1, 2)
		s.Close()
	}
}

// TestRandomDamage flips bits anywhere in a directory. Whatever happens, no
// record is another one's, and what is lost is said to be.
func TestRandomDamage(t *testing.T) {
	origin, u := grown(t, filestore.Options{FileSize: 1500}, true,
		[]int{3}, []int{1, 5}, []int{30}, []int{1}, []int{1}, []int{20, 20, 1}, []int{2}, []int{9, 9}, []int{1})
	names, err := origin.ReadDir()
	must(t, err)
	slices.Sort(names)
	killed := func(fs *memfs.FS) { must(t, fs.Remove("meta")) }
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 7))
		fs := memfs.New(seed)
		for _, name := range names {
			fs.WriteFile(name, origin.ReadFile(name))
		}
		if r.IntN(2) == 0 {
			killed(fs)
		}
		for range 1 + r.IntN(4) {
			name := names[r.IntN(len(names))]
			if name == "meta" {
				continue
			}
			b := fs.ReadFile(name)
			switch at := r.IntN(len(b)); r.IntN(4) {
			case 0, 1:
				b[at] ^= 1 << r.IntN(8)
			case 2:
				clear(b[at:min(len(b), at+r.IntN(600))])
			case 3:
				for i := at; i < min(len(b), at+r.IntN(100)); i++ {
					b[i] = byte(r.Uint32())
				}
			}
			fs.WriteFile(name, b)
		}
		s, err := filestore.Open(fs, u.options)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := noneWrong(s, u.acked); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		state, err := s.State(ctx)
		must(t, err)
		left := &user{options: u.options, acked: slices.Clone(u.acked[:min(len(u.acked), int(state.Head)+1)])}
		if int(state.Head)+1 != len(left.acked) {
			t.Fatalf("seed %d: the head is %d", seed, state.Head)
		}
		must(t, left.append(s, 2, 1))
		if err := noneWrong(s, left.acked); err != nil {
			t.Fatalf("seed %d, behind an append: %v", seed, err)
		}
		must(t, s.Close())
		s = openLog(t, fs, u.options)
		if again, err := s.State(ctx); err != nil || int(again.Head)+1 != len(left.acked) {
			t.Fatalf("seed %d: %+v, %v after reopening, want %d records", seed, again, err, len(left.acked))
		}
		if err := noneWrong(s, left.acked); err != nil {
			t.Fatalf("seed %d, after reopening: %v", seed, err)
		}
		s.Close()
	}
}

// A file may change under the hands of a store that has walked it.
func TestDamageWhileOpen(t *testing.T) {
	fs, s, u := newLog(t, filestore.Options{FileSize: 1})
	for range 3 {
		must(t, u.append(s, 4, 4))
	}
	wantRecords(t, s, u.acked)
	for _, name := range []string{firstFile, "0000000000000016.log"} {
		b := fs.ReadFile(name)
		second := frames(t, b)[1]
		for _, at := range []int{0, 9, 20, 41, segment.HeaderSize + 3} {
			must(t, s.Close())
			s = openLog(t, fs, u.options)
			wantRecords(t, s, u.acked)
			fs.WriteFile(name, flip(b, second+at))
			first := core.Seq(4)
			if name != firstFile {
				first = 20
			}
			wantDamage(t, s, u, first, first+3)
			fs.WriteFile(name, b)
		}
		must(t, s.Close())
		s = openLog(t, fs, u.options)
		wantRecords(t, s, u.acked)
		fs.WriteFile(name, b[:second+60])
		_, err := s.Read(ctx, 5, false, 1)
		if name == firstFile {
			wantError(t, "read of a file cut while open", err, core.ErrCorrupt)
		} else {
			must(t, err)
		}
		fs.WriteFile(name, b)
	}
}

func TestMeta(t *testing.T) {
	for _, c := range []struct {
		name string
		hurt func(b []byte) []byte
		want error
	}{
		{"missing", func([]byte) []byte { return nil }, nil},
		{"empty", func(b []byte) []byte { return b[:0] }, nil},
		{"cut", func(b []byte) []byte { return b[:len(b)-1] }, nil},
		{"flipped", func(b []byte) []byte { return flip(b, 30) }, nil},
		{"newer", func(b []byte) []byte { b[4]++; return b }, core.ErrVersion},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs, u := grown(t, filestore.Options{FileSize: 1}, true, []int{2}, []int{3, 4})
			before := openLog(t, fs, u.options)
			id, _ := before.State(ctx)
			must(t, before.Close())
			if b := c.hurt(fs.ReadFile("meta")); b == nil {
				must(t, fs.Remove("meta"))
			} else {
				fs.WriteFile("meta", b)
			}
			s, err := filestore.Open(fs, u.options)
			if c.want != nil {
				wantError(t, "open", err, c.want)
				// What refuses holds nothing.
				_, err = filestore.Open(fs, u.options)
				wantError(t, "open again", err, c.want)
				return
			}
			must(t, err)
			wantRecords(t, s, u.acked)
			now, _ := s.State(ctx)
			if !s.Recovered().Meta || now.ID == id.ID || now.ID == 0 {
				t.Fatalf("recovered %+v, state %+v, before %+v", s.Recovered(), now, id)
			}
			must(t, s.Close())
			s = openLog(t, fs, u.options)
			if again, _ := s.State(ctx); again != now || s.Recovered().Meta {
				t.Fatalf("state %+v, after another opening %+v", now, again)
			}
		})
	}
}

// A frame of a later format is never taken for a torn one and cut off.
func TestNewerFrames(t *testing.T) {
	fs, u := grown(t, filestore.Options{}, false, []int{2}, []int{3})
	b := fs.ReadFile(firstFile)
	last := b[frames(t, b)[1]:]
	last[4] = segment.Version + 1
	sum(last)
	fs.WriteFile(firstFile, b)
	_, err := filestore.Open(fs, u.options)
	wantError(t, "open", err, core.ErrVersion)
	if !bytes.Equal(fs.ReadFile(firstFile), b) {
		t.Fatal("the file was changed")
	}
}

func TestCheckpointDamage(t *testing.T) {
	fs, s, u := newLog(t, filestore.Options{})
	must(t, u.append(s, 2))
	must(t, s.SetCheckpoint(ctx, "v", []byte("state")))
	whole := fs.ReadFile("checkpoint-v")
	for i := range whole {
		fs.WriteFile("checkpoint-v", flip(whole, i))
		_, err := s.Checkpoint(ctx, "v")
		wantError(t, fmt.Sprintf("byte %d flipped", i), err, core.ErrCorrupt)
		fs.WriteFile("checkpoint-v", whole[:i])
		_, err = s.Checkpoint(ctx, "v")
		wantError(t, fmt.Sprintf("cut at %d", i), err, core.ErrCorrupt)
	}
	must(t, s.SetCheckpoint(ctx, "v", []byte("again")))
	if v, err := s.Checkpoint(ctx, "v"); err != nil || string(v) != "again" {
		t.Fatalf("set over a damaged one: %q, %v", v, err)
	}
}

func TestBodyDamage(t *testing.T) {
	fs, s, _ := newLog(t, filestore.Options{})
	must(t, s.SetCheckpointBody(ctx, "v", []byte("value"), []byte("body")))
	whole := fs.ReadFile("checkpoint-v")
	for i := range whole {
		fs.WriteFile("checkpoint-v", flip(whole, i))
		_, _, err := s.CheckpointBody(ctx, "v")
		wantError(t, fmt.Sprintf("byte %d flipped", i), err, core.ErrCorrupt)
		fs.WriteFile("checkpoint-v", whole[:i])
		_, _, err = s.CheckpointBody(ctx, "v")
		wantError(t, fmt.Sprintf("cut at %d", i), err, core.ErrCorrupt)
	}
	fs.WriteFile("checkpoint-v", flip(whole, len(whole)-9))
	if v, err := s.Checkpoint(ctx, "v"); err != nil || string(v) != "value" {
		t.Fatalf("the value of a damaged body: %q, %v", v, err)
	}
}

// A view that has seen records which a crash has taken away starts anew,
// though other records have their seqs by the time it asks.
func TestCheckpointsOfRecordsThatAreGone(t *testing.T) {
	fs, s, u := newLog(t, filestore.Options{})
	must(t, u.append(s, 5))
	must(t, s.SetCheckpoint(ctx, "old", []byte("saw 5")))
	must(t, u.append(s, 5))
	must(t, s.SetCheckpoint(ctx, "new", []byte("saw 10")))
	must(t, s.Close())
	b := fs.ReadFile(firstFile)
	fs.WriteFile(firstFile, b[:len(b)-3])
	s = openLog(t, fs, u.options)
	u.acked = u.acked[:5]
	must(t, u.append(s, 9))
	for name, want := range map[string]string{"old": "saw 5", "new": ""} {
		if v, err := s.Checkpoint(ctx, name); err != nil || string(v) != want {
			t.Fatalf("checkpoint %s: %q, %v", name, v, err)
		}
	}
	if r := s.Recovered(); r.Lost != 5 {
		t.Fatalf("recovered %+v", r)
	}
}

// The process dies between a commit's write and its sync, the log is opened,
// and its records are shown: from then on they must be durable.
func TestWhatAStrictStoreFindsIsDurable(t *testing.T) {
	for seed := range uint64(50) {
		fs := memfs.New(seed)
		u := &user{options: filestore.Options{Strict: true}, views: map[string]string{}}
		s := openLog(t, fs, u.options)
		must(t, u.append(s, 1))
		fs.Inject(memfs.Fault{At: 1, Crash: true, Ops: []string{"Sync"}})
		wantError(t, "append", u.append(s, 30, 30), memfs.ErrCrashed)
		fs = fs.Kill()
		s = openLog(t, fs, u.options)
		must(t, u.seen(s))
		if len(u.acked) != 61 {
			t.Fatalf("%d records are left", len(u.acked))
		}
		must(t, u.check(fs.PowerCut()))
	}
}

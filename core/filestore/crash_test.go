package filestore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/filestore"
	"github.com/flumedb/flumedb-wasm/core/memfs"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

var ctx = context.Background()

// user is somebody who uses a store and remembers what it was told.
type user struct {
	options filestore.Options
	acked   []string   // records whose append was acknowledged, by seq
	maybe   [][]string // what may follow, besides nothing: commits whose fate is unknown
	views   map[string]string
	tries   int
}

// commit builds segments of the given numbers of records, unlike any other.
func (u *user) commit(sizes ...int) (segments []*segment.Segment, records []string) {
	u.tries++
	for _, n := range sizes {
		var b segment.Builder
		for range n {
			r := fmt.Sprintf("%d/%d%0*d", len(u.acked)+len(records), u.tries, len(records)%40, 0)
			b.Add([]byte(r))
			records = append(records, r)
		}
		segments = append(segments, b.Finish())
	}
	return segments, records
}

func (u *user) append(s core.Store, sizes ...int) error {
	segments, records := u.commit(sizes...)
	state, err := s.Append(ctx, segments)
	if err == nil && state.Head != core.Seq(len(u.acked)+len(records)-1) {
		return fmt.Errorf("the head is %d, after %d and %d records", state.Head, len(u.acked), len(records))
	}
	switch {
	case err == nil:
		u.acked = append(u.acked, records...)
		u.maybe = nil
	case errors.Is(err, core.ErrUncertain) || errors.Is(err, memfs.ErrCrashed):
		u.maybe = append(u.maybe, records)
	}
	return err
}

func (u *user) setCheckpoint(s core.Store, name, value string) error {
	before, known := u.views[name]
	err := s.SetCheckpoint(ctx, name, []byte(value))
	if err == nil {
		u.views[name] = value
	} else if known {
		u.views[name] = before + " or " + value
	}
	return err
}

// merge replaces the newest file's first segments by one, if it can.
func merge(s core.Store) error {
	state, err := s.State(ctx)
	if err != nil {
		return err
	}
	run, err := s.Read(ctx, state.Head, true, 300)
	if err != nil {
		return err
	}
	var b segment.Builder
	for i := len(run) - 1; i >= 0; i-- {
		b.AddSegment(run[i])
	}
	seg := b.Finish()
	seg.Place(run[len(run)-1].First(), false)
	_, err = s.Replace(ctx, core.Replacement{Generation: state.Generation, Segments: []*segment.Segment{seg}, Sealed: seg.Last()})
	if errors.Is(err, core.ErrNotAtomic) {
		return nil
	}
	return err
}

// live is a life of a log: opened twice, appended to, merged, with a view.
func (u *user) live(fs filestore.FS) error {
	for range 2 {
		s, err := filestore.Open(fs, u.options)
		if err != nil {
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
			func() error { return u.setCheckpoint(s, "view", fmt.Sprint(len(u.acked))) },
			s.Close,
		}
		for _, step := range steps {
			if err := step(); err != nil {
				return err
			}
		}
	}
	return nil
}

// records reads a whole log and fails where anything about it is not well.
func records(s core.Store) ([]string, error) {
	state, err := s.State(ctx)
	if err != nil {
		return nil, err
	}
	var all []string
	for seq := core.Seq(0); seq <= state.Head; {
		run, err := s.Read(ctx, seq, false, 700)
		if err != nil {
			return nil, err
		}
		for _, seg := range run {
			if seg.First() != seq {
				return nil, fmt.Errorf("a segment from %d follows, want %d", seg.First(), seq)
			}
			for ; seq <= seg.Last(); seq++ {
				all = append(all, string(seg.Record(seq)))
			}
		}
	}
	for seq := state.Head; seq >= 0; {
		run, err := s.Read(ctx, seq, true, 700)
		if err != nil {
			return nil, err
		}
		for _, seg := range run {
			if seg.Last() < seq || seg.First() > seq {
				return nil, fmt.Errorf("walking down, the segment of %d is %d to %d", seq, seg.First(), seg.Last())
			}
			for ; seq >= seg.First(); seq-- {
				if string(seg.Record(seq)) != all[seq] {
					return nil, fmt.Errorf("walking down, record %d is another", seq)
				}
			}
		}
	}
	return all, nil
}

// check opens what a crash has left and compares it with what u was told. It
// appends, too, since a log that cannot go on is not recovered.
func (u *user) check(fs filestore.FS) error {
	for round := range 2 {
		s, err := filestore.Open(fs, u.options)
		if err != nil {
			return err
		}
		found, err := records(s)
		if err != nil {
			return fmt.Errorf("reading, after %+v: %w", recovered(s), err)
		}
		if err := u.compare(found); err != nil {
			return fmt.Errorf("round %d, after %+v: %w", round, recovered(s), err)
		}
		u.acked, u.maybe = found, nil
		if value, err := s.Checkpoint(ctx, "view"); err != nil {
			return err
		} else if n := len(found); value != nil {
			var seen int
			fmt.Sscan(string(value), &seen)
			if seen > n {
				return fmt.Errorf("the view has seen %d records of %d", seen, n)
			}
		}
		if err := u.append(s, 2, 3); err != nil {
			return err
		}
		if err := s.Close(); err != nil {
			return err
		}
	}
	return nil
}

func recovered(s core.Store) filestore.Recovery { return s.(*filestore.Store).Recovered() }

func (u *user) compare(found []string) error {
	if len(found) < len(u.acked) {
		return fmt.Errorf("%d records are left of %d that were acknowledged", len(found), len(u.acked))
	}
	for i, r := range u.acked {
		if found[i] != r {
			return fmt.Errorf("record %d is %q, and %q was acknowledged", i, found[i], r)
		}
	}
	rest := found[len(u.acked):]
	if len(rest) == 0 {
		return nil
	}
	for _, m := range u.maybe {
		if fmt.Sprint(m) == fmt.Sprint(rest) {
			return nil
		}
	}
	return fmt.Errorf("%d records follow that were never acknowledged, %q", len(rest), rest)
}

// TestCrashAtEveryOperation lives a life until it crashes at the k-th
// operation of the file system, for every k until it does not crash.
func TestCrashAtEveryOperation(t *testing.T) {
	for _, c := range []struct {
		name     string
		options  filestore.Options
		powerCut bool
	}{
		{"strict, power cut", filestore.Options{Strict: true, FileSize: 900}, true},
		{"strict, one file, power cut", filestore.Options{Strict: true}, true},
		{"strict, process killed", filestore.Options{Strict: true, FileSize: 900}, false},
		{"relaxed, process killed", filestore.Options{FileSize: 900}, false},
		{"relaxed, one file, process killed", filestore.Options{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			rounds := uint64(8)
			if testing.Short() || !c.powerCut {
				rounds = 2
			}
			for k := 1; ; k++ {
				finished := false
				for seed := range rounds {
					fs := memfs.New(seed)
					fs.Inject(memfs.Fault{At: k, Crash: true})
					u := &user{options: c.options, views: map[string]string{}}
					err := u.live(fs)
					if err != nil && !errors.Is(err, memfs.ErrCrashed) {
						t.Fatalf("k %d, seed %d: %v", k, seed, err)
					}
					finished = err == nil
					after := fs.Kill
					if c.powerCut {
						after = fs.PowerCut
					}
					if err := u.check(after()); err != nil {
						t.Fatalf("k %d, seed %d: %v", k, seed, err)
					}
				}
				if finished {
					t.Logf("%d operations", k-1)
					break
				}
			}
		})
	}
}

// A relaxed store promises nothing after a power cut but that it opens, gives
// no wrong record, says which are lost, and goes on.
func TestPowerCutOfARelaxedStore(t *testing.T) {
	for k := 1; ; k++ {
		finished := false
		for seed := range uint64(5) {
			fs := memfs.New(seed)
			fs.Inject(memfs.Fault{At: k, Crash: true})
			u := &user{options: filestore.Options{FileSize: 900}, views: map[string]string{}}
			finished = u.live(fs) == nil
			written := u.acked
			for _, m := range u.maybe {
				written = append(written[:len(u.acked):len(u.acked)], m...)
			}
			s, err := filestore.Open(fs.PowerCut(), u.options)
			if err != nil {
				t.Fatalf("k %d, seed %d: %v", k, seed, err)
			}
			if err := noneWrong(s, written); err != nil {
				t.Fatalf("k %d, seed %d: %v", k, seed, err)
			}
			state, _ := s.State(ctx)
			u.acked = make([]string, state.Head+1)
			if err := u.append(s, 2); err != nil {
				t.Fatalf("k %d, seed %d: %v", k, seed, err)
			}
		}
		if finished {
			break
		}
	}
}

// noneWrong reads all that can be read and compares it; what cannot be read
// must be damage that says which records are lost.
func noneWrong(s core.Store, written []string) error {
	state, err := s.State(ctx)
	if err != nil {
		return err
	}
	for seq := core.Seq(0); seq <= state.Head; {
		run, err := s.Read(ctx, seq, false, 300)
		var damage *segment.CorruptError
		if errors.As(err, &damage) {
			if damage.First > seq || damage.Last < seq || damage.Segment == "" {
				return fmt.Errorf("reading %d: damage that does not tell its place: %w", seq, err)
			}
			seq = damage.Last + 1
			continue
		}
		if err != nil {
			return fmt.Errorf("reading %d: %w", seq, err)
		}
		for _, seg := range run {
			for ; seq <= seg.Last(); seq++ {
				if int(seq) < len(written) && string(seg.Record(seq)) != written[seq] {
					return fmt.Errorf("record %d is %q, want %q", seq, seg.Record(seq), written[seq])
				}
			}
		}
	}
	return nil
}

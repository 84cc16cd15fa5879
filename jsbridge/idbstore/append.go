//go:build js && wasm

package idbstore

import (
	"context"
	"errors"
	"math/rand/v2"
	"syscall/js"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// maxTailRow is the largest segment that goes to the tail: larger ones are
// better written where they will stay.
const maxTailRow = 32 << 10

// Append implements core.Store.
func (s *Store) Append(ctx context.Context, segments []*segment.Segment) (core.State, error) {
	if len(segments) == 1 && segments[0].Size() <= maxTailRow {
		return s.appendRow(ctx, segments[0])
	}
	return s.appendSegments(ctx, segments, extras{})
}

// appendRow commits a small segment to the tail, whoever else appends
// meanwhile; which key the browser gave it tells whether anybody did.
func (s *Store) appendRow(ctx context.Context, seg *segment.Segment) (state core.State, err error) {
	commit := rand.Uint64() | 1
	attempted := false
	var before int64
	err = s.do(ctx, func(c *connection) error {
		if attempted {
			// The connection was lost in the middle of the commit.
			if found, err := s.locate(c, seg, commit, before, &state); found || err != nil {
				return err
			}
		}
		s.mu.Lock()
		before = s.known.key()
		seg.Stamp(commit)
		seg.Place(s.known.state().Head+1, false)
		s.mu.Unlock()
		key, err := s.putRow(c, seg)
		attempted = !errors.Is(err, errNotBegun)
		if err != nil {
			return hostError("appending", err)
		}
		s.mu.Lock()
		expected := key == s.known.key()+1
		if expected {
			s.known.learn(s.known.settled, []tailRow{{key: key, commit: commit, count: seg.Count(), claim: seg.First(), Extent: core.Extent{Size: seg.Size()}}})
		}
		s.mu.Unlock()
		found, err := s.locate(c, seg, commit, before, &state)
		if err == nil && !found {
			err = core.ErrUncertain
		}
		return err
	})
	return state, err
}

// putRow writes one row and answers its key.
func (s *Store) putRow(c *connection, seg *segment.Segment) (key int64, err error) {
	t, err := browser().begin(c, browser().tail, browser().readwrite, s.durability())
	if err != nil {
		return 0, err
	}
	var row js.Value
	err = t.request(func() {
		row = t.put.Invoke(t.objectStore.Invoke(t.js, t.tail), t.bytesToJS(seg.Bytes()))
		if t.commit.Truthy() {
			t.commit.Invoke(t.js)
		}
	})
	if err = errors.Join(err, t.end()); err != nil {
		return 0, err
	}
	return int64(t.reflectGet.Invoke(row, t.result).Float()), nil
}

// locate finds the place of a commit of ours in the tail, looking at the
// database where it is not known, and gives it to the segment.
func (s *Store) locate(c *connection, seg *segment.Segment, commit uint64, before int64, state *core.State) (found bool, err error) {
	for looked := false; ; looked = true {
		s.mu.Lock()
		last, found, err := s.known.whereabouts(commit, before)
		if found {
			*state = s.known.state()
			state.Head = last
		}
		s.mu.Unlock()
		if found {
			seg.Stamp(0)
			seg.Place(last-core.Seq(seg.Count())+1, false)
			return true, nil
		}
		if looked {
			return false, err
		}
		if err := s.look(c); err != nil {
			return false, err
		}
	}
}

// extras is what a commit holds beside records, on a condition: it holds nothing
// where one of the keys is known, or where there are notes that its writer has
// not seen.
type extras struct {
	keys  []core.Key
	notes *noteAppend
}

// any reports whether there are some.
func (x extras) any() bool { return len(x.keys) > 0 || x.notes != nil }

// appendSegments commits segments to where they will stay, behind all that is
// in the tail, which moves there too.
func (s *Store) appendSegments(ctx context.Context, segments []*segment.Segment, with extras) (state core.State, err error) {
	var before, after settled
	attempted := false
	err = s.do(ctx, func(c *connection) error {
		if attempted {
			// The connection was lost in the middle of the commit. The row
			// tells whether that one took effect.
			if err := s.look(c); err != nil {
				return err
			}
			switch s.lastSettled().commit {
			case after.commit:
				state = after.State
				return nil
			case before.commit:
			default:
				if !with.any() {
					return core.ErrUncertain
				}
				// They tell, in the next attempt.
			}
		}
		s.mu.Lock()
		before = s.known.settled
		careful := len(s.known.tail) > 0 || with.any()
		s.mu.Unlock()
		after, err = s.commit(c, segments, with, &before, careful)
		if errors.Is(err, errBehind) {
			after, err = s.commit(c, segments, with, &before, true)
		}
		attempted = !errors.Is(err, errNotBegun)
		if err != nil {
			return hostError("appending", err)
		}
		s.mu.Lock()
		s.known.learn(after, nil)
		for _, seg := range segments {
			s.window.extend(core.Extent{First: seg.First(), Last: seg.Last(), Size: seg.Size()})
		}
		s.mu.Unlock()
		state = after.State
		return nil
	})
	return state, err
}

func (s *Store) lastSettled() settled {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known.settled
}

// errBehind says that another writer has appended since we last knew.
var errBehind = errors.New("another writer was faster")

// commit makes one transaction of a commit. The first requests compare the
// state row with before, and see that the tail is empty; nobody waits for the
// answers before writing, since mostly it is as believed and one trip to the
// browser's storage process is saved. Where it is not, the transaction is
// aborted with all it wrote, and the error is errBehind. A careful transaction
// waits for them and writes behind what they say, so it cannot be behind. One
// with keys or notes is always careful.
func (s *Store) commit(c *connection, segments []*segment.Segment, with extras, before *settled, careful bool) (after settled, err error) {
	stores := browser().all
	if with.any() {
		stores = browser().allAndKeys
	}
	t, err := browser().begin(c, stores, browser().readwrite, s.durability())
	if err != nil {
		return after, err
	}
	after, err = t.append(segments, with, before, careful)
	if err != nil {
		t.abandon()
		return after, err
	}
	return after, t.end()
}

func (t *transaction) append(segments []*segment.Segment, with extras, before *settled, careful bool) (after settled, err error) {
	var found *stored
	var remembered *storedKeys
	err = t.request(func() {
		if len(with.keys) > 0 {
			remembered = t.askKeys(with.keys)
		}
		if with.notes != nil {
			t.askNotes(with.notes)
		}
		found = t.askStored(before.moved, !careful)
		if !careful {
			after = t.write(segments, *before, nil)
		}
	})
	if err != nil {
		return after, err
	}
	now, rows, err := t.readStored(found)
	switch {
	case errors.Is(err, errNoStateRow), err == nil && now.ID != before.ID:
		return after, core.ErrGone
	case err != nil:
		return after, err
	case !careful && (now.commit != before.commit || len(rows) > 0):
		return after, errBehind
	}
	if remembered != nil {
		if err := t.readKeys(remembered); err != nil {
			return after, err
		}
	}
	if with.notes != nil {
		if err := t.readNotes(with.notes); err != nil {
			return after, err
		}
	}
	return after, t.request(func() {
		if careful {
			*before = now
			after = t.write(segments, now, rows)
		}
		if remembered != nil {
			t.writeKeys(remembered, segments[0].First())
		}
		if with.notes != nil {
			t.writeNotes(with.notes, segments)
		}
		if t.commit.Truthy() {
			t.commit.Invoke(t.js)
		}
	})
}

// write puts the rows of the tail and segments behind them, empties the tail,
// and puts the state after it. It uses up a key of the tail, so that whoever
// appends there finds that it has not been alone.
func (t *transaction) write(segments []*segment.Segment, before settled, rows []tailRow) (after settled) {
	store := t.objectStore.Invoke(t.js, t.segments)
	t.move(store, rows)
	after = before.next(rows)
	for _, seg := range segments {
		seg.Stamp(0)
		seg.Place(after.Head+1, false)
		t.put.Invoke(store, t.segmentToJS(seg.Bytes()), segmentKey(seg))
		after.Head = seg.Last()
	}
	after.moved++
	tail := t.objectStore.Invoke(t.js, t.tail)
	t.put.Invoke(tail, 0, float64(after.moved))
	t.del.Invoke(tail, t.upperBound.Invoke(float64(after.moved)))
	t.put.Invoke(t.objectStore.Invoke(t.js, t.meta), t.bytesToJS(after.row()), t.stateKey)
	return after
}

// move puts rows of the tail where segments are, a damaged one as it is.
func (t *transaction) move(store js.Value, rows []tailRow) {
	for _, r := range rows {
		frame := r.frame
		if seg, err := r.segment(frame); err == nil {
			frame = seg.Bytes()
		}
		t.put.Invoke(store, t.bytesToJS(frame), extentKey(r.Extent))
	}
}

// segmentKey is the key that a segment is stored under.
func segmentKey(s *segment.Segment) js.Value {
	return extentKey(core.Extent{First: s.First(), Last: s.Last(), Size: s.Size(), Deleted: s.Deleted()})
}

func extentKey(e core.Extent) js.Value {
	key := []any{float64(e.Last), float64(e.First), float64(e.Size)}
	if e.Deleted > 0 {
		key = append(key, float64(e.Deleted))
	}
	return js.ValueOf(key)
}

func extentOfKey(key js.Value) core.Extent {
	e := core.Extent{
		Last:  core.Seq(key.Index(0).Float()),
		First: core.Seq(key.Index(1).Float()),
		Size:  key.Index(2).Int(),
	}
	if key.Length() > 3 {
		e.Deleted = key.Index(3).Int()
	}
	return e
}

//go:build js && wasm

package idbstore

import (
	"context"
	"errors"
	"fmt"
	"syscall/js"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Append implements core.Store.
func (s *Store) Append(ctx context.Context, segments []*segment.Segment) (state core.State, err error) {
	var before, after stateRow
	attempted := false
	err = s.do(ctx, func(c *connection) error {
		if attempted {
			// The connection was lost in the middle of the commit. The row
			// tells whether that one took effect.
			switch now := s.lastRow(); now {
			case after:
				state = after.state()
				return nil
			case before:
			default:
				return core.ErrUncertain
			}
		}
		before = s.lastRow()
		attempted = true
		after, err = s.appendOnce(c, segments, &before, false)
		if errors.Is(err, errBehind) {
			after, err = s.appendOnce(c, segments, &before, true)
		}
		if err != nil {
			return hostError("appending", err)
		}
		s.appended(after, before, segments)
		state = after.state()
		return nil
	})
	return state, err
}

func (s *Store) lastRow() stateRow {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.row
}

// errBehind says that another writer has appended since the state row was seen.
var errBehind = errors.New("another writer was faster")

// appendOnce makes one transaction of a commit. The first request compares the
// state row with before; nobody waits for the answer before writing, since
// mostly it is as believed and one trip to the browser's storage process is
// saved. Where it is not, the transaction is aborted with all it wrote, before
// becomes what was found, and the error is errBehind. A careful transaction
// waits for the row and writes behind what it says, so it cannot be behind.
func (s *Store) appendOnce(c *connection, segments []*segment.Segment, before *stateRow, careful bool) (after stateRow, err error) {
	t, err := browser().begin(c.raw, browser().both, browser().readwrite, s.durability())
	if err != nil {
		return after, err
	}
	after, err = t.append(segments, before, careful)
	if err != nil {
		t.abandon()
		return after, err
	}
	return after, t.end()
}

func (t *transaction) append(segments []*segment.Segment, before *stateRow, careful bool) (after stateRow, err error) {
	var store, meta, row js.Value
	err = t.request(func() {
		store, meta = t.objectStore.Invoke(t.js, t.segments), t.objectStore.Invoke(t.js, t.meta)
		row = t.get.Invoke(meta, t.stateKey)
		if !careful {
			after = t.write(store, meta, segments, *before)
		}
	})
	if err != nil {
		return after, err
	}
	value, err := t.await(row)
	if err != nil {
		return after, err
	}
	found, err := t.readRow(value)
	switch {
	case errors.Is(err, errNoStateRow), err == nil && found.state().ID != before.state().ID:
		return after, core.ErrGone
	case err != nil:
		return after, err
	case !careful && found != *before:
		*before = found
		return after, errBehind
	}
	return after, t.request(func() {
		if careful {
			*before = found
			after = t.write(store, meta, segments, found)
		}
		if t.commit.Truthy() {
			t.commit.Invoke(t.js)
		}
	})
}

// write puts segments behind the head of a state, and the state after them.
func (t *transaction) write(store, meta js.Value, segments []*segment.Segment, before stateRow) stateRow {
	state := before.state()
	for _, seg := range segments {
		seg.Place(state.Head+1, false)
		t.put.Invoke(store, t.segmentToJS(seg.Bytes()), segmentKey(seg))
		state.Head = seg.Last()
	}
	after := newStateRow(state)
	t.put.Invoke(meta, t.bytesToJS(after[:]), t.stateKey)
	return after
}

// segmentKey is the key that a segment is stored under.
func segmentKey(s *segment.Segment) js.Value {
	return extentKey(core.Extent{First: s.First(), Last: s.Last(), Size: s.Size()})
}

func extentKey(e core.Extent) js.Value {
	return js.ValueOf([]any{float64(e.Last), float64(e.First), float64(e.Size)})
}

func extentOfKey(key js.Value) core.Extent {
	return core.Extent{
		Last:  core.Seq(key.Index(0).Float()),
		First: core.Seq(key.Index(1).Float()),
		Size:  key.Index(2).Int(),
	}
}

// appended takes a commit of ours to heart.
func (s *Store) appended(after, before stateRow, segments []*segment.Segment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before != s.row && before.state().Generation != s.row.state().Generation {
		s.window.forget()
	}
	s.row = after
	for _, seg := range segments {
		s.window.extend(core.Extent{First: seg.First(), Last: seg.Last(), Size: seg.Size()})
	}
}

// Replace implements core.Store.
func (s *Store) Replace(ctx context.Context, generation uint64, segments []*segment.Segment, sealed core.Seq) (state core.State, err error) {
	first, last := segments[0].First(), segments[len(segments)-1].Last()
	var after stateRow
	attempted := false
	err = s.do(ctx, func(c *connection) error {
		if attempted && s.lastRow() == after {
			state = after.state()
			return nil
		}
		t, err := browser().begin(c.raw, browser().both, browser().readwrite, s.durability())
		if err != nil {
			return hostError("replacing", err)
		}
		attempted = true
		after, err = t.replace(generation, segments, sealed)
		if err != nil {
			t.abandon()
			return hostError(fmt.Sprintf("replacing seq %d to %d", first, last), err)
		}
		if err := t.end(); err != nil {
			return hostError("replacing", err)
		}
		s.saw(after)
		state = after.state()
		return nil
	})
	return state, err
}

func (t *transaction) replace(generation uint64, segments []*segment.Segment, sealed core.Seq) (after stateRow, err error) {
	var store, meta, row, keys js.Value
	first, last := segments[0].First(), segments[len(segments)-1].Last()
	replaced := t.bound.Invoke([]any{float64(first)}, []any{float64(last), js.ValueOf([]any{})})
	err = t.request(func() {
		store, meta = t.objectStore.Invoke(t.js, t.segments), t.objectStore.Invoke(t.js, t.meta)
		row = t.get.Invoke(meta, t.stateKey)
		keys = t.getAllKeys.Invoke(store, replaced)
	})
	if err != nil {
		return after, err
	}
	if _, err := t.await(keys); err != nil {
		return after, err
	}
	before, err := t.readRow(t.reflectGet.Invoke(row, t.result))
	if err != nil {
		return after, err
	}
	state := before.state()
	extents := extentsOfKeys(t.reflectGet.Invoke(keys, t.result))
	n := len(extents)
	if state.Generation != generation || n == 0 || extents[0].First != first || extents[n-1].Last != last {
		return after, core.ErrConflict
	}
	state.Generation++
	state.Sealed = sealed
	after = newStateRow(state)
	err = t.request(func() {
		t.del.Invoke(store, replaced)
		for _, seg := range segments {
			t.put.Invoke(store, t.segmentToJS(seg.Bytes()), segmentKey(seg))
		}
		t.put.Invoke(meta, t.bytesToJS(after[:]), t.stateKey)
	})
	return after, err
}

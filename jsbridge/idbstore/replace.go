//go:build js && wasm

package idbstore

import (
	"context"
	"fmt"
	"syscall/js"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Replace implements core.Store. Rows of the tail that are replaced, and those
// before them, are moved to segments by it.
func (s *Store) Replace(ctx context.Context, generation uint64, segments []*segment.Segment, sealed core.Seq) (state core.State, err error) {
	first, last := segments[0].First(), segments[len(segments)-1].Last()
	var after settled
	err = s.do(ctx, func(c *connection) error {
		if after.commit != 0 {
			// The connection was lost in the middle of the commit.
			if err := s.look(c); err != nil {
				return err
			}
			if s.lastSettled().commit == after.commit {
				state = s.lastState()
				return nil
			}
		}
		t, err := browser().begin(c.raw, browser().all, browser().readwrite, s.durability())
		if err != nil {
			return hostError("replacing", err)
		}
		after, err = t.replace(s.lastSettled().moved, generation, segments, sealed)
		if err != nil {
			t.abandon()
			return hostError(fmt.Sprintf("replacing seq %d to %d", first, last), err)
		}
		if err := t.end(); err != nil {
			return hostError("replacing", err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.known.learn(after, nil)
		s.window.forget()
		state = s.known.state()
		return nil
	})
	return state, err
}

func (t *transaction) replace(moved int64, generation uint64, segments []*segment.Segment, sealed core.Seq) (after settled, err error) {
	var keys js.Value
	var found *stored
	first, last := segments[0].First(), segments[len(segments)-1].Last()
	replaced := t.bound.Invoke([]any{float64(first)}, []any{float64(last), js.ValueOf([]any{})})
	err = t.request(func() {
		keys = t.getAllKeys.Invoke(t.objectStore.Invoke(t.js, t.segments), replaced)
		found = t.askStored(moved, false)
	})
	if err != nil {
		return after, err
	}
	before, rows, err := t.readStored(found)
	if err != nil {
		return after, err
	}
	extents := extentsOfKeys(t.reflectGet.Invoke(keys, t.result))
	earlier, through := 0, 0
	for _, r := range rows {
		if r.First > last {
			break
		}
		through++
		if r.Last < first {
			earlier++
			continue
		}
		extents = append(extents, r.Extent)
	}
	n := len(extents)
	if before.Generation != generation || n == 0 || extents[0].First != first || extents[n-1].Last != last {
		return after, core.ErrConflict
	}
	after = before.next(rows[:through])
	after.Generation++
	after.Sealed = sealed
	err = t.request(func() {
		store := t.objectStore.Invoke(t.js, t.segments)
		t.del.Invoke(store, replaced)
		t.move(store, rows[:earlier])
		for _, seg := range segments {
			t.put.Invoke(store, t.segmentToJS(seg.Bytes()), segmentKey(seg))
		}
		if through > 0 {
			t.del.Invoke(t.objectStore.Invoke(t.js, t.tail), t.upperBound.Invoke(float64(after.moved)))
		}
		t.put.Invoke(t.objectStore.Invoke(t.js, t.meta), t.bytesToJS(after.row()), t.stateKey)
	})
	return after, err
}

//go:build js && wasm

package idbstore

import (
	"context"
	"fmt"
	"syscall/js"

	"github.com/flumedb/flumedb-wasm/core"
)

// Replace implements core.Store. Rows of the tail that are replaced, and those
// before them, are moved to segments by it.
func (s *Store) Replace(ctx context.Context, r core.Replacement) (state core.State, err error) {
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
		t, err := browser().begin(c, browser().all, browser().readwrite, s.durability())
		if err != nil {
			return hostError("replacing", err)
		}
		after, err = t.replace(s.lastSettled().moved, r)
		if err != nil {
			t.abandon()
			return hostError(fmt.Sprintf("replacing segments from seq %d on", r.Segments[0].First()), err)
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

func (t *transaction) replace(moved int64, r core.Replacement) (after settled, err error) {
	runs := r.Runs()
	keys := make([]js.Value, len(runs)) // requests for those of the segments in each
	ranges := make([]js.Value, len(runs))
	var found *stored
	err = t.request(func() {
		store := t.objectStore.Invoke(t.js, t.segments)
		for i, run := range runs {
			ranges[i] = t.bound.Invoke([]any{float64(run.First)}, []any{float64(run.Last), js.ValueOf([]any{})})
			keys[i] = t.getAllKeys.Invoke(store, ranges[i])
		}
		found = t.askStored(moved, false)
	})
	if err != nil {
		return after, err
	}
	before, rows, err := t.readStored(found)
	if err != nil {
		return after, err
	}
	if before.Generation != r.Generation {
		return after, core.ErrConflict
	}
	// Rows leave the tail from the front: those in a run are replaced, those
	// before the last run's end move.
	var moving []tailRow
	through := 0
	for i, run := range runs {
		extents := extentsOfKeys(t.reflectGet.Invoke(keys[i], t.result))
		for ; through < len(rows) && rows[through].First <= run.Last; through++ {
			if row := rows[through]; row.First < run.First {
				moving = append(moving, row)
			} else {
				extents = append(extents, row.Extent)
			}
		}
		if n := len(extents); n == 0 || extents[0].First != run.First || extents[n-1].Last != run.Last {
			return after, core.ErrConflict
		}
	}
	after = before.next(rows[:through])
	after.Generation++
	after.Sealed = r.Sealed
	if r.Deletes {
		after.Deletions++
	}
	err = t.request(func() {
		store := t.objectStore.Invoke(t.js, t.segments)
		for _, replaced := range ranges {
			t.del.Invoke(store, replaced)
		}
		t.move(store, moving)
		for _, seg := range r.Segments {
			t.put.Invoke(store, t.segmentToJS(seg.Bytes()), segmentKey(seg))
		}
		if through > 0 {
			t.del.Invoke(t.objectStore.Invoke(t.js, t.tail), t.upperBound.Invoke(float64(after.moved)))
		}
		t.put.Invoke(t.objectStore.Invoke(t.js, t.meta), t.bytesToJS(after.row()), t.stateKey)
	})
	return after, err
}

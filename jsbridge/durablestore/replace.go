//go:build js && wasm

package durablestore

import (
	"context"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core"
)

// Replace implements core.Store.
func (s *Store) Replace(ctx context.Context, r core.Replacement) (core.State, error) {
	if err := s.enter(ctx); err != nil {
		return core.State{}, err
	}
	c, err := s.replace(r)
	if err != nil {
		return core.State{}, err
	}
	return c.wait(ctx)
}

func (s *Store) replace(r core.Replacement) (*commit, error) {
	writing.Lock()
	defer writing.Unlock()
	state, err := s.state()
	if err != nil {
		return nil, err
	}
	if r.Generation != state.Generation {
		return nil, core.ErrConflict
	}
	runs := r.Runs()
	var all []statement
	for _, run := range runs {
		all = append(all,
			sql(`SELECT first FROM segments WHERE last >= ? ORDER BY last LIMIT 1`, int64(run.First)),
			sql(`SELECT last FROM segments WHERE last = ?`, int64(run.Last)))
	}
	ends, err := s.run(all...)
	if err != nil {
		return nil, err
	}
	for i, run := range runs {
		first, last := ends[2*i], ends[2*i+1]
		if first.count() == 0 || core.Seq(first.integer(0, 0)) != run.First || last.count() == 0 {
			return nil, fmt.Errorf("replacing seq %d to %d: %w", run.First, run.Last, core.ErrConflict)
		}
	}
	all = all[:0]
	for _, run := range runs {
		all = append(all,
			sql(`DELETE FROM more WHERE of IN (SELECT CAST('s' || last AS BLOB) FROM segments WHERE last BETWEEN ? AND ? AND size > ?)`, int64(run.First), int64(run.Last), pieceBytes),
			sql(`DELETE FROM segments WHERE last BETWEEN ? AND ?`, int64(run.First), int64(run.Last)))
		for _, seg := range run.Segments {
			all = append(all, insertSegment(seg)...)
		}
	}
	state.Generation++
	state.Sealed = r.Sealed
	if r.Deletes {
		state.Deletions++
	}
	all = append(all, sql(`UPDATE state SET generation = ?, sealed = ?, deletions = ?`, int64(state.Generation), int64(state.Sealed), int64(state.Deletions)))
	if _, err := s.run(all...); err != nil {
		return nil, err
	}
	return s.begin(state), nil
}

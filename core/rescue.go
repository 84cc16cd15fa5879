package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Spare is what a user of the log has stored in it and could make again. Its
// methods may be called by any goroutine, and must not append.
type Spare interface {
	// Give deletes what can be done without; with all, also what its owner then
	// has to make again at once. It says how many bytes that was, as far as it
	// knows, and any is false where it has found nothing.
	Give(ctx context.Context, all bool) (bytes int64, any bool, err error)

	// Needs reports whether Give without all leaves the named value.
	Needs(name string) bool
}

// AddSpare has a spare asked for room when a store has none.
func (l *Log) AddSpare(s Spare) (remove func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spares = append(l.spares, s)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.spares = slices.DeleteFunc(slices.Clone(l.spares), func(one Spare) bool { return one == s })
	}
}

// DropStore is a Store that can list its named values to delete them, so that
// those go which nobody has open.
type DropStore interface {
	Store

	// DropCheckpoints deletes the named values, with their bodies, that keep
	// does not want, in any order, and says how many and, as far as it knows, of
	// how many bytes. It may fail in the middle.
	DropCheckpoints(ctx context.Context, keep func(name string) bool) (count int, bytes int64, err error)
}

// Reclaimer is a Store whose host gives room back some time after something was
// deleted or replaced.
type Reclaimer interface {
	Store

	// Reclaim has the host give back room, and waits a little for it. It may
	// take several calls until all of it is there.
	Reclaim(ctx context.Context) error
}

// reclaims is how often that is tried before the room counts as not there.
const reclaims = 4

// OwnPrefix begins the names of values that are not made of the log, and so
// cannot be made again: they are never dropped.
const OwnPrefix = "flumedb-wasm/"

// spareRoom is how much more than was lacking is freed by compacting before the
// append is tried again.
const spareRoom = 1 << 20

// rescue makes room for a commit of so many bytes that has failed for want of
// it, and makes the commit again after each step that has freed something. It
// answers what became of the commit. Nothing that it deletes is of the log.
func (l *Log) rescue(full error, bytes int, again func() error) error {
	l.rescuing.Lock()
	defer l.rescuing.Unlock()
	r := rescue{Log: l, ctx: context.Background(), full: full, enough: int64(bytes) + spareRoom, again: again}
	for _, step := range []Step{Compact, DropCheckpoints, DropViews} {
		if err := r.try(step); !errors.Is(err, ErrQuota) {
			l.health.ofRescue(Health{Condition: Healthy, Step: step, Freed: r.freed})
			return err
		}
	}
	if state, err := l.store.State(r.ctx); err == nil {
		l.noRoomIn = state
	}
	l.full.Store(true)
	l.health.ofRescue(Health{Condition: Full, Freed: r.freed, Err: full})
	return full
}

// rescue is one under way.
type rescue struct {
	*Log
	ctx     context.Context
	full    error
	enough  int64 // to be freed by compacting
	again   func() error
	freed   int64
	cramped bool // there was no room for compacting
}

// try takes a step, and makes the commit again if that may have helped.
func (r *rescue) try(step Step) error {
	r.health.ofRescue(Health{Condition: Rescuing, Step: step, Freed: r.freed, Err: r.full})
	if step == Compact {
		err := r.compact()
		if errors.Is(err, ErrQuota) && !r.isAsItWas() {
			err = r.reclaim()
		}
		return err
	}
	freed, any, err := r.drop(r.ctx, step == DropViews)
	r.freed += freed
	r.warnOfRescue(err)
	if !any {
		return r.full
	}
	if err = r.again(); errors.Is(err, ErrQuota) {
		err = r.reclaim()
	}
	if errors.Is(err, ErrQuota) && r.cramped {
		err = r.compact() // for which there may be room by now
	}
	return err
}

func (r *rescue) compact() error {
	freed, any, err := r.compactForRoom(r.ctx, r.enough)
	r.freed += freed
	r.cramped = errors.Is(err, ErrQuota)
	r.warnOfRescue(err)
	if !any {
		return r.full
	}
	return r.again()
}

// reclaim has the host give back what it holds of what is gone.
func (r *rescue) reclaim() error {
	store, ok := r.store.(Reclaimer)
	for range reclaims {
		if !ok || r.isClosing() {
			break
		}
		if err := store.Reclaim(r.ctx); err != nil {
			r.warnOfRescue(err)
			break
		}
		if err := r.again(); !errors.Is(err, ErrQuota) {
			return err
		}
	}
	return r.full
}

// isAsItWas reports whether the log is the one in which the last rescue has found
// no room, so that the host has nothing of it to give back.
func (r *rescue) isAsItWas() bool {
	state, err := r.store.State(r.ctx)
	return err == nil && r.Log.full.Load() && state == r.noRoomIn
}

// warnOfRescue warns of what has kept a step from making all the room it could.
func (l *Log) warnOfRescue(err error) {
	if err != nil && !errors.Is(err, ErrQuota) && !errors.Is(err, ErrClosed) {
		l.warn(fmt.Errorf("making room: %w", err))
	}
}

// hasRoom is called after each commit that worked.
func (l *Log) hasRoom() {
	if l.full.Swap(false) {
		l.health.ofRescue(Health{Condition: Healthy})
	}
}

// compactForRoom compacts until it has freed enough or nothing is left that is
// worth it.
func (l *Log) compactForRoom(ctx context.Context, enough int64) (freed int64, any bool, err error) {
	for seq, conflicts := Seq(0), 0; freed < enough && !l.isClosing(); {
		state, err := l.store.State(ctx)
		if err != nil {
			return freed, freed > 0, err
		}
		l.advance(state)
		if state.Head == l.compacted.Head && state.Generation == l.compacted.Generation || seq > state.Head {
			break // there was nothing before, or is nothing more
		}
		extents, err := l.store.Index(ctx, seq, indexPage)
		if err != nil || len(extents) == 0 {
			return freed, freed > 0, err
		}
		runs, next := planCompact(extents, l.opts.SegmentBytes)
		saved, err := l.compactWithin(ctx, state, slices.DeleteFunc(runs, notWorthRoom))
		freed += saved
		switch {
		case errors.Is(err, ErrConflict) && conflicts < maxConflicts:
			conflicts++
			continue
		case err != nil:
			return freed, freed > 0, err
		}
		if seq, conflicts = next, 0; seq > state.Head && freed == 0 {
			l.compacted = state
		}
	}
	return freed, freed > 0, nil
}

// notWorthRoom reports whether making one segment of a run frees next to
// nothing of what it writes.
func notWorthRoom(run []Extent) bool {
	size := 0
	for _, e := range run {
		size += e.Size
	}
	return frameBytes*(len(run)-1) < size/32
}

// compactWithin is compactRuns where there may be room for a few of the runs, or a
// part of one, at a time: what is written stands beside what it replaces for a
// while.
func (l *Log) compactWithin(ctx context.Context, state State, runs [][]Extent) (saved int64, err error) {
	saved, err = l.compactRuns(ctx, state, runs)
	if !errors.Is(err, ErrQuota) {
		return saved, err
	}
	for _, half := range halves(runs) {
		state, stateErr := l.store.State(ctx)
		if stateErr != nil {
			return saved, stateErr
		}
		var more int64
		more, err = l.compactWithin(ctx, state, half)
		if saved += more; err != nil {
			return saved, err
		}
	}
	return saved, err
}

// drop deletes what can be made again of the log: of those who have it open, as
// they say, and of those who have not.
func (l *Log) drop(ctx context.Context, all bool) (bytes int64, any bool, err error) {
	l.mu.Lock()
	spares := slices.Clone(l.spares)
	l.mu.Unlock()
	var errs []error
	for _, s := range spares {
		gave, some, err := s.Give(ctx, all)
		bytes, any = bytes+gave, any || some
		errs = append(errs, err)
	}
	if store, ok := l.store.(DropStore); ok {
		count, gave, err := store.DropCheckpoints(ctx, func(name string) bool {
			return strings.HasPrefix(name, OwnPrefix) ||
				!all && slices.ContainsFunc(spares, func(s Spare) bool { return s.Needs(name) })
		})
		bytes, any = bytes+gave, any || count > 0
		errs = append(errs, err)
	}
	return bytes, any, errors.Join(errs...)
}

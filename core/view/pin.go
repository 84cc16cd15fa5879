package view

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
)

// Pin is views that are held where they stand, all at the same seq, so that
// they answer of the same records. Appends go on meanwhile, but once there are
// records for them no view is fed: a pin is for as long as it takes to ask a few
// questions.
type Pin struct {
	views    []*Mounted
	held     []*instance
	since    core.Seq
	released atomic.Bool
}

// Errors of a pin's calls, in an *Error.
var (
	errReplaced = errors.New("it was built anew while it was held for a read")
	errReleased = errors.New("it is no longer held for the read")
)

// pinning is a pin that is waited for.
type pinning struct {
	*Pin
	ordered []*Mounted // each once, in the order in which they are locked
	done    chan error // tells that it is had, or cannot be
}

// Pin holds several views at one seq, which is not before that of the newest
// record now. Release it. It fails where a view has stopped before that.
func (s *Set) Pin(ctx context.Context, views []*Mounted) (*Pin, error) {
	for _, m := range views {
		if err := m.fetchState(ctx); err != nil { // which may put another in the place of what would be held
			return nil, err
		}
	}
	// All that are locked together are locked in the order of their mounting,
	// as the feeder does.
	all := s.Views()
	ordered := slices.Clone(views)
	slices.SortFunc(ordered, func(a, b *Mounted) int { return slices.Index(all, a) - slices.Index(all, b) })
	w := &pinning{&Pin{views: slices.Clone(views), since: s.log.Since()}, slices.Compact(ordered), make(chan error, 1)}
	s.mu.Lock()
	s.pinnings = append(s.pinnings, w)
	s.mu.Unlock()
	s.grant()
	nudge(s.wake)
	var err error
	select {
	case err = <-w.done:
	case <-ctx.Done():
		err = ctx.Err()
	case <-s.ctx.Done():
		err = fmt.Errorf("the views are %w", core.ErrClosed)
	}
	if err != nil {
		s.giveUp(w)
		return nil, err
	}
	return w.Pin, nil
}

// grant gives the pins that can be had now. Besides who asks for one, the feeder
// calls it whenever it has given the same records to all that it feeds: at
// other times they may never be found at one seq.
func (s *Set) grant() {
	s.granting.Lock()
	defer s.granting.Unlock()
	s.mu.Lock()
	waiting := slices.Clone(s.pinnings)
	var views []*Mounted
	if len(waiting) > 0 {
		views = slices.Clone(s.views)
	}
	s.mu.Unlock()
	for _, w := range waiting {
		if had, err := w.try(views); had || err != nil {
			s.removePinning(w)
			w.done <- err
		}
	}
}

// try holds the views if they stand at one seq that is new enough.
func (w *pinning) try(mounted []*Mounted) (had bool, err error) {
	for _, m := range w.ordered {
		if !slices.Contains(mounted, m) {
			return false, fmt.Errorf("view %q is %w", m.spec.Name, core.ErrClosed)
		}
		m.mu.Lock()
		defer m.mu.Unlock()
	}
	newest := w.since
	for _, m := range w.ordered {
		newest = max(newest, m.current.since)
	}
	had = true
	for _, m := range w.ordered {
		if m.current.since < newest {
			had = false
			if m.err != nil {
				return false, m.err
			}
		}
	}
	if had {
		w.since = newest
		for _, m := range w.views {
			w.held = append(w.held, m.current)
			m.hold()
		}
	}
	return had, nil
}

// giveUp ends the wait for a pin, which may have come meanwhile.
func (s *Set) giveUp(w *pinning) {
	s.granting.Lock()
	defer s.granting.Unlock()
	s.removePinning(w)
	if w.held != nil {
		w.Release()
	}
}

func (s *Set) removePinning(w *pinning) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pinnings = slices.DeleteFunc(s.pinnings, func(one *pinning) bool { return one == w })
}

// Since is the seq that the views stand at.
func (p *Pin) Since() core.Seq { return p.since }

// Call begins a call of the i-th view, as Mounted.Call does. The answer is of
// the seq Since.
func (p *Pin) Call(i int, method string, args json.Value) *Pending {
	c := new(Pending)
	c.Begin(p.views[i], method, args, false)
	c.pin, c.held = p, p.held[i]
	return c
}

// Release lets the views go on. Calls fail from then on. It may be called
// twice.
func (p *Pin) Release() {
	if p.released.Swap(true) {
		return
	}
	for _, m := range p.views {
		m.mu.Lock()
		m.letGo()
		m.mu.Unlock()
	}
}

// hold keeps the view from being fed; m.mu is held, as for letGo.
func (m *Mounted) hold() {
	if m.pins++; m.pins == 1 {
		m.unpinned = make(chan struct{})
	}
}

func (m *Mounted) letGo() {
	if m.pins--; m.pins == 0 {
		close(m.unpinned)
	}
}

// lock locks views that are to be moved, once no pin holds any of them. It is
// false where the set has been closed first.
func (f *feeder) lock(members ...*member) bool {
	for {
		var pinned chan struct{}
		for _, m := range members {
			m.m.mu.Lock()
			if m.m.pins > 0 {
				pinned = m.m.unpinned
			}
		}
		if pinned == nil {
			return true
		}
		unlock(members)
		select {
		case <-pinned:
		case <-f.ctx.Done():
			return false
		}
	}
}

func unlock(members []*member) {
	for _, m := range members {
		m.m.mu.Unlock()
	}
}

// Together reads several views at one seq, as Pin does, for as long as fn runs.
func (s *Set) Together(ctx context.Context, views []*Mounted, fn func(since core.Seq, reads []Snapshot) error) error {
	p, err := s.Pin(ctx, views)
	if err != nil {
		return err
	}
	defer p.Release()
	var reads []Snapshot
	for i := range views {
		reads = append(reads, Snapshot{p, i})
	}
	return fn(p.since, reads)
}

// Snapshot is a view that does not move.
type Snapshot struct {
	pin *Pin
	i   int
}

// Call answers a call.
func (s Snapshot) Call(ctx context.Context, method string, args json.Value) (json.Value, error) {
	return s.pin.Call(s.i, method, args).finish(ctx)
}

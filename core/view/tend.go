package view

import (
	"errors"
	"fmt"
	"time"
)

// tendAll does what Storing views have to do in the background, a piece of each
// in turn.
func (s *Set) tendAll() {
	defer s.done.Done()
	for range s.tend {
		began := time.Now()
		for more := true; more && s.ctx.Err() == nil; {
			more = false
			for _, m := range s.Views() {
				more = m.tend() || more
			}
			if time.Since(began) >= s.opts.Slice {
				s.opts.Yield(s.ctx)
				began = time.Now()
			}
		}
		if s.ctx.Err() != nil {
			return
		}
	}
}

// tendLater has the views looked at after a while: what one was left with is not
// to be in the way of those who open the log.
func (s *Set) tendLater(wait time.Duration) {
	go func() {
		s.opts.Sleep(s.ctx, wait)
		nudge(s.tend)
	}()
}

// tend does a piece of one view's work, and reports whether there is more.
func (m *Mounted) tend() (more bool) {
	m.saving.Lock()
	defer m.saving.Unlock()
	m.mu.Lock()
	in := m.current
	building := !in.caught
	m.mu.Unlock()
	v, ok := in.View.(Storing)
	if !ok || time.Now().Before(in.tendAt) {
		return false
	}
	more, changed, err := tend(m, v, building)
	m.mu.Lock()
	in.changed = in.changed || changed
	in.untended = err != nil
	if m.room != nil {
		close(m.room)
		m.room = nil
	}
	m.mu.Unlock()
	if changed {
		nudge(m.set.save)
	}
	if err == nil || m.set.ctx.Err() != nil {
		return more
	}
	in.tendAt = time.Now().Add(m.set.opts.Interval)
	if errors.Is(err, errLost) {
		m.lost(in)
	}
	m.set.warn(fmt.Errorf("view %q: %w", m.spec.Name, err))
	return false
}

func tend(m *Mounted, v Storing, building bool) (more, changed bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			more, err = false, fmt.Errorf("panic while it was tended: %v", r)
		}
	}()
	return v.Tend(m.set.ctx, &m.mu, building)
}

// tends reports whether there may be something to do in the background.
func (m *Mounted) tends(in *instance) bool {
	v, ok := in.View.(Storing)
	if !ok {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return !v.Idle()
}

// full reports whether the view is to be held up, and gives a channel that is
// closed when that may have changed.
func (m *Mounted) full(in *instance) (room chan struct{}) {
	v, ok := in.View.(Storing)
	if !ok {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if in.untended || m.current != in || !v.Full() {
		return nil
	}
	if m.room == nil {
		m.room = make(chan struct{})
	}
	return m.room
}

// lost has a view built again of whose state something is gone.
func (m *Mounted) lost(in *instance) {
	m.mu.Lock()
	current := m.current == in
	if !current && m.old == in {
		m.old = nil
	}
	m.mu.Unlock()
	if current {
		m.rebuild(false)
	}
}

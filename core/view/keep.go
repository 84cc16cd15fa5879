package view

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
)

// restore gives a view the state it was left with, of its checkpoint as that was
// read. One that is of no use is none; only a store that fails is an error.
func (m *Mounted) restore(b []byte, err error, fresh *instance) error {
	if err != nil && !errors.Is(err, core.ErrCorrupt) {
		return err
	}
	var found manifest
	if b != nil && err == nil {
		found, err = readManifest(b, m.set.log.State().ID)
	}
	if err != nil {
		m.unused(err)
	}
	return m.take(found, len(b), fresh)
}

// take has the view go on from a checkpoint of so many bytes, or from fresh.
func (m *Mounted) take(found manifest, size int, fresh *instance) error {
	m.shelf.hold(found.parts(), found.end)
	current, old, err := m.choose(found, fresh)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bytes = size + found.bodySize() + stored(current) + stored(old) + sizes(current.history)
	m.old = old
	m.replace(current)
	return nil
}

// readCheckpoint reads the view's checkpoint with all that its states need.
func (m *Mounted) readCheckpoint(ctx context.Context) (found manifest, err error) {
	log := m.set.log
	var b, body []byte
	if log.HasBodies() {
		b, body, err = log.CheckpointBody(ctx, m.spec.Name)
	} else {
		b, err = log.Checkpoint(ctx, m.spec.Name)
	}
	if err != nil {
		return manifest{}, err
	}
	if found, err = readManifest(b, log.State().ID); err == nil {
		err = found.take(b, body)
	}
	return found, err
}

// choose picks the state to go on from, and the one that answers until that has
// caught up. Of a rebuild there are two of the same version, and the first is
// the new one. A state that fits is taken in by fresh.
func (m *Mounted) choose(stored manifest, fresh *instance) (current, old *instance, err error) {
	fresh.version = m.spec.Version
	for i, k := range stored.states {
		log := m.set.log.State()
		if k.seq > log.Head || k.seq < core.None || k.deletions != log.Deletions {
			continue // some of the records it has seen are not there any more
		}
		if k.body != nil && !m.set.log.HasBodies() {
			continue // another store wrote it
		}
		if k.fits(m.spec) && current == nil {
			if m.attempt(func() error { return m.loadInto(fresh, k) }) {
				current = fresh
				if i == 0 {
					current.history = stored.history
				}
				continue
			}
			if fresh, err = m.newInstance(m.spec.Kind, m.spec.Options, m.shelf); err != nil {
				return nil, nil, err
			}
			fresh.version = m.spec.Version
			if i == 0 {
				current = fresh // the second may be what a rebuild was to throw away
			}
			continue
		}
		if k.kind == m.spec.Kind.Name && k.seq > core.None {
			if in := m.load(k, m.shelf); in != nil && (old == nil || old.since < in.since) {
				old = in
			}
		}
	}
	if current == nil {
		current = fresh
	}
	return current, old, nil
}

// load makes a view of a stored state; nil where that does not work.
func (m *Mounted) load(k kept, shelf *Shelf) (in *instance) {
	if !m.attempt(func() (err error) {
		if in, err = m.newInstance(m.spec.Kind, k.options, shelf); err == nil {
			err = m.loadInto(in, k)
		}
		return err
	}) {
		return nil
	}
	return in
}

// loadInto has a view that has seen nothing take in a stored state, which is of
// its kind and options. Where that fails, the view is of no use any more. One
// that is not Storing takes the state in when it is first asked for.
func (m *Mounted) loadInto(in *instance, k kept) error {
	if _, ok := in.View.(Storing); !ok {
		in.View = &lazy{View: in.View, root: k.root, body: k.body, warn: func(err error) {
			m.set.warn(fmt.Errorf("view %q: %w", m.spec.Name, err))
		}}
	} else if err := in.Load(k.root); err != nil {
		return err
	}
	in.version, in.mapped = k.version, k.mapped
	in.since, in.saved = k.seq, k.seq
	in.deletions = k.deletions
	return nil
}

// attempt makes something of a stored state, and reports whether that worked.
func (m *Mounted) attempt(load func() error) (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			m.unused(fmt.Errorf("panic: %v", r))
			ok = false
		}
	}()
	err := load()
	if err != nil {
		m.unused(err)
	}
	return err == nil
}

// unused warns that a checkpoint is not used.
func (m *Mounted) unused(err error) {
	m.set.warn(fmt.Errorf("view %q: its checkpoint is not used: %w", m.spec.Name, err))
}

// saveAll writes checkpoints of views that have moved: a pause after they have
// caught up, and at intervals on the way there.
func (s *Set) saveAll() {
	defer s.done.Done()
	for range s.save {
		for wait := s.opts.Pause; wait > 0; {
			s.opts.Sleep(s.ctx, wait)
			if s.ctx.Err() != nil {
				return
			}
			wait = 0
			for _, m := range s.Views() {
				due := m.due()
				if due == 0 {
					if err := m.checkpoint(s.ctx); err != nil && s.ctx.Err() == nil {
						s.warn(err)
					}
					due = m.due()
					if due == 0 {
						due = time.Millisecond
					}
				}
				if due > 0 && (wait == 0 || due < wait) {
					wait = due
				}
			}
		}
	}
}

// largeRoot is how many bytes of a state take milliseconds to handle.
const largeRoot = 256 << 10

// share is the part of the time that may go into writing checkpoints: one in
// so many.
const share = 20

// due is how long until a checkpoint is to be written, negative if none is.
func (m *Mounted) due() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	in := m.current
	if !in.unsaved() || m.err != nil {
		return -1
	}
	wait := time.Until(in.savedAt.Add(max(m.set.opts.Interval, share*in.cost)))
	return max(wait, 0)
}

// checkpoint writes the state, if it has moved since that was last done. A
// state that an error has stopped is not written, since the record that it
// stopped at may be in it by half.
func (m *Mounted) checkpoint(ctx context.Context) error {
	m.saving.Lock()
	defer m.saving.Unlock()
	began := time.Now()
	if m.due() < 0 {
		return nil
	}
	if err := m.fetch(ctx); err != nil {
		return fmt.Errorf("view %q: %w", m.spec.Name, err)
	}
	m.mu.Lock()
	in := m.current
	before := in.cost
	if !in.unsaved() || m.err != nil {
		m.mu.Unlock()
		return nil
	}
	states, err := keep(in, m.old)
	bytes := stored(in) + stored(m.old)
	history, pending := in.history, in.pending
	m.mu.Unlock()

	// Writing down a large state, summing it and handing it to the store take
	// a slice each, but nobody has a turn between where the views are closed.
	rest := func() {
		if len(states) > 0 && len(states[0].root) > largeRoot && ctx == m.set.ctx {
			m.set.opts.Yield(ctx)
		}
	}
	var b, body []byte
	if err == nil {
		history, err = m.store(ctx, history, pending)
	}
	if err == nil {
		now := manifest{states: states, history: history, end: m.shelf.end()}
		rest()
		b, body = now.encode(core.State{ID: m.set.log.State().ID, Deletions: in.deletions}, m.set.log.HasBodies())
		rest()
		if body != nil {
			err = m.set.log.SetCheckpointBody(ctx, m.spec.Name, b, body)
		} else {
			err = m.set.log.SetCheckpoint(ctx, m.spec.Name, b)
		}
		if err == nil {
			err = m.tidy(ctx, in, now, len(pending))
		}
	}

	m.mu.Lock()
	in.savedAt = time.Now()
	in.cost = time.Since(began)
	if err != nil {
		// To be tried again, less and less often.
		in.cost = max(in.cost, 2*before, m.set.opts.Interval/share)
		if in.caught {
			m.unclaim() // others wait for nothing
		}
		m.mu.Unlock()
		return fmt.Errorf("view %q: %w", m.spec.Name, err)
	}
	in.saved = states[0].seq
	in.changed = false
	in.history, in.pending = history, in.pending[len(pending):]
	m.bytes = len(b) + len(body) + bytes + sizes(history)
	if in.caught {
		m.unclaim()
	}
	m.mu.Unlock()
	nudge(m.set.tend) // a state that is large itself may be written down in parts
	m.set.tell(m)
	return nil
}

// unsaved reports whether there is something to be stored; the view's mu is
// held.
func (in *instance) unsaved() bool { return in.since != in.saved || in.changed || len(in.pending) > 0 }

// sizes is how many bytes past states are.
func sizes(history []past) (n int) {
	for _, p := range history {
		n += int(p.size)
	}
	return n
}

// stored is how many bytes the parts of a state are; in may be nil.
func stored(in *instance) int {
	if in == nil {
		return 0
	}
	if v, ok := in.View.(Storing); ok {
		return v.Stored()
	}
	return 0
}

// keep is states as they are to be stored.
func keep(instances ...*instance) (states []kept, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic while it was saved: %v", r)
		}
	}()
	for _, in := range instances {
		if in == nil {
			continue
		}
		if l, ok := in.View.(*lazy); ok && l.body != nil {
			return nil, errUnread
		}
		k := kept{seq: in.since, kind: in.kind.Name, version: in.version, options: in.options, root: in.Save(nil), deletions: in.deletions, mapped: in.mapped}
		if v, ok := in.View.(Storing); ok {
			k.parts, k.whole = v.Parts(), true
		}
		states = append(states, k)
	}
	return states, nil
}

// tidy deletes the parts that no state needs any more, and the first time what
// a crash has left. Of the pending states so many have just been stored.
func (m *Mounted) tidy(ctx context.Context, in *instance, now manifest, done int) error {
	if err := m.shelf.clear(ctx, append(now.parts(), m.alsoNeeded(in, done)...)); err != nil {
		return err
	}
	// One that needs none may have written some that a crash has left.
	if m.swept {
		return nil
	}
	err := m.shelf.sweep(ctx, now.end)
	m.swept = err == nil
	return err
}

// alsoNeeded are parts that no checkpoint lists.
func (m *Mounted) alsoNeeded(in *instance, done int) (all []uint32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range in.pending[done:] {
		all = append(all, k.parts...)
	}
	for _, r := range m.replicas {
		all = append(all, r.pins...)
	}
	return all
}

// unpin lets go of the replicas. The view is to be saved if there are parts that
// were held for them alone, or that are of a run which was not done.
func (m *Mounted) unpin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.replicas = nil
	m.current.changed = m.current.changed || m.pinned || m.shelf.wrote()
	m.pinned = false
}

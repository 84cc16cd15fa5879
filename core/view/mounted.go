package view

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
)

// What a read waits for, besides a certain seq.
const (
	// Newest is the newest record in the log when the read was made.
	Newest core.Seq = -2

	// Loaded is whatever state there is: an old one while another is being
	// built, the last one where the view has stopped.
	Loaded core.Seq = core.None
)

// Mounted is a view of a Set.
type Mounted struct {
	set  *Set
	spec Spec

	// mu guards what follows. It is held while the view works, and never
	// while anything waits.
	mu      sync.Mutex
	current *instance
	old     *instance     // answers Loaded while current is being built
	err     error         // why current has stopped
	moved   chan struct{} // closed when that is to be told to who waits
	waiting int           // for it
	bytes   int           // of the newest checkpoint
	begun   time.Time
	from    core.Seq // where it has begun to catch up

	pins     int           // that hold current where it stands
	unpinned chan struct{} // closed when there are none any more

	replicas []*replica // at past seqs, the one used last at the end
	pinned   bool       // parts have been held for them that no checkpoint lists

	claim claim
	gone  bool // it is not mounted any more

	room   chan struct{} // closed when a view that was full has been tended
	shelf  *Shelf
	swept  bool
	saving sync.Mutex // is held while a checkpoint is being written, or the view tended
}

// instance is a view with where it stands.
type instance struct {
	View
	kind    Kind
	version string
	options json.Value
	fields  []json.Path
	mapped  bool // it sees what a Map made of the records
	since   core.Seq
	caught  bool // it has been at the log's end
	own     bool // it is to be built here, whatever others have stored
	saved   core.Seq
	savedAt time.Time
	cost    time.Duration // of the last save

	deletions uint64 // State.Deletions of the log as it saw it

	shelf   *Shelf
	history []past // earlier states that are stored, the oldest first
	pending []kept // those that are to be stored

	// Of a Storing view:
	changed  bool // since it was saved, other than by records
	untended bool // it could not be tended
	tendAt   time.Time
}

// newInstance makes a view that has seen nothing.
func (m *Mounted) newInstance(kind Kind, options json.Value, shelf *Shelf) (*instance, error) {
	v, err := kind.New(options)
	if err != nil {
		return nil, err
	}
	if s, ok := v.(Storing); ok {
		s.Attach(shelf)
	}
	return &instance{View: v, kind: kind, options: options, fields: v.Fields(), mapped: m.spec.Map != nil, shelf: shelf, since: core.None, saved: core.None}, nil
}

// Name is what it is mounted as.
func (m *Mounted) Name() string { return m.spec.Name }

// Status is where a view stands.
type Status struct {
	Since core.Seq // the last record it has applied
	Total core.Seq // the newest in the log
	Bytes int      // kept in the store
	Stale bool     // an old state answers reads that do not wait
	Err   error    // why it has stopped, an *Error
}

// Status tells where the view stands.
func (m *Mounted) Status() Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Status{Since: m.current.since, Total: m.set.log.Since(), Bytes: m.bytes, Stale: m.old != nil, Err: m.err}
}

// Rate is how many records a second the view has applied since it began to
// catch up.
func (m *Mounted) Rate() float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if d := time.Since(m.begun).Seconds(); d > 0 {
		return float64(m.current.since-m.from) / d
	}
	return 0
}

// Wait returns when the view has applied the record seq, or Newest; at once
// for Loaded.
func (m *Mounted) Wait(ctx context.Context, seq core.Seq) error {
	if seq == Newest {
		seq = m.set.log.Since()
	}
	for {
		m.mu.Lock()
		reached, err, moved := m.current.since >= seq, m.err, m.moved
		m.waiting++
		m.mu.Unlock()
		switch {
		case reached:
			return nil
		case err != nil:
			return err
		case m.set.isClosed():
			return fmt.Errorf("view %q: %w", m.spec.Name, core.ErrClosed)
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *Set) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// Read waits until the view has applied the record since, or Newest, or
// Loaded, and then answers a call. args is a JSON array, or nil.
func (m *Mounted) Read(ctx context.Context, since core.Seq, method string, args json.Value) (answer json.Value, err error) {
	p := m.Call(method, args, since == Loaded)
	if since == Newest {
		since = m.set.log.Since()
	}
	if since != Loaded {
		if err := m.Wait(ctx, since); err != nil {
			return nil, err
		}
		p.seen = since + 1
	}
	return p.finish(ctx)
}

// Pending is a call under way, for hosts where an answer that is in memory is
// to be had without waiting.
type Pending struct {
	Call
	loaded bool
	seen   core.Seq // how many records the state must have seen
	tries  int      // to find what was lost

	// Of a Pin:
	pin  *Pin
	held *instance

	replica *replica // of a Past
}

// finish makes the call, however often that takes.
func (p *Pending) finish(ctx context.Context) (json.Value, error) {
	for {
		if err := p.Try(); !errors.Is(err, ErrAwait) {
			return p.Out, err
		}
		if err := p.Await(ctx); err != nil {
			return nil, err
		}
	}
}

// Call begins a call, which Try makes; args is a JSON array, or nil. loaded has
// an old state answer while another is being built.
func (m *Mounted) Call(method string, args json.Value, loaded bool) *Pending {
	p := new(Pending)
	p.Begin(m, method, args, loaded)
	return p
}

// Begin makes another call of one that has been answered, whose memory it uses
// again, and with it that of the answer.
func (p *Pending) Begin(m *Mounted, method string, args json.Value, loaded bool) {
	clear(p.parts) // they may be of a view that has let go of them
	*p = Pending{Call: Call{Method: method, Args: args, Out: p.Out, m: m, parts: p.parts[:0]}, loaded: loaded}
}

// Try makes the call once. With ErrAwait there is something to be waited for.
// It may have to wait for a slice of the views' work, where there are threads.
func (p *Pending) Try() error {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	return p.answer()
}

// TryNow is Try where nothing may wait: it fails with ErrAwait if the view is
// at work.
func (p *Pending) TryNow() error {
	if !p.m.mu.TryLock() {
		return ErrAwait
	}
	defer p.m.mu.Unlock()
	return p.answer()
}

// Await gets what the last Try has lacked.
func (p *Pending) Await(ctx context.Context) error {
	if len(p.awaited) == 0 {
		return nil // it was the view itself
	}
	err := p.await(ctx)
	if !errors.Is(err, errLost) || p.replica != nil {
		return err
	}
	// Either a newer state has it no more, or the state is damaged.
	p.m.mu.Lock()
	in := p.m.current
	if p.stale {
		in = p.m.old
	}
	same := in == p.in
	since := p.m.current.since
	p.m.mu.Unlock()
	if p.tries++; same && p.tries > 1 {
		p.m.lost(p.in)
		p.tries = 0
		if p.held != nil {
			return nil // the view is not fed while it is held
		}
		return p.m.Wait(ctx, since)
	}
	return nil
}

// answer has the view answer; its mu is held.
func (p *Pending) answer() (err error) {
	c, m := &p.Call, p.m
	in := m.current
	c.stale = p.loaded && m.old != nil
	if c.stale {
		in = m.old
	}
	switch {
	case p.held != nil:
		if p.pin.released.Load() {
			return &Error{View: m.spec.Name, Seq: core.None, Err: errReleased}
		}
		if p.held != m.current && p.held != m.old {
			return &Error{View: m.spec.Name, Seq: core.None, Err: errReplaced}
		}
		in = p.held
	case p.replica != nil:
		if err := p.replica.check(); err != nil {
			return err
		}
		in = p.replica.in
	case !p.loaded:
		// What was there when it was found, or the last time, may be being built
		// again by now.
		if in.since+1 < p.seen {
			c.Await(func(ctx context.Context) error { return m.Wait(ctx, p.seen-1) })
			return ErrAwait
		}
		p.seen = in.since + 1
	}
	if c.in != in {
		c.State = nil // it was another's
	}
	c.in, c.since = in, in.since
	c.Out = c.Out[:0]
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("view %q panicked in %s: %v", m.spec.Name, c.Method, r)
		}
	}()
	return in.Call(c)
}

// Rebuild throws the state away and has the view built again. What it has come
// to answers reads that do not wait until then. It does not wait.
func (m *Mounted) Rebuild() error { return m.rebuild(true) }

func (m *Mounted) rebuild(serveOld bool) error {
	fresh, err := m.newInstance(m.spec.Kind, m.spec.Options, m.shelf)
	if err != nil {
		return err
	}
	fresh.version = m.spec.Version
	fresh.saved = unsaved // so that a crash does not bring the old state back
	fresh.own = true
	m.mu.Lock()
	if m.old == nil && serveOld {
		m.old = m.current
	}
	m.replace(fresh)
	m.mu.Unlock()
	m.set.changed()
	nudge(m.set.save)
	m.set.tell(m)
	return nil
}

// unsaved is the seq of no checkpoint.
const unsaved core.Seq = -2

// replace puts another instance in the place of the one that is fed; m.mu is
// held.
func (m *Mounted) replace(in *instance) {
	m.unclaim()
	m.current = in
	m.replicas = nil
	if in.since == core.None {
		in.deletions = m.set.log.State().Deletions
	}
	m.err = nil
	m.from = in.since
	m.begun = time.Now()
	if in.since >= m.set.log.Since() {
		in.caught = true
		m.old = nil
	}
}

// fail stops the view; m.mu is held.
func (m *Mounted) fail(seq core.Seq, err error) {
	m.err = &Error{View: m.spec.Name, Seq: seq, Err: err}
	m.unclaim()
}

// Unmount stops the view, and forgets it where forget says so: its checkpoint
// is deleted.
func (m *Mounted) Unmount(ctx context.Context, forget bool) error {
	m.set.remove(m)
	m.unpin()
	defer m.part()
	if !forget {
		return m.leave(ctx)
	}
	m.saving.Lock()
	defer m.saving.Unlock()
	if err := m.set.log.SetCheckpoint(ctx, m.spec.Name, nil); err != nil {
		return err
	}
	return m.shelf.clear(ctx, nil)
}

// Save is the view's state as it would be stored now, for tests. It is nil where
// the store fails.
func (m *Mounted) Save() []byte {
	if m.fetchState(m.set.ctx) != nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.current.Save(nil)
}

package view

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
)

// Options tune a set of views. The zero value is good.
type Options struct {
	// Slice is how long the views work before others get their turn. Default
	// 8 ms, half of what a page has for a frame.
	Slice time.Duration

	// Yield lets others run, and returns when it is the views' turn again.
	// By default it only lets other goroutines run, which on a host with an
	// event loop is not enough.
	Yield func(ctx context.Context)

	// Sleep returns after a while, or when ctx ends. By default it is a timer
	// of Go's, which on a host with an event loop keeps that busy.
	Sleep func(ctx context.Context, d time.Duration)

	// Moved is told of a view whose since, error or staleness has changed. It
	// must not wait, and may be called by several goroutines.
	Moved func(m *Mounted)

	// Warn hears of failures that harm nothing: a checkpoint that could not be
	// written and will be tried again. May be nil.
	Warn func(error)

	// Pause is how long after the last record a checkpoint is written, and
	// Interval the least time between two on the way there and of one view.
	// Defaults 100 ms and 1 s.
	Pause, Interval time.Duration

	// Batch is about how many bytes of records are read at a time. Default
	// 1 MiB.
	Batch int

	// HistoryGap is how many records there are at least from one past state
	// that is kept to the next. Default 1000, which take a millisecond or so to
	// apply again.
	HistoryGap int

	// Claim, if not nil, is asked before a view is built that has Far records or
	// more still to see. It is for stores that others have open, too.
	Claim Claim

	// Far is how many records take longer than asking does. Default 5000.
	Far int

	// PartBytes bounds the parts of views' states that are kept in memory.
	// Default 8 MiB.
	PartBytes int
}

// Spec is what is mounted.
type Spec struct {
	Name    string
	Version string // another than last time has the view built anew
	Kind    Kind
	Options json.Value // of the kind. Others than last time, too

	// History is how many past states are kept for Mounted.At, spaced about
	// evenly over the log. Each takes as much room as the view's checkpoint; of
	// a Storing view it also keeps the parts that have been merged since.
	History int

	// Map, if not nil, makes of each record what the view is to see of it.
	Map Map
}

// Map makes of consecutive records, from the seq first on, what a view is to
// see of them: JSON texts, or nil for records that it is not to see. It may
// wait. With an error it gives what it has made of the records before the one
// that failed. It must make the same of the same record every time.
type Map func(ctx context.Context, first core.Seq, records [][]byte) ([]json.Value, error)

// Set is the views of one log. Its methods may be called from any goroutine.
type Set struct {
	log    *core.Log
	opts   Options
	ctx    context.Context
	cancel context.CancelFunc
	stops  []func() // watching the log
	wake   chan struct{}
	save   chan struct{}
	tend   chan struct{}
	parts  partCache
	done   sync.WaitGroup

	granting sync.Mutex // is held while pinnings are looked at; mu and the views' are taken within

	mu    sync.Mutex // guards what follows, and is not held while waiting
	views []*Mounted

	mounting map[string]bool // names of views whose states are being read

	pinnings []*pinning // that are waited for

	roster int // changes with what there is to be fed
	closed bool
}

// Open begins to run views over a log. Close it before the log.
func Open(log *core.Log, opts Options) *Set {
	if opts.Slice == 0 {
		opts.Slice = 8 * time.Millisecond
	}
	if opts.Pause == 0 {
		opts.Pause = 100 * time.Millisecond
	}
	if opts.Interval == 0 {
		opts.Interval = time.Second
	}
	if opts.Yield == nil {
		opts.Yield = func(context.Context) { runtime.Gosched() }
	}
	if opts.Sleep == nil {
		opts.Sleep = sleep
	}
	if opts.Batch == 0 {
		opts.Batch = 1 << 20
	}
	if opts.HistoryGap == 0 {
		opts.HistoryGap = 1000
	}
	if opts.Far == 0 {
		opts.Far = 5000
	}
	if opts.PartBytes == 0 {
		opts.PartBytes = 8 << 20
	}
	s := &Set{log: log, opts: opts, mounting: map[string]bool{}, wake: make(chan struct{}, 1), save: make(chan struct{}, 1), tend: make(chan struct{}, 1)}
	s.parts.limit = opts.PartBytes
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.stops = []func(){log.Watch(func(core.Seq) { nudge(s.wake) }), log.WatchDeletions(s.forgetDeleted), log.AddSpare(s)}
	s.done.Add(3)
	go s.feedAll()
	go s.tendAll()
	go s.saveAll()
	return s
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Mount adds a view, with the state it has been left with, and has it fed from
// there on. It returns when that state is loaded.
func (s *Set) Mount(ctx context.Context, spec Spec) (*Mounted, error) {
	mounted, errs := s.MountAll(ctx, []Spec{spec})
	return mounted[0], errs[0]
}

// MountAll is Mount of several views, whose states are read in one go. It gives
// of each what is mounted, or why it is not.
func (s *Set) MountAll(ctx context.Context, specs []Spec) ([]*Mounted, []error) {
	all := make([]mounting, len(specs))
	for i, spec := range specs {
		all[i] = s.begin(spec)
	}
	s.restore(ctx, all)
	s.enter(all)
	s.forgetDeleted() // what was deleted while its state was being read
	mounted, errs := make([]*Mounted, len(all)), make([]error, len(all))
	tends := false
	for i, v := range all {
		if v.err != nil {
			errs[i] = fmt.Errorf("view %q: %w", specs[i].Name, v.err)
			continue
		}
		mounted[i] = v.m
		if _, ok := v.fresh.View.(Storing); ok && !tends {
			tends = true
			s.tendLater(s.opts.Pause)
		}
		s.tell(v.m)
	}
	return mounted, errs
}

// mounting is a view on its way into a set.
type mounting struct {
	m        *Mounted
	fresh    *instance // of what is mounted, for a stored state that fits
	err      error
	reserved bool // its name is
}

// begin makes a view that has no state yet.
func (s *Set) begin(spec Spec) (v mounting) {
	v.m = &Mounted{set: s, spec: spec, moved: make(chan struct{}), shelf: newShelf(s, spec.Name)}
	if v.fresh, v.err = v.m.newInstance(spec.Kind, spec.Options, v.m.shelf); v.err == nil {
		v.err = s.reserve(spec.Name)
		v.reserved = v.err == nil
	}
	return v
}

// restore gives views the states they were left with.
func (s *Set) restore(ctx context.Context, all []mounting) {
	var names []string
	for _, v := range all {
		if v.reserved {
			names = append(names, v.m.spec.Name)
		}
	}
	states, errs := s.log.Checkpoints(ctx, names)
	for i := range all {
		if v := &all[i]; v.reserved {
			v.err = v.m.restore(states[0], errs[0], v.fresh)
			states, errs = states[1:], errs[1:]
		}
	}
}

// enter makes views those of the set.
func (s *Set) enter(all []mounting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range all {
		v := &all[i]
		if v.reserved {
			delete(s.mounting, v.m.spec.Name)
		}
		if v.err == nil && s.closed {
			v.err = core.ErrClosed
		}
		if v.err == nil {
			s.views = append(s.views, v.m)
		}
	}
}

// reserve has nobody else mount a view of that name while its state is read.
func (s *Set) reserve(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case strings.ContainsRune(name, 0):
		return Invalid("a view's name has no zero bytes, which its parts are named by")
	case s.closed:
		return core.ErrClosed
	case s.find(name) != nil || s.mounting[name]:
		return ErrMounted
	}
	s.mounting[name] = true
	return nil
}

// changed has the feeder look again at what there is to be fed.
func (s *Set) changed() {
	s.mu.Lock()
	s.roster++
	s.mu.Unlock()
	nudge(s.wake)
}

func (s *Set) remove(m *Mounted) {
	s.mu.Lock()
	if i := slices.Index(s.views, m); i >= 0 {
		s.views = slices.Delete(s.views, i, i+1)
	}
	s.mu.Unlock()
	s.changed()
}

// find needs s.mu.
func (s *Set) find(name string) *Mounted {
	for _, m := range s.views {
		if m.spec.Name == name {
			return m
		}
	}
	return nil
}

// Views lists the views in the order they were mounted in.
func (s *Set) Views() []*Mounted {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.views)
}

// Close stops feeding, keeps what the views have come to, if there is room for it,
// and fails whoever waits with ErrClosed.
func (s *Set) Close(ctx context.Context) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	views := s.views
	s.mu.Unlock()
	for _, stop := range s.stops {
		stop()
	}
	s.cancel()
	nudge(s.wake)
	nudge(s.save)
	nudge(s.tend)
	s.done.Wait()
	var errs []error
	for _, m := range views {
		m.unpin()
		if err := m.leave(ctx); err != nil {
			errs = append(errs, err)
		}
		m.part()
		s.tell(m)
	}
	return errors.Join(errs...)
}

func (s *Set) tell(m *Mounted) {
	m.mu.Lock()
	if m.waiting > 0 {
		close(m.moved)
		m.moved = make(chan struct{})
		m.waiting = 0
	}
	m.mu.Unlock()
	if s.opts.Moved != nil {
		s.opts.Moved(m)
	}
}

func (s *Set) warn(err error) {
	if s.opts.Warn != nil {
		s.opts.Warn(err)
	}
}

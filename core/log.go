package core

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Log is an open log. Its methods may be called from any goroutine.
type Log struct {
	store  Store
	opts   Options
	merger *merger

	// mu guards what follows. It is never held across a call of the store,
	// of a callback, or anything else that may wait: a host without threads
	// calls Enqueue, Cached and Since from where waiting is impossible.
	mu          sync.Mutex
	state       State
	cache       cache
	records     recordCache
	deletions   int // how often the cache was told that something is deleted
	queue       queue
	ofHead      watchers[func(Seq)]
	ofDeletions watchers[func()]
	spares      []Spare
	closing     bool

	health health

	full atomic.Bool // the last rescue has found no room

	rescuing  sync.Mutex // guards what follows, and is held while room is made
	noRoomIn  State      // in which there was none
	compacted State      // in which nothing was worth being compacted for room

	wake    chan struct{} // holds one token while the queue may have work
	drained chan struct{} // closed when the committer has stopped
	reads   chan struct{} // one token for each store read under way
}

// Options tune a log. The zero value is good.
type Options struct {
	// CacheBytes bounds the segments, and a quarter of it the records read one
	// by one, that are kept in memory. Default 16 MiB.
	CacheBytes int

	// SegmentBytes is how large segments become, by appends of much at once
	// and by merging. Default 96 KiB: Chromium stores values beyond 64 KiB
	// apart, where they are read and written many times faster; from about
	// 120 KiB on, each takes fresh memory from the system on its way, which
	// costs more than all else where page faults are dear.
	SegmentBytes int

	// Warn hears of failures in the background that harm nobody's data: a
	// merge that did not work and will be tried again. May be nil.
	Warn func(error)

	// Health hears whenever that of the log has changed, in order; it is
	// Healthy at first. It must not wait, nor call the log. May be nil.
	Health func(Health)
}

const (
	defaultCacheBytes   = 16 << 20
	defaultSegmentBytes = 96 << 10

	// maxReads bounds the store reads that Gets cause at once; those who
	// wait find in the cache what the one before them has brought.
	maxReads = 4
)

// Open opens the log in a store. The log closes the store when it is closed,
// or when Open fails.
func Open(ctx context.Context, store Store, opts Options) (*Log, error) {
	if opts.CacheBytes == 0 {
		opts.CacheBytes = defaultCacheBytes
	}
	if opts.SegmentBytes == 0 {
		opts.SegmentBytes = defaultSegmentBytes
	}
	state, err := store.State(ctx)
	if err != nil {
		store.Close()
		return nil, fmt.Errorf("opening the log: %w", err)
	}
	l := &Log{
		store:   store,
		opts:    opts,
		state:   state,
		cache:   cache{limit: opts.CacheBytes},
		records: recordCache{limit: opts.CacheBytes / 4},
		wake:    make(chan struct{}, 1),
		drained: make(chan struct{}),
		reads:   make(chan struct{}, maxReads),

		compacted: State{Head: None - 1}, // no state is like that
	}
	l.health = health{tell: opts.Health, rescue: Health{Condition: Healthy}, told: Health{Condition: Healthy}, at: time.Now()}
	if s, ok := store.(HealthTeller); ok {
		s.TellHealth(l.health.ofStore)
	}
	if t, ok := store.(interface{ Traits() Traits }); ok && t.Traits().Merge {
		l.merger = newMerger(l)
	}
	go l.commitAll()
	return l, nil
}

// Since is the newest seq known here, None while the log is empty. Records
// that others have appended count once Refresh has seen them.
func (l *Log) Since() Seq {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state.Head
}

// State is the newest state of the store known here.
func (l *Log) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// Watch has fn called with the newest seq whenever it has moved, in order and
// never twice at once, before the appends that moved it are answered. fn must
// not wait.
func (l *Log) Watch(fn func(Seq)) (stop func()) { return l.ofHead.add(&l.mu, fn) }

// WatchDeletions has fn called whenever records have been deleted, by this log
// before the deletion is answered, by others when this log hears of it. fn must
// not wait.
func (l *Log) WatchDeletions(fn func()) (stop func()) { return l.ofDeletions.add(&l.mu, fn) }

// Refresh looks at the store for what others have appended.
func (l *Log) Refresh(ctx context.Context) (Seq, error) {
	state, err := l.store.State(ctx)
	if err != nil {
		return None, fmt.Errorf("looking for new records: %w", err)
	}
	l.advance(state)
	return l.Since(), nil
}

// advance takes a newer state of the store to heart and tells the watchers.
func (l *Log) advance(state State) {
	l.mu.Lock()
	moved := state.Head > l.state.Head
	deleted := state.Deletions > l.state.Deletions
	if deleted {
		// By somebody else: nobody knows what, so nothing that is kept holds.
		l.cache.clear()
		l.records.clear()
		l.deletions++
	}
	if moved || deleted || state.Generation > l.state.Generation {
		state.Head = max(state.Head, l.state.Head)
		state.Deletions = max(state.Deletions, l.state.Deletions)
		l.state = state
	}
	var tell []func()
	if moved {
		for _, fn := range l.ofHead.fns {
			tell = append(tell, func() { fn(state.Head) })
		}
	}
	if deleted {
		for _, fn := range l.ofDeletions.fns {
			tell = append(tell, fn)
		}
	}
	l.mu.Unlock()
	for _, fn := range tell {
		fn()
	}
}

// Checkpoint reads what SetCheckpoint last stored under that name, nil where
// there is nothing.
func (l *Log) Checkpoint(ctx context.Context, name string) ([]byte, error) {
	value, err := l.store.Checkpoint(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("reading checkpoint %q: %w", name, err)
	}
	return value, nil
}

// Checkpoints is Checkpoint of several names, in one go where the store can do
// that: of each what is stored, or why that cannot be read.
func (l *Log) Checkpoints(ctx context.Context, names []string) (values [][]byte, errs []error) {
	errs = make([]error, len(names))
	if store, ok := l.store.(ManyStore); ok && len(names) > 1 {
		if values, err := store.Checkpoints(ctx, names); err == nil {
			return values, errs
		}
		// Each for itself: one that is damaged has nothing to do with the others.
	}
	values = make([][]byte, len(names))
	for i, name := range names {
		values[i], errs[i] = l.Checkpoint(ctx, name)
	}
	return values, errs
}

// SetCheckpoint stores a value under a name, atomically, in the log's own
// store; nil deletes it. A view keeps its state there, together with the seq
// that the state covers.
func (l *Log) SetCheckpoint(ctx context.Context, name string, value []byte) error {
	if err := l.store.SetCheckpoint(ctx, name, value); err != nil {
		return fmt.Errorf("writing checkpoint %q: %w", name, err)
	}
	return nil
}

// HasBodies reports whether checkpoints can have bodies here, as a BodyStore
// says.
func (l *Log) HasBodies() bool {
	_, ok := l.store.(BodyStore)
	return ok
}

// SetCheckpointBody is SetCheckpoint of a value with more bytes, which Checkpoint
// does not read; both are stored in one atomic step. Only where HasBodies.
func (l *Log) SetCheckpointBody(ctx context.Context, name string, value, body []byte) error {
	err := errors.ErrUnsupported
	if store, ok := l.store.(BodyStore); ok {
		err = store.SetCheckpointBody(ctx, name, value, body)
	}
	if err != nil {
		return fmt.Errorf("writing checkpoint %q: %w", name, err)
	}
	return nil
}

// CheckpointBody reads what SetCheckpointBody last stored under that name, or
// SetCheckpoint, without a body. Only where HasBodies.
func (l *Log) CheckpointBody(ctx context.Context, name string) (value, body []byte, err error) {
	err = errors.ErrUnsupported
	if store, ok := l.store.(BodyStore); ok {
		value, body, err = store.CheckpointBody(ctx, name)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading checkpoint %q: %w", name, err)
	}
	return value, body, nil
}

// Close refuses further appends, waits until those made before are answered,
// and closes the store. If ctx ends first, the store is closed at once, and
// appends that are then unanswered fail with ErrClosed or ErrUncertain.
func (l *Log) Close(ctx context.Context) error {
	l.mu.Lock()
	l.closing = true
	l.mu.Unlock()
	l.nudge()
	var cut error
	select {
	case <-l.drained:
	case <-ctx.Done():
		cut = ctx.Err()
	}
	if l.merger != nil {
		l.merger.stop()
	}
	return errors.Join(l.store.Close(), cut)
}

func (l *Log) nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *Log) warn(err error) {
	if l.opts.Warn != nil {
		l.opts.Warn(err)
	}
}

// Run is some consecutive records of one segment.
type Run struct {
	*segment.Segment
	From, Through Seq
	Deleted       bool // their values are gone
}

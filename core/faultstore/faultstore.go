// Package faultstore is a core.Store that fails, crashes or waits at a chosen
// operation of the store it wraps, for tests of what stands on a store: crash
// at the k-th operation, for every k, until a run finishes.
package faultstore

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// ErrCrashed is what the operation that crashes and all later ones fail with.
var ErrCrashed = errors.New("faultstore: crashed")

// Fault is what happens to one operation.
type Fault struct {
	// At is the operation, counted from 1.
	At int

	// Err is what the operation fails with; with Crash, ErrCrashed.
	Err error

	// Done has the operation take effect before it fails, so that the caller
	// does not hear of it.
	Done bool

	// Crash ends everything: no later operation does anything. The wrapped
	// store is never closed then, since a process that dies closes nothing.
	Crash bool
}

// Store wraps a core.Store.
type Store struct {
	inner core.Store

	mu      sync.Mutex
	count   int
	faults  []Fault
	holds   []*Hold
	crashed bool
}

// Wrap wraps a store. Without faults it changes nothing, and counts.
func Wrap(inner core.Store, faults ...Fault) *Store {
	return &Store{inner: inner, faults: faults}
}

// Count is how many operations there have been. Close is none.
func (s *Store) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// Crashed reports whether a fault has ended everything.
func (s *Store) Crashed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.crashed
}

// Hold is an operation that waits.
type Hold struct {
	at      int
	reached chan struct{}
	release chan struct{}
	once    sync.Once
}

// Hold has the operation with that count, from 1, wait before it does
// anything. An operation whose context ends stops waiting and fails.
func (s *Store) Hold(at int) *Hold {
	h := &Hold{at: at, reached: make(chan struct{}), release: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holds = append(s.holds, h)
	return h
}

// Reached is closed when the operation waits.
func (h *Hold) Reached() <-chan struct{} { return h.reached }

// Release lets the operation go on, or never wait.
func (h *Hold) Release() { h.once.Do(func() { close(h.release) }) }

// do does one operation. effect is called at most once.
func (s *Store) do(ctx context.Context, effect func() error) error {
	fault, hold, err := s.begin()
	if err != nil {
		return err
	}
	if hold != nil {
		close(hold.reached)
		select {
		case <-hold.release:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	switch {
	case fault == nil:
		return effect()
	case fault.Done:
		if err := effect(); err != nil {
			return err
		}
	}
	if fault.Crash {
		return ErrCrashed
	}
	return fmt.Errorf("faultstore, operation %d: %w", fault.At, fault.Err)
}

func (s *Store) begin() (*Fault, *Hold, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.crashed {
		return nil, nil, ErrCrashed
	}
	s.count++
	var fault *Fault
	for i := range s.faults {
		if s.faults[i].At == s.count {
			fault = &s.faults[i]
			s.crashed = s.crashed || fault.Crash
		}
	}
	for _, h := range s.holds {
		if h.at == s.count {
			return fault, h, nil
		}
	}
	return fault, nil, nil
}

// Traits are those of the wrapped store.
func (s *Store) Traits() core.Traits {
	if t, ok := s.inner.(interface{ Traits() core.Traits }); ok {
		return t.Traits()
	}
	return core.Traits{}
}

// State implements core.Store.
func (s *Store) State(ctx context.Context) (state core.State, err error) {
	return answer(s, ctx, func() (core.State, error) { return s.inner.State(ctx) })
}

// Append implements core.Store.
func (s *Store) Append(ctx context.Context, segments []*segment.Segment) (core.State, error) {
	return answer(s, ctx, func() (core.State, error) { return s.inner.Append(ctx, segments) })
}

// AppendOnce implements core.Store.
func (s *Store) AppendOnce(ctx context.Context, segments []*segment.Segment, keys []core.Key) (core.State, error) {
	return answer(s, ctx, func() (core.State, error) { return s.inner.AppendOnce(ctx, segments, keys) })
}

// AppendNoted implements core.NoteStore.
func (s *Store) AppendNoted(ctx context.Context, segments []*segment.Segment, after core.Seq, notes []core.Note) (core.State, error) {
	inner, ok := s.inner.(core.NoteStore)
	if !ok {
		return core.State{}, core.ErrNoNotes
	}
	return answer(s, ctx, func() (core.State, error) { return inner.AppendNoted(ctx, segments, after, notes) })
}

// Notes implements core.NoteStore.
func (s *Store) Notes(ctx context.Context, after core.Seq, limit int) ([]core.Note, error) {
	inner, ok := s.inner.(core.NoteStore)
	if !ok {
		return nil, core.ErrNoNotes
	}
	return answer(s, ctx, func() ([]core.Note, error) { return inner.Notes(ctx, after, limit) })
}

// Replace implements core.Store.
func (s *Store) Replace(ctx context.Context, r core.Replacement) (core.State, error) {
	return answer(s, ctx, func() (core.State, error) { return s.inner.Replace(ctx, r) })
}

// Read implements core.Store.
func (s *Store) Read(ctx context.Context, seq core.Seq, reverse bool, budget int) ([]*segment.Segment, error) {
	return answer(s, ctx, func() ([]*segment.Segment, error) { return s.inner.Read(ctx, seq, reverse, budget) })
}

// Index implements core.Store.
func (s *Store) Index(ctx context.Context, seq core.Seq, limit int) ([]core.Extent, error) {
	return answer(s, ctx, func() ([]core.Extent, error) { return s.inner.Index(ctx, seq, limit) })
}

// Checkpoint implements core.Store.
func (s *Store) Checkpoint(ctx context.Context, name string) ([]byte, error) {
	return answer(s, ctx, func() ([]byte, error) { return s.inner.Checkpoint(ctx, name) })
}

// SetCheckpoint implements core.Store.
func (s *Store) SetCheckpoint(ctx context.Context, name string, value []byte) error {
	return s.do(ctx, func() error { return s.inner.SetCheckpoint(ctx, name, value) })
}

// SetCheckpointBody implements core.BodyStore, where the wrapped store does.
func (s *Store) SetCheckpointBody(ctx context.Context, name string, value, body []byte) error {
	return s.do(ctx, func() error { return s.inner.(core.BodyStore).SetCheckpointBody(ctx, name, value, body) })
}

// CheckpointBody implements core.BodyStore, where the wrapped store does.
func (s *Store) CheckpointBody(ctx context.Context, name string) (value, body []byte, err error) {
	err = s.do(ctx, func() error {
		value, body, err = s.inner.(core.BodyStore).CheckpointBody(ctx, name)
		return err
	})
	return value, body, err
}

// Close closes the wrapped store, unless there was a crash.
func (s *Store) Close() error {
	if s.Crashed() {
		return ErrCrashed
	}
	return s.inner.Close()
}

// answer does an operation that has a result, which a fault keeps back.
func answer[T any](s *Store, ctx context.Context, effect func() (T, error)) (T, error) {
	var result, none T
	err := s.do(ctx, func() (err error) {
		result, err = effect()
		return err
	})
	if err != nil {
		return none, err
	}
	return result, nil
}

//go:build js && wasm

package durablestore

import (
	"context"
	"fmt"
	"sync"
	"syscall/js"

	"github.com/flumedb/flumedb-wasm/core"
)

// Store is a core.Store over the storage of an object.
type Store struct {
	storage js.Value
	mu      sync.Mutex
	closed  bool
}

// writing is held by what needs more than one look at the storage, as a commit
// does from what it is based on until it is made, and never while it waits: the
// storage is one, however many stores stand on it.
var writing sync.Mutex

// Open opens the log that is in a storage, or makes one there. The storage is the
// object of npm/edge/storage.mjs.
func Open(storage js.Value) (*Store, error) {
	s := &Store{storage: storage}
	if err := s.prepare(); err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	return s, nil
}

// Traits asks for merging: each row that is read is paid for, in time and in money.
func (s *Store) Traits() core.Traits { return core.Traits{Merge: true} }

// enter tells whether the store may do one more operation.
func (s *Store) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return core.ErrClosed
	}
	return nil
}

// State implements core.Store. It tells of commits that are written.
func (s *Store) State(ctx context.Context) (core.State, error) {
	if err := s.enter(ctx); err != nil {
		return core.State{}, err
	}
	writing.Lock()
	c := pending
	writing.Unlock()
	if c != nil {
		return c.wait(ctx)
	}
	return s.state()
}

// Close implements core.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

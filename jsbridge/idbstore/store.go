//go:build js && wasm

package idbstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall/js"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
)

// Store is a core.Store in one IndexedDB database.
type Store struct {
	name   string
	strict bool

	// opening is held by whoever opens a connection, so that one does.
	opening chan struct{}

	mu     sync.Mutex // never held while anything waits
	conn   *connection
	known  known
	id     uint64 // of the log's data; 0 before it was first seen
	window window
	closed bool

	tellHealth func(core.Health) // nil before the log listens
}

// Options tell how a store is opened.
type Options struct {
	// Strict asks the browser to have every commit on the disk before it is
	// answered; without it a commit has reached the operating system.
	Strict bool
}

// Open opens the database of that name, creating it where it does not exist.
func Open(ctx context.Context, name string, opts Options) (*Store, error) {
	s := &Store{name: name, strict: opts.Strict, opening: make(chan struct{}, 1)}
	if err := s.do(ctx, func(*connection) error { return nil }); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Traits says that IndexedDB reads one large value much faster than many
// small ones.
func (s *Store) Traits() core.Traits { return core.Traits{Merge: true} }

// do runs one operation on a connection. Every operation goes through here:
// where its connection turns out to be lost, that one is dropped, another is
// opened, and the operation runs once more. An operation that writes returns
// errLost only if it is sure that nothing was written.
func (s *Store) do(ctx context.Context, op func(*connection) error) error {
	for try := 0; ; try++ {
		c, err := s.connection(ctx)
		if err == nil {
			err = op(c)
		}
		if err == nil || ctx.Err() != nil {
			return err
		}
		if c != nil && (errors.Is(err, errLost) || errors.Is(err, core.ErrQuota)) {
			// After an abort for room, some engines keep refusing writes on
			// the same connection when there is room again.
			if s.drop(c) && errors.Is(err, errLost) {
				s.tell(core.Reopening, s.explain(err))
			}
		}
		if try > 0 || !errors.Is(err, errLost) || s.isClosed() {
			err = s.explain(err)
			if c == nil || errors.Is(err, core.ErrGone) {
				s.tellFailure(ctx, err)
			}
			return err
		}
	}
}

// explain puts the errors that only the store as a whole can tell.
func (s *Store) explain(err error) error {
	if s.isClosed() {
		return fmt.Errorf("%w: %w", core.ErrClosed, err)
	}
	if lost := (*core.LostError)(nil); errors.Is(err, core.ErrGone) && !errors.As(err, &lost) {
		err = s.gone()
	}
	return fmt.Errorf("IndexedDB %q: %w", s.name, err)
}

// connection gives the open connection, or opens one.
func (s *Store) connection(ctx context.Context) (*connection, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if c, err := s.current(); c != nil || err != nil {
		return c, err
	}
	select {
	case s.opening <- struct{}{}:
		defer func() { <-s.opening }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c, err := s.current(); c != nil || err != nil {
		return c, err
	}
	s.mu.Lock()
	again, seen := s.id != 0, s.known.state().Head
	s.mu.Unlock()
	c, err := connect(ctx, s.name, !again)
	if err != nil {
		return nil, err
	}
	now, rows, err := s.introduce(c)
	if head := now.after(rows); err == nil && again && head < seen {
		err = &core.LostError{First: head + 1, Last: seen}
	}
	if err != nil {
		c.close()
		return nil, err
	}
	if err := s.use(c, now, rows); err != nil {
		c.close()
		return nil, err
	}
	s.tell(core.Healthy, nil)
	return c, nil
}

// use makes a connection that of the store, with what the database holds.
func (s *Store) use(c *connection, now settled, rows []tailRow) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return core.ErrClosed
	}
	c.wasClosed = s.wasClosed
	s.conn, s.id = c, now.ID
	s.known = known{}
	s.known.settled = now
	s.known.learn(now, rows)
	s.window.forget()
	return nil
}

func (s *Store) current() (*connection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, core.ErrClosed
	}
	if s.conn != nil && s.conn.lost {
		s.conn.close()
		s.conn = nil
	}
	return s.conn, nil
}

// drop gives up a connection, unless somebody else has. Transactions that have
// begun on it end as they would have.
func (s *Store) drop(c *connection) (was bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != c {
		return false
	}
	s.conn = nil
	c.close()
	return true
}

func (s *Store) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// introduce reads what a database just opened holds, and writes the first
// state row where there is none. A database that was deleted while this store
// was open comes back empty or with another log's id: that log is gone.
func (s *Store) introduce(c *connection) (now settled, rows []tailRow, err error) {
	t, err := browser().begin(c, browser().metaAndTail, browser().readwrite, s.durability())
	if err != nil {
		return now, nil, hostError("opening the log", err)
	}
	var found *stored
	if err = t.request(func() { found = t.askStored(0, false) }); err == nil {
		now, rows, err = t.readStored(found)
	}
	switch {
	case errors.Is(err, errNoStateRow) && s.id == 0:
		now = firstSettled()
		err = t.request(func() {
			t.put.Invoke(t.objectStore.Invoke(t.js, t.meta), t.bytesToJS(now.row()), t.stateKey)
		})
	case errors.Is(err, errNoStateRow), err == nil && s.id != 0 && now.ID != s.id:
		err = core.ErrGone
	}
	if err != nil {
		t.abandon()
		return now, nil, hostError("opening the log", err)
	}
	return now, rows, hostError("opening the log", t.end())
}

func (s *Store) durability() js.Value {
	if s.strict {
		return browser().strict
	}
	return browser().relaxed
}

// closeWait is how long Close waits for transactions, which the browser should
// have ended by then, but may never.
const closeWait = time.Second

// Close implements core.Store. It waits for the transactions that are under
// way: a worker is often terminated after it, and WebKit then keeps the
// database of one that has not ended locked for ever.
func (s *Store) Close() error {
	s.mu.Lock()
	c := s.conn
	s.closed, s.conn = true, nil
	s.mu.Unlock()
	if c == nil {
		return nil
	}
	c.close()
	ended := make(chan struct{})
	go func() {
		c.work.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(closeWait):
	}
	return nil
}

//go:build js && wasm

package durablestore

import (
	"context"
	"errors"
	"syscall/js"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/jsbridge/promise"
)

// commit is one that the storage has taken and not yet said to have written.
type commit struct {
	state core.State    // after it
	done  chan struct{} // closed when err is set
	err   error
}

// pending is the newest commit, nil once it is written. Guarded by writing.
var pending *commit

// begin asks the storage to say when all that it has taken is where a crash
// cannot undo it. The caller holds writing.
func (s *Store) begin(state core.State) *commit {
	c := &commit{state: state, done: make(chan struct{})}
	pending = c
	end := func(err error) {
		c.err = err
		close(c.done)
		writing.Lock()
		defer writing.Unlock()
		if pending == c {
			pending = nil
		}
	}
	written, err := s.call("sync")
	if err != nil {
		go end(errors.Join(core.ErrUncertain, err))
		return c
	}
	promise.Then(written, func(_ js.Value, err error) {
		if err != nil {
			err = errors.Join(core.ErrUncertain, err)
		}
		go end(err)
	})
	return c
}

// wait waits until a commit is written, and gives the state after it.
func (c *commit) wait(ctx context.Context) (core.State, error) {
	select {
	case <-c.done:
		return c.state, c.err
	case <-ctx.Done():
		return core.State{}, ctx.Err()
	}
}

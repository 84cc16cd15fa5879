//go:build js && wasm

package idbstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core"
)

// TellHealth implements core.HealthTeller.
func (s *Store) TellHealth(tell func(core.Health)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tellHealth = tell
}

// tell tells how the connection stands; what is the same as before is not told
// on by the log.
func (s *Store) tell(condition core.Condition, err error) {
	s.mu.Lock()
	tell, closed := s.tellHealth, s.closed
	s.mu.Unlock()
	if tell != nil && !closed {
		tell(core.Health{Condition: condition, Err: err})
	}
}

// wasClosed is called when the browser has closed a connection. Another is opened
// at once, so that it is known what has become of the data: with it closed, nobody
// would say.
func (s *Store) wasClosed(event string) {
	s.tell(core.Reopening, fmt.Errorf("IndexedDB %q: the browser has closed the connection: %s", s.name, event))
	s.State(context.Background()) // which tells what comes of it
}

// tellFailure tells of a connection that could not be opened, or that was opened
// on other data.
func (s *Store) tellFailure(ctx context.Context, err error) {
	switch {
	case errors.Is(err, core.ErrGone):
		s.tell(core.Lost, err)
	case ctx.Err() == nil:
		s.tell(core.Failed, err)
	}
}

// gone is the error of data that is not the log's any more: all that has been
// seen of it is lost.
func (s *Store) gone() error {
	if seen := s.lastState().Head; seen != core.None {
		return &core.LostError{First: 0, Last: seen}
	}
	return core.ErrGone
}

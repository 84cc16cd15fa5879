//go:build js && wasm

package idbstore

import (
	"context"
	"errors"
	"syscall/js"

	"github.com/flumedb/flumedb-wasm/core"
)

// State implements core.Store.
func (s *Store) State(ctx context.Context) (state core.State, err error) {
	err = s.do(ctx, func(c *connection) error {
		err := s.look(c)
		state = s.lastState()
		return err
	})
	return state, err
}

func (s *Store) lastState() core.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known.state()
}

// look learns what others have done since the last look.
func (s *Store) look(c *connection) error {
	s.mu.Lock()
	key := s.known.key()
	s.mu.Unlock()
	t, err := browser().begin(c, browser().metaAndTail, browser().readonly, browser().relaxed)
	if err != nil {
		return hostError("looking at the log's end", err)
	}
	var found *stored
	err = t.request(func() { found = t.askStored(key, false) })
	var now settled
	var rows []tailRow
	if err == nil {
		now, rows, err = t.readStored(found)
	}
	if err = errors.Join(err, t.end()); err != nil && !errors.Is(err, errNoStateRow) {
		return hostError("looking at the log's end", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || now.ID != s.id {
		return core.ErrGone
	}
	if now.Generation != s.known.Generation {
		s.window.forget()
	}
	s.known.learn(now, rows)
	return nil
}

// stored is the requests for what the database says of the log's end.
type stored struct {
	row, keys, values js.Value
}

// askStored asks for the state row and the rows of the tail behind a key, or
// with one, for only the first of these.
func (t *transaction) askStored(key int64, one bool) *stored {
	limit := 1<<31 - 1
	if one {
		limit = 1
	}
	meta, tail := t.objectStore.Invoke(t.js, t.meta), t.objectStore.Invoke(t.js, t.tail)
	behind := t.lowerBound.Invoke(float64(key), true)
	return &stored{
		row:    t.get.Invoke(meta, t.stateKey),
		keys:   t.getAllKeys.Invoke(tail, behind, limit),
		values: t.getAll.Invoke(tail, behind, limit),
	}
}

// readStored waits for the answers. The rows are placed behind the settled
// part, and right if nothing between that and the key asked for is missing.
func (t *transaction) readStored(asked *stored) (now settled, rows []tailRow, err error) {
	// Requests are answered in order: when the last is, all are.
	values, err := t.await(asked.values)
	if err != nil {
		return now, nil, err
	}
	if now, err = t.readState(t.reflectGet.Invoke(asked.row, t.result)); err != nil {
		return now, nil, err
	}
	keys := t.reflectGet.Invoke(asked.keys, t.result)
	for i := range keys.Length() {
		// What is not bytes is damaged like bytes without a header.
		frame, _ := t.bytesFromJS(values.Index(i))
		row, err := readRow(int64(keys.Index(i).Float()), frame)
		if err != nil {
			return now, nil, err
		}
		rows = append(rows, row)
	}
	placeRows(rows, now.Head)
	return now, rows, nil
}

func (h *host) readState(value js.Value) (settled, error) {
	if value.IsUndefined() {
		return settled{}, errNoStateRow
	}
	b, ok := h.bytesFromJS(value)
	if !ok {
		return settled{}, errStateRow
	}
	return readSettled(b)
}

//go:build js && wasm

package idbstore

import (
	"context"
	"errors"
	"fmt"
	"syscall/js"

	"github.com/flumedb/flumedb-wasm/core"
)

// A checkpoint's body is a row of its own, whose key is the array [3, name]: the
// rows of keys begin with other numbers. Both are written in one transaction.
const bodyRow = 3

func bodyKey(name string) js.Value { return js.ValueOf([]any{bodyRow, name}) }

// Checkpoint implements core.Store.
func (s *Store) Checkpoint(ctx context.Context, name string) ([]byte, error) {
	rows, err := s.checkpointRows(ctx, js.ValueOf(name))
	return rows[0], err
}

// Checkpoints implements core.ManyStore.
func (s *Store) Checkpoints(ctx context.Context, names []string) ([][]byte, error) {
	if len(names) == 0 {
		return nil, nil
	}
	keys := make([]js.Value, len(names))
	for i, name := range names {
		keys[i] = js.ValueOf(name)
	}
	return s.checkpointRows(ctx, keys...)
}

// CheckpointBody implements core.BodyStore.
func (s *Store) CheckpointBody(ctx context.Context, name string) (value, body []byte, err error) {
	rows, err := s.checkpointRows(ctx, js.ValueOf(name), bodyKey(name))
	return rows[0], rows[1], err
}

// checkpointRows reads rows of checkpoints, as they are at one moment: as many as
// there are keys, also with an error.
func (s *Store) checkpointRows(ctx context.Context, keys ...js.Value) (rows [][]byte, err error) {
	rows = make([][]byte, len(keys))
	err = s.do(ctx, func(c *connection) error {
		clear(rows) // of a connection that was lost
		t, err := browser().begin(c, browser().checkpoints, browser().readonly, s.durability())
		if err != nil {
			return hostError("reading a checkpoint", err)
		}
		asked := make([]js.Value, len(keys))
		err = t.request(func() {
			store := t.objectStore.Invoke(t.js, t.checkpoints)
			for i, key := range keys {
				asked[i] = t.get.Invoke(store, key)
			}
		})
		if err == nil {
			_, err = t.await(asked[len(keys)-1]) // before it is told that the transaction has ended
		}
		if err != nil {
			t.abandon()
			return hostError("reading a checkpoint", err)
		}
		for i := range keys {
			if rows[i], err = checkpointBytes(keys[i], t.reflectGet.Invoke(asked[i], t.result)); err != nil {
				break
			}
		}
		go t.end() // what was read is here, however it ends
		return err
	})
	return rows, err
}

// checkpointBytes copies a row's value, nil where there is none.
func checkpointBytes(key, value js.Value) ([]byte, error) {
	if value.IsUndefined() {
		return nil, nil
	}
	b, ok := browser().bytesFromJS(value)
	if !ok {
		return nil, fmt.Errorf("checkpoint %q is not bytes: %w", nameOf(key), core.ErrCorrupt)
	}
	return b, nil
}

// nameOf is the checkpoint's name of a row's key.
func nameOf(key js.Value) string {
	if key.Type() == js.TypeString {
		return key.String()
	}
	return key.Index(1).String()
}

// SetCheckpoint implements core.Store.
func (s *Store) SetCheckpoint(ctx context.Context, name string, b []byte) error {
	return s.SetCheckpointBody(ctx, name, b, nil)
}

// SetCheckpointBody implements core.BodyStore.
func (s *Store) SetCheckpointBody(ctx context.Context, name string, value, body []byte) error {
	return s.do(ctx, func(c *connection) error {
		t, err := browser().begin(c, browser().checkpoints, browser().readwrite, s.durability())
		if err != nil {
			return hostError("writing a checkpoint", err)
		}
		var checkpoints js.Value
		err = t.request(func() { checkpoints = t.objectStore.Invoke(t.js, t.checkpoints) })
		if err == nil {
			err = t.putRow(checkpoints, value, js.ValueOf(name))
		}
		if err == nil {
			err = t.putRow(checkpoints, body, bodyKey(name))
		}
		// Writing it a second time does no harm, so a lost connection may
		// be answered with errLost even where the first may have worked.
		return hostError("writing a checkpoint", errors.Join(err, t.end()))
	})
}

// largeRow is from how many bytes on a row takes milliseconds to copy, and to put.
const largeRow = 256 << 10

// putRow writes a row, or deletes it where b is nil. Of a large one, copying it and
// putting it, which copies it again, are tasks apart, between which the page has
// its turn; the transaction goes on meanwhile.
func (t *transaction) putRow(store js.Value, b []byte, key js.Value) error {
	if b == nil {
		return t.request(func() { t.del.Invoke(store, key) })
	}
	v := t.bytesToJS(b)
	if len(b) < largeRow {
		return t.request(func() { t.put.Invoke(store, v, key) })
	}
	if err := t.wait(func() js.Value { return t.getAllKeys.Invoke(store, key) }); err != nil {
		return err
	}
	return t.wait(func() js.Value { return t.put.Invoke(store, v, key) })
}

// wait makes a request and waits for its result.
func (t *transaction) wait(make func() js.Value) error {
	var request js.Value
	err := t.request(func() { request = make() })
	if err == nil {
		_, err = t.await(request)
	}
	return err
}

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
func (s *Store) Checkpoint(ctx context.Context, name string) (b []byte, err error) {
	err = s.do(ctx, func(c *connection) error {
		value, err := read(ctx, c, checkpointStore, js.ValueOf(name))
		if err != nil {
			return err
		}
		b, err = checkpointBytes(name, value)
		return err
	})
	return b, err
}

// CheckpointBody implements core.BodyStore.
func (s *Store) CheckpointBody(ctx context.Context, name string) (value, body []byte, err error) {
	err = s.do(ctx, func(c *connection) error {
		t, err := browser().begin(c.raw, browser().checkpoints, browser().readonly, s.durability())
		if err != nil {
			return hostError("reading a checkpoint", err)
		}
		var asked [2]js.Value
		err = t.request(func() {
			store := t.objectStore.Invoke(t.js, t.checkpoints)
			asked[0] = t.get.Invoke(store, name)
			asked[1] = t.get.Invoke(store, bodyKey(name))
		})
		if err = errors.Join(err, t.end()); err != nil {
			return hostError("reading a checkpoint", err)
		}
		if value, err = checkpointBytes(name, t.reflectGet.Invoke(asked[0], t.result)); err == nil {
			body, err = checkpointBytes(name, t.reflectGet.Invoke(asked[1], t.result))
		}
		return err
	})
	return value, body, err
}

// checkpointBytes copies a row's value, nil where there is none.
func checkpointBytes(name string, value js.Value) ([]byte, error) {
	if value.IsUndefined() {
		return nil, nil
	}
	b, ok := browser().bytesFromJS(value)
	if !ok {
		return nil, fmt.Errorf("checkpoint %q is not bytes: %w", name, core.ErrCorrupt)
	}
	return b, nil
}

// SetCheckpoint implements core.Store.
func (s *Store) SetCheckpoint(ctx context.Context, name string, b []byte) error {
	return s.SetCheckpointBody(ctx, name, b, nil)
}

// SetCheckpointBody implements core.BodyStore.
func (s *Store) SetCheckpointBody(ctx context.Context, name string, value, body []byte) error {
	return s.do(ctx, func(c *connection) error {
		t, err := browser().begin(c.raw, browser().checkpoints, browser().readwrite, s.durability())
		if err != nil {
			return hostError("writing a checkpoint", err)
		}
		err = t.request(func() {
			checkpoints := t.objectStore.Invoke(t.js, t.checkpoints)
			if value == nil {
				t.del.Invoke(checkpoints, name)
			} else {
				t.put.Invoke(checkpoints, t.bytesToJS(value), name)
			}
			if body == nil {
				t.del.Invoke(checkpoints, bodyKey(name))
			} else {
				t.put.Invoke(checkpoints, t.bytesToJS(body), bodyKey(name))
			}
		})
		// Writing it a second time does no harm, so a lost connection may
		// be answered with errLost even where the first may have worked.
		return hostError("writing a checkpoint", errors.Join(err, t.end()))
	})
}

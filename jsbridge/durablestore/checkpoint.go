//go:build js && wasm

package durablestore

import (
	"context"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core"
)

// A checkpoint is a row, and its body another: of these names.
func valueRow(name string) []byte { return append([]byte("v"), name...) }
func bodyRow(name string) []byte  { return append([]byte("b"), name...) }

// Checkpoint implements core.Store.
func (s *Store) Checkpoint(ctx context.Context, name string) ([]byte, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	return s.value(valueRow(name))
}

// CheckpointBody implements core.BodyStore.
func (s *Store) CheckpointBody(ctx context.Context, name string) (value, body []byte, err error) {
	if err := s.enter(ctx); err != nil {
		return nil, nil, err
	}
	writing.Lock() // so that both are of one moment
	defer writing.Unlock()
	if value, err = s.value(valueRow(name)); err == nil {
		body, err = s.value(bodyRow(name))
	}
	return value, body, err
}

// value reads one row, nil where there is none.
func (s *Store) value(row []byte) ([]byte, error) {
	results, err := s.run(sql(`SELECT size, bytes FROM checkpoints WHERE name = ?`, row))
	if err != nil || results[0].count() == 0 {
		return nil, err
	}
	size := int(results[0].integer(0, 0))
	b, err := s.withMore(results[0].into(0, 1, make([]byte, 0, size)), ofCheckpoint(row), size)
	if err == nil && len(b) != size {
		err = fmt.Errorf("the checkpoint %q has %d bytes, not %d: %w", row[1:], len(b), size, core.ErrCorrupt)
	}
	return b, err
}

// SetCheckpoint implements core.Store.
func (s *Store) SetCheckpoint(ctx context.Context, name string, value []byte) error {
	return s.SetCheckpointBody(ctx, name, value, nil)
}

// SetCheckpointBody implements core.BodyStore. It is there when it returns, and
// written when the storage gets to it: a crash may leave the one before.
func (s *Store) SetCheckpointBody(ctx context.Context, name string, value, body []byte) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	writing.Lock()
	defer writing.Unlock()
	_, err := s.run(append(set(valueRow(name), value), set(bodyRow(name), body)...)...)
	return err
}

// set puts a value into the place of a row's; nil deletes it.
func set(row, value []byte) []statement {
	of := ofCheckpoint(row)
	all := []statement{sql(`DELETE FROM more WHERE of = ?`, of), sql(`DELETE FROM checkpoints WHERE name = ?`, row)}
	if value == nil {
		return all
	}
	all = append(all, sql(`INSERT INTO checkpoints VALUES (?, ?, ?)`, row, len(value), value[:min(len(value), pieceBytes)]))
	return append(all, insertMore(of, value)...)
}

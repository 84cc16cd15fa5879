//go:build js && wasm

package durablestore

import (
	"context"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core"
)

// Checkpoint implements core.Store.
func (s *Store) Checkpoint(ctx context.Context, name string) ([]byte, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	results, err := s.run(sql(`SELECT size, bytes FROM checkpoints WHERE name = ?`, []byte(name)))
	if err != nil || results[0].count() == 0 {
		return nil, err
	}
	size := int(results[0].integer(0, 0))
	b, err := s.withMore(results[0].into(0, 1, make([]byte, 0, size)), ofCheckpoint(name), size)
	if err == nil && len(b) != size {
		err = fmt.Errorf("the checkpoint %q has %d bytes, not %d: %w", name, len(b), size, core.ErrCorrupt)
	}
	return b, err
}

// SetCheckpoint implements core.Store.
func (s *Store) SetCheckpoint(ctx context.Context, name string, value []byte) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	of := ofCheckpoint(name)
	all := []statement{
		sql(`DELETE FROM more WHERE of = ?`, of),
		sql(`DELETE FROM checkpoints WHERE name = ?`, []byte(name)),
	}
	if value != nil {
		all = append(all, sql(`INSERT INTO checkpoints VALUES (?, ?, ?)`, []byte(name), len(value), value[:min(len(value), pieceBytes)]))
		all = append(all, insertMore(of, value)...)
	}
	// It may be lost with the next crash, as any checkpoint that was not yet written.
	_, err := s.run(all...)
	return err
}

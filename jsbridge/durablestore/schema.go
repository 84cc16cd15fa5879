//go:build js && wasm

package durablestore

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// format is the version of the tables.
const format = 1

// pieceBytes is how much of a value stands in one row. The host allows 2 MB.
const pieceBytes = 1 << 20

// The tables. Names and keys of appends are blobs, since they may be any bytes.
// What of a value does not fit into its row follows in rows of more, whose of is
// "s" and the segment's last seq in decimal, or "c" and the name of the checkpoint's
// row. That is "v" and the checkpoint's name, or "b" and it for the body.
var schema = []string{
	`CREATE TABLE IF NOT EXISTS state (one INTEGER PRIMARY KEY CHECK (one = 1), format INTEGER NOT NULL, id BLOB NOT NULL, generation INTEGER NOT NULL, sealed INTEGER NOT NULL, deletions INTEGER NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS segments (last INTEGER PRIMARY KEY, first INTEGER NOT NULL, size INTEGER NOT NULL, deleted INTEGER NOT NULL, bytes BLOB NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS checkpoints (name BLOB PRIMARY KEY, size INTEGER NOT NULL, bytes BLOB NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS more (of BLOB NOT NULL, n INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (of, n)) WITHOUT ROWID`,
	`CREATE TABLE IF NOT EXISTS notes (last INTEGER PRIMARY KEY, note BLOB NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS keys (n INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE, made BLOB NOT NULL)`,
}

// prepare makes the tables of a new log, or finds those of one.
func (s *Store) prepare() error {
	var all []statement
	for _, table := range schema {
		all = append(all, sql(table))
	}
	id := binary.LittleEndian.AppendUint64(nil, rand.Uint64()|1)
	all = append(all,
		sql(`INSERT OR IGNORE INTO state VALUES (1, ?, ?, 0, -1, 0)`, format, id),
		sql(`SELECT format FROM state`))
	results, err := s.run(all...)
	if err != nil {
		return err
	}
	if found := results[len(results)-1].integer(0, 0); found != format {
		return fmt.Errorf("the tables: %w", &segment.VersionError{Version: int(found)})
	}
	return nil
}

// state reads the state. The caller holds mu.
func (s *Store) state() (core.State, error) {
	results, err := s.run(sql(`SELECT id, generation, sealed, deletions, ifnull((SELECT max(last) FROM segments), -1) FROM state`))
	if err != nil {
		return core.State{}, err
	}
	rows := results[0]
	if rows.count() != 1 {
		return core.State{}, core.ErrGone // somebody has emptied the storage
	}
	id := rows.bytes(0, 0)
	if len(id) != 8 {
		return core.State{}, fmt.Errorf("the log's id has %d bytes: %w", len(id), core.ErrCorrupt)
	}
	return core.State{
		ID:         binary.LittleEndian.Uint64(id),
		Generation: uint64(rows.integer(0, 1)),
		Sealed:     core.Seq(rows.integer(0, 2)),
		Deletions:  uint64(rows.integer(0, 3)),
		Head:       core.Seq(rows.integer(0, 4)),
	}, nil
}

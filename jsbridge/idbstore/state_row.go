//go:build js && wasm

package idbstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/cespare/xxhash/v2"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// stateRow is the one row that every commit compares and writes, all numbers
// little-endian:
//
//	 0        4      5          8                16
//	+--------+------+----------+----------------+----------------+
//	| "FLMI" | vers | zero     | id             | head           |
//	+--------+------+----------+----------------+----------------+
//	 24               32               40               48
//	+----------------+----------------+----------------+----------------+
//	| generation     | sealed         | commit         | XXH64 of 0..47 |
//	+----------------+----------------+----------------+----------------+
//
// commit is drawn at random for every commit, so that a writer that lost its
// connection in the middle of one can tell afterwards whether it took effect.
type stateRow [stateRowSize]byte

const (
	stateRowSize    = 56
	stateRowVersion = 1
	stateKey        = "state"
)

func newStateRow(s core.State) (row stateRow) {
	copy(row[:], "FLMI")
	row[4] = stateRowVersion
	le := binary.LittleEndian
	le.PutUint64(row[8:], s.ID)
	le.PutUint64(row[16:], uint64(s.Head))
	le.PutUint64(row[24:], s.Generation)
	le.PutUint64(row[32:], uint64(s.Sealed))
	le.PutUint64(row[40:], rand.Uint64())
	le.PutUint64(row[48:], xxhash.Sum64(row[:48]))
	return row
}

func readStateRow(b []byte) (row stateRow, err error) {
	if len(b) < 8 || string(b[:4]) != "FLMI" {
		return row, errStateRow
	}
	if b[4] > stateRowVersion {
		return row, &segment.VersionError{Version: int(b[4])}
	}
	if len(b) != stateRowSize || xxhash.Sum64(b[:48]) != binary.LittleEndian.Uint64(b[48:]) {
		return row, errStateRow
	}
	copy(row[:], b)
	return row, nil
}

var errStateRow = fmt.Errorf("the state row is damaged: %w", core.ErrCorrupt)

func (row stateRow) state() core.State {
	le := binary.LittleEndian
	return core.State{
		ID:         le.Uint64(row[8:]),
		Head:       core.Seq(le.Uint64(row[16:])),
		Generation: le.Uint64(row[24:]),
		Sealed:     core.Seq(le.Uint64(row[32:])),
	}
}

// firstState is the state of a log that has just been made.
func firstState() core.State {
	return core.State{ID: rand.Uint64() | 1, Head: core.None, Sealed: core.None}
}

var errNoStateRow = errors.New("there is no state row")

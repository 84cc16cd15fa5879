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

// settled is what the state row says: how far the object store "segments"
// goes. What was committed since then is in the tail.
//
//	 0        4      5          8                16
//	+--------+------+----------+----------------+----------------+
//	| "FLMI" | vers | zero     | id             | head           |
//	+--------+------+----------+----------------+----------------+
//	 24               32               40               48
//	+----------------+----------------+----------------+----------------+
//	| generation     | sealed         | moved          | commit         |
//	+----------------+----------------+----------------+----------------+
//	 56               64                                                64 + n × 24
//	+----------------+----------------+----------------+----------------+----------------+
//	| deletions      | key            | commit         | last seq       | XXH64 before   |
//	+----------------+----------------+----------------+----------------+----------------+
//
// All numbers are little-endian. moved is the key through which rows of the
// tail have been moved to segments; the n rows moved last, at most maxPlaces,
// are listed with the commits that wrote them and the seqs they were given.
// commit is drawn at random whenever the row is written. By both a writer that
// lost its connection in the middle of a commit can tell afterwards whether it
// took effect, and where.
type settled struct {
	core.State
	moved  int64
	commit uint64
	places []place
}

// place is where a row of the tail has gone.
type place struct {
	key    int64
	commit uint64
	last   core.Seq
}

const (
	stateHead    = 64
	stateVersion = 1
	stateKey     = "state"
	placeSize    = 24

	// maxPlaces is how many commits others may make between a commit that was
	// lost and the look at what became of it.
	maxPlaces = 256
)

// next is the settled state after a commit that has moved rows.
func (s settled) next(moved []tailRow) settled {
	s.commit = rand.Uint64()
	places := append([]place(nil), s.places...)
	for _, r := range moved {
		places = append(places, place{r.key, r.commit, r.Last})
		s.moved = r.key
		s.Head = r.Last
	}
	s.places = places[max(0, len(places)-maxPlaces):]
	return s
}

func (s settled) row() []byte {
	row := make([]byte, stateHead+placeSize*len(s.places)+8)
	copy(row, "FLMI")
	row[4] = stateVersion
	le := binary.LittleEndian
	le.PutUint64(row[8:], s.ID)
	le.PutUint64(row[16:], uint64(s.Head))
	le.PutUint64(row[24:], s.Generation)
	le.PutUint64(row[32:], uint64(s.Sealed))
	le.PutUint64(row[40:], uint64(s.moved))
	le.PutUint64(row[48:], s.commit)
	le.PutUint64(row[56:], s.Deletions)
	for i, p := range s.places {
		at := row[stateHead+placeSize*i:]
		le.PutUint64(at, uint64(p.key))
		le.PutUint64(at[8:], p.commit)
		le.PutUint64(at[16:], uint64(p.last))
	}
	end := len(row) - 8
	le.PutUint64(row[end:], xxhash.Sum64(row[:end]))
	return row
}

func readSettled(row []byte) (s settled, err error) {
	if len(row) < 8 || string(row[:4]) != "FLMI" {
		return s, errStateRow
	}
	if row[4] > stateVersion {
		return s, &segment.VersionError{Version: int(row[4])}
	}
	end := len(row) - 8
	le := binary.LittleEndian
	if end < stateHead || (end-stateHead)%placeSize != 0 || xxhash.Sum64(row[:end]) != le.Uint64(row[end:]) {
		return s, errStateRow
	}
	s.State = core.State{
		ID:         le.Uint64(row[8:]),
		Head:       core.Seq(le.Uint64(row[16:])),
		Generation: le.Uint64(row[24:]),
		Sealed:     core.Seq(le.Uint64(row[32:])),
		Deletions:  le.Uint64(row[56:]),
	}
	s.moved = int64(le.Uint64(row[40:]))
	s.commit = le.Uint64(row[48:])
	for at := row[stateHead:end]; len(at) > 0; at = at[placeSize:] {
		s.places = append(s.places, place{int64(le.Uint64(at)), le.Uint64(at[8:]), core.Seq(le.Uint64(at[16:]))})
	}
	return s, nil
}

var errStateRow = fmt.Errorf("the state row is damaged: %w", core.ErrCorrupt)

// firstSettled is the state of a log that has just been made.
func firstSettled() settled {
	return settled{State: core.State{ID: rand.Uint64() | 1, Head: core.None, Sealed: core.None}}.next(nil)
}

var errNoStateRow = errors.New("there is no state row")

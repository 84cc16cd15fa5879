//go:build js && wasm

package durablestore

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Append implements core.Store.
func (s *Store) Append(ctx context.Context, segments []*segment.Segment) (core.State, error) {
	return s.append(ctx, segments, extras{})
}

// AppendOnce implements core.Store.
func (s *Store) AppendOnce(ctx context.Context, segments []*segment.Segment, keys []core.Key) (core.State, error) {
	return s.append(ctx, segments, extras{keys: keys})
}

// extras is what a commit holds beside records, on a condition: it holds nothing
// where one of the keys is known, or where there are notes behind the seq after.
type extras struct {
	keys  []core.Key
	notes []core.Note
	after core.Seq
}

func (s *Store) append(ctx context.Context, segments []*segment.Segment, with extras) (core.State, error) {
	if err := s.enter(ctx); err != nil {
		return core.State{}, err
	}
	c, err := s.insert(segments, with)
	if known := (*core.KnownError)(nil); errors.As(err, &known) {
		// By a commit that may not be written yet, and this answers that it is.
		if _, waited := s.State(ctx); waited != nil {
			return core.State{}, waited
		}
	}
	if err != nil {
		return core.State{}, err
	}
	return c.wait(ctx)
}

func (s *Store) insert(segments []*segment.Segment, with extras) (*commit, error) {
	writing.Lock()
	defer writing.Unlock()
	state, err := s.state()
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.known(with.keys), s.unseen(with)); err != nil {
		return nil, err
	}
	first := state.Head + 1
	var all []statement
	for _, seg := range segments {
		seg.Place(state.Head+1, false)
		state.Head = seg.Last()
		all = append(all, insertSegment(seg)...)
	}
	for _, k := range with.keys {
		all = append(all, sql(`INSERT INTO keys (key, made) VALUES (?, ?)`, []byte(k.Name), k.Made(first).Encode(nil)))
	}
	for _, n := range with.notes {
		n = n.At(first)
		all = append(all, sql(`INSERT INTO notes VALUES (?, ?)`, int64(n.Last), n.Encode(nil)))
	}
	if len(with.keys) > 0 {
		all = append(all, sql(`DELETE FROM keys WHERE n <= (SELECT max(n) FROM keys) - ?`, core.KeysKept))
	}
	if _, err := s.run(all...); err != nil {
		return nil, err
	}
	return s.begin(state), nil
}

// known fails where keys are remembered.
func (s *Store) known(keys []core.Key) error {
	if len(keys) == 0 {
		return nil
	}
	var all []statement
	for _, k := range keys {
		all = append(all, sql(`SELECT made FROM keys WHERE key = ?`, []byte(k.Name)))
	}
	results, err := s.run(all...)
	if err != nil {
		return err
	}
	known := map[string]core.Made{}
	for i, k := range keys {
		if results[i].count() == 0 {
			continue
		}
		made, ok := core.DecodeMade(results[i].bytes(0, 0))
		if !ok {
			return fmt.Errorf("what was appended under a key: %w", core.ErrCorrupt)
		}
		known[k.Name] = made
	}
	if len(known) > 0 {
		return &core.KnownError{Known: known}
	}
	return nil
}

// insertSegment writes a segment that has its place.
func insertSegment(seg *segment.Segment) []statement {
	b := seg.Bytes()
	all := []statement{sql(`INSERT INTO segments VALUES (?, ?, ?, ?, ?)`,
		int64(seg.Last()), int64(seg.First()), len(b), seg.Deleted(), b[:min(len(b), pieceBytes)])}
	return append(all, insertMore(ofSegment(seg.Last()), b)...)
}

// ofSegment and ofCheckpoint are the values of the column of.
func ofSegment(last core.Seq) []byte { return strconv.AppendInt([]byte("s"), int64(last), 10) }
func ofCheckpoint(row []byte) []byte { return append([]byte("c"), row...) }

// insertMore writes what of a value does not fit into its row.
func insertMore(of, b []byte) (all []statement) {
	for n := 1; n*pieceBytes < len(b); n++ {
		all = append(all, sql(`INSERT INTO more VALUES (?, ?, ?)`, of, n, b[n*pieceBytes:min(len(b), (n+1)*pieceBytes)]))
	}
	return all
}

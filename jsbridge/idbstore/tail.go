//go:build js && wasm

package idbstore

import (
	"errors"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// known is what this store knows of the log: the settled part, and the rows of
// the tail behind it. Whatever is known stays true as others go on, except that
// rows of the tail move to segments.
type known struct {
	settled
	tail []tailRow // all with keys beyond moved, without a gap, in order
}

// tailRow is one commit in the tail.
type tailRow struct {
	key         int64
	core.Extent        // where it came to stand
	commit      uint64 // as stamped by whoever wrote it
	count       int    // of its records, 0 where damage hides it
	claim       core.Seq
	frame       []byte // as stored, once read; nil for our own
}

// key is the newest key of the tail that is known.
func (k *known) key() int64 {
	if n := len(k.tail); n > 0 {
		return k.tail[n-1].key
	}
	return k.moved
}

func (k *known) state() core.State {
	state := k.State
	state.Head = k.after(k.tail)
	return state
}

// after is the newest record of the settled part and the rows behind it.
func (s settled) after(rows []tailRow) core.Seq {
	if n := len(rows); n > 0 {
		return rows[n-1].Last
	}
	return s.Head
}

// learn takes in what a look at the database has found: the settled part, and
// rows of the tail behind some key known before. Looks may come in late.
func (k *known) learn(s settled, rows []tailRow) {
	if s.Generation >= k.Generation && s.Head >= k.Head {
		k.settled = s
		for len(k.tail) > 0 && k.tail[0].key <= s.moved {
			k.tail = k.tail[1:]
		}
	}
	for _, r := range rows {
		if r.key > k.key() {
			k.tail = append(k.tail, r)
		}
	}
	placeRows(k.tail, k.Head)
}

// placeRows gives rows their places behind head, one behind the other. A row
// whose header is damaged holds what the next one's writer believed it to hold;
// belief can only be too low, and then, as where there is no next one, it
// counts as one record.
func placeRows(rows []tailRow, head core.Seq) {
	for i := range rows {
		r := &rows[i]
		count := core.Seq(r.count)
		if count == 0 {
			count = 1
			if i+1 < len(rows) && rows[i+1].claim > head+1 {
				count = rows[i+1].claim - head - 1
			}
		}
		r.First, r.Last = head+1, head+count
		head = r.Last
	}
}

// find is the index of the row that holds seq, -1 where none does.
func (k *known) find(seq core.Seq) int {
	for i := range k.tail {
		if k.tail[i].First <= seq && seq <= k.tail[i].Last {
			return i
		}
	}
	return -1
}

// readRow makes what can be made of a stored row without its place. The error
// is a *segment.VersionError.
func readRow(key int64, frame []byte) (r tailRow, err error) {
	r = tailRow{key: key, frame: frame, claim: core.None}
	r.Size = len(frame)
	h, err := segment.ReadHeader(frame)
	if errors.Is(err, segment.ErrVersion) {
		return r, fmt.Errorf("row %d of the tail: %w", key, err)
	}
	if err == nil {
		r.commit, r.count, r.claim = h.Commit, h.Count, h.First
	}
	return r, nil
}

// segment is the row as the segment that it is, in its place.
func (r tailRow) segment(frame []byte) (*segment.Segment, error) {
	seg, err := segment.Decode(frame)
	var corrupt *segment.CorruptError
	switch {
	case errors.As(err, &corrupt):
		return nil, r.damaged(corrupt.Reason)
	case errors.Is(err, segment.ErrShort):
		return nil, r.damaged("the value is too short")
	case err != nil:
		return nil, err
	case core.Seq(seg.Count()) != r.Last-r.First+1:
		return nil, r.damaged("the value holds another number of records than it did")
	}
	seg.Stamp(0)
	seg.Place(r.First, false)
	return seg, nil
}

func (r tailRow) damaged(reason string) error {
	return &segment.CorruptError{First: r.First, Last: r.Last, Segment: fmt.Sprintf("tail %d", r.key), Reason: reason}
}

// whereabouts finds what became of a commit in the tail that began when before
// was the newest key known. The error is core.ErrUncertain where too much has
// happened since.
func (k *known) whereabouts(commit uint64, before int64) (last core.Seq, found bool, err error) {
	for i := len(k.tail) - 1; i >= 0; i-- {
		if k.tail[i].commit == commit {
			return k.tail[i].Last, true, nil
		}
	}
	for _, p := range k.places {
		if p.commit == commit {
			return p.last, true, nil
		}
	}
	if len(k.places) == maxPlaces && k.places[0].key > before+1 {
		return core.None, false, core.ErrUncertain
	}
	return core.None, false, nil
}

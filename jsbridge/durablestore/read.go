//go:build js && wasm

package durablestore

import (
	"context"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// listed is how many segments are looked at before some of them are read.
const listed = 128

// Read implements core.Store.
func (s *Store) Read(ctx context.Context, seq core.Seq, reverse bool, budget int) ([]*segment.Segment, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	// So that no commit comes between what is planned and what is read.
	writing.Lock()
	defer writing.Unlock()
	extents, err := s.plan(seq, reverse, budget)
	if err != nil {
		return nil, err
	}
	low, high := extents[0].Last, extents[len(extents)-1].Last
	order := `ASC`
	if reverse {
		low, high, order = high, low, `DESC`
	}
	results, err := s.run(sql(`SELECT bytes FROM segments WHERE last BETWEEN ? AND ? ORDER BY last `+order, int64(low), int64(high)))
	if err != nil {
		return nil, err
	}
	memory := core.MemoryFor(ctx)
	var found []*segment.Segment
	for i, e := range extents {
		seg, err := s.segment(results[0], i, e, memory)
		if err != nil {
			if i == 0 {
				return nil, err
			}
			break
		}
		found = append(found, seg)
	}
	return found, nil
}

// plan is the segments to read: from the one that holds seq on, until they make
// up budget, without a gap.
func (s *Store) plan(seq core.Seq, reverse bool, budget int) ([]core.Extent, error) {
	from := sql(`SELECT first, last, size, deleted FROM segments WHERE last >= ? ORDER BY last LIMIT ?`, int64(seq), listed)
	if reverse {
		from = sql(`SELECT first, last, size, deleted FROM segments WHERE last <= ifnull((SELECT last FROM segments WHERE last >= ? ORDER BY last LIMIT 1), -1) ORDER BY last DESC LIMIT ?`, int64(seq), listed)
	}
	extents, err := s.extents(from)
	if err != nil {
		return nil, err
	}
	if seq < 0 || len(extents) == 0 {
		return nil, fmt.Errorf("seq %d: %w", seq, core.ErrNotFound)
	}
	if extents[0].First > seq {
		return nil, &segment.CorruptError{First: seq, Last: extents[0].First - 1, Segment: fmt.Sprint(seq), Reason: "the segment is missing"}
	}
	n := 0
	for size := 0; n < len(extents) && (n == 0 || size < budget); n++ {
		if n > 0 && extents[n-1].Last+1 != extents[n].First && extents[n].Last+1 != extents[n-1].First {
			break
		}
		size += extents[n].Size
	}
	return extents[:n], nil
}

func (s *Store) extents(from statement) ([]core.Extent, error) {
	results, err := s.run(from)
	if err != nil {
		return nil, err
	}
	r := results[0]
	var extents []core.Extent
	for i := range r.count() {
		extents = append(extents, core.Extent{
			First: core.Seq(r.integer(i, 0)), Last: core.Seq(r.integer(i, 1)),
			Size: int(r.integer(i, 2)), Deleted: int(r.integer(i, 3)),
		})
	}
	return extents, nil
}

// segment makes a segment of a row, which must be what the row says.
func (s *Store) segment(r rows, row int, e core.Extent, memory *core.Memory) (*segment.Segment, error) {
	damaged := func(reason string) error {
		return &segment.CorruptError{First: e.First, Last: e.Last, Segment: fmt.Sprint(e.Last), Reason: reason}
	}
	var b []byte
	if memory != nil {
		b = memory.Take(e.Size)[:0]
	} else {
		b = make([]byte, 0, e.Size)
	}
	if r.size(row, 0) > e.Size {
		return nil, damaged("the value is larger than its row says")
	}
	b, err := s.withMore(r.into(row, 0, b), ofSegment(e.Last), e.Size)
	if err != nil {
		return nil, err
	}
	if len(b) != e.Size {
		return nil, damaged("a piece of the value is missing")
	}
	return segment.DecodeAs(b, e.First, e.Last, fmt.Sprint(e.Last))
}

// withMore adds what of a value of that size stands in rows of its own, one at a
// time, so that none of it is in memory twice.
func (s *Store) withMore(b, of []byte, size int) ([]byte, error) {
	for n := 1; len(b) < size; n++ {
		results, err := s.run(sql(`SELECT bytes FROM more WHERE of = ? AND n = ?`, of, n))
		if err != nil {
			return nil, err
		}
		if results[0].count() == 0 || len(b)+results[0].size(0, 0) > size {
			break
		}
		b = results[0].into(0, 0, b)
	}
	return b, nil
}

// Index implements core.Store.
func (s *Store) Index(ctx context.Context, seq core.Seq, limit int) ([]core.Extent, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	return s.extents(sql(`SELECT first, last, size, deleted FROM segments WHERE last >= ? ORDER BY last LIMIT ?`, int64(seq), limit))
}

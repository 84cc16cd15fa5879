//go:build js && wasm

package idbstore

import (
	"context"
	"errors"
	"fmt"
	"syscall/js"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Read implements core.Store.
func (s *Store) Read(ctx context.Context, seq core.Seq, reverse bool, budget int) (found []*segment.Segment, err error) {
	err = s.do(ctx, func(c *connection) (err error) {
		if err := s.contains(c, seq); err != nil {
			return err
		}
		found, err = s.readOnce(c, seq, reverse, budget)
		if errors.Is(err, errStale) {
			s.mu.Lock()
			s.window.forget()
			s.mu.Unlock()
			found, err = s.readOnce(c, seq, reverse, budget)
			if errors.Is(err, errStale) {
				err = &segment.CorruptError{First: seq, Last: seq, Segment: s.name, Reason: "the segment is listed but not there"}
			}
		}
		return err
	})
	return found, err
}

// contains checks that a seq is within the log, looking again where another
// tab may have appended it.
func (s *Store) contains(c *connection, seq core.Seq) error {
	if seq >= 0 && seq <= s.lastRow().state().Head {
		return nil
	}
	if seq >= 0 {
		value, err := read(context.Background(), c, metaStore, browser().stateKey)
		if err != nil {
			return err
		}
		row, err := browser().readRow(value)
		if err != nil {
			return err
		}
		if s.saw(row); seq <= row.state().Head {
			return nil
		}
	}
	return fmt.Errorf("seq %d: %w", seq, core.ErrNotFound)
}

// errStale says that segments are no longer where the window says, because
// another tab has merged them.
var errStale = errors.New("the index is stale")

// readOnce plans by the window, loading it first where it does not reach, and
// reads all the plan's segments at once in the same transaction.
func (s *Store) readOnce(c *connection, seq core.Seq, reverse bool, budget int) ([]*segment.Segment, error) {
	t, err := browser().begin(c.raw, browser().segments, browser().readonly, browser().relaxed)
	if err != nil {
		return nil, hostError("reading", err)
	}
	found, err := s.readIn(t, seq, reverse, budget)
	if err != nil {
		t.tryAbort()
	}
	t.end()
	return found, err
}

func (s *Store) readIn(t *transaction, seq core.Seq, reverse bool, budget int) ([]*segment.Segment, error) {
	var store js.Value
	if err := t.request(func() { store = t.objectStore.Invoke(t.js, t.segments) }); err != nil {
		return nil, hostError("reading", err)
	}
	plan, err := s.plan(t, store, seq, reverse, budget)
	if err != nil {
		return nil, err
	}
	requests := make([]js.Value, len(plan))
	err = t.request(func() {
		for i, e := range plan {
			requests[i] = t.get.Invoke(store, extentKey(e))
		}
	})
	if err != nil {
		return nil, hostError("reading", err)
	}
	// Requests are answered in order: when the last is, all are.
	if _, err := t.await(requests[len(requests)-1]); err != nil {
		return nil, hostError("reading", err)
	}
	found := make([]*segment.Segment, 0, len(plan))
	for i, e := range plan {
		seg, err := t.decode(t.reflectGet.Invoke(requests[i], t.result), e)
		if err != nil && i == 0 {
			return nil, err
		}
		if err != nil {
			break
		}
		found = append(found, seg)
	}
	return found, nil
}

// decode makes a segment of a stored value, which must be what its key says.
func (t *transaction) decode(value js.Value, e core.Extent) (*segment.Segment, error) {
	if value.IsUndefined() {
		return nil, errStale
	}
	damaged := func(reason string) error {
		return &segment.CorruptError{
			First: e.First, Last: e.Last,
			Segment: fmt.Sprintf("[%d,%d,%d]", e.Last, e.First, e.Size),
			Reason:  reason,
		}
	}
	b, ok := t.segmentFromJS(value, e.Size)
	if !ok {
		return nil, damaged("the value is not bytes")
	}
	seg, err := segment.Decode(b)
	var corrupt *segment.CorruptError
	switch {
	case errors.As(err, &corrupt):
		return nil, damaged(corrupt.Reason)
	case errors.Is(err, segment.ErrShort):
		return nil, damaged("the value is too short")
	case err != nil:
		return nil, err
	case seg.First() != e.First || seg.Last() != e.Last:
		return nil, damaged("the value is another segment than its key says")
	}
	return seg, nil
}

// plan picks the segments to read.
func (s *Store) plan(t *transaction, store js.Value, seq core.Seq, reverse bool, budget int) ([]core.Extent, error) {
	s.mu.Lock()
	plan := s.window.plan(seq, reverse, budget)
	s.mu.Unlock()
	if len(plan) > 0 {
		return plan, nil
	}
	extents, err := t.list(store, seq, reverse)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.window.extents = extents
	if plan = s.window.plan(seq, reverse, budget); len(plan) > 0 {
		return plan, nil
	}
	missing := &segment.CorruptError{First: seq, Last: s.row.state().Head, Segment: s.name, Reason: "the segment is missing"}
	for _, e := range extents {
		if e.First > seq {
			missing.Last = e.First - 1
			break
		}
	}
	return nil, missing
}

const (
	// page is how many segments' keys are listed at once.
	page = 512

	// reach is how many seqs before a segment a walk down looks for others.
	reach = page
)

// list lists the keys around seq: from its segment on, or, for a walk down,
// those before it, as keys can be listed upwards only. Between two seqs there
// are at most as many segments as seqs, so a reach of a page's seqs is sure to
// come to seq; the reach is longer where the segment itself holds many records.
func (t *transaction) list(store js.Value, seq core.Seq, reverse bool) ([]core.Extent, error) {
	from := seq
	if reverse {
		from = max(0, seq-reach)
	}
	extents, err := t.listFrom(store, from)
	if err != nil || !reverse || len(extents) == 0 {
		return extents, err
	}
	if at := (&window{extents: extents}).find(seq); at >= 0 && at < page/8 {
		long := seq - (extents[at].Last-extents[at].First+1)*page/2
		wider, err := t.listFrom(store, max(0, long))
		if err != nil {
			return nil, err
		}
		if (&window{extents: wider}).find(seq) >= 0 {
			return wider, nil
		}
	}
	return extents, nil
}

func (t *transaction) listFrom(store js.Value, seq core.Seq) ([]core.Extent, error) {
	var request js.Value
	err := t.request(func() {
		request = t.getAllKeys.Invoke(store, t.lowerBound.Invoke([]any{float64(seq)}), page+1)
	})
	if err != nil {
		return nil, hostError("listing segments", err)
	}
	keys, err := t.await(request)
	if err != nil {
		return nil, hostError("listing segments", err)
	}
	return extentsOfKeys(keys), nil
}

func extentsOfKeys(keys js.Value) []core.Extent {
	extents := make([]core.Extent, keys.Length())
	for i := range extents {
		extents[i] = extentOfKey(keys.Index(i))
	}
	return extents
}

// Index implements core.Store.
func (s *Store) Index(ctx context.Context, seq core.Seq, limit int) (extents []core.Extent, err error) {
	err = s.do(ctx, func(c *connection) error {
		t, err := browser().begin(c.raw, browser().segments, browser().readonly, browser().relaxed)
		if err != nil {
			return hostError("listing segments", err)
		}
		var request js.Value
		err = t.request(func() {
			store := t.objectStore.Invoke(t.js, t.segments)
			request = t.getAllKeys.Invoke(store, t.lowerBound.Invoke([]any{float64(seq)}), limit)
		})
		if err == nil {
			var keys js.Value
			if keys, err = t.await(request); err == nil {
				extents = extentsOfKeys(keys)
			}
		}
		return hostError("listing segments", errors.Join(err, t.end()))
	})
	return extents, err
}

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

// Read implements core.Store. A run ends where the segments end and the tail
// begins.
func (s *Store) Read(ctx context.Context, seq core.Seq, reverse bool, budget int) (found []*segment.Segment, err error) {
	err = s.do(ctx, func(c *connection) (err error) {
		if seq < 0 || seq > s.lastState().Head {
			if err := s.look(c); err != nil {
				return err
			}
			if seq < 0 || seq > s.lastState().Head {
				return fmt.Errorf("seq %d: %w", seq, core.ErrNotFound)
			}
		}
		found, err = s.readOnce(c, seq, reverse, budget, core.MemoryFor(ctx))
		if errors.Is(err, errStale) {
			if err := s.look(c); err != nil {
				return err
			}
			s.mu.Lock()
			s.window.forget()
			s.mu.Unlock()
			found, err = s.readOnce(c, seq, reverse, budget, core.MemoryFor(ctx))
			if errors.Is(err, errStale) {
				err = &segment.CorruptError{First: seq, Last: seq, Segment: s.name, Reason: "the segment is listed but not there"}
			}
		}
		return err
	})
	return found, err
}

func (s *Store) readOnce(c *connection, seq core.Seq, reverse bool, budget int, memory *core.Memory) ([]*segment.Segment, error) {
	s.mu.Lock()
	var rows []tailRow
	if i := s.known.find(seq); i >= 0 && reverse {
		rows = append(rows, s.known.tail[:i+1]...)
	} else if i >= 0 {
		rows = append(rows, s.known.tail[i:]...)
	}
	s.mu.Unlock()
	if len(rows) > 0 {
		return s.readTail(c, rows, reverse, budget)
	}
	return s.readSegments(c, seq, reverse, budget, memory)
}

// errStale says that segments are no longer where the window says, because
// another tab has merged them.
var errStale = errors.New("the index is stale")

// readSegments plans by the window, loading it first where it does not reach, and
// reads all the plan's segments at once in the same transaction.
func (s *Store) readSegments(c *connection, seq core.Seq, reverse bool, budget int, memory *core.Memory) ([]*segment.Segment, error) {
	t, err := browser().begin(c, browser().segments, browser().readonly, browser().relaxed)
	if err != nil {
		return nil, hostError("reading", err)
	}
	t.memory = memory
	found, err := s.readIn(t, seq, reverse, budget)
	if err != nil {
		t.tryAbort()
	}
	go t.end() // what was read is here, however it ends
	return found, err
}

func (s *Store) readIn(t *transaction, seq core.Seq, reverse bool, budget int) ([]*segment.Segment, error) {
	var store js.Value
	if err := t.request(func() { store = t.objectStore.Invoke(t.js, t.segments) }); err != nil {
		return nil, hostError("reading", err)
	}
	if budget <= 1 {
		if seg := t.readAlone(store, seq); seg != nil {
			return []*segment.Segment{seg}, nil
		}
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

// readAlone reads the segment that holds seq without knowing its key, nil where
// it cannot: then the keys tell why.
func (t *transaction) readAlone(store js.Value, seq core.Seq) *segment.Segment {
	var request js.Value
	err := t.request(func() { request = t.get.Invoke(store, t.lowerBound.Invoke([]any{float64(seq)})) })
	if err != nil {
		return nil
	}
	value, err := t.await(request)
	if err != nil {
		return nil
	}
	head, ok := t.segmentFromJS(value, segment.HeaderSize)
	if !ok {
		return nil
	}
	h, err := segment.ReadHeader(head)
	if err != nil || h.First > seq || h.Last() < seq {
		return nil
	}
	frame, _ := t.segmentFromJS(value, h.Size)
	t.release(value)
	seg, err := segment.Decode(frame)
	if err != nil {
		return nil
	}
	return seg
}

// readTail reads rows of the tail, from one end of them on.
func (s *Store) readTail(c *connection, rows []tailRow, reverse bool, budget int) (found []*segment.Segment, err error) {
	for i, j := 0, len(rows)-1; reverse && i < j; i, j = i+1, j-1 {
		rows[i], rows[j] = rows[j], rows[i]
	}
	n, missing := 0, 0
	for n < len(rows) && (n == 0 || budget > 0) {
		budget -= rows[n].Size
		if rows[n].frame == nil {
			missing++
		}
		n++
	}
	rows = rows[:n]
	if missing > 0 {
		if err := s.fetch(c, rows); err != nil {
			return nil, err
		}
	}
	for i, r := range rows {
		seg, err := r.segment(r.frame)
		if err != nil && i == 0 {
			return nil, err
		}
		if err != nil {
			break
		}
		found = append(found, seg)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range found {
		// Whoever reads keeps what it reads; and a segment's bytes are not ours any more.
		if i := s.known.find(seg.First()); i >= 0 {
			s.known.tail[i].frame = nil
		}
	}
	return found, nil
}

// fetch reads the frames that the rows lack.
func (s *Store) fetch(c *connection, rows []tailRow) error {
	t, err := browser().begin(c, browser().tail, browser().readonly, browser().relaxed)
	if err != nil {
		return hostError("reading", err)
	}
	requests := make([]js.Value, len(rows))
	var newest js.Value
	err = t.request(func() {
		tail := t.objectStore.Invoke(t.js, t.tail)
		for i, r := range rows {
			if r.frame == nil {
				requests[i] = t.get.Invoke(tail, float64(r.key))
				newest = requests[i]
			}
		}
	})
	if err == nil {
		_, err = t.await(newest)
	}
	for i := range rows {
		if err != nil || rows[i].frame != nil {
			continue
		}
		value := t.reflectGet.Invoke(requests[i], t.result)
		if value.IsUndefined() {
			err = errStale
			continue
		}
		rows[i].frame, _ = t.bytesFromJS(value)
	}
	return hostError("reading", errors.Join(err, t.end()))
}

// decode makes a segment of a stored value, which must be what its key says.
func (t *transaction) decode(value js.Value, e core.Extent) (*segment.Segment, error) {
	if value.IsUndefined() {
		return nil, errStale
	}
	name := fmt.Sprintf("[%d,%d,%d]", e.Last, e.First, e.Size)
	b, ok := t.segmentFromJS(value, e.Size)
	t.release(value)
	if !ok {
		return nil, &segment.CorruptError{First: e.First, Last: e.Last, Segment: name, Reason: "the value is not bytes"}
	}
	return segment.DecodeAs(b, e.First, e.Last, name)
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
	missing := &segment.CorruptError{First: seq, Last: s.known.state().Head, Segment: s.name, Reason: "the segment is missing"}
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
		// What moves to segments after the look is listed there.
		if err := s.look(c); err != nil {
			return err
		}
		if extents, err = s.listSegments(c, seq, limit); err != nil {
			return hostError("listing segments", err)
		}
		listed := core.None
		if n := len(extents); n > 0 {
			listed = extents[n-1].Last
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, r := range s.known.tail {
			if r.Last >= seq && r.First > listed && len(extents) < limit {
				extents = append(extents, r.Extent)
			}
		}
		return nil
	})
	return extents, err
}

func (s *Store) listSegments(c *connection, seq core.Seq, limit int) (extents []core.Extent, err error) {
	t, err := browser().begin(c, browser().segments, browser().readonly, browser().relaxed)
	if err != nil {
		return nil, err
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
	return extents, errors.Join(err, t.end())
}

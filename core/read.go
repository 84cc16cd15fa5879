package core

import (
	"context"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Get reads one record. The caller must not change the bytes. A seq that the
// log does not hold fails with ErrNotFound, a deleted record with ErrDeleted.
func (l *Log) Get(ctx context.Context, seq Seq) ([]byte, error) {
	if record, ok := l.Cached(seq); ok {
		return record, nil
	}
	select {
	case l.reads <- struct{}{}:
		defer func() { <-l.reads }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if record, ok := l.Cached(seq); ok {
		return record, nil
	}
	deletions := l.deletionCount()
	runs, err := l.Read(ctx, Range{From: seq, Through: seq, Budget: 1})
	if err != nil {
		return nil, err
	}
	if runs[0].Deleted {
		return nil, fmt.Errorf("seq %d: %w", seq, ErrDeleted)
	}
	return l.keepRecord(deletions, seq, runs[0].Record(seq)), nil
}

// Cached gives a record if it is in memory.
func (l *Log) Cached(seq Seq) ([]byte, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.cache.find(seq); s != nil && seq <= l.state.Head && !s.IsDeleted(seq) {
		return s.Record(seq), true
	}
	r := l.records.find(seq)
	return r, r != nil
}

// Range says what Read is to read: the records from From through Through, both
// included, walking down where Through is the smaller.
type Range struct {
	From, Through Seq
	Reverse       bool // walk down, even where From is Through
	Budget        int  // about how many bytes to read at the most; at least one segment is
	NoCache       bool // leave the cache to others: the reader will not come back

	// Memory, if not nil, may be where the runs then lie, until it is used
	// for another read; with it, nothing goes into the cache.
	Memory *Memory
}

// Read reads the first records of a range, as much as its budget allows, as
// runs in the order of walking; within a run the records stand in the order of
// their seqs, and are all deleted or none. It reads on from behind the last of
// them when called so.
//
// A seq outside the log fails with ErrNotFound. Damage fails with a
// *segment.CorruptError only when it is the first thing met, so what lies
// before it is read first, and a reader that steps over it (to its Last+1, or
// walking down to its First-1) reads all that can be read.
func (l *Log) Read(ctx context.Context, r Range) ([]Run, error) {
	if r.From < 0 || r.From > l.Since() || r.Through < 0 {
		return nil, fmt.Errorf("seq %d: %w", r.From, ErrNotFound)
	}
	segments, err := l.segments(ctx, r)
	if err != nil {
		return nil, err
	}
	return r.cut(segments), nil
}

// segments reads the segments that a range begins with.
func (l *Log) segments(ctx context.Context, r Range) ([]*segment.Segment, error) {
	found, deletions := l.readCached(r)
	if len(found) > 0 {
		return found, nil
	}
	if r.Memory != nil {
		r.Memory.Reset()
		ctx = WithMemory(ctx, r.Memory)
	}
	found, err := l.store.Read(ctx, r.From, r.Reverse, r.Budget)
	if err != nil {
		return nil, fmt.Errorf("reading seq %d: %w", r.From, err)
	}
	if !r.NoCache && r.Memory == nil {
		l.keep(deletions, found...)
	}
	return found, nil
}

// keep takes segments into the cache, unless something has been deleted since
// deletionCount was asked: they may hold it still.
func (l *Log) keep(deletions int, segments ...*segment.Segment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if deletions != l.deletions {
		return
	}
	for _, s := range segments {
		l.cache.add(s)
	}
}

func (l *Log) deletionCount() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.deletions
}

// readCached is the segments in memory that begin the range, without a gap, and
// how often this log's cache has been told of deletions.
func (l *Log) readCached(r Range) (found []*segment.Segment, deletions int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seq, budget := r.From, r.Budget
	for len(found) == 0 || budget > 0 && !r.passed(seq) {
		s := l.cache.find(seq)
		if s == nil {
			break
		}
		found = append(found, s)
		budget -= s.Size()
		if seq = s.Last() + 1; r.Reverse {
			seq = s.First() - 1
		}
	}
	return found, l.deletions
}

// passed reports whether a walk that has come to seq is through.
func (r Range) passed(seq Seq) bool {
	if r.Reverse {
		return seq < r.Through
	}
	return seq > r.Through
}

// cut leaves of the segments what lies within the range.
func (r Range) cut(segments []*segment.Segment) []Run {
	low, high := r.From, r.Through
	if r.Reverse {
		low, high = high, low
	}
	var runs []Run
	for _, s := range segments {
		from, through := max(s.First(), low), min(s.Last(), high)
		switch {
		case from > through:
		case s.Deleted() == 0:
			runs = append(runs, Run{Segment: s, From: from, Through: through})
		default:
			runs = r.cutDeleted(runs, s, from, through)
		}
	}
	return runs
}

// cutDeleted cuts a segment into runs that are deleted and runs that are not.
func (r Range) cutDeleted(runs []Run, s *segment.Segment, from, through Seq) []Run {
	step, end := Seq(1), through+1
	seq := from
	if r.Reverse {
		step, seq, end = -1, through, from-1
	}
	for seq != end {
		start, deleted := seq, s.IsDeleted(seq)
		for seq != end && s.IsDeleted(seq) == deleted {
			seq += step
		}
		last := seq - step
		runs = append(runs, Run{Segment: s, From: min(start, last), Through: max(start, last), Deleted: deleted})
	}
	return runs
}

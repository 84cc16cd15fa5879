package core

import (
	"context"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Get reads one record. The caller must not change the bytes. A seq that the
// log does not hold fails with ErrNotFound.
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
	runs, err := l.Read(ctx, Range{From: seq, Through: seq, Budget: 1})
	if err != nil {
		return nil, err
	}
	return runs[0].Record(seq), nil
}

// Cached gives a record if its segment is in memory.
func (l *Log) Cached(seq Seq) ([]byte, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.cache.find(seq); s != nil && seq <= l.state.Head {
		return s.Record(seq), true
	}
	return nil, false
}

// Range says what Read is to read: the records from From through Through, both
// included, walking down where Through is the smaller.
type Range struct {
	From, Through Seq
	Reverse       bool // walk down, even where From is Through
	Budget        int  // about how many bytes to read at the most; at least one segment is
	NoCache       bool // leave the cache to others: the reader will not come back
}

// Read reads the first records of a range, as much as its budget allows, as
// runs in the order of walking; within a run the records stand in the order of
// their seqs. It reads on from behind the last of them when called so.
//
// A seq outside the log fails with ErrNotFound. Damage fails with a
// *segment.CorruptError only when it is the first thing met, so what lies
// before it is read first, and a reader that steps over it (to its Last+1, or
// walking down to its First-1) reads all that can be read.
func (l *Log) Read(ctx context.Context, r Range) ([]Run, error) {
	if r.From < 0 || r.From > l.Since() || r.Through < 0 {
		return nil, fmt.Errorf("seq %d: %w", r.From, ErrNotFound)
	}
	segments := l.readCached(r)
	if len(segments) == 0 {
		var err error
		segments, err = l.store.Read(ctx, r.From, r.Reverse, r.Budget)
		if err != nil {
			return nil, fmt.Errorf("reading seq %d: %w", r.From, err)
		}
		if !r.NoCache {
			l.mu.Lock()
			for _, s := range segments {
				l.cache.add(s)
			}
			l.mu.Unlock()
		}
	}
	return r.cut(segments), nil
}

// readCached is the segments in memory that begin the range, without a gap.
func (l *Log) readCached(r Range) (found []*segment.Segment) {
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
	return found
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
		run := Run{s, max(s.First(), low), min(s.Last(), high)}
		if run.From <= run.Through {
			runs = append(runs, run)
		}
	}
	return runs
}

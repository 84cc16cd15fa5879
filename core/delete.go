package core

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Delete deletes the values of records: when it returns, they are overwritten
// in the store and in memory, and their seqs are left. Deleting a record twice
// is no error. A seq that the log does not hold fails with ErrNotFound, and
// then nothing is deleted.
//
// What lies in one segment is deleted in one atomic step, and many segments
// together where the store can. If Delete fails on the way, or the process
// ends, some of the records may be deleted and others not; each of them wholly.
// Deleting all of them again finishes it.
func (l *Log) Delete(ctx context.Context, seqs ...Seq) error {
	left := slices.Clone(seqs)
	slices.Sort(left)
	left = slices.Compact(left)
	if len(left) == 0 {
		return nil
	}
	if last := left[len(left)-1]; last > l.Since() {
		if _, err := l.Refresh(ctx); err != nil {
			return fmt.Errorf("delete: %w", err)
		}
		if last > l.Since() {
			return fmt.Errorf("delete seq %d: %w", last, ErrNotFound)
		}
	}
	if left[0] < 0 {
		return fmt.Errorf("delete seq %d: %w", left[0], ErrNotFound)
	}
	most := deleteBatch
	for conflicts := 0; len(left) > 0; {
		if l.isClosing() {
			return fmt.Errorf("delete: %w", ErrClosed)
		}
		var n int
		some := func() (err error) {
			n, err = l.deleteSome(ctx, left, most)
			return err
		}
		err := some()
		if errors.Is(err, ErrQuota) && most == 1 {
			// What is thinned out is written beside what it replaces.
			err = l.rescue(err, l.opts.SegmentBytes, some)
		}
		switch {
		case errors.Is(err, ErrConflict) && conflicts < maxConflicts:
			conflicts++
		case (errors.Is(err, ErrNotAtomic) || errors.Is(err, ErrQuota)) && most > 1:
			most = max(1, most/2)
		case err != nil:
			return fmt.Errorf("delete seq %d: %w", left[0], err)
		default:
			conflicts, most = 0, min(deleteBatch, 2*most)
			left = left[n:]
		}
	}
	return nil
}

const (
	// deleteBatch is how many segments are replaced together: with full ones,
	// some megabytes.
	deleteBatch = 64

	// maxConflicts is how often others may have replaced segments meanwhile.
	maxConflicts = 100
)

func (l *Log) isClosing() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closing
}

// deleteSome deletes the first of some sorted seqs, as many as lie in so many
// segments, and says how many that were.
func (l *Log) deleteSome(ctx context.Context, seqs []Seq, most int) (n int, err error) {
	state, err := l.store.State(ctx)
	if err != nil {
		return 0, err
	}
	l.advance(state)
	var thinned []*segment.Segment
	for n < len(seqs) && len(thinned) < most {
		found, err := l.store.Read(ctx, seqs[n], false, 1)
		if err != nil {
			return 0, err
		}
		s := found[0]
		var of []Seq
		for ; n < len(seqs) && seqs[n] <= s.Last(); n++ {
			if !s.IsDeleted(seqs[n]) {
				of = append(of, seqs[n])
			}
		}
		if len(of) > 0 {
			thinned = append(thinned, s.Without(of...))
		}
	}
	if len(thinned) == 0 {
		return n, nil
	}
	state, err = l.store.Replace(ctx, Replacement{Generation: state.Generation, Segments: thinned, Sealed: state.Sealed, Deletes: true})
	if err != nil {
		if !errors.Is(err, ErrConflict) && !errors.Is(err, ErrNotAtomic) {
			l.forget() // it may have taken effect
		}
		return 0, err
	}
	l.deleted(state, thinned)
	return n, nil
}

// forget empties the cache, since what it holds may be deleted.
func (l *Log) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cache.clear()
	l.records.clear()
	l.deletions++
}

// deleted takes a deletion of ours to heart.
func (l *Log) deleted(state State, thinned []*segment.Segment) {
	l.mu.Lock()
	if state.Deletions != l.state.Deletions+1 {
		l.cache.clear() // others have deleted too
	}
	l.records.clear()
	l.deletions++
	l.state.Deletions = state.Deletions
	for _, s := range thinned {
		l.cache.add(s)
	}
	var tell []func()
	for _, fn := range l.ofDeletions.fns {
		tell = append(tell, fn)
	}
	l.mu.Unlock()
	l.advance(state)
	for _, fn := range tell {
		fn()
	}
}

// SeqRange is the seqs from First through Last.
type SeqRange struct{ First, Last Seq }

// Deleted lists the deleted records, in order, by reading the segments that have
// some. Those that are damaged count as not deleted.
func (l *Log) Deleted(ctx context.Context) (deleted []SeqRange, err error) {
	head := l.Since()
	for seq := Seq(0); seq <= head; {
		extents, err := l.store.Index(ctx, seq, indexPage)
		var damage *segment.CorruptError
		if errors.As(err, &damage) && damage.Last >= seq {
			seq = damage.Last + 1
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("listing deleted records at seq %d: %w", seq, err)
		}
		if len(extents) == 0 {
			break
		}
		for _, e := range extents {
			if e.Deleted == 0 {
				continue
			}
			if deleted, err = l.deletedWithin(ctx, deleted, max(seq, e.First), e.Last); err != nil {
				return nil, err
			}
		}
		seq = extents[len(extents)-1].Last + 1
	}
	return deleted, nil
}

// deletedWithin adds the deleted records from one seq through another.
func (l *Log) deletedWithin(ctx context.Context, deleted []SeqRange, from, through Seq) ([]SeqRange, error) {
	for from <= through {
		runs, err := l.Read(ctx, Range{From: from, Through: through, Budget: 1, NoCache: true})
		var damage *segment.CorruptError
		if errors.As(err, &damage) && damage.Last >= from {
			from = damage.Last + 1
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("listing deleted records: %w", err)
		}
		for _, run := range runs {
			from = run.Through + 1
			if !run.Deleted {
				continue
			}
			if n := len(deleted); n > 0 && deleted[n-1].Last+1 == run.From {
				deleted[n-1].Last = run.Through
			} else {
				deleted = append(deleted, SeqRange{run.From, run.Through})
			}
		}
	}
	return deleted, nil
}

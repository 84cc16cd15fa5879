package core

import (
	"context"
	"errors"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core/segment"
)

// compactBytes is about how much Compact writes in one step.
const compactBytes = 8 << 20

// frameBytes is what two segments become smaller by when they become one.
const frameBytes = segment.HeaderSize + 1

// Compact makes full segments of small ones, all over the log: those that
// deletions have left small, and in stores that do not merge by themselves
// those that were appended so. It answers how many bytes the log has become
// smaller by. progress, which may be nil, hears the newest seq done. Each of its
// steps is atomic, so it may end anywhere, and others may append meanwhile.
func (l *Log) Compact(ctx context.Context, progress func(Seq)) (freed int64, err error) {
	for seq, conflicts := Seq(0), 0; ; {
		if l.isClosing() {
			return freed, fmt.Errorf("compact: %w", ErrClosed)
		}
		next, saved, err := l.compactFrom(ctx, seq)
		freed += saved
		switch {
		case errors.Is(err, ErrConflict) && conflicts < maxConflicts:
			conflicts++
			continue
		case err != nil:
			return freed, fmt.Errorf("compact from seq %d: %w", seq, err)
		case next == seq:
			return freed, nil
		}
		seq, conflicts = next, 0
		if progress != nil {
			progress(seq - 1)
		}
	}
}

// compactFrom compacts some segments from one on, and says where to go on: at
// the same seq where nothing is left.
func (l *Log) compactFrom(ctx context.Context, seq Seq) (next Seq, saved int64, err error) {
	state, err := l.store.State(ctx)
	if err != nil {
		return seq, 0, err
	}
	l.advance(state)
	if seq > state.Head {
		return seq, 0, nil
	}
	extents, err := l.store.Index(ctx, seq, indexPage)
	if err != nil || len(extents) == 0 {
		return seq, 0, err
	}
	runs, next := planCompact(extents, l.opts.SegmentBytes)
	saved, err = l.compactRuns(ctx, state, runs)
	return next, saved, err
}

// planCompact picks runs of segments of which each becomes one, as many as are
// written in one step, and the seq behind what is then done.
func planCompact(extents []Extent, segmentBytes int) (runs [][]Extent, next Seq) {
	bytes := 0
	for start := 0; start < len(extents) && bytes < compactBytes; {
		size, end := extents[start].Size, start+1
		for end < len(extents) && size+extents[end].Size-frameBytes <= segmentBytes {
			size += extents[end].Size - frameBytes
			end++
		}
		if end-start > 1 {
			runs = append(runs, extents[start:end])
			bytes += size
		}
		next = extents[end-1].Last + 1
		start = end
	}
	return runs, next
}

// compactRuns replaces runs together, or where the store cannot, one half
// after the other.
func (l *Log) compactRuns(ctx context.Context, state State, runs [][]Extent) (saved int64, err error) {
	if len(runs) == 0 {
		return 0, nil
	}
	deletions := l.deletionCount()
	var segments []*segment.Segment
	for _, run := range runs {
		s, err := l.joined(ctx, run)
		var damage *segment.CorruptError
		if errors.As(err, &damage) {
			continue // is left as it is
		}
		if err != nil {
			return 0, err
		}
		segments = append(segments, s)
		for _, e := range run {
			saved += int64(e.Size)
		}
		saved -= int64(s.Size())
	}
	if len(segments) == 0 {
		return 0, nil
	}
	now, err := l.store.Replace(ctx, Replacement{Generation: state.Generation, Segments: segments, Sealed: state.Sealed})
	switch {
	case err == nil:
		l.advance(now)
		l.keep(deletions, segments...)
		return saved, nil
	case !errors.Is(err, ErrNotAtomic):
		return 0, err
	}
	saved = 0
	for _, half := range halves(runs) {
		more, err := l.compactRuns(ctx, state, half)
		saved += more
		if err != nil {
			return saved, err
		}
		if state, err = l.store.State(ctx); err != nil {
			return saved, err
		}
	}
	return saved, nil
}

// halves splits runs in two, or a single run where its halves are still worth
// it.
func halves(runs [][]Extent) (halves [][][]Extent) {
	if n := len(runs); n > 1 {
		return [][][]Extent{runs[:n/2], runs[n/2:]}
	}
	run := runs[0]
	for _, half := range [][]Extent{run[:len(run)/2], run[len(run)/2:]} {
		if len(half) > 1 {
			halves = append(halves, [][]Extent{half})
		}
	}
	return halves
}

package core

import (
	"context"
	"errors"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core/segment"
)

// merger turns small segments into large ones behind the writers' backs, in
// two steps, so that a log appended to record by record is neither many small
// values for long nor rewritten often: mergeCount tiny ones become one of some
// kilobytes, and whatever adds up to a full segment becomes that.
type merger struct {
	log    *Log
	wake   chan struct{}
	ctx    context.Context
	cancel context.CancelFunc
	small  int // segments below full size committed since the last look
	sealed Seq // known here to be sealed, though the store may not say so yet
}

// mergeCount is how many tiny segments may stand at the log's end before they
// become one.
const mergeCount = 64

func newMerger(l *Log) *merger {
	m := &merger{log: l, wake: make(chan struct{}, 1), sealed: None}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	go m.run()
	return m
}

func (m *merger) stop() { m.cancel() }

// committed hears of every commit, from the one goroutine that makes them.
func (m *merger) committed(segments []*segment.Segment) {
	for _, s := range segments {
		if s.Size() < enough(m.log.opts.SegmentBytes) {
			m.small++
		}
	}
	if m.small >= mergeCount {
		m.small = 0
		select {
		case m.wake <- struct{}{}:
		default:
		}
	}
}

func (m *merger) run() {
	for {
		select {
		case <-m.ctx.Done():
			return
		case <-m.wake:
		}
		for {
			merged, err := m.mergeOnce(m.ctx)
			if err != nil && m.ctx.Err() == nil && !errors.Is(err, ErrConflict) {
				m.log.warn(err)
			}
			if !merged || err != nil {
				break
			}
		}
	}
}

// indexPage is how many segments are looked at together.
const indexPage = 64 * mergeCount

// mergeOnce merges one run of small segments, if there is one worth it.
func (m *merger) mergeOnce(ctx context.Context) (merged bool, err error) {
	l := m.log
	state, err := l.store.State(ctx)
	if err != nil {
		return false, fmt.Errorf("merging: %w", err)
	}
	l.advance(state)
	m.sealed = max(m.sealed, state.Sealed)
	var run []Extent
	var full bool
	for len(run) == 0 {
		if m.sealed >= state.Head {
			return false, nil
		}
		extents, err := l.store.Index(ctx, m.sealed+1, indexPage)
		if err != nil {
			return false, fmt.Errorf("merging: %w", err)
		}
		var sealed Seq
		run, full, sealed = planMerge(extents, l.opts.SegmentBytes)
		m.sealed = max(m.sealed, sealed)
		if len(run) == 0 && (len(extents) < indexPage || sealed == None) {
			return false, nil
		}
	}
	first, last := run[0].First, run[len(run)-1].Last
	deletions := l.deletionCount()
	s, err := l.joined(ctx, run)
	if err != nil {
		return false, fmt.Errorf("merging seq %d to %d: %w", first, last, err)
	}
	sealed := m.sealed
	if full {
		sealed = last
	}
	state, err = l.store.Replace(ctx, Replacement{Generation: state.Generation, Segments: []*segment.Segment{s}, Sealed: sealed})
	if err != nil {
		return false, fmt.Errorf("merging seq %d to %d: %w", first, last, err)
	}
	l.advance(state)
	l.keep(deletions, s)
	return true, nil
}

// planMerge picks the run of segments to merge next, of those at the log's
// end, none where nothing is worth it; full says that the one they become will
// never be merged again; and sealed is up to where that is so already.
func planMerge(extents []Extent, segmentBytes int) (run []Extent, full bool, sealed Seq) {
	enough := enough(segmentBytes)
	sealed = None
	start := 0
	for start < len(extents) {
		size, end := 0, start
		for end < len(extents) && extents[end].Size < enough && size < segmentBytes {
			size += extents[end].Size
			end++
		}
		complete := size >= segmentBytes || end < len(extents)
		switch {
		case complete && end-start > 1:
			return extents[start:end], true, sealed
		case complete:
			// a full one, or a small one alone before a full one
			end = max(end, start+1)
			sealed = extents[end-1].Last
			start = end
		default:
			return tinyEnd(extents[start:], enough/mergeCount), false, sealed
		}
	}
	return nil, false, sealed
}

// enough is the size from which a segment is left as it is: with the default,
// what IndexedDB stores as a large value.
func enough(segmentBytes int) int { return segmentBytes * 2 / 3 }

// tinyEnd is the run of tiny segments at the very end, if it is long enough.
func tinyEnd(extents []Extent, tiny int) []Extent {
	start := len(extents)
	for start > 0 && extents[start-1].Size < tiny {
		start--
	}
	if len(extents)-start < mergeCount {
		return nil
	}
	return extents[start:]
}

// joined reads a run of segments and makes one of it, in its place.
func (l *Log) joined(ctx context.Context, run []Extent) (*segment.Segment, error) {
	var b segment.Builder
	first, last := run[0].First, run[len(run)-1].Last
	for seq := first; seq <= last; {
		segments, err := l.segments(ctx, Range{From: seq, Through: last, Budget: l.opts.SegmentBytes, NoCache: true})
		if err != nil {
			return nil, err
		}
		for _, s := range segments {
			if s.First() != seq || s.Last() > last {
				return nil, ErrConflict
			}
			b.AddSegment(s)
			if seq = s.Last() + 1; seq > last {
				break
			}
		}
	}
	s := b.Finish()
	s.Place(first, false)
	return s, nil
}

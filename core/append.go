package core

import (
	"context"
	"errors"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Append appends records, all or none, and answers the newest one's seq when
// they are durable. Without records it answers Since. If ctx ends first, the
// error is the context's, and the records may still be appended.
func (l *Log) Append(ctx context.Context, records ...[]byte) (Seq, error) {
	if len(records) == 0 {
		return l.Since(), nil
	}
	run, lens, err := joinRun(records)
	if err != nil {
		return None, err
	}
	type answer struct {
		seq Seq
		err error
	}
	answered := make(chan answer, 1)
	err = l.Enqueue(run, lens, func(seq Seq, err error) { answered <- answer{seq, err} })
	if err != nil {
		return None, err
	}
	l.Commit()
	select {
	case a := <-answered:
		return a.seq, a.err
	case <-ctx.Done():
		return None, ctx.Err()
	}
}

// Enqueue takes records for the next commit, all or none, without waiting:
// run is the records joined by one byte each, whichever, lens their lengths.
// Both are copied. done is called once, with the newest one's seq or with an
// error, after all that was enqueued before; it must not wait. If Enqueue
// itself fails, nothing was taken and done is not called.
//
// The commit begins with the next Commit, so that a caller with much to append
// can have it in one.
func (l *Log) Enqueue(run []byte, lens []uint32, done func(Seq, error)) error {
	if err := checkRun(run, lens); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing {
		return errAppendClosed
	}
	g := l.queue.open(len(run), false)
	g.add(run, lens, l.opts.SegmentBytes)
	g.waiting = append(g.waiting, waiting{g.records, done})
	return nil
}

var errAppendClosed = fmt.Errorf("append: the log is %w", ErrClosed)

// Batch collects records for one append, for those who cannot have them all in
// memory at once. It is for one goroutine.
type Batch struct {
	log *Log
	group
}

// NewBatch begins a batch.
func (l *Log) NewBatch() *Batch { return &Batch{log: l} }

// Add takes records into the batch; run and lens are as for Enqueue.
func (b *Batch) Add(run []byte, lens []uint32) error {
	if err := checkRun(run, lens); err != nil {
		return err
	}
	b.group.add(run, lens, b.log.opts.SegmentBytes)
	return nil
}

// Enqueue takes the batch for the next commit, all or none, as Log.Enqueue
// does. The batch is not to be used any more.
func (b *Batch) Enqueue(done func(Seq, error)) error {
	if b.records == 0 {
		return checkRun(nil, nil)
	}
	b.seal()
	l := b.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing {
		return errAppendClosed
	}
	g := l.queue.open(b.bytes, false)
	g.join(&b.group)
	g.waiting = append(g.waiting, waiting{g.records, done})
	return nil
}

// Commit has what was enqueued committed as soon as the commit under way, if
// any, has ended. It does not wait.
func (l *Log) Commit() { l.nudge() }

func checkRun(run []byte, lens []uint32) error {
	if len(lens) == 0 {
		return fmt.Errorf("%w: there is none", ErrInvalidRecord)
	}
	sum := uint64(len(lens) - 1)
	for i, n := range lens {
		if n > segment.MaxRecord {
			return tooLarge(i, uint64(n))
		}
		sum += uint64(n)
	}
	if sum != uint64(len(run)) {
		return fmt.Errorf("%w: the lengths add up to %d bytes, but there are %d", ErrInvalidRecord, sum, len(run))
	}
	return nil
}

// queue is what waits for a commit, cut into groups, each of which will be
// one. Only the newest group grows.
type queue struct {
	groups []*group
}

// group is the appends that one commit will hold.
type group struct {
	segments []*segment.Segment
	open     segment.Builder // the records behind the last of segments
	records  int
	bytes    int
	waiting  []waiting
	keyed    []keyed // instead of all that, in a group of appends with keys
	noted    *noted  // instead of all that, an append with notes
}

// waiting is one append in its group.
type waiting struct {
	through int // how many of the group's records are its or older
	done    func(Seq, error)
}

// maxGroup bounds what one commit holds, unless one append alone is larger: a
// page that has appended more than this without waiting is given back between
// one commit and the next.
const maxGroup = 32 << 20

// open is the group for an append of so many bytes, with a key or without.
func (q *queue) open(bytes int, keyed bool) *group {
	if n := len(q.groups); n > 0 {
		g := q.groups[n-1]
		if g.bytes == 0 || g.noted == nil && g.bytes+bytes <= maxGroup && keyed == (len(g.keyed) > 0) {
			return g
		}
	}
	g := new(group)
	q.groups = append(q.groups, g)
	return g
}

// join takes in all of another group, which is sealed.
func (g *group) join(other *group) {
	g.seal()
	g.segments = append(g.segments, other.segments...)
	g.records += other.records
	g.bytes += other.bytes
}

func (g *group) add(run []byte, lens []uint32, segmentBytes int) {
	g.records += len(lens)
	g.bytes += len(run) + 1
	for len(lens) > 0 {
		room := segmentBytes - g.open.Size()
		n, size := 0, 0
		for n < len(lens) {
			next := int(lens[n]) + 5 // its separator and its place in the table
			if size+next > room && n+g.open.Count() > 0 {
				break
			}
			size += next
			n++
		}
		if n == 0 {
			g.seal()
			continue
		}
		size -= 4*n + 1
		g.open.AddRun(run[:size], lens[:n])
		lens = lens[n:]
		if len(lens) > 0 {
			run = run[size+1:]
			g.seal()
		}
	}
}

func (g *group) seal() {
	if g.open.Count() > 0 {
		g.segments = append(g.segments, g.open.Finish())
	}
}

// take removes the oldest group, nil where none waits.
func (q *queue) take() *group {
	if len(q.groups) == 0 {
		return nil
	}
	g := q.groups[0]
	q.groups[0] = nil
	q.groups = q.groups[1:]
	return g
}

// commitAll commits group after group until the log closes.
func (l *Log) commitAll() {
	defer close(l.drained)
	for range l.wake {
		for {
			l.mu.Lock()
			g, closing := l.queue.take(), l.closing
			l.mu.Unlock()
			if g == nil && closing {
				return
			}
			if g == nil {
				break
			}
			switch {
			case g.noted != nil:
				l.commitNoted(g.noted)
			case len(g.keyed) > 0:
				l.commitKeyed(g.keyed)
			default:
				l.commit(g)
			}
		}
	}
}

// commit writes one group and answers its appends. A group that failed leaves
// nothing behind: those that wait behind it are tried on their own.
func (l *Log) commit(g *group) {
	g.seal()
	deletions := l.deletionCount()
	var state State
	attempt := func() (err error) {
		state, err = l.store.Append(context.Background(), g.segments)
		return err
	}
	err := attempt()
	if errors.Is(err, ErrQuota) {
		err = l.rescue(err, g.bytes, attempt)
	}
	if err != nil {
		err = fmt.Errorf("append: %w", err)
		for _, w := range g.waiting {
			w.done(None, err)
		}
		return
	}
	l.hasRoom()
	l.keep(deletions, g.segments...)
	l.advance(state)
	before := state.Head - Seq(g.records)
	for _, w := range g.waiting {
		w.done(before+Seq(w.through), nil)
	}
	if l.merger != nil {
		l.merger.committed(g.segments)
	}
}

package replica

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core"
)

// maxBatch is about how many bytes of records are appended in one commit.
const maxBatch = 1 << 20

// incoming is a message on its way in. Runs of records gather in it until they
// are worth a commit.
type incoming struct {
	replica *Replica
	frames  frames
	runs    []run
	bytes   int

	status  *status // of the other side, once it has come
	more    bool    // the other side has more
	ended   bool
	records int               // that were taken in
	seen    map[Origin]uint64 // the digests of the deleted places that were taken in
}

func (r *Replica) incoming() *incoming {
	return &incoming{replica: r, seen: map[Origin]uint64{}}
}

// write takes in a piece of the message. What it holds wholly has taken effect
// when a later frame of another kind has, or flush. mu is held.
func (in *incoming) write(ctx context.Context, piece []byte) error {
	in.frames.held = append(in.frames.held, piece...)
	for {
		kind, payload, ok, err := in.frames.next()
		if err != nil || !ok {
			return err
		}
		if err := in.frame(ctx, kind, payload); err != nil {
			return err
		}
	}
}

func (in *incoming) frame(ctx context.Context, kind byte, payload []byte) (err error) {
	if in.ended || (kind == frameStatus) != (in.status == nil) {
		return fmt.Errorf("%w: a frame of kind %q is where none can be", ErrMessage, kind)
	}
	if kind != frameRun {
		if err := in.flush(ctx); err != nil {
			return err
		}
	}
	switch kind {
	case frameStatus:
		if in.status, err = decodeStatus(payload); err != nil {
			return err
		}
		_, err = in.replica.doubted(ctx, in.status.of(in.replica.table.own.id))
		return err
	case frameRun:
		out, err := decodeRun(payload)
		if err != nil {
			return err
		}
		return in.take(ctx, out)
	case frameDeleted:
		id, set, err := decodeDeleted(payload)
		if err != nil {
			return err
		}
		all, err := in.replica.takeDeletedOf(ctx, in.status.of(id), set)
		if all {
			in.seen[id] = digestOf(set)
		}
		return err
	case frameEnd:
		in.ended, in.more = true, len(payload) > 0 && payload[0] != 0
	}
	return nil // of a kind that a later version has made, and does without
}

// takeDeletedOf is takeDeleted, unless the other side has other records at these
// places.
func (r *Replica) takeDeletedOf(ctx context.Context, peer head, set []places) (all bool, err error) {
	h := r.table.origins[peer.origin]
	if h == nil {
		return false, nil
	}
	agrees, err := r.agrees(ctx, h, peer)
	if err != nil || !agrees || h == r.table.own && peer.next > min(r.given, h.next) {
		return false, err
	}
	return r.takeDeleted(ctx, peer.origin, set)
}

// take takes in a run, at once or with others.
func (in *incoming) take(ctx context.Context, next run) error {
	r := in.replica
	if check := r.opts.Check; check != nil {
		err := next.records(func(_ int, record []byte) error { return check(record) })
		if err != nil {
			return fmt.Errorf("a record of another replica: %w", err)
		}
	}
	if next.origin == r.table.own.id {
		if err := in.flush(ctx); err != nil {
			return err
		}
		n, err := r.takeOwn(ctx, next, in.status.of(next.origin).next)
		in.records += n
		return err
	}
	in.runs = append(in.runs, next)
	if in.bytes += len(next.bytes); in.bytes < maxBatch {
		return nil
	}
	return in.flush(ctx)
}

// flush appends the runs that have gathered.
func (in *incoming) flush(ctx context.Context) error {
	if in.replica.compared.going {
		in.runs, in.bytes = in.runs[:0], 0 // see doubted
	}
	if len(in.runs) == 0 {
		return nil
	}
	n, err := in.replica.appendRuns(ctx, in.runs)
	in.records += n
	in.runs, in.bytes = in.runs[:0], 0
	return err
}

// appendRuns appends what is new of runs of other origins, in one commit, and
// answers how many records that are. mu is held.
func (r *Replica) appendRuns(ctx context.Context, runs []run) (records int, err error) {
	for range maxConflicts {
		b, err := r.batch(ctx, runs)
		if err != nil {
			return 0, err
		}
		if len(b.lens) > 0 {
			err = r.append(ctx, b.notes, b.bytes, b.lens)
		}
		switch {
		case err == nil:
			for h, next := range b.next { // also behind what is deleted at an origin's end
				if h = r.table.history(h.id); h.next < next {
					h.next, h.deleted = next, nil
				}
			}
			return len(b.lens), nil
		case !errors.Is(err, core.ErrConflict):
			return 0, err
		}
	}
	return 0, errConflicts
}

// batch is what one commit is to append.
type batch struct {
	notes []core.Note
	bytes []byte
	lens  []uint32
	next  map[*history]uint64
}

// batch puts together what is new of runs. Of a run that begins behind places
// that are not here nothing is taken: the next status says what is wanted.
func (r *Replica) batch(ctx context.Context, runs []run) (b batch, err error) {
	b.next = map[*history]uint64{}
	for _, next := range runs {
		h := r.table.history(next.origin)
		if h == r.table.own {
			continue // since a fork: it is not to be had from others
		}
		at, ok := b.next[h]
		if !ok {
			at = h.next
		}
		if next.from > at || h.forked {
			continue
		}
		if next.place < at {
			known := min(int(at-next.place), len(next.lens))
			if same, err := r.same(ctx, h, next, known); err != nil {
				return b, err
			} else if !same {
				h.forked = true
				continue
			}
			next = next.without(known)
		}
		if len(next.lens) > 0 {
			first := core.Seq(len(b.lens))
			b.notes = append(b.notes, core.Note{
				First: first, Last: first + core.Seq(len(next.lens)) - 1, Origin: uint64(next.origin), Place: next.place,
			})
			if len(b.lens) > 0 {
				b.bytes = append(b.bytes, ',')
			}
			b.bytes = append(b.bytes, next.bytes...)
			b.lens = append(b.lens, next.lens...)
		}
		b.next[h] = max(at, next.end())
	}
	return b, nil
}

// same tells whether the last of the first n records of a run is the one that is
// here at its place, as far as that can be told.
func (r *Replica) same(ctx context.Context, h *history, next run, n int) (same bool, err error) {
	same = true
	err = next.records(func(i int, record []byte) error {
		if i != n-1 {
			return nil
		}
		mine, err := r.record(ctx, h, next.place+uint64(i))
		if errors.Is(err, core.ErrCorrupt) {
			return nil
		}
		same = mine == nil || bytes.Equal(mine, record)
		return err
	})
	return same, err
}

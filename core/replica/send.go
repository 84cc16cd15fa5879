package replica

import (
	"context"
	"fmt"
	"maps"

	"github.com/flumedb/flumedb-wasm/core"
)

const (
	// maxRun is about how many bytes of records go into a frame: what comes of one
	// before the connection breaks has to come again.
	maxRun = 128 << 10

	// fewRecords is how long a span may be to be read through the log's cache:
	// many such lie in one segment.
	fewRecords = 256
)

// outgoing is the records that another replica lacks, on their way in the order
// in which they stand in this log: what answers another record comes behind it.
type outgoing struct {
	replica *Replica
	from    map[Origin]uint64 // the next place of each origin that is sent
	seq     core.Seq          // where to go on
}

// outgoing plans what to send to a replica of that status. mu is held.
func (r *Replica) outgoing(ctx context.Context, peer *status) (*outgoing, error) {
	o := &outgoing{replica: r, from: map[Origin]uint64{}, seq: r.table.through + 1}
	for id, h := range r.table.origins {
		ph := peer.of(id)
		if peer.only && len(peer.heads) > 0 && ph.next == 0 && !ph.own {
			continue
		}
		agrees, err := r.agrees(ctx, h, ph)
		if err != nil {
			return nil, err
		}
		from := ph.want
		switch {
		case h == r.table.own && ph.own:
			// A copy of this log, which has its name too: the one that has less
			// finds out that it is another.
			if ph.next > h.next {
				continue
			}
		case h == r.table.own && (!agrees || ph.next > min(r.given, h.next)):
			continue // others have these places: theirs come here first, see takeOwn
		case h.forked || !agrees && !ph.own:
			h.forked = true
			continue
		}
		if from < h.next {
			o.from[id] = from
			if i := h.at(r.table, from); i < len(h.spans) {
				s := r.table.spans[h.spans[i]]
				o.seq = min(o.seq, s.seq+core.Seq(max(from, s.place)-s.place))
			}
		}
	}
	return o, nil
}

// pending is how many places there are to send. mu is held.
func (o *outgoing) pending() (n uint64) {
	for id, from := range o.from {
		n += o.replica.table.origins[id].next - from
	}
	return n
}

// done tells whether all has been sent.
func (o *outgoing) done() bool { return len(o.from) == 0 }

// next is the next frame, nil where all has been sent. mu is held.
func (o *outgoing) next(ctx context.Context) ([]byte, error) {
	t := o.replica.table
	for i := t.holding(o.seq); i < len(t.spans); i++ {
		s := t.spans[i]
		from, sending := o.from[s.of.id]
		if !sending || s.end() <= from {
			o.seq = s.last() + 1
			continue
		}
		o.seq = max(o.seq, s.seq)
		if s.place < from {
			o.seq = max(o.seq, s.seq+core.Seq(from-s.place))
		}
		out, err := o.gather(ctx, s)
		if err != nil {
			return nil, err
		}
		if len(out.lens) > 0 {
			out.from = from
			return o.send(ctx, s.of, out)
		}
	}
	// What is left was deleted, and there is nothing behind it.
	for id, from := range maps.Clone(o.from) {
		h := t.origins[id]
		return o.send(ctx, h, run{origin: id, from: from, place: h.next})
	}
	return nil, nil
}

// send makes a frame of a run that is the next of its origin.
func (o *outgoing) send(ctx context.Context, h *history, out run) ([]byte, error) {
	if h == o.replica.table.own {
		if err := o.replica.give(ctx, out.end()); err != nil {
			return nil, err
		}
	}
	o.from[h.id] = out.end()
	if out.end() >= h.next {
		delete(o.from, h.id)
	}
	return out.encode(), nil
}

// gather reads the next records of a span that are not deleted, which o.seq is
// then behind; none where all are.
func (o *outgoing) gather(ctx context.Context, s span) (out run, err error) {
	out.origin = s.of.id
	for o.seq <= s.last() && len(out.bytes) < maxRun {
		runs, err := o.replica.log.Read(ctx, core.Range{
			From: o.seq, Through: s.last(), Budget: maxRun - len(out.bytes), NoCache: s.count > fewRecords,
		})
		if err != nil {
			return out, fmt.Errorf("reading what another replica lacks: %w", err)
		}
		for _, found := range runs {
			if found.Deleted {
				if len(out.lens) > 0 {
					return out, nil
				}
				o.seq = found.Through + 1
				continue
			}
			if len(out.lens) == 0 {
				out.place = s.place + uint64(found.From-s.seq)
			}
			o.seq = out.take(found)
			if o.seq <= found.Through {
				return out, nil
			}
		}
	}
	return out, nil
}

// take adds records of a run that was read, one at least and as many as there is
// room for, and answers the seq behind them.
func (r *run) take(found core.Run) core.Seq {
	seq, size := found.From, len(r.bytes)
	for seq <= found.Through && (size < maxRun || seq == found.From && len(r.lens) == 0) {
		n := len(found.Record(seq))
		r.lens = append(r.lens, uint32(n))
		size += n + 1
		seq++
	}
	if seq == found.From {
		return seq
	}
	if len(r.lens) > int(seq-found.From) {
		r.bytes = append(r.bytes, ',')
	}
	r.bytes = append(r.bytes, found.Run(found.From, seq-1)...)
	return seq
}

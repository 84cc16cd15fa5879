package replica

import (
	"context"
	"errors"
	"slices"

	"github.com/flumedb/flumedb-wasm/core"
)

// head is what a status says of one origin.
type head struct {
	origin Origin
	own    bool   // it is who the sender is
	next   uint64 // places below it are there or deleted
	want   uint64 // from which place on the sender wants to be sent records
	check  check
	digest uint64 // of the places that are deleted
	seen   uint64 // the digest of the other side's deleted places that have been taken in
}

// check is by what it is noticed that two have other records at the same places:
// the newest record that is there. known is false where there is none.
type check struct {
	known bool
	place uint64
	sum   uint64 // XXH64
}

// status is what a replica says of itself.
type status struct {
	heads []head // in the order of the origins
	only  bool   // nothing is wanted of origins that are not listed
}

func (s *status) of(id Origin) head {
	if s == nil {
		return head{origin: id}
	}
	i, found := slices.BinarySearchFunc(s.heads, id, func(h head, id Origin) int {
		switch {
		case h.origin < id:
			return -1
		case h.origin > id:
			return 1
		}
		return 0
	})
	if !found {
		return head{origin: id}
	}
	return s.heads[i]
}

// status is this replica's; peer is the other's, as far as it is known. mu is
// held.
func (r *Replica) status(ctx context.Context, peer *status, seen map[Origin]uint64) (*status, error) {
	s := new(status)
	doubted, err := r.doubted(ctx, peer.of(r.table.own.id))
	if err != nil {
		return nil, err
	}
	for _, id := range r.table.ids() {
		h := r.table.origins[id]
		c, err := r.check(ctx, h)
		if err != nil {
			return nil, err
		}
		r.listDeleted(h)
		said := head{origin: id, own: h == r.table.own, next: h.next, want: h.next, check: c, digest: h.digest, seen: seen[id]}
		if said.own && doubted {
			// First who this log is; then the rest.
			said.want = min(h.next, r.compared.through)
			return &status{heads: []head{said}, only: true}, nil
		}
		s.heads = append(s.heads, said)
	}
	return s, nil
}

// check is the newest record that is there. mu is held.
func (r *Replica) check(ctx context.Context, h *history) (check, error) {
	for i := len(h.spans) - 1; i >= 0; i-- {
		s := r.table.spans[h.spans[i]]
		place, ok := h.newestLive(s)
		if !ok {
			continue
		}
		if h.check.known && h.check.place == place {
			return h.check, nil
		}
		record, err := r.record(ctx, h, place)
		if errors.Is(err, core.ErrCorrupt) || err == nil && record == nil {
			break // it will be noticed when it is to be sent, or is being deleted
		}
		if err != nil {
			return check{}, err
		}
		h.check = check{known: true, place: place, sum: sumOf(record)}
		return h.check, nil
	}
	return check{}, nil
}

// newestLive is the newest place of a span whose record is not deleted.
func (h *history) newestLive(s span) (place uint64, ok bool) {
	end := s.end()
	i, _ := slices.BinarySearchFunc(h.marked, end, func(m places, end uint64) int {
		if m.from < end {
			return -1
		}
		return 1
	})
	for i--; i >= 0 && h.marked[i].to >= end; i-- {
		end = h.marked[i].from
	}
	return end - 1, end > s.place
}

// agrees tells whether this replica has the record by which another one checks
// an origin. Where it has not that record, or it is deleted, there is nothing to
// disagree on. mu is held.
func (r *Replica) agrees(ctx context.Context, h *history, peer head) (bool, error) {
	if !peer.check.known || peer.check.place >= h.next {
		return true, nil
	}
	if h.check.known && h.check.place == peer.check.place {
		return h.check.sum == peer.check.sum, nil
	}
	record, err := r.record(ctx, h, peer.check.place)
	if errors.Is(err, core.ErrCorrupt) {
		return true, nil
	}
	return record == nil || sumOf(record) == peer.check.sum, err
}

// refreshDeletions lists the deleted records, where some have been deleted since
// it last did. mu is held.
func (r *Replica) refreshDeletions(ctx context.Context) error {
	state := r.log.State()
	if r.listed && r.deletions == state.Deletions {
		return nil
	}
	deleted, err := r.log.Deleted(ctx)
	if err != nil {
		return err
	}
	t := r.table
	for _, h := range t.origins {
		h.marked, h.deleted = nil, nil
	}
	r.listed, r.deletions = true, state.Deletions
	i := 0
	for _, run := range deleted {
		if run.Last > t.through {
			run.Last, r.listed = t.through, false // the rest next time
		}
		for seq := run.First; seq <= run.Last; {
			for t.spans[i].last() < seq {
				i++
			}
			s := t.spans[i]
			through := min(run.Last, s.last())
			s.of.mark(places{s.place + uint64(seq-s.seq), s.place + uint64(through-s.seq) + 1})
			seq = through + 1
		}
	}
	return nil
}

func (h *history) mark(p places) {
	if n := len(h.marked); n > 0 && h.marked[n-1].to == p.from {
		h.marked[n-1].to = p.to
	} else {
		h.marked = append(h.marked, p)
	}
	if h.check.known && p.from <= h.check.place && h.check.place < p.to {
		h.check = check{}
	}
}

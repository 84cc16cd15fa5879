package replica

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/flumedb/flumedb-wasm/core"
)

// listDeleted finds all places of an origin that are deleted: those whose records
// are, and those between records. mu is held.
func (r *Replica) listDeleted(h *history) {
	if h.deleted != nil {
		return
	}
	h.deleted = []places{}
	add := func(p places) {
		if n := len(h.deleted); n > 0 && h.deleted[n-1].to >= p.from {
			h.deleted[n-1].to = max(h.deleted[n-1].to, p.to)
		} else if p.from < p.to {
			h.deleted = append(h.deleted, p)
		}
	}
	next, marked := uint64(0), h.marked
	for _, i := range h.spans {
		s := r.table.spans[i]
		add(places{next, s.place})
		for ; len(marked) > 0 && marked[0].from < s.end(); marked = marked[1:] {
			add(marked[0])
		}
		next = s.end()
	}
	add(places{next, h.next})
	h.digest = digestOf(h.deleted)
}

// digestOf tells one set of places from another; that of none is 0.
func digestOf(set []places) uint64 {
	if len(set) == 0 {
		return 0
	}
	return xxhash.Sum64(appendPlaces(nil, set))
}

// appendPlaces writes places as uvarints: how many ranges, and of each how far it
// is from the end of the one before, and how long.
func appendPlaces(b []byte, set []places) []byte {
	b = binary.AppendUvarint(b, uint64(len(set)))
	end := uint64(0)
	for _, p := range set {
		b = binary.AppendUvarint(b, p.from-end)
		b = binary.AppendUvarint(b, p.to-p.from)
		end = p.to
	}
	return b
}

// takeDeleted deletes the records at places that are deleted elsewhere, and tells
// whether all these places are known here. mu is held.
func (r *Replica) takeDeleted(ctx context.Context, id Origin, set []places) (all bool, err error) {
	h := r.table.origins[id]
	if h == nil || h.forked {
		return false, nil
	}
	var seqs []core.Seq
	for _, p := range set {
		for i := h.at(r.table, p.from); i < len(h.spans); i++ {
			s := r.table.spans[h.spans[i]]
			if s.place >= p.to {
				break
			}
			for place := max(p.from, s.place); place < min(p.to, s.end()); place++ {
				if !contains(h.marked, place) {
					seqs = append(seqs, s.seq+core.Seq(place-s.place))
				}
			}
		}
	}
	all = len(set) == 0 || set[len(set)-1].to <= h.next
	if len(seqs) == 0 {
		return all, nil
	}
	if err := r.log.Delete(ctx, seqs...); err != nil {
		return false, err
	}
	return all, r.refresh(ctx)
}

// contains tells whether a place is in a set of ranges.
func contains(set []places, place uint64) bool {
	i, found := slices.BinarySearchFunc(set, place, func(p places, place uint64) int {
		switch {
		case p.to <= place:
			return -1
		case p.from > place:
			return 1
		}
		return 0
	})
	return found && i < len(set)
}

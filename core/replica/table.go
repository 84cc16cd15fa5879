package replica

import (
	"slices"
	"sort"

	"github.com/flumedb/flumedb-wasm/core"
)

// table is where all records of a log come from.
type table struct {
	spans   []span // of all records through the seq through, in order
	origins map[Origin]*history
	own     *history // who this log is: what is appended here from now on is its
	through core.Seq
	noted   core.Seq // the newest record of which there is a note
}

// span is consecutive records of one origin.
type span struct {
	of    *history
	place uint64
	seq   core.Seq
	count int64
}

func (s span) end() uint64    { return s.place + uint64(s.count) }
func (s span) last() core.Seq { return s.seq + core.Seq(s.count) - 1 }

// history is what there is of one origin. Places below next that are in no span
// were deleted before they came here.
type history struct {
	id    Origin
	next  uint64 // behind the last place that is here or known to be deleted
	spans []int  // in table.spans, in the order of places, which is that of seqs

	forked bool // another replica has other records at its places

	// What the status says of it, as long as that holds; see status.go.
	marked  []places // of its spans, whose records are deleted
	deleted []places // all, with those between spans; nil where not known
	digest  uint64
	check   check
}

// places is a range of places: from, included, to, excluded.
type places struct{ from, to uint64 }

func newTable(own Origin) *table {
	t := &table{origins: map[Origin]*history{}, through: core.None, noted: core.None}
	t.own = t.history(own)
	return t
}

func (t *table) history(id Origin) *history {
	h := t.origins[id]
	if h == nil {
		h = &history{id: id}
		t.origins[id] = h
	}
	return h
}

// ids are the origins of which there is something, in order.
func (t *table) ids() []Origin {
	ids := make([]Origin, 0, len(t.origins))
	for id, h := range t.origins {
		if h.next > 0 || h == t.own {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// addOwn takes in records that were appended here, through a seq.
func (t *table) addOwn(through core.Seq) {
	if through > t.through {
		t.add(span{of: t.own, place: t.own.next, seq: t.through + 1, count: int64(through - t.through)})
	}
}

// addNoted takes in the records of a note.
func (t *table) addNoted(n core.Note) error {
	t.addOwn(n.First - 1)
	if n.First != t.through+1 {
		return errNotes
	}
	if n.Fork != 0 {
		if t.own.id != Origin(n.Origin) || n.Boundary > t.own.next {
			return errNotes
		}
		t.fork(Origin(n.Fork), n.Boundary)
	}
	h := t.history(Origin(n.Origin))
	if h == t.own || n.Place < h.end(t) {
		return errNotes
	}
	t.add(span{of: h, place: n.Place, seq: n.First, count: int64(n.Last - n.First + 1)})
	t.noted = n.Last
	return nil
}

func (t *table) add(s span) {
	h := s.of
	t.through = s.last()
	h.next = max(h.next, s.end())
	h.deleted = nil
	if n := len(t.spans); n > 0 {
		if last := &t.spans[n-1]; last.of == h && last.end() == s.place {
			last.count += s.count
			return
		}
	}
	h.spans = append(h.spans, len(t.spans))
	t.spans = append(t.spans, s)
}

// end is the place behind the last record that is here.
func (h *history) end(t *table) uint64 {
	if n := len(h.spans); n > 0 {
		return t.spans[h.spans[n-1]].end()
	}
	return 0
}

// fork gives this log's own records from a place on to another origin, which is
// who it is from now on.
func (t *table) fork(id Origin, boundary uint64) {
	old := t.spans
	was, now := t.own, t.history(id)
	t.spans = nil
	for _, h := range t.origins {
		h.spans, h.deleted, h.check, h.marked = nil, nil, check{}, nil
	}
	was.next, t.own = boundary, now
	for _, s := range old {
		if s.of != was || s.end() <= boundary {
			t.add(s)
			continue
		}
		if kept := int64(boundary) - int64(s.place); kept > 0 {
			t.add(span{of: was, place: s.place, seq: s.seq, count: kept})
			s.seq, s.count, s.place = s.seq+core.Seq(kept), s.count-kept, boundary
		}
		t.add(span{of: now, place: s.place - boundary, seq: s.seq, count: s.count})
	}
}

// holding is the index in spans of the one that holds a seq, or of the first
// behind it.
func (t *table) holding(seq core.Seq) int {
	return sort.Search(len(t.spans), func(i int) bool { return t.spans[i].last() >= seq })
}

// at is the index in h.spans of the one that holds a place, or of the first
// behind it.
func (h *history) at(t *table, place uint64) int {
	return sort.Search(len(h.spans), func(i int) bool { return t.spans[h.spans[i]].end() > place })
}

// seqOf is the seq of the record at a place, None where there is none.
func (h *history) seqOf(t *table, place uint64) core.Seq {
	i := h.at(t, place)
	if i == len(h.spans) {
		return core.None
	}
	if s := t.spans[h.spans[i]]; s.place <= place {
		return s.seq + core.Seq(place-s.place)
	}
	return core.None
}

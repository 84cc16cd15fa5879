package filestore

import "github.com/flumedb/flumedb-wasm/core"

// hints remember where the last reads began and ended, more closely than the
// index does, so that who reads on begins exactly there.
type hints struct {
	ring [16]hint
	next int
}

type hint struct {
	index *index // the file's as it was then: a file walked anew has another
	mark
}

func (h *hints) add(ix *index, m mark) {
	for _, known := range h.ring {
		if known.index == ix && known.mark == m {
			return
		}
	}
	h.ring[h.next%len(h.ring)] = hint{ix, m}
	h.next++
}

// narrow moves the marks around seq closer together.
func (h *hints) narrow(ix *index, seq core.Seq, lo, hi mark) (mark, mark) {
	for _, m := range h.ring {
		switch {
		case m.index != ix:
		case m.seq <= seq && m.seq > lo.seq:
			lo = m.mark
		case m.seq > seq && m.seq < hi.seq:
			hi = m.mark
		}
	}
	return lo, hi
}

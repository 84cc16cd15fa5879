//go:build js && wasm

package idbstore

import "github.com/flumedb/flumedb-wasm/core"

// window is the part of the index that is in memory: segments one behind the
// other, around where the last read was. It may be stale, since other tabs
// merge segments; a segment that is then not where the window says shows that.
type window struct {
	extents []core.Extent
}

// maxWindow bounds how far appends lengthen the window.
const maxWindow = 8 * page

func (w *window) forget() { w.extents = nil }

// extend takes in a segment just appended, if it joins on.
func (w *window) extend(e core.Extent) {
	n := len(w.extents)
	if n == 0 || n >= maxWindow || w.extents[n-1].Last+1 != e.First {
		w.forget()
	}
	w.extents = append(w.extents, e)
}

// find is the index of the segment that holds seq, -1 where it is not in the
// window.
func (w *window) find(seq core.Seq) int {
	low, high := 0, len(w.extents)
	for low < high {
		middle := (low + high) / 2
		if w.extents[middle].Last < seq {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low == len(w.extents) || w.extents[low].First > seq {
		return -1
	}
	return low
}

// plan is the segments to read from the one with seq on, none where the window
// does not reach there.
func (w *window) plan(seq core.Seq, reverse bool, budget int) (plan []core.Extent) {
	step := 1
	if reverse {
		step = -1
	}
	i := w.find(seq)
	for ; i >= 0 && i < len(w.extents) && (len(plan) == 0 || budget > 0); i += step {
		e := w.extents[i]
		if n := len(plan); n > 0 && e.First != plan[n-1].Last+1 && e.Last != plan[n-1].First-1 {
			break
		}
		plan = append(plan, e)
		budget -= e.Size
	}
	return plan
}

package filestore

import (
	"cmp"
	"slices"

	"github.com/flumedb/flumedb-wasm/core"
)

// index knows where the frames of one file begin, sparsely: 16 bytes of it
// stand for 64 KiB of file, however small the frames.
type index struct {
	marks []mark // ascending; the first frame, and the first behind every hole, have one
	holes []hole // ascending
}

// mark is the place of a frame that begins with seq.
type mark struct {
	seq core.Seq
	off int64
}

// hole is a stretch of a file that no frame can be read from. Its records are
// out of reach; there are none where last < first.
type hole struct {
	first, last core.Seq
	off, end    int64
	damage      damage
}

// markEvery is the least distance of marks.
const markEvery = 64 << 10

// add notes the frame at off, which lies behind all that are noted.
func (ix *index) add(seq core.Seq, off int64) {
	if n := len(ix.marks); n > 0 && off-ix.marks[n-1].off < markEvery {
		if h := len(ix.holes); h == 0 || ix.holes[h-1].end <= ix.marks[n-1].off {
			return
		}
	}
	ix.marks = append(ix.marks, mark{seq, off})
}

// cut forgets what begins at off or behind it.
func (ix *index) cut(off int64) {
	for n := len(ix.marks); n > 0 && ix.marks[n-1].off >= off; n-- {
		ix.marks = ix.marks[:n-1]
	}
	for n := len(ix.holes); n > 0 && ix.holes[n-1].off >= off; n-- {
		ix.holes = ix.holes[:n-1]
	}
}

// holeAt is the hole that seq is lost in.
func (ix *index) holeAt(seq core.Seq) (hole, bool) {
	for _, h := range ix.holes {
		if h.first <= seq && seq <= h.last {
			return h, true
		}
	}
	return hole{}, false
}

// around gives the marks between which the frame that holds seq lies, with no
// hole between them. end is where the file's last frame ends, and next its
// seq. ok is false where the index has nothing to say about seq.
func (ix *index) around(seq core.Seq, end mark) (lo, hi mark, ok bool) {
	i, exact := slices.BinarySearchFunc(ix.marks, seq, func(m mark, seq core.Seq) int {
		return cmp.Compare(m.seq, seq)
	})
	if !exact {
		i--
	}
	if i < 0 || seq >= end.seq {
		return mark{}, mark{}, false
	}
	lo, hi = ix.marks[i], end
	if i+1 < len(ix.marks) {
		hi = ix.marks[i+1]
	}
	if h, ok := ix.holeFrom(lo.off); ok && h.off < hi.off {
		hi = mark{h.first, h.off}
	}
	return lo, hi, true
}

// holeFrom is the first hole behind the frame that begins at off. A hole
// without bytes, where records are missing between two frames, may have the
// same off, but lies before that frame.
func (ix *index) holeFrom(off int64) (hole, bool) {
	for _, h := range ix.holes {
		if h.end > off {
			return h, true
		}
	}
	return hole{}, false
}

// reach is the first frame's beginning that is known at off or behind it,
// before any hole that lies behind from; end if there is none.
func (ix *index) reach(from, off, end int64) int64 {
	i, _ := slices.BinarySearchFunc(ix.marks, off, func(m mark, off int64) int {
		return cmp.Compare(m.off, off)
	})
	if i < len(ix.marks) {
		end = ix.marks[i].off
	}
	if h, ok := ix.holeFrom(from); ok {
		end = min(end, h.off)
	}
	return end
}

// reachBack is the last mark at off or before it, behind any hole that lies
// before from; from where there is none.
func (ix *index) reachBack(from mark, off int64) mark {
	i, exact := slices.BinarySearchFunc(ix.marks, off, func(m mark, off int64) int {
		return cmp.Compare(m.off, off)
	})
	if !exact {
		i--
	}
	i = max(i, 0)
	var start int64
	for _, h := range ix.holes {
		if h.end <= from.off {
			start = h.end
		}
	}
	for i < len(ix.marks) && ix.marks[i].off < start {
		i++
	}
	if i < len(ix.marks) && ix.marks[i].off < from.off {
		return ix.marks[i]
	}
	return from
}

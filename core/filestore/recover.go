package filestore

import (
	"fmt"
	"strings"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Recovery says what Open had to do to a log that was not closed cleanly.
type Recovery struct {
	// Bytes is how many bytes of a torn commit were cut off the newest file.
	Bytes int64

	// Seq is the newest record that is left.
	Seq core.Seq

	// Lost is how many records behind Seq had been made durable by a clean
	// close and are gone all the same: somebody cut or deleted the newest
	// file. Their seqs will be used again, and checkpoints that may have seen
	// them have been dropped.
	Lost int64

	// Meta tells that the file meta was missing or damaged, and has been made
	// anew with another ID.
	Meta bool
}

// Warning says what a user should hear of, "" where that is nothing: a torn
// commit was never acknowledged and is no reason to worry.
func (r Recovery) Warning() string {
	var text string
	if r.Lost > 0 {
		text = fmt.Sprintf("%d records behind seq %d are gone: the newest file was cut or deleted after the log had been closed", r.Lost, r.Seq)
	}
	if r.Meta {
		text = strings.TrimPrefix(text+"; the file meta was missing or damaged, and was made anew", "; ")
	}
	return text
}

// recovery is a walk over the newest file after a crash, with the records'
// checksums, which decides where the log ends. docs/format-files.md has the
// reasons.
//
// Whatever is wrong before the last commit is damage and stays as a hole. The
// last commit, if something is wrong with it, was torn, and is cut off as a
// whole: it was never acknowledged, because with strict durability a commit is
// synced before the next is written. What makes it the last one:
//
//   - nothing that can be read follows the bad place, or
//   - what follows belongs to the same commit. The flag Continues of a frame
//     whose records are bad still says so. A frame whose header is bad says so
//     only where it was never written and reads as zeros, which damage does
//     not look like; one commit may then end behind it.
//
// But records below durable were made so by a clean close: with them nothing
// can be torn, and only a file that ends too early cuts them off.
type recovery struct {
	index   index
	durable core.Seq // seqs below it are no part of a torn commit
	size    int64
	newer   int // a later format version that was met

	// commit is where the commit begins that the walk is in, which goes on
	// where open is set.
	commit mark
	open   bool
	newest mark // where the last commit begins that is whole

	// doubt is where a commit begins that is torn unless a later one follows
	// it; more says that what comes next may be still the same one.
	doubt  mark
	doubts bool
	more   bool

	end mark // behind the last frame or hole
}

func (r *recovery) frame(off int64, h segment.Header) bool {
	r.follows(mark{h.First, off})
	r.open = h.Continues
	r.more = r.more && h.Continues
	if !r.open {
		r.newest = r.commit
	}
	r.index.add(h.First, off)
	r.end = mark{h.Last() + 1, off + int64(h.Size)}
	return true
}

func (r *recovery) hole(h hole) bool {
	r.follows(mark{h.first, h.off})
	if h.damage.short {
		r.open = true
		return false
	}
	r.newer = max(r.newer, h.damage.newer)
	if h.first >= r.durable && h.end > h.off && !r.doubts {
		r.doubts, r.more, r.doubt = true, true, r.commit
	}
	if h.damage.known() {
		r.open = h.damage.frame.Continues
		r.more = r.more && r.open
	} else {
		r.open = false
		r.more = r.more && h.damage.blank
		if h.end == r.size {
			h.last = max(h.first, r.durable-1)
		}
	}
	r.index.holes = append(r.index.holes, h)
	r.end = mark{h.last + 1, h.end}
	return true
}

// follows is told of each place, before what it holds is looked at.
func (r *recovery) follows(m mark) {
	if !r.more {
		r.doubts = false
	}
	if !r.open {
		r.commit = m
	}
}

// tail is where the log ends: before a torn commit, or behind the last frame
// or hole. What the index knows beyond is forgotten.
func (r *recovery) tail() mark {
	end := r.end
	switch {
	case r.doubts:
		end = r.doubt
	case r.open:
		end = r.commit
	}
	r.index.cut(end.off)
	return end
}

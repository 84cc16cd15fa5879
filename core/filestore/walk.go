package filestore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"
	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// walker steps from frame to frame of one file.
type walker struct {
	file File
	name string
	size int64
	// limit is the seq that the file's frames stay below: what the next file
	// begins with, or one more than the head.
	limit core.Seq
	// verify has the records' checksums checked too, which needs all bytes.
	verify bool

	buf  []byte // the file's bytes from at on
	at   int64
	tiny bool // frames are so small that reading on past a header pays
}

// damage is what is wrong with a place where a frame should be.
type damage struct {
	reason string
	frame  segment.Header // where the header can be read: its records cannot
	short  bool           // the file ends before the frame does
	blank  bool           // the header was never written: it reads as zeros
	newer  int            // a later format version, if that is what it is
}

// known reports whether the header can be read.
func (d damage) known() bool { return d.frame.Count > 0 }

// visitor is told what a walk finds, in order of place. The walk ends where it
// answers false.
type visitor interface {
	frame(off int64, h segment.Header) bool
	hole(h hole) bool
}

// walk visits all frames and holes from a place where a frame begins to the
// end of the file. Seqs that the file should hold and does not are a hole.
func (w *walker) walk(from mark, v visitor) error {
	off, expect := from.off, from.seq
	for off < w.size {
		h, bad, err := w.frame(off, expect)
		if err != nil {
			return err
		}
		if bad == nil && h.First > expect {
			gap := damage{reason: "records are missing before this place"}
			if !v.hole(hole{first: expect, last: h.First - 1, off: off, end: off, damage: gap}) {
				return nil
			}
			expect = h.First
		}
		if bad == nil {
			if !v.frame(off, h) {
				return nil
			}
			off, expect = off+int64(h.Size), h.Last()+1
			continue
		}
		lost := hole{first: expect, last: w.limit - 1, off: off, end: w.size, damage: *bad}
		switch {
		case bad.short:
		case bad.known():
			lost.last, lost.end = bad.frame.Last(), off+int64(bad.frame.Size)
		default:
			next, found, err := w.resume(off, expect)
			if err != nil {
				return err
			}
			if found {
				lost.last, lost.end = next.seq-1, next.off
			}
		}
		if !v.hole(lost) {
			return nil
		}
		off, expect = lost.end, lost.last+1
	}
	if expect < w.limit && w.limit <= segment.MaxSeq {
		gap := damage{reason: "the file ends before its records do", short: true}
		v.hole(hole{first: expect, last: w.limit - 1, off: w.size, end: w.size, damage: gap})
	}
	return nil
}

// frame reads the header at off, and with verify checks the frame.
func (w *walker) frame(off int64, expect core.Seq) (segment.Header, *damage, error) {
	head, err := w.bytes(off, min(segment.HeaderSize, w.size-off))
	if err != nil {
		return segment.Header{}, nil, err
	}
	h, err := segment.ReadHeader(head)
	if err != nil {
		return segment.Header{}, w.unreadable(off, head, err), nil
	}
	w.tiny = h.Size < pieceSize/8
	switch {
	case h.First < expect || h.Last() >= w.limit:
		return segment.Header{}, &damage{reason: "a segment with other seqs stands here"}, nil
	case off+int64(h.Size) > w.size:
		return segment.Header{}, &damage{reason: "the file ends within the segment", frame: h, short: true}, nil
	case !w.verify:
		return h, nil, nil
	}
	b, err := w.bytes(off, int64(h.Size))
	if err != nil {
		return segment.Header{}, nil, err
	}
	if _, err := segment.Decode(b); err != nil {
		return segment.Header{}, &damage{reason: reasonOf(err), frame: h}, nil
	}
	return h, nil, nil
}

// unreadable tells why there is no header.
func (w *walker) unreadable(off int64, head []byte, err error) *damage {
	d := &damage{reason: reasonOf(err), short: errors.Is(err, segment.ErrShort)}
	var newer *segment.VersionError
	if errors.As(err, &newer) {
		// A flipped bit in the version byte is damage; the header's sum, which
		// stays in its place in every version, tells.
		if xxhash.Sum64(head[:segment.HeaderSize-8]) == binary.LittleEndian.Uint64(head[segment.HeaderSize-8:]) {
			d.newer = newer.Version
		} else {
			d.reason = "the header's checksum is wrong"
		}
	}
	d.blank = neverWritten(head, off)
	return d
}

// sectorSize is what disks write as a whole.
const sectorSize = 512

// neverWritten reports whether the bytes, which stand at off, contain what a
// sector reads as that a power cut kept from being written: all zeros. A
// header may straddle two sectors of which one was written.
func neverWritten(b []byte, off int64) bool {
	split := int((off+sectorSize-1)/sectorSize*sectorSize - off)
	if split <= 0 || split >= len(b) {
		return zero(b)
	}
	return zero(b[:split]) || zero(b[split:])
}

func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

func reasonOf(err error) string {
	var c *segment.CorruptError
	if errors.As(err, &c) {
		return c.Reason
	}
	return err.Error()
}

// resume finds where frames go on behind a place at which none can be read. A
// frame proves itself by both its checksums and by seqs that may stand here.
func (w *walker) resume(off int64, expect core.Seq) (mark, bool, error) {
	// If the header's lengths are not what is damaged, they lead to the next
	// frame, even over records that look like frames.
	if w.size-off >= segment.HeaderSize {
		b, err := w.bytes(off, segment.HeaderSize)
		if err != nil {
			return mark{}, false, err
		}
		count := int64(binary.LittleEndian.Uint32(b[16:]))
		next := off + segment.HeaderSize + 4*count + int64(binary.LittleEndian.Uint32(b[20:]))
		if m, ok, err := w.proves(next, expect); err != nil || ok && m.seq == expect+core.Seq(count) {
			return m, err == nil, err
		}
	}
	for at := off + 1; w.size-at >= segment.HeaderSize; {
		b, err := w.bytes(at, min(pieceSize, w.size-at))
		if err != nil {
			return mark{}, false, err
		}
		i := candidate(b)
		if i < 0 {
			at += int64(len(b)) - (segment.HeaderSize - 1)
			continue
		}
		at += int64(i)
		if m, ok, err := w.proves(at, expect); err != nil || ok {
			return m, ok, err
		}
		at++
	}
	return mark{}, false, nil
}

// candidate is the first place in b where a whole header stands, -1 if none.
func candidate(b []byte) int {
	for at := 0; ; at++ {
		i := bytes.Index(b[at:], []byte("FLMS"))
		if i < 0 || len(b)-at-i < segment.HeaderSize {
			return -1
		}
		at += i
		if _, err := segment.ReadHeader(b[at:]); err == nil {
			return at
		}
	}
}

// proves reports whether a whole frame stands at off.
func (w *walker) proves(off int64, expect core.Seq) (mark, bool, error) {
	if off > w.size-segment.HeaderSize {
		return mark{}, false, nil
	}
	thorough := *w
	thorough.verify = true
	h, bad, err := thorough.frame(off, expect)
	w.buf, w.at = thorough.buf, thorough.at
	return mark{h.First, off}, err == nil && bad == nil, err
}

// pieceSize is how much is read at once.
const pieceSize = 256 << 10

// bytes gives n bytes at off, which the file has; they stay until the next
// call.
func (w *walker) bytes(off, n int64) ([]byte, error) {
	if off >= w.at && off+n <= w.at+int64(len(w.buf)) {
		return w.buf[off-w.at:][:n], nil
	}
	want := n
	switch {
	case w.verify: // and so all is needed
		want = max(n, 4*pieceSize)
	case w.tiny:
		want = max(n, pieceSize)
	}
	want = min(want, w.size-off)
	if int64(cap(w.buf)) < want {
		w.buf = make([]byte, want)
	}
	w.buf, w.at = w.buf[:want], off
	read, err := w.file.ReadAt(w.buf, off)
	w.buf = w.buf[:read]
	if int64(read) < n {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		w.buf = w.buf[:0]
		return nil, fmt.Errorf("read %s at %d: %w", w.name, off, err)
	}
	return w.buf[:n], nil
}

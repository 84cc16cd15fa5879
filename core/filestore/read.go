package filestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Read implements core.Store: one read of the file for as much as the budget
// asks for, and one more for each further file.
func (s *Store) Read(ctx context.Context, seq core.Seq, reverse bool, budget int) ([]*segment.Segment, error) {
	var found []*segment.Segment
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		run, head, err := s.readRun(ctx, seq, reverse, budget)
		if err != nil && len(found) == 0 {
			return nil, err
		}
		if err != nil {
			return found, nil
		}
		found = append(found, run...)
		for _, seg := range run {
			budget -= seg.Size()
		}
		if reverse {
			seq = run[len(run)-1].First() - 1
		} else {
			seq = run[len(run)-1].Last() + 1
		}
		if budget <= 0 || seq < 0 || seq > head {
			return found, nil
		}
	}
}

// stretch is a part of a file that begins and ends with whole frames.
type stretch struct {
	file   *file
	index  *index // the file's, when the stretch was planned
	handle *handle
	from   mark
	to     int64
}

// readRun reads from one file. If the file is not what its index says, which
// happens where it is damaged under the store's hands, it is walked again.
func (s *Store) readRun(ctx context.Context, seq core.Seq, reverse bool, budget int) ([]*segment.Segment, core.Seq, error) {
	for tries := 0; ; tries++ {
		if err := s.enter(ctx); err != nil {
			return nil, 0, err
		}
		head := s.state.Head
		p, err := s.plan(seq, reverse, budget)
		if err != nil {
			s.mu.Unlock()
			return nil, 0, err
		}
		buf, of := s.borrow(ctx, p.to-p.from.off)
		s.mu.Unlock()
		n, err := p.handle.ReadAt(buf, p.from.off)
		s.release(p.handle)
		if of == own {
			defer s.giveBack(buf)
		}
		if n < len(buf) && err != nil && err != io.EOF {
			return nil, 0, fmt.Errorf("read seq %d, %s: %w", seq, p.file.place(p.from.off), err)
		}
		if run, ok := choose(buf[:n], p.from.seq, seq, reverse, budget); ok {
			found, err := s.decode(p, run, buf, of, reverse)
			return found, head, err
		}
		if tries > 0 {
			return nil, 0, p.file.corrupt(hole{first: seq, last: seq, off: p.from.off, damage: damage{reason: "the file is changing while it is read"}})
		}
		s.mu.Lock()
		p.file.index = nil
		s.mu.Unlock()
	}
}

// scratchSize is the size of reads, and less, out of which the segments are
// copied. A random read among tiny frames needs few of the bytes it reads.
const scratchSize = 2 * markEvery

// lender is whose memory a read goes into.
type lender int

const (
	nobody lender = iota // fresh memory
	own                  // the store's
	reader               // of whoever reads, who keeps nothing
)

// borrow gives memory for a read: the reader's, or the store's own, if it is
// large enough and nobody has it. The caller holds mu.
func (s *Store) borrow(ctx context.Context, n int64) (buf []byte, of lender) {
	if m := core.MemoryFor(ctx); m != nil {
		return m.Take(int(n)), reader
	}
	if n > scratchSize {
		return make([]byte, n), nobody
	}
	buf, s.scratch = s.scratch, nil
	if buf == nil {
		buf = make([]byte, scratchSize)
	}
	return buf[:n], own
}

func (s *Store) giveBack(buf []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scratch = buf[:scratchSize]
}

// plan chooses what to read so that it holds the segment of seq and, walking
// from there, as much as budget. The caller holds mu and releases the handle.
func (s *Store) plan(seq core.Seq, reverse bool, budget int) (stretch, error) {
	if seq < 0 || seq > s.state.Head {
		return stretch{}, fmt.Errorf("seq %d: %w", seq, core.ErrNotFound)
	}
	i, f, err := s.find(seq)
	if err != nil {
		return stretch{}, err
	}
	h, err := s.cache.acquire(s.fs, f)
	if err != nil {
		return stretch{}, s.out(i, err)
	}
	p := stretch{file: f, handle: h}
	if err := s.survey(i, h); err != nil {
		s.cache.release(h)
		return stretch{}, err
	}
	if lost, ok := f.index.holeAt(seq); ok {
		s.cache.release(h)
		return stretch{}, f.corrupt(lost)
	}
	lo, hi, ok := f.index.around(seq, mark{s.limit(i), f.size})
	if !ok {
		s.cache.release(h)
		return stretch{}, f.corrupt(hole{first: seq, last: seq, damage: damage{reason: "no segment holds the record"}})
	}
	p.index = f.index
	lo, hi = s.hints.narrow(f.index, seq, lo, hi)
	want := int64(min(budget, maxRead))
	if reverse {
		p.from, p.to = f.index.reachBack(lo, hi.off-want), hi.off
	} else {
		p.from, p.to = lo, max(hi.off, f.index.reach(lo.off, lo.off+want, f.size))
	}
	return p, nil
}

// maxRead bounds one read, whatever the budget.
const maxRead = 64 << 20

// find is the file that should hold seq.
func (s *Store) find(seq core.Seq) (int, *file, error) {
	i, exact := slices.BinarySearchFunc(s.files, seq, func(f *file, seq core.Seq) int {
		switch {
		case f.first < seq:
			return -1
		case f.first > seq:
			return 1
		}
		return 0
	})
	if !exact {
		i--
	}
	if i < 0 {
		return 0, nil, &segment.CorruptError{
			First: 0, Last: s.files[0].first - 1, Segment: logName(0, 0) + "@0", Reason: "the file is gone",
		}
	}
	return i, s.files[i], nil
}

// limit is the seq that the records of a file stay below.
func (s *Store) limit(i int) core.Seq {
	if i+1 < len(s.files) {
		return s.files[i+1].first
	}
	return s.state.Head + 1
}

// out says that nothing of a file can be read.
func (s *Store) out(i int, err error) error {
	if c, ok := err.(*segment.CorruptError); ok {
		c.First, c.Last = s.files[i].first, s.limit(i)-1
	}
	return err
}

// survey walks a file whose frames nobody has asked for yet. Only headers are
// read, unless frames are tiny. The caller holds mu.
func (s *Store) survey(i int, h *handle) error {
	f := s.files[i]
	if f.index != nil {
		return nil
	}
	size, err := h.Size()
	if err != nil {
		return fmt.Errorf("size of %s: %w", f.name, err)
	}
	if i < len(s.files)-1 {
		f.size = size
	}
	var found survey
	w := walker{file: h, name: f.name, size: min(size, f.size), limit: s.limit(i)}
	if err := w.walk(mark{seq: f.first}, &found); err != nil {
		return err
	}
	f.index = &found.index
	return nil
}

// survey is a walk that makes an index.
type survey struct{ index index }

func (s *survey) frame(off int64, h segment.Header) bool {
	s.index.add(h.First, off)
	return true
}

func (s *survey) hole(h hole) bool {
	s.index.holes = append(s.index.holes, h)
	return true
}

// place names a place in the file.
func (f *file) place(off int64) string {
	return f.name + "@" + strconv.FormatInt(off, 10)
}

// corrupt is the error of whoever reads a record that is lost in a hole.
func (f *file) corrupt(h hole) error {
	if h.damage.newer > 0 {
		return fmt.Errorf("seq %d, %s: %w", h.first, f.place(h.off), &segment.VersionError{Version: h.damage.newer})
	}
	return &segment.CorruptError{First: h.first, Last: h.last, Segment: f.place(h.off), Reason: h.damage.reason}
}

// span is where a frame lies in a buffer.
type span struct{ from, to int }

// choose picks the frames to decode out of a buffer that begins with a frame
// of the seq first, in order of place. ok is false where the buffer does not
// hold what it should.
func choose(buf []byte, first, seq core.Seq, reverse bool, budget int) (run []span, ok bool) {
	expect := first
	for off := 0; off < len(buf); {
		h, err := segment.ReadHeader(buf[off:])
		if err != nil || h.First != expect || h.Size > len(buf)-off {
			break
		}
		if reverse || h.Last() >= seq {
			run = append(run, span{off, off + h.Size})
		}
		off += h.Size
		expect = h.Last() + 1
		if reverse && h.Last() >= seq {
			break
		}
		if !reverse && len(run) > 0 && off-run[0].from >= budget {
			break
		}
	}
	if len(run) == 0 || reverse && expect <= seq {
		return nil, false
	}
	if reverse {
		last := run[len(run)-1].to
		for len(run) > 1 && last-run[1].from >= budget {
			run = run[1:]
		}
	}
	return run, true
}

// decode checks the chosen frames and gives them in order of walking. They
// share the buffer, unless it is the store's, or they fill so little of it that
// it would be kept in memory for a few.
func (s *Store) decode(p stretch, run []span, buf []byte, of lender, reverse bool) ([]*segment.Segment, error) {
	base, end := run[0].from, run[len(run)-1].to
	if of == own || of == nobody && 2*(end-base) < len(buf) {
		buf = bytes.Clone(buf[base:end])
		for i := range run {
			run[i].from, run[i].to = run[i].from-base, run[i].to-base
		}
		p.from.off += int64(base)
	}
	if reverse {
		slices.Reverse(run)
	}
	found := make([]*segment.Segment, 0, len(run))
	for _, r := range run {
		seg, err := segment.Decode(buf[r.from:r.to:r.to])
		if err != nil && len(found) > 0 {
			break
		}
		if err != nil {
			var c *segment.CorruptError
			if errors.As(err, &c) {
				c.Segment = p.file.place(p.from.off + int64(r.from))
				return nil, c
			}
			return nil, fmt.Errorf("%s: %w", p.file.place(p.from.off+int64(r.from)), err)
		}
		found = append(found, seg)
	}
	lo, hi := run[0], run[len(found)-1]
	first, last := found[0], found[len(found)-1]
	if reverse {
		lo, hi, first, last = hi, lo, last, first
	}
	s.mu.Lock()
	s.hints.add(p.index, mark{first.First(), p.from.off + int64(lo.from)})
	s.hints.add(p.index, mark{last.Last() + 1, p.from.off + int64(hi.to)})
	s.mu.Unlock()
	return found, nil
}

// Index implements core.Store. A hole is listed as if it were a segment.
func (s *Store) Index(ctx context.Context, seq core.Seq, limit int) ([]core.Extent, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	l := listing{seq: max(seq, 0), limit: limit}
	for l.seq <= s.state.Head && len(l.extents) < limit {
		i, f, err := s.find(l.seq)
		if err != nil {
			l.hole(hole{first: 0, last: s.files[0].first - 1})
			continue
		}
		if err := s.listFile(i, f, &l); err != nil {
			return nil, err
		}
	}
	return l.extents, nil
}

func (s *Store) listFile(i int, f *file, l *listing) error {
	h, err := s.cache.acquire(s.fs, f)
	if err != nil {
		return s.out(i, err)
	}
	defer s.cache.release(h)
	if err := s.survey(i, h); err != nil {
		return err
	}
	from := mark{seq: f.first}
	if lo, _, ok := f.index.around(l.seq, mark{s.limit(i), f.size}); ok {
		from = lo
	}
	w := walker{file: h, name: f.name, size: f.size, limit: s.limit(i)}
	return w.walk(from, l)
}

// listing is a walk that lists segments from a seq on.
type listing struct {
	seq     core.Seq // the next that is not listed
	limit   int
	extents []core.Extent
}

func (l *listing) frame(_ int64, h segment.Header) bool {
	return l.add(core.Extent{First: h.First, Last: h.Last(), Size: h.Size, Deleted: h.Deleted})
}

func (l *listing) hole(h hole) bool {
	return l.add(core.Extent{First: h.first, Last: h.last, Size: int(h.end - h.off)})
}

func (l *listing) add(e core.Extent) bool {
	if e.Last >= l.seq && e.Last >= e.First {
		l.extents = append(l.extents, e)
		l.seq = e.Last + 1
	}
	return len(l.extents) < l.limit
}

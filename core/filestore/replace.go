package filestore

import (
	"context"
	"fmt"
	"io"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Replace implements core.Store: it writes the file that holds the segments anew,
// under a name with the new generation, which the rename puts into force.
// Whoever finds both files, because the process died in between, takes the
// newer. The new file is always synced first, since it takes the place of
// bytes that were durable.
func (s *Store) Replace(ctx context.Context, r core.Replacement) (core.State, error) {
	state, err := s.enterWriting(ctx)
	if err != nil {
		return core.State{}, err
	}
	defer s.writing.Unlock()
	if err := s.usable(); err != nil {
		return core.State{}, err
	}
	first, last := r.Segments[0].First(), r.Segments[len(r.Segments)-1].Last()
	fail := func(err error) (core.State, error) {
		return core.State{}, fmt.Errorf("replace seq %d to %d: %w", first, last, err)
	}
	if r.Generation != state.Generation || first < 0 || last > state.Head {
		return fail(core.ErrConflict)
	}
	var i int
	var pieces []piece
	for _, run := range r.Runs() {
		in, from, to, err := s.bounds(run.First, run.Last)
		if err == nil && len(pieces) > 0 && in != i {
			err = core.ErrNotAtomic
		}
		if err != nil {
			return fail(err)
		}
		i = in
		pieces = append(pieces, piece{from, to, run.Segments})
	}
	old := s.files[i]
	f := &file{name: logName(old.first, state.Generation+1), first: old.first, generation: state.Generation + 1}
	temp := f.name + tempSuffix
	if f.size, err = s.rewrite(temp, old, pieces); err != nil {
		s.fs.Remove(temp)
		return fail(err)
	}
	if r.Deletes {
		// Before it takes effect: who counts on what is deleted now must not
		// find the count as it was. A deletion too many does no harm.
		s.meta.deletions++
		if err := writeFile(s.fs, metaName, s.meta.encode(), true); err != nil {
			s.fs.Remove(temp)
			return fail(err)
		}
	}
	if err := s.fs.Rename(temp, f.name); err != nil {
		s.fs.Remove(temp)
		return fail(err)
	}

	s.mu.Lock()
	s.files[i] = f
	s.cache.evict(old)
	s.state.Generation = f.generation
	s.state.Sealed = r.Sealed
	s.state.Deletions = s.meta.deletions
	state = s.state
	s.mu.Unlock()
	// The old file must stay while the new one's name is not durable. The new
	// one is what appends go to by now, so the next that is synced sees to it.
	s.unlisted = true
	if err := s.fs.SyncDir(); err != nil {
		return fail(fmt.Errorf("%w: sync the directory: %w", core.ErrUncertain, err))
	}
	s.unlisted = false
	if i == len(s.files)-1 {
		s.unsynced = false
	}
	s.fs.Remove(old.name) // or the next Open does
	s.meta.sealed = r.Sealed
	if err := writeFile(s.fs, metaName, s.meta.encode(), true); err != nil {
		return fail(fmt.Errorf("%w: %w", core.ErrUncertain, err))
	}
	return state, nil
}

// bounds finds the stretch of one file that holds the run, if frames begin and
// end with it.
func (s *Store) bounds(first, last core.Seq) (i int, from, to int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, f, err := s.find(first)
	if err != nil {
		return 0, 0, 0, err
	}
	if last >= s.limit(i) {
		return 0, 0, 0, core.ErrNotAtomic
	}
	h, err := s.cache.acquire(s.fs, f)
	if err != nil {
		return 0, 0, 0, s.out(i, err)
	}
	defer s.cache.release(h)
	if err := s.survey(i, h); err != nil {
		return 0, 0, 0, err
	}
	e := edges{first: first, last: last, from: -1, to: -1}
	start := mark{seq: f.first}
	if lo, _, ok := f.index.around(first, mark{s.limit(i), f.size}); ok {
		start = lo
	}
	w := walker{file: h, name: f.name, size: f.size, limit: s.limit(i)}
	if err := w.walk(start, &e); err != nil {
		return 0, 0, 0, err
	}
	if e.from < 0 || e.to < 0 {
		return 0, 0, 0, core.ErrConflict
	}
	return i, e.from, e.to, nil
}

// edges is a walk that looks for the frames a run begins and ends with.
type edges struct {
	first, last core.Seq
	from, to    int64
}

func (e *edges) frame(off int64, h segment.Header) bool {
	if h.First == e.first {
		e.from = off
	}
	if h.Last() == e.last {
		e.to = off + int64(h.Size)
	}
	return h.Last() < e.last
}

func (e *edges) hole(h hole) bool { return h.last < e.first }

// piece is segments that take the place of a stretch of a file.
type piece struct {
	from, to int64
	segments []*segment.Segment
}

// rewrite writes a file anew with pieces of it replaced, and syncs it.
func (s *Store) rewrite(name string, old *file, pieces []piece) (size int64, err error) {
	src, err := s.acquire(old)
	if err != nil {
		return 0, err
	}
	defer s.release(src)
	dst, err := s.fs.Create(name)
	if err != nil {
		return 0, err
	}
	defer func() {
		if closing := dst.Close(); err == nil {
			err = closing
		}
	}()
	var at int64 // in the old file
	for _, p := range pieces {
		if err := copyBytes(dst, size, src, at, p.from-at); err != nil {
			return 0, err
		}
		size += p.from - at
		for _, seg := range p.segments {
			// The run is no part of an append any more that may be torn.
			seg.Place(seg.First(), false)
			if err := writeAll(dst, seg.Bytes(), size); err != nil {
				return 0, err
			}
			size += int64(seg.Size())
		}
		at = p.to
	}
	if err := copyBytes(dst, size, src, at, old.size-at); err != nil {
		return 0, err
	}
	return size + old.size - at, dst.Sync()
}

// copyBytes copies n bytes.
func copyBytes(dst File, at int64, src File, from, n int64) error {
	buf := make([]byte, min(n, pieceSize))
	for n > 0 {
		b := buf[:min(n, int64(len(buf)))]
		read, err := src.ReadAt(b, from)
		if read < len(b) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		if err := writeAll(dst, b, at); err != nil {
			return err
		}
		at, from, n = at+int64(len(b)), from+int64(len(b)), n-int64(len(b))
	}
	return nil
}

package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Append implements core.Store.
//
// When something fails, the file is cut back to where it ended, and a strict
// store syncs that, so that after an error nothing has changed, not even for
// whoever opens the log after a power cut. Where a sync failed it is not
// simply tried again: the system may have marked the pages clean that it could
// not write, so that a second sync would succeed and mean nothing. The bytes
// in question are cut off instead, and the next commit goes to a new file.
// Where even cutting fails, the store takes no more appends.
func (s *Store) Append(ctx context.Context, segments []*segment.Segment) (core.State, error) {
	state, err := s.enterWriting(ctx)
	if err != nil {
		return core.State{}, err
	}
	defer s.writing.Unlock()
	if err := s.usable(); err != nil {
		return core.State{}, err
	}
	return s.append(state, segments)
}

func (s *Store) append(state core.State, segments []*segment.Segment) (core.State, error) {
	if len(segments) == 0 {
		return state, nil
	}
	next := state.Head + 1
	for i, seg := range segments {
		if next > segment.MaxSeq-core.Seq(seg.Count()) {
			return core.State{}, fmt.Errorf("append: the log has no seqs left behind %d", state.Head)
		}
		seg.Place(next, i < len(segments)-1)
		next = seg.Last() + 1
	}
	f, h, err := s.newest(state.Head + 1)
	if err != nil {
		return core.State{}, err
	}
	defer s.release(h)
	if err := s.commit(f, h, segments); err != nil {
		return core.State{}, fmt.Errorf("append seq %d to %s: %w", state.Head+1, f.name, err)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range segments {
		if f.index != nil {
			f.index.add(seg.First(), f.size)
		}
		f.size += int64(seg.Size())
	}
	s.state.Head = next - 1
	return s.state, nil
}

// usable fails where a failed write has left something in doubt.
func (s *Store) usable() error {
	if s.broken == nil {
		return nil
	}
	return fmt.Errorf("the log takes no more appends until it is opened again, since a write failed and could not be undone: %w", s.broken)
}

// newest gives the file that the next commit goes to, and makes another where
// that has grown large or is suspect.
func (s *Store) newest(first core.Seq) (*file, *handle, error) {
	if n := len(s.files); n > 0 {
		f := s.files[n-1]
		if !s.suspect && f.size < s.fileSize {
			h, err := s.acquire(f)
			return f, h, err
		}
		if f.size == 0 {
			h, err := s.remake(f)
			return f, h, err
		}
		if s.strict {
			if err := s.sync(f); err != nil {
				return nil, nil, err
			}
		}
	}
	f := &file{name: logName(first, 0), first: first, index: new(index)}
	opened, err := s.create(f)
	if err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files = append(s.files, f)
	return f, s.cache.adopt(f, opened), nil
}

// remake puts a new file in the place of one that is empty, so that its name
// is as new to the directory as its bytes.
func (s *Store) remake(f *file) (*handle, error) {
	s.mu.Lock()
	s.cache.evict(f)
	s.mu.Unlock()
	if err := s.fs.Remove(f.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("remove %s: %w", f.name, err)
	}
	opened, err := s.create(f)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cache.adopt(f, opened), nil
}

func (s *Store) create(f *file) (File, error) {
	opened, err := s.fs.Create(f.name)
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", f.name, err)
	}
	s.unlisted, s.unsynced, s.suspect = true, false, false
	return opened, nil
}

// commit writes segments behind the end of f, and undoes that if it fails.
func (s *Store) commit(f *file, h *handle, segments []*segment.Segment) error {
	err := s.write(h, f.size, segments)
	if err == nil {
		s.unsynced = true
		if !s.strict {
			return nil
		}
		if err = s.sync(f); err == nil {
			return nil
		}
		s.suspect = true
	}
	if undo := s.undo(f, h); undo != nil {
		// Even a write that failed may have written all.
		s.broken = undo
		return fmt.Errorf("%w: %w", core.ErrUncertain, err)
	}
	return err
}

// undo cuts off what a failed commit wrote.
func (s *Store) undo(f *file, h *handle) error {
	if err := h.Truncate(f.size); err != nil {
		return fmt.Errorf("cut %s back to %d: %w", f.name, f.size, err)
	}
	if s.strict {
		if err := h.Sync(); err != nil {
			return fmt.Errorf("sync %s cut back to %d: %w", f.name, f.size, err)
		}
		s.unsynced = false
	}
	return nil
}

const (
	// gather is how large a segment is that is written by itself; smaller
	// ones are put together, since each write costs a call of the host.
	gather = 64 << 10
	// gathered bounds what is put together.
	gathered = 256 << 10
)

// write writes the segments behind each other, in one call where they are
// small.
func (s *Store) write(h *handle, off int64, segments []*segment.Segment) error {
	pending := s.pending[:0]
	defer func() { s.pending = pending[:0] }()
	put := func(b []byte) error {
		err := writeAll(h, b, off)
		off += int64(len(b))
		return err
	}
	for i, seg := range segments {
		b := seg.Bytes()
		alone := len(b) >= gather || len(segments) == 1
		if len(pending) > 0 && (alone || len(pending)+len(b) > gathered) {
			if err := put(pending); err != nil {
				return err
			}
			pending = pending[:0]
		}
		if alone {
			if err := put(b); err != nil {
				return err
			}
			continue
		}
		pending = append(pending, b...)
		if i == len(segments)-1 {
			return put(pending)
		}
	}
	return nil
}

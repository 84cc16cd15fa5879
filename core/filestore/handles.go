package filestore

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// handle is an open file and how many calls use it now. Store.mu guards the
// count.
type handle struct {
	File
	users   int
	evicted bool
}

// maxOpen is how many files a store keeps open.
const maxOpen = 32

// handles are the open files, the least recently used first.
type handles struct{ open []*file }

// acquire opens a file, or finds it open. The caller releases the handle.
func (c *handles) acquire(dir FS, f *file) (*handle, error) {
	if i := slices.Index(c.open, f); i >= 0 {
		c.open = append(slices.Delete(c.open, i, i+1), f)
		f.handle.users++
		return f.handle, nil
	}
	opened, err := dir.Open(f.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &segment.CorruptError{First: core.None, Last: core.None, Segment: f.name, Reason: "the file is gone"}
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", f.name, err)
	}
	return c.adopt(f, opened), nil
}

// adopt takes over a file that was opened otherwise.
func (c *handles) adopt(f *file, opened File) *handle {
	f.handle = &handle{File: opened, users: 1}
	c.open = append(c.open, f)
	if len(c.open) > maxOpen {
		c.evict(c.open[0])
	}
	return f.handle
}

func (c *handles) release(h *handle) {
	h.users--
	if h.evicted && h.users == 0 {
		h.Close()
	}
}

// evict closes a file as soon as nobody uses it.
func (c *handles) evict(f *file) {
	i := slices.Index(c.open, f)
	if i < 0 {
		return
	}
	c.open = slices.Delete(c.open, i, i+1)
	f.handle.evicted = true
	f.handle.users++
	c.release(f.handle)
	f.handle = nil
}

func (c *handles) closeAll(files []*file) {
	for _, f := range files {
		c.evict(f)
	}
}

func (s *Store) acquire(f *file) (*handle, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cache.acquire(s.fs, f)
}

func (s *Store) release(h *handle) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cache.release(h)
}

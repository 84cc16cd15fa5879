// Package memfs is a directory in memory for tests of stores of files: it
// knows what has been synced and what has not, so that it can show what a
// power cut leaves (PowerCut) and what the end of a process leaves (Kill), and
// it fails or crashes at a chosen operation (Inject).
package memfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/filestore"
)

// FS is a filestore.FS in memory.
type FS struct {
	mu     sync.Mutex
	rng    *rand.Rand
	locked bool

	names   map[string]*inode // as the system has them
	durable map[string]*inode // as the last SyncDir left them
	changes []change          // from durable to names, in order

	faults  faults
	crashed bool
}

// inode is a file's bytes, whatever names it has.
type inode struct {
	data    []byte  // as the system has them
	durable []byte  // as the last Sync left them
	writes  []write // from durable to data, in order
}

// write is one change of a file that may or may not reach the disk.
type write struct {
	off  int64
	data []byte // nil where the file was truncated to off
	// dropped is set by a sync that failed: the system takes the bytes for
	// clean, so no later sync writes them, and they may or may not be there.
	dropped bool
}

// change is one change of the directory, which is made as a whole or not.
type change struct {
	set    string // this name becomes node's, unless empty
	node   *inode
	remove string // this name goes, unless empty
}

// New makes an empty directory. All that is random about it comes from seed.
func New(seed uint64) *FS {
	return &FS{
		rng:     rand.New(rand.NewPCG(seed, 1)),
		names:   map[string]*inode{},
		durable: map[string]*inode{},
	}
}

// Lock implements filestore.FS.
func (f *FS) Lock() (func() error, error) {
	if err := f.begin("Lock", "", nil); err != nil {
		return nil, err
	}
	defer f.mu.Unlock()
	if f.locked {
		return nil, fmt.Errorf("memfs: %w", core.ErrLocked)
	}
	f.locked = true
	return func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.locked = false
		return nil
	}, nil
}

// ReadDir implements filestore.FS.
func (f *FS) ReadDir() ([]string, error) {
	if err := f.begin("ReadDir", "", nil); err != nil {
		return nil, err
	}
	defer f.mu.Unlock()
	return slices.Collect(maps.Keys(f.names)), nil
}

// Open implements filestore.FS.
func (f *FS) Open(name string) (filestore.File, error) {
	if err := f.begin("Open", name, nil); err != nil {
		return nil, err
	}
	defer f.mu.Unlock()
	node, ok := f.names[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &file{fs: f, name: name, node: node}, nil
}

// Create implements filestore.FS.
func (f *FS) Create(name string) (filestore.File, error) {
	var node *inode
	err := f.begin("Create", name, func() {
		if node = f.names[name]; node != nil {
			node.truncate(0)
			return
		}
		node = &inode{}
		f.change(change{set: name, node: node})
	})
	if err != nil {
		return nil, err
	}
	defer f.mu.Unlock()
	return &file{fs: f, name: name, node: node}, nil
}

// Rename implements filestore.FS.
func (f *FS) Rename(from, to string) error {
	return f.do("Rename", from, func() error {
		node, ok := f.names[from]
		if !ok {
			return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
		}
		f.change(change{set: to, node: node, remove: from})
		return nil
	})
}

// Remove implements filestore.FS.
func (f *FS) Remove(name string) error {
	return f.do("Remove", name, func() error {
		if _, ok := f.names[name]; !ok {
			return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
		}
		f.change(change{remove: name})
		return nil
	})
}

// SyncDir implements filestore.FS.
func (f *FS) SyncDir() error {
	return f.do("SyncDir", "", func() error {
		f.durable, f.changes = maps.Clone(f.names), nil
		return nil
	})
}

func (f *FS) change(c change) {
	c.apply(f.names)
	f.changes = append(f.changes, c)
}

func (c change) apply(names map[string]*inode) {
	if c.remove != "" {
		delete(names, c.remove)
	}
	if c.set != "" {
		names[c.set] = c.node
	}
}

type file struct {
	fs     *FS
	name   string
	node   *inode
	closed bool
}

var errClosedFile = errors.New("memfs: the file is closed")

func (f *file) do(op string, effect func() error) error {
	return f.fs.do(op, f.name, func() error {
		if f.closed {
			return errClosedFile
		}
		return effect()
	})
}

func (f *file) ReadAt(b []byte, off int64) (n int, err error) {
	err = f.do("ReadAt", func() error {
		n = copy(b, f.node.data[min(off, int64(len(f.node.data))):])
		return nil
	})
	if err == nil && n < len(b) {
		err = io.EOF
	}
	return n, err
}

func (f *file) WriteAt(b []byte, off int64) (int, error) {
	if err := f.fs.begin("WriteAt", f.name, func() { f.node.write(b, off) }); err != nil {
		n := 0
		if f.fs.takeShort() {
			f.fs.mu.Lock()
			n = f.fs.rng.IntN(len(b) + 1)
			f.node.write(b[:n], off)
			f.fs.mu.Unlock()
		}
		return n, err
	}
	defer f.fs.mu.Unlock()
	if f.closed {
		return 0, errClosedFile
	}
	return len(b), nil
}

func (f *file) Size() (size int64, err error) {
	err = f.do("Size", func() error {
		size = int64(len(f.node.data))
		return nil
	})
	return size, err
}

func (f *file) Truncate(size int64) error {
	return f.do("Truncate", func() error {
		f.node.truncate(size)
		return nil
	})
}

func (f *file) Sync() error {
	return f.do("Sync", func() error {
		f.node.sync(f.fs.rng)
		return nil
	})
}

func (f *file) Close() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	f.closed = true
	return nil
}

// ReadFile gives a file's bytes.
func (f *FS) ReadFile(name string) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return bytes.Clone(f.names[name].data)
}

// WriteFile gives a file other bytes, durably, behind the back of whoever has
// it open.
func (f *FS) WriteFile(name string, b []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	node := f.names[name]
	if node == nil {
		node = &inode{}
		f.names[name], f.durable[name] = node, node
	}
	node.data, node.durable, node.writes = bytes.Clone(b), bytes.Clone(b), nil
}

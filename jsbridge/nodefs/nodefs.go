//go:build js && wasm

// Package nodefs is a filestore.FS on a folder of the Node process that runs
// the module, through synchronous calls on the shared memory: npm/src/host-node.ts
// offers them. Go's own os package would go through callbacks, and through the
// event loop, for every read and write.
package nodefs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"unsafe"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/filestore"
)

// FS is a folder.
type FS struct {
	path string
	dir  int32
}

// New names a folder; nothing is done with it before the first call.
func New(path string) *FS {
	return &FS{path: path, dir: hostFolder(path)}
}

// Lock implements filestore.FS: a file in the folder names the process that
// holds it, and one that a dead process left is taken over.
func (f *FS) Lock() (release func() error, err error) {
	if n := hostLock(f.dir); n < 0 {
		return nil, f.failure("locking", "", n)
	}
	return func() error { return f.failure("unlocking", "", hostUnlock(f.dir)) }, nil
}

// ReadDir implements filestore.FS.
func (f *FS) ReadDir() ([]string, error) {
	names := make([]byte, 4096)
	for {
		n := hostList(f.dir, pointer(names), uint32(len(names)))
		if n < 0 {
			return nil, f.failure("listing", "", n)
		}
		if int(n) > len(names) {
			names = make([]byte, n)
			continue
		}
		if n == 0 {
			return nil, nil
		}
		return strings.Split(string(names[:n]), "\n"), nil
	}
}

// Open implements filestore.FS.
func (f *FS) Open(name string) (filestore.File, error) { return f.open(name, 0) }

// Create implements filestore.FS.
func (f *FS) Create(name string) (filestore.File, error) { return f.open(name, 1) }

func (f *FS) open(name string, create uint32) (filestore.File, error) {
	fd := hostOpen(f.dir, name, create)
	if fd < 0 {
		return nil, f.failure("opening", name, fd)
	}
	return &file{fs: f, name: name, fd: fd}, nil
}

// Rename implements filestore.FS.
func (f *FS) Rename(from, to string) error {
	return f.failure("renaming", from, hostRename(f.dir, from, to))
}

// Remove implements filestore.FS.
func (f *FS) Remove(name string) error {
	return f.failure("removing", name, hostRemove(f.dir, name))
}

// SyncDir implements filestore.FS.
func (f *FS) SyncDir() error { return f.failure("syncing the folder", "", hostSyncFolder(f.dir)) }

type file struct {
	fs   *FS
	name string
	fd   int32
}

func (f *file) ReadAt(b []byte, at int64) (int, error) {
	done := 0
	for done < len(b) {
		n := hostRead(f.fd, pointer(b[done:]), uint32(len(b)-done), float64(at)+float64(done))
		if n < 0 {
			return done, f.fs.failure("reading", f.name, n)
		}
		if n == 0 {
			return done, io.EOF
		}
		done += int(n)
	}
	return done, nil
}

func (f *file) WriteAt(b []byte, at int64) (int, error) {
	done := 0
	for done < len(b) {
		n := hostWrite(f.fd, pointer(b[done:]), uint32(len(b)-done), float64(at)+float64(done))
		if n < 0 {
			return done, f.fs.failure("writing", f.name, n)
		}
		if n == 0 {
			return done, fmt.Errorf("writing %s: %w", f.name, io.ErrShortWrite)
		}
		done += int(n)
	}
	return done, nil
}

func (f *file) Size() (int64, error) {
	n := hostSize(f.fd)
	if n < 0 {
		return 0, f.fs.failure("looking at", f.name, int32(n))
	}
	return int64(n), nil
}

func (f *file) Truncate(size int64) error {
	return f.fs.failure("truncating", f.name, hostTruncate(f.fd, float64(size)))
}

func (f *file) Sync() error { return f.fs.failure("syncing", f.name, hostSync(f.fd)) }

func (f *file) Close() error { return f.fs.failure("closing", f.name, hostClose(f.fd)) }

// What the host answers for a failure, besides its message.
const (
	failed   = -1
	notExist = -2
	noRoom   = -3
	locked   = -4
)

// failure is the error for a call's answer, nil unless that is negative.
func (f *FS) failure(doing, name string, n int32) error {
	if n >= 0 {
		return nil
	}
	var sentinel error
	switch n {
	case notExist:
		sentinel = fs.ErrNotExist
	case noRoom:
		sentinel = core.ErrQuota
	case locked:
		sentinel = core.ErrLocked
	default:
		sentinel = errHost
	}
	return fmt.Errorf("%s %s/%s: %w: %s", doing, f.path, name, sentinel, message())
}

var errHost = errors.New("the host failed")

func message() string {
	b := make([]byte, 1024)
	n := hostMessage(pointer(b), uint32(len(b)))
	return string(b[:max(0, min(int(n), len(b)))])
}

func pointer(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

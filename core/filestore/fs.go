package filestore

import "io"

// FS is the one directory that a store stands on, and all that the store asks
// of a host. Names are plain: lower-case ASCII letters, digits and "-_~.",
// less than 200 bytes, and never a path. Every call does its work before it
// returns. Implementations are OS, package memfs, and the host's own file
// functions where the store runs inside another runtime.
//
// Errors: where there is no room the error is core.ErrQuota, where a file is
// not there it is fs.ErrNotExist, where another process holds the lock it is
// core.ErrLocked, each as errors.Is sees it; others are the host's own.
type FS interface {
	// Lock takes the directory for one writer, which need not be another
	// process to be refused, and makes the directory if it is not there. The
	// lock of a process that died must not outlive it.
	Lock() (release func() error, err error)

	// ReadDir lists the names in the directory, in any order.
	ReadDir() ([]string, error)

	// Open opens a file that is there, to read and to write.
	Open(name string) (File, error)

	// Create makes a file, or empties the one that is there.
	Create(name string) (File, error)

	// Rename gives a file another name, in one step, in the place of a file
	// that has that name. The store has closed both.
	Rename(from, to string) error

	// Remove deletes a file, which the store has closed.
	Remove(name string) error

	// SyncDir makes durable which names the directory holds. A host that
	// cannot, or has no need to, does nothing.
	SyncDir() error
}

// File is an open file. ReadAt may be called by several goroutines at once,
// and while one other goroutine calls the methods that change the file.
type File interface {
	io.ReaderAt // io.EOF where the file ends before the buffer does
	io.WriterAt // the store writes at the end only
	io.Closer

	Size() (int64, error)
	Truncate(size int64) error

	// Sync makes the file's bytes and its size durable (fdatasync is enough).
	Sync() error
}

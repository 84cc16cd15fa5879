package filestore

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/flumedb/flumedb-wasm/core"
)

const (
	errorSharingViolation = syscall.Errno(32)
	errorHandleDiskFull   = syscall.Errno(39)
	errorDiskFull         = syscall.Errno(112)
)

func full(err error) bool {
	return errors.Is(err, errorDiskFull) || errors.Is(err, errorHandleDiskFull)
}

// syncDir does nothing: Windows has no such thing, and NTFS keeps its names in
// a journal of its own.
func syncDir(string) error { return nil }

func syncFile(f *os.File) error { return f.Sync() }

// lockFile opens the file so that nobody else can; the system closes it when
// the process ends, however it ends.
func lockFile(path string) (func() error, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil,
		syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if errors.Is(err, errorSharingViolation) {
		return nil, fmt.Errorf("%s: %w", path, core.ErrLocked)
	}
	if err != nil {
		return nil, room(&os.PathError{Op: "lock", Path: path, Err: err})
	}
	return func() error { return syscall.CloseHandle(h) }, nil
}

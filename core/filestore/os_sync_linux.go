package filestore

import (
	"errors"
	"os"
	"syscall"
)

// syncFile leaves out the times, which nobody needs; the size is part of it.
func syncFile(f *os.File) error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if !errors.Is(err, syscall.EINTR) {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}

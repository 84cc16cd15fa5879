//go:build !js

package filestore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/flumedb/flumedb-wasm/core"
)

// OS is the FS of a directory of the operating system. Lock makes it, with all
// above it, if it is not there.
func OS(dir string) FS { return osDir(dir) }

type osDir string

func (d osDir) path(name string) string { return filepath.Join(string(d), name) }

func (d osDir) Lock() (func() error, error) {
	if err := makeDir(string(d)); err != nil {
		return nil, room(err)
	}
	return lockFile(d.path("lock"))
}

// makeDir makes a directory that stays after a power cut.
func makeDir(dir string) error {
	if info, err := os.Stat(dir); err == nil {
		if !info.IsDir() {
			return fmt.Errorf("%s is not a directory", dir)
		}
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o777); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncDir(parent)
}

func (d osDir) ReadDir() ([]string, error) {
	f, err := os.Open(string(d))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}

func (d osDir) Open(name string) (File, error) {
	return open(d.path(name), os.O_RDWR)
}

func (d osDir) Create(name string) (File, error) {
	return open(d.path(name), os.O_RDWR|os.O_CREATE|os.O_TRUNC)
}

func (d osDir) Rename(from, to string) error {
	return room(os.Rename(d.path(from), d.path(to)))
}

func (d osDir) Remove(name string) error { return os.Remove(d.path(name)) }

func (d osDir) SyncDir() error { return room(syncDir(string(d))) }

func open(path string, flag int) (File, error) {
	f, err := os.OpenFile(path, flag, 0o666)
	if err != nil {
		return nil, room(err)
	}
	return osFile{f}, nil
}

type osFile struct{ *os.File }

func (f osFile) WriteAt(b []byte, off int64) (int, error) {
	n, err := f.File.WriteAt(b, off)
	return n, room(err)
}

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f osFile) Sync() error { return room(syncFile(f.File)) }

// room marks the errors of a full disk.
func room(err error) error {
	if err != nil && full(err) {
		return fmt.Errorf("%w: %w", core.ErrQuota, err)
	}
	return err
}

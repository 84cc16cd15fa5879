//go:build !js && !windows && !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package filestore

import (
	"fmt"
	"path/filepath"
	"sync"

	"github.com/flumedb/flumedb-wasm/core"
)

var locked sync.Map

// lockFile keeps out other stores of this process only: the system has no lock
// that ends with its owner, and one that did not would be worse.
func lockFile(path string) (func() error, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if _, taken := locked.LoadOrStore(path, true); taken {
		return nil, fmt.Errorf("%s: %w", path, core.ErrLocked)
	}
	return func() error { locked.Delete(path); return nil }, nil
}

package filestore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// DropCheckpoints implements core.DropStore. A file that cannot be read, or does
// not say whose checkpoint it is, stays.
func (s *Store) DropCheckpoints(ctx context.Context, keep func(name string) bool) (count int, bytes int64, err error) {
	if _, err := s.enterWriting(ctx); err != nil {
		return 0, 0, err
	}
	defer s.writing.Unlock()
	files, err := s.fs.ReadDir()
	if err != nil {
		return 0, 0, fmt.Errorf("read the directory: %w", err)
	}
	for _, file := range files {
		if !strings.HasPrefix(file, checkpointPrefix) || isTemp(file) {
			continue
		}
		name, size, ok := s.checkpointIn(file)
		if !ok || keep(name) {
			continue
		}
		if err := s.fs.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return count, bytes, fmt.Errorf("checkpoint %q: %w", name, err)
		}
		count++
		bytes += size
	}
	if count > 0 && s.strict {
		return count, bytes, s.fs.SyncDir()
	}
	return count, bytes, nil
}

// longestName is how much of a checkpoint's file is looked at for its name.
const longestName = 4 << 10

// checkpointIn is the name of the checkpoint that a file holds, and its size.
func (s *Store) checkpointIn(file string) (name string, size int64, ok bool) {
	f, err := s.fs.Open(file)
	if err != nil {
		return "", 0, false
	}
	defer f.Close()
	if size, err = f.Size(); err != nil {
		return "", 0, false
	}
	b := make([]byte, min(size, checkpointHeader+longestName))
	if n, _ := f.ReadAt(b, 0); n < len(b) || n < checkpointHeader || [4]byte(b) != checkpointMagic {
		return "", 0, false
	}
	n := uint64(binary.LittleEndian.Uint32(b[8:]))
	if n > uint64(len(b)-checkpointHeader) {
		return "", 0, false
	}
	name = string(b[checkpointHeader : checkpointHeader+n])
	return name, size, checkpointName(name) == file
}

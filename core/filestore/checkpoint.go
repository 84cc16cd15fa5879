package filestore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// A checkpoint's file, all numbers little-endian:
//
//		 0        4      5        8        12               20
//		+--------+------+--------+--------+----------------+------+-------+-----+
//		| "FLMC" | vers | zero   | name n | head           | name | value | sum |
//		+--------+------+--------+--------+----------------+------+-------+-----+
//
//	  - head is the log's newest seq when the checkpoint was set: it may have
//	    seen the records through there, and no later ones.
//	  - sum is XXH64 of all bytes before it, whatever the version.
const (
	checkpointHeader  = 20
	checkpointVersion = 1
)

var checkpointMagic = [4]byte{'F', 'L', 'M', 'C'}

func encodeCheckpoint(name string, value []byte, head core.Seq) []byte {
	b := make([]byte, checkpointHeader, checkpointHeader+len(name)+len(value)+8)
	copy(b, checkpointMagic[:])
	b[4] = checkpointVersion
	binary.LittleEndian.PutUint32(b[8:], uint32(len(name)))
	binary.LittleEndian.PutUint64(b[12:], uint64(head))
	b = append(b, name...)
	b = append(b, value...)
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
}

// decodeCheckpoint gives the name and the value, which keep b's memory.
func decodeCheckpoint(b []byte) (name string, value []byte, err error) {
	damaged := func(reason string) error {
		return &segment.CorruptError{First: core.None, Last: core.None, Reason: reason}
	}
	end := len(b) - 8
	switch {
	case end < checkpointHeader || [4]byte(b) != checkpointMagic:
		return "", nil, damaged("no checkpoint begins here")
	case xxhash.Sum64(b[:end]) != binary.LittleEndian.Uint64(b[end:]):
		return "", nil, damaged("the checkpoint's checksum is wrong")
	case b[4] > checkpointVersion:
		return "", nil, &segment.VersionError{Version: int(b[4])}
	}
	n := int64(binary.LittleEndian.Uint32(b[8:]))
	if n > int64(end-checkpointHeader) {
		return "", nil, damaged("the checkpoint's name is longer than the file")
	}
	body := b[checkpointHeader:end:end]
	return string(body[:n]), body[n:], nil
}

// Checkpoint implements core.Store.
func (s *Store) Checkpoint(ctx context.Context, name string) ([]byte, error) {
	if _, err := s.enterWriting(ctx); err != nil {
		return nil, err
	}
	defer s.writing.Unlock()
	file := checkpointName(name)
	b, err := readFile(s.fs, file, math.MaxInt64)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("checkpoint %q: %w", name, err)
	}
	stored, value, err := decodeCheckpoint(b)
	if err != nil {
		var c *segment.CorruptError
		if errors.As(err, &c) {
			c.Segment = file
		}
		return nil, fmt.Errorf("checkpoint %q: %w", name, err)
	}
	if stored != name {
		return nil, nil // of another long name with the same hash
	}
	return value, nil
}

// SetCheckpoint implements core.Store.
func (s *Store) SetCheckpoint(ctx context.Context, name string, value []byte) error {
	state, err := s.enterWriting(ctx)
	if err != nil {
		return err
	}
	defer s.writing.Unlock()
	file := checkpointName(name)
	if value != nil {
		err = writeFile(s.fs, file, encodeCheckpoint(name, value, state.Head), s.strict)
	} else if err = s.fs.Remove(file); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err == nil && s.strict {
		err = s.fs.SyncDir()
	}
	if err != nil {
		return fmt.Errorf("checkpoint %q: %w", name, err)
	}
	return nil
}

// distrust deletes the checkpoints that may have seen records which a crash
// has taken away: other records will get their seqs, and the views must not
// take those for seen.
func (s *Store) distrust(names []string) error {
	removed := false
	for _, name := range names {
		if !strings.HasPrefix(name, checkpointPrefix) || isTemp(name) {
			continue
		}
		b, err := readFile(s.fs, name, checkpointHeader)
		if err != nil {
			return err
		}
		if len(b) < checkpointHeader || core.Seq(binary.LittleEndian.Uint64(b[12:])) <= s.state.Head {
			continue // a damaged one tells whoever asks for it
		}
		if err := s.fs.Remove(name); err != nil {
			return fmt.Errorf("remove %s: %w", name, err)
		}
		removed = true
	}
	if !removed {
		return nil
	}
	if err := s.fs.SyncDir(); err != nil {
		return fmt.Errorf("sync the directory: %w", err)
	}
	return nil
}

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
//		 0        4      5        8        12               20        24
//		+--------+------+--------+--------+----------------+---------+------+-------+-----+
//		| "FLMC" | vers | bodies | name n | head           | value n | name | value | sum |
//		+--------+------+--------+--------+----------------+---------+------+-------+-----+
//		+------+-----+
//		| body | sum |
//		+------+-----+
//
//	  - head is the log's newest seq when the checkpoint was set: it may have
//	    seen the records through there, and no later ones.
//	  - bodies is 1, or 0: then body and its sum are not there. body is what is
//	    not read with the value.
//	  - the sums are XXH64, the first of all bytes before it, whatever the
//	    version, the second of the body.
const (
	checkpointHeader  = 24
	checkpointVersion = 2
)

var checkpointMagic = [4]byte{'F', 'L', 'M', 'C'}

func encodeCheckpoint(name string, value, body []byte, head core.Seq) []byte {
	le := binary.LittleEndian
	b := make([]byte, checkpointHeader, checkpointHeader+len(name)+len(value)+len(body)+16)
	copy(b, checkpointMagic[:])
	b[4] = checkpointVersion
	if body != nil {
		b[5] = 1
	}
	le.PutUint32(b[8:], uint32(len(name)))
	le.PutUint64(b[12:], uint64(head))
	le.PutUint32(b[20:], uint32(len(value)))
	b = append(b, name...)
	b = append(b, value...)
	b = le.AppendUint64(b, xxhash.Sum64(b))
	if body == nil {
		return b
	}
	b = append(b, body...)
	return le.AppendUint64(b, xxhash.Sum64(body))
}

func damagedCheckpoint(reason string) error {
	return &segment.CorruptError{First: core.None, Last: core.None, Reason: reason}
}

// checkpointValueEnd is where the value ends that begins in b, with its sum; b is
// at least the header.
func checkpointValueEnd(b []byte) int64 {
	le := binary.LittleEndian
	return checkpointHeader + int64(le.Uint32(b[8:])) + int64(le.Uint32(b[20:])) + 8
}

// decodeCheckpoint gives the name and the value, which keep b's memory, and what
// is behind them, nil where there is no body.
func decodeCheckpoint(b []byte) (name string, value, rest []byte, err error) {
	if len(b) < checkpointHeader || [4]byte(b) != checkpointMagic {
		return "", nil, nil, damagedCheckpoint("no checkpoint begins here")
	}
	whole := checkpointValueEnd(b)
	if whole > int64(len(b)) {
		return "", nil, nil, damagedCheckpoint("the checkpoint is longer than its file")
	}
	end := whole - 8
	if xxhash.Sum64(b[:end]) != binary.LittleEndian.Uint64(b[end:]) {
		return "", nil, nil, damagedCheckpoint("the checkpoint's checksum is wrong")
	}
	if b[4] != checkpointVersion {
		return "", nil, nil, &segment.VersionError{Version: int(b[4])}
	}
	n := checkpointHeader + int64(binary.LittleEndian.Uint32(b[8:]))
	if b[5] != 0 {
		rest = b[whole:]
	}
	return string(b[checkpointHeader:n]), b[n:end:end], rest, nil
}

// decodeBody takes what is behind a value, which is a body with its sum.
func decodeBody(b []byte) ([]byte, error) {
	end := len(b) - 8
	if end < 0 || xxhash.Sum64(b[:end]) != binary.LittleEndian.Uint64(b[end:]) {
		return nil, damagedCheckpoint("the checksum of the checkpoint's body is wrong")
	}
	return b[:end:end], nil
}

// firstRead is how much of a checkpoint's file is read when only its value is
// asked for, since most values are smaller.
const firstRead = 4 << 10

// Checkpoint implements core.Store.
func (s *Store) Checkpoint(ctx context.Context, name string) ([]byte, error) {
	value, _, err := s.checkpoint(ctx, name, firstRead)
	return value, err
}

// CheckpointBody implements core.BodyStore.
func (s *Store) CheckpointBody(ctx context.Context, name string) (value, body []byte, err error) {
	value, rest, err := s.checkpoint(ctx, name, math.MaxInt64)
	if err != nil || rest == nil {
		return value, nil, err
	}
	if body, err = decodeBody(rest); err != nil {
		return nil, nil, s.checkpointError(name, err)
	}
	return value, body, nil
}

// checkpoint reads so many bytes of a checkpoint's file, or as many as its value
// needs, and gives the value and what has been read behind it.
func (s *Store) checkpoint(ctx context.Context, name string, most int64) (value, rest []byte, err error) {
	if _, err := s.enterWriting(ctx); err != nil {
		return nil, nil, err
	}
	defer s.writing.Unlock()
	file := checkpointName(name)
	b, err := readFile(s.fs, file, most)
	if err == nil && int64(len(b)) == most && checkpointValueEnd(b) > most {
		b, err = readFile(s.fs, file, checkpointValueEnd(b))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	var stored string
	if err == nil {
		stored, value, rest, err = decodeCheckpoint(b)
	}
	if err != nil {
		return nil, nil, s.checkpointError(name, err)
	}
	if stored != name {
		return nil, nil, nil // of another long name with the same hash
	}
	return value, rest, nil
}

func (s *Store) checkpointError(name string, err error) error {
	var c *segment.CorruptError
	if errors.As(err, &c) {
		c.Segment = checkpointName(name)
	}
	return fmt.Errorf("checkpoint %q: %w", name, err)
}

// SetCheckpoint implements core.Store.
func (s *Store) SetCheckpoint(ctx context.Context, name string, value []byte) error {
	return s.setCheckpoint(ctx, name, value, nil)
}

// SetCheckpointBody implements core.BodyStore.
func (s *Store) SetCheckpointBody(ctx context.Context, name string, value, body []byte) error {
	return s.setCheckpoint(ctx, name, value, body)
}

func (s *Store) setCheckpoint(ctx context.Context, name string, value, body []byte) error {
	state, err := s.enterWriting(ctx)
	if err != nil {
		return err
	}
	defer s.writing.Unlock()
	file := checkpointName(name)
	if value != nil {
		err = writeFile(s.fs, file, encodeCheckpoint(name, value, body, state.Head), s.strict)
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

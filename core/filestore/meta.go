package filestore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/cespare/xxhash/v2"
	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// The file meta, all numbers little-endian:
//
//		 0        4      5               8                16               24
//		+--------+------+---------------+----------------+----------------+
//		| "FLMD" | vers | zero          | log's ID       | sealed         |
//		+--------+------+---------------+----------------+----------------+
//		 24               32               40               48               56
//		+----------------+----------------+----------------+----------------+----------------+
//		| closed: next   | closed: first  | closed: size   | deletions      | sum            |
//		+----------------+----------------+----------------+----------------+----------------+
//
//	  - vers is formatVersion, the version of the directory as a whole. A later
//	    one is refused.
//	  - closed is what the last clean close left, and had made durable: every
//	    seq before next was committed; the newest file began at first and had
//	    size bytes. All zero before the first.
//	  - deletions counts how often records were deleted, or were to be.
//	  - sum is XXH64 of all bytes before it, whatever the version.
const (
	metaSize      = 64
	formatVersion = 1
)

var metaMagic = [4]byte{'F', 'L', 'M', 'D'}

type meta struct {
	id        uint64
	sealed    core.Seq
	closed    closing
	deletions uint64
}

// closing is where a clean close left the log.
type closing struct {
	next  core.Seq // the seq behind the newest record
	first core.Seq // the newest file's
	size  int64    // the newest file's
}

func (m meta) encode() []byte {
	b := make([]byte, metaSize)
	copy(b, metaMagic[:])
	b[4] = formatVersion
	binary.LittleEndian.PutUint64(b[8:], m.id)
	binary.LittleEndian.PutUint64(b[16:], uint64(m.sealed))
	binary.LittleEndian.PutUint64(b[24:], uint64(m.closed.next))
	binary.LittleEndian.PutUint64(b[32:], uint64(m.closed.first))
	binary.LittleEndian.PutUint64(b[40:], uint64(m.closed.size))
	binary.LittleEndian.PutUint64(b[48:], m.deletions)
	binary.LittleEndian.PutUint64(b[56:], xxhash.Sum64(b[:56]))
	return b
}

// decodeMeta answers ok = false where the bytes are damaged.
func decodeMeta(b []byte) (m meta, ok bool, err error) {
	if len(b) < 5 || [4]byte(b) != metaMagic {
		return meta{}, false, nil
	}
	// A version is believed without its sum, since to take a later build's
	// file for a damaged one would be to overwrite it.
	if b[4] > formatVersion {
		return meta{}, false, fmt.Errorf("the directory: %w", &segment.VersionError{Version: int(b[4])})
	}
	if len(b) != metaSize || xxhash.Sum64(b[:56]) != binary.LittleEndian.Uint64(b[56:]) {
		return meta{}, false, nil
	}
	m.id = binary.LittleEndian.Uint64(b[8:])
	m.sealed = core.Seq(binary.LittleEndian.Uint64(b[16:]))
	m.closed.next = core.Seq(binary.LittleEndian.Uint64(b[24:]))
	m.closed.first = core.Seq(binary.LittleEndian.Uint64(b[32:]))
	m.closed.size = int64(binary.LittleEndian.Uint64(b[40:]))
	m.deletions = binary.LittleEndian.Uint64(b[48:])
	return m, true, nil
}

// readMeta answers ok = false where there is no meta, or a damaged one.
func readMeta(dir FS) (m meta, ok bool, err error) {
	b, err := readFile(dir, metaName, 4096)
	if errors.Is(err, fs.ErrNotExist) {
		return meta{}, false, nil
	}
	if err != nil {
		return meta{}, false, err
	}
	return decodeMeta(b)
}

// readFile reads a file as a whole, or its first most bytes.
func readFile(dir FS, name string, most int64) ([]byte, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, fmt.Errorf("size of %s: %w", name, err)
	}
	b := make([]byte, min(size, most))
	n, err := f.ReadAt(b, 0)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return b[:n], nil
}

// writeFile puts a file in the place of the one with that name, so that at any
// moment the old one or the new one is there as a whole. With sync it is also
// durable on return, and before it takes the old one's place.
func writeFile(dir FS, name string, b []byte, sync bool) error {
	temp := name + tempSuffix
	if err := fill(dir, temp, b, sync); err != nil {
		dir.Remove(temp)
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := dir.Rename(temp, name); err != nil {
		dir.Remove(temp)
		return fmt.Errorf("rename to %s: %w", name, err)
	}
	if !sync {
		return nil
	}
	if err := dir.SyncDir(); err != nil {
		return fmt.Errorf("sync the directory for %s: %w", name, err)
	}
	return nil
}

func fill(dir FS, name string, b []byte, sync bool) error {
	f, err := dir.Create(name)
	if err != nil {
		return err
	}
	err = writeAll(f, b, 0)
	if err == nil && sync {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}

// writeAll writes b as a whole or fails, also where a host writes less and
// calls that no error.
func writeAll(f File, b []byte, off int64) error {
	n, err := f.WriteAt(b, off)
	if err == nil && n < len(b) {
		return io.ErrShortWrite
	}
	return err
}

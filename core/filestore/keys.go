package filestore

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// The keys of appends are in two files, keys and keys-old, each of entries
// behind a head, all numbers little-endian:
//
//	 0        4      5      8
//	+--------+------+------+---------+---------+- -
//	| "FLMK" | vers | zero | entry   | entry   |
//	+--------+------+------+---------+---------+- -
//
//	 0        4                         32
//	+--------+-------------------------+------+----------------+
//	| name n | core.Made.Encode        | name | XXH64 before   |
//	+--------+-------------------------+------+----------------+
//
// An entry is written before its records are, so one of which a crash left no
// records says a last seq that the log does not have. Open cuts these off, before
// their seqs are given to others. Since nobody else appends meanwhile, an entry
// whose seqs are there is of the records that have them.
//
// When keys has core.KeysKept entries, it takes the place of keys-old.
const (
	keysName    = "keys"
	oldKeysName = "keys-old"

	keysHead    = 8
	keysVersion = 1
)

var keysMagic = [4]byte{'F', 'L', 'M', 'K'}

// keys is what the store remembers of appends. It is guarded by Store.writing.
type keys struct {
	beside                         // keys
	made   [2]map[string]core.Made // of keys and of keys-old
}

// AppendOnce implements core.Store.
func (s *Store) AppendOnce(ctx context.Context, segments []*segment.Segment, add []core.Key) (core.State, error) {
	state, err := s.enterWriting(ctx)
	if err != nil {
		return core.State{}, err
	}
	defer s.writing.Unlock()
	if err := s.usable(); err != nil {
		return core.State{}, err
	}
	if known := s.keys.find(add); len(known) > 0 {
		return core.State{}, &core.KnownError{Known: known}
	}
	first := state.Head + 1
	state, err = s.appendBeside(state, segments, &s.keys.beside, keysName, s.strict, func() error { return s.writeKeys(add, first) })
	if err != nil {
		return core.State{}, err
	}
	for _, k := range add {
		s.keys.made[0][k.Name] = k.Made(first)
	}
	// Where this fails, keys is longer than it need be until the next time.
	_ = s.rotateKeys()
	return state, nil
}

func (k *keys) find(wanted []core.Key) map[string]core.Made {
	known := map[string]core.Made{}
	for _, w := range wanted {
		for _, made := range k.made {
			if m, ok := made[w.Name]; ok {
				known[w.Name] = m
			}
		}
	}
	return known
}

// loadKeys reads both files, and cuts off the keys of appends that a crash has
// taken away or not let be.
func (s *Store) loadKeys(names []string) error {
	s.keys.made = [2]map[string]core.Made{{}, {}}
	for i, name := range []string{keysName, oldKeysName} {
		if !slices.Contains(names, name) {
			continue
		}
		made := s.keys.made[i]
		size, err := readKeys(s.fs, name, func(key string, m core.Made) bool {
			if m.Last <= s.state.Head {
				made[key] = m
			}
			return m.Last <= s.state.Head
		})
		if err != nil {
			return err
		}
		if err := s.cutFile(name, size); err != nil {
			return fmt.Errorf("cut %s: %w", name, err)
		}
		if i == 0 {
			s.keys.size = size
		}
	}
	return nil
}

// readKeys calls take for each entry until that answers false, and answers how
// many bytes of the file hold what was taken. What is damaged ends it: it was
// torn, or else what stands behind it is forgotten.
func readKeys(dir FS, name string, take func(key string, made core.Made) bool) (size int64, err error) {
	b, err := readFile(dir, name, math.MaxInt64)
	if err != nil {
		return 0, err
	}
	if len(b) < keysHead || [4]byte(b) != keysMagic {
		return 0, nil
	}
	if b[4] > keysVersion {
		return 0, fmt.Errorf("%s: %w", name, &segment.VersionError{Version: int(b[4])})
	}
	size = keysHead
	for rest := b[keysHead:]; ; {
		key, made, n := decodeKey(rest)
		if n == 0 || !take(key, made) {
			return size, nil
		}
		rest = rest[n:]
		size += int64(n)
	}
}

func encodeKey(b []byte, k core.Key, first core.Seq) []byte {
	start := len(b)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(k.Name)))
	b = k.Made(first).Encode(b)
	b = append(b, k.Name...)
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b[start:]))
}

// decodeKey reads the entry that b begins with, of n bytes, 0 where there is
// none that is whole.
func decodeKey(b []byte) (key string, made core.Made, n int) {
	const head = 4 + core.MadeSize
	if len(b) < head {
		return "", core.Made{}, 0
	}
	name := binary.LittleEndian.Uint32(b)
	end := head + int(name)
	if name > core.MaxKey || len(b) < end+8 || xxhash.Sum64(b[:end]) != binary.LittleEndian.Uint64(b[end:]) {
		return "", core.Made{}, 0
	}
	made, ok := core.DecodeMade(b[4:head])
	if !ok {
		return "", core.Made{}, 0
	}
	return string(b[head:end]), made, end + 8
}

func (s *Store) writeKeys(add []core.Key, first core.Seq) error {
	if s.keys.size == 0 && s.strict {
		// A file that has taken the place of keys-old must have that name for
		// good before another is keys.
		if err := s.fs.SyncDir(); err != nil {
			return fmt.Errorf("sync the directory for %s: %w", oldKeysName, err)
		}
	}
	var entries []byte
	for _, k := range add {
		entries = encodeKey(entries, k, first)
	}
	head := append(append([]byte{}, keysMagic[:]...), keysVersion, 0, 0, 0)
	return s.writeBeside(&s.keys.beside, keysName, head, entries, s.strict)
}

// rotateKeys has keys take the place of keys-old when it is full.
func (s *Store) rotateKeys() error {
	if len(s.keys.made[0]) < core.KeysKept {
		return nil
	}
	if err := s.keys.close(); err != nil {
		return fmt.Errorf("close %s: %w", keysName, err)
	}
	if err := s.fs.Rename(keysName, oldKeysName); err != nil {
		return fmt.Errorf("rename %s: %w", keysName, err)
	}
	s.keys.made = [2]map[string]core.Made{{}, s.keys.made[0]}
	s.keys.size = 0
	return nil
}

// cutFile cuts the file of that name back to a size, for good.
func (s *Store) cutFile(name string, size int64) error {
	f, err := s.fs.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if now, err := f.Size(); err != nil || now == size {
		return err
	}
	if err := f.Truncate(size); err != nil {
		return err
	}
	// Whatever the store promises: what is cut off here must not come back
	// when its seqs belong to others.
	return f.Sync()
}

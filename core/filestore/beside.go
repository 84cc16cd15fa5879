package filestore

import (
	"fmt"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// beside is a file of what is to be known of records, in entries behind a head.
// An entry is written before its records are, so one of which a crash left no
// records says a last seq that the log does not have: Open cuts it off, before
// that is given to others. Store.writing guards it.
type beside struct {
	size int64
	file File // to write to; nil until it is needed
}

// writeBeside puts entries behind those that are there, or behind a head where
// there are none, and syncs them if durable says so.
func (s *Store) writeBeside(f *beside, name string, head, entries []byte, durable bool) (err error) {
	begins := f.size == 0
	if begins {
		entries = append(append(make([]byte, 0, len(head)+len(entries)), head...), entries...)
	}
	switch {
	case f.file != nil:
	case begins:
		f.file, err = s.fs.Create(name)
	default:
		f.file, err = s.fs.Open(name)
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	if err := writeAll(f.file, entries, f.size); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	f.size += int64(len(entries))
	if !durable {
		return nil
	}
	if err := f.file.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", name, err)
	}
	if begins {
		if err := s.fs.SyncDir(); err != nil {
			return fmt.Errorf("sync the directory for %s: %w", name, err)
		}
	}
	return nil
}

// appendBeside appends segments whose entries write puts into f first. Where the
// append fails, they are cut off again.
func (s *Store) appendBeside(state core.State, segments []*segment.Segment, f *beside, name string, durable bool, write func() error) (core.State, error) {
	size := f.size
	if err := write(); err != nil {
		return core.State{}, s.forgetBeside(f, name, size, durable, fmt.Errorf("append: %w", err))
	}
	state, err := s.append(state, segments)
	if err != nil {
		if s.broken != nil {
			return core.State{}, err // the next Open sees what is there
		}
		return core.State{}, s.forgetBeside(f, name, size, durable, err)
	}
	return state, nil
}

// forgetBeside cuts a file back to a size, because what was appended with the
// entries behind it has failed, and answers that failure. Where they cannot be cut
// off, the log takes no more appends: another would get the seqs that they say.
func (s *Store) forgetBeside(f *beside, name string, size int64, durable bool, failure error) error {
	if f.file == nil {
		return failure // none was written
	}
	err := f.file.Truncate(size)
	if err == nil && durable {
		err = f.file.Sync()
	}
	if err != nil {
		s.broken = fmt.Errorf("cut %s back to %d: %w", name, size, err)
		return failure
	}
	f.size = size
	return failure
}

func (f *beside) close() error {
	file := f.file
	f.file = nil
	if file == nil {
		return nil
	}
	return file.Close()
}

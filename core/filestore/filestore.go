// Package filestore keeps a log in a directory of files.
//
// Segments are appended, frame behind frame, to files that are named by the
// first seq they hold; a file that has grown large is followed by another.
// There is no manifest: the names give the order, a file holds the seqs from
// its own first to the next file's, and frames describe themselves. So an
// append is one write at the end of one file, and opening a log that was
// closed cleanly reads nothing but its names and a small file.
//
// Which bytes stand where, what a crash may leave behind and how that is told
// from damage: docs/format-files.md.
package filestore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Options say how a store keeps its promises.
type Options struct {
	// Strict makes a commit durable before Append returns: what was
	// acknowledged survives a power cut. Without it the operating system
	// writes when it likes: what was acknowledged survives the end of the
	// process, however it ends.
	Strict bool

	// FileSize is how large a file may grow before another follows; 0 means
	// 16 MiB. A commit is never split, so a file may be larger by one.
	FileSize int64
}

const defaultFileSize = 16 << 20

// Store is a core.Store over a directory.
//
// Two locks, always taken in this order: writing is held by the one call that
// changes files, for as long as it works at them; mu guards the fields, and is
// never held while something is written or synced, so that readers wait for no
// disk but their own.
type Store struct {
	fs        FS
	strict    bool
	fileSize  int64
	unlock    func() error
	recovered Recovery

	writing sync.Mutex
	meta    meta // guarded by writing
	broken  error
	// unlisted is set while the directory holds a name that has not been
	// synced; unsynced while the newest file holds such bytes.
	unlisted, unsynced bool
	// suspect is set where a sync of the newest file has failed: the next
	// commit goes to another.
	suspect bool
	pending []byte // small frames on their way to one write
	keys    keys
	notes   notes

	mu     sync.Mutex
	closed bool
	state  core.State
	files  []*file // by first seq; the last is the one that is appended to
	cache  handles
	hints  hints
	// scratch is memory for a small read, nil while one has it.
	scratch []byte
}

// file is one file of segments.
type file struct {
	name       string
	first      core.Seq
	generation uint64
	size       int64  // of the file's whole commits
	index      *index // nil until something is read from the file
	handle     *handle
}

// Open opens the log that stands in fs, or makes one there.
func Open(fs FS, o Options) (*Store, error) {
	unlock, err := fs.Lock()
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	s := &Store{fs: fs, strict: o.Strict, fileSize: o.FileSize, unlock: unlock}
	if s.fileSize <= 0 {
		s.fileSize = defaultFileSize
	}
	if err := s.load(); err != nil {
		s.cache.closeAll(s.files)
		unlock()
		return nil, fmt.Errorf("open the log: %w", err)
	}
	return s, nil
}

func (s *Store) load() error {
	names, err := s.fs.ReadDir()
	if err != nil {
		return fmt.Errorf("read the directory: %w", err)
	}
	var ok bool
	if s.meta, ok, err = readMeta(s.fs); err != nil {
		return err
	}
	if err := s.list(names); err != nil {
		return err
	}
	if !ok {
		s.recovered.Meta = len(s.files) > 0
		s.meta = meta{id: rand.Uint64() | 1, sealed: core.None}
	}
	s.state = core.State{ID: s.meta.id, Head: core.None, Sealed: s.meta.sealed, Deletions: s.meta.deletions}
	for _, f := range s.files {
		s.state.Generation = max(s.state.Generation, f.generation)
	}
	if err := s.findHead(names); err != nil {
		return err
	}
	s.recovered.Seq = s.state.Head
	if err := errors.Join(s.loadKeys(names), s.loadNotes(names)); err != nil {
		return err
	}
	if !ok {
		// Always synced: it is written once, and a log without it would lose
		// its identity in a power cut.
		return writeFile(s.fs, metaName, s.meta.encode(), true)
	}
	return nil
}

// list sorts the files of segments and tidies away what a crash left behind.
func (s *Store) list(names []string) error {
	for _, name := range names {
		if isTemp(name) {
			if err := s.fs.Remove(name); err != nil {
				return fmt.Errorf("remove %s: %w", name, err)
			}
		}
		if first, generation, ok := parseLogName(name); ok {
			s.files = append(s.files, &file{name: name, first: first, generation: generation})
		}
	}
	slices.SortFunc(s.files, func(a, b *file) int { return strings.Compare(a.name, b.name) })
	kept := s.files[:0]
	for _, f := range s.files {
		if n := len(kept); n > 0 && kept[n-1].first == f.first {
			// Rewritten, and the process died before the old one was gone.
			old := kept[n-1]
			if old.generation > f.generation {
				old, f = f, old
			}
			if err := s.fs.Remove(old.name); err != nil {
				return fmt.Errorf("remove %s: %w", old.name, err)
			}
			kept = kept[:n-1]
		}
		kept = append(kept, f)
	}
	s.files = kept
	return nil
}

// findHead finds where the newest file ends, and puts right what a crash left.
func (s *Store) findHead(names []string) error {
	var end mark
	if len(s.files) > 0 {
		f := s.files[len(s.files)-1]
		h, err := s.cache.acquire(s.fs, f)
		if err != nil {
			return err
		}
		defer s.cache.release(h)
		if f.size, err = h.Size(); err != nil {
			return fmt.Errorf("size of %s: %w", f.name, err)
		}
		if c := s.meta.closed; c.first == f.first && c.size == f.size && c.next >= f.first && c.next > 0 {
			// The name may be newer than that close: of an empty file that was
			// made again, or of one that was rewritten to the same size.
			s.unlisted = true
			s.state.Head = c.next - 1
			return nil
		}
		if end, err = s.recover(f, h); err != nil {
			return err
		}
	}
	s.state.Head = end.seq - 1
	s.recovered.Lost = max(0, int64(s.meta.closed.next-end.seq))
	return s.distrust(names)
}

// recover walks the newest file and cuts off a torn commit.
func (s *Store) recover(f *file, h *handle) (mark, error) {
	r := recovery{
		durable: s.meta.closed.next,
		size:    f.size,
		end:     mark{seq: f.first},
	}
	w := walker{file: h, name: f.name, size: f.size, limit: segment.MaxSeq + 1, verify: true}
	if err := w.walk(mark{seq: f.first}, &r); err != nil {
		return mark{}, err
	}
	if r.newer > 0 {
		return mark{}, fmt.Errorf("%s: %w", f.name, &segment.VersionError{Version: r.newer})
	}
	end := r.tail()
	s.recovered.Bytes = f.size - end.off
	if end.off < f.size {
		if err := h.Truncate(end.off); err != nil {
			return mark{}, fmt.Errorf("cut the torn end off %s: %w", f.name, err)
		}
	}
	if s.strict {
		if err := s.harden(f, h, r.newest.off, end.off); err != nil {
			return mark{}, err
		}
	}
	f.size, f.index = end.off, &r.index
	s.unsynced, s.unlisted = !s.strict, !s.strict
	return end, nil
}

// harden makes durable what a strict store finds and is about to tell as
// committed. The process that wrote the last commit may have died before its
// sync, or that sync may have failed: then the system may hold bytes for clean
// that are not on the disk, and has to be given them once more.
func (s *Store) harden(f *file, h *handle, from, to int64) error {
	if from < to {
		if err := copyBytes(h, from, h, from, to-from); err != nil {
			return fmt.Errorf("write the last commit of %s again: %w", f.name, err)
		}
	}
	if err := h.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", f.name, err)
	}
	if err := s.fs.SyncDir(); err != nil {
		return fmt.Errorf("sync the directory: %w", err)
	}
	return nil
}

// Recovered says what Open had to put right.
func (s *Store) Recovered() Recovery { return s.recovered }

// Warning says what of that a user should hear of, "" where that is nothing.
func (s *Store) Warning() string { return s.recovered.Warning() }

// enter begins a call, and fails if the store may do no more. The caller
// unlocks mu.
func (s *Store) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return core.ErrClosed
	}
	return nil
}

// enterWriting begins a call that changes files. The caller unlocks writing.
func (s *Store) enterWriting(ctx context.Context) (core.State, error) {
	s.writing.Lock()
	if err := s.enter(ctx); err != nil {
		s.writing.Unlock()
		return core.State{}, err
	}
	defer s.mu.Unlock()
	return s.state, nil
}

// State implements core.Store.
func (s *Store) State(ctx context.Context) (core.State, error) {
	if err := s.enter(ctx); err != nil {
		return core.State{}, err
	}
	defer s.mu.Unlock()
	return s.state, nil
}

// Close implements core.Store. It waits for the call that is at the files, if
// there is one, since only behind it may another process take the lock. Then
// it makes the newest file durable, also where the store is not strict, and
// notes that, so that the next Open need not look.
func (s *Store) Close() error {
	s.mu.Lock()
	again := s.closed
	s.closed = true
	s.mu.Unlock()
	s.writing.Lock()
	defer s.writing.Unlock()
	if again {
		return nil
	}
	err := errors.Join(s.settle(), s.keys.close(), s.notes.close())
	s.mu.Lock()
	s.cache.closeAll(s.files)
	s.mu.Unlock()
	return errors.Join(err, s.unlock())
}

// settle makes a clean close of what is there.
func (s *Store) settle() error {
	if s.broken != nil || len(s.files) == 0 {
		return nil
	}
	f := s.files[len(s.files)-1]
	if err := s.sync(f); err != nil {
		return err
	}
	if s.keys.file != nil && !s.strict {
		if err := s.keys.file.Sync(); err != nil {
			return fmt.Errorf("sync %s: %w", keysName, err)
		}
	}
	m := s.meta
	m.sealed = s.state.Sealed
	m.closed = closing{next: s.state.Head + 1, first: f.first, size: f.size}
	if m == s.meta {
		return nil
	}
	s.meta = m
	return writeFile(s.fs, metaName, m.encode(), true)
}

// sync makes a file's bytes and name durable.
func (s *Store) sync(f *file) error {
	if s.unsynced {
		h, err := s.acquire(f)
		if err != nil {
			return err
		}
		defer s.release(h)
		if err := h.Sync(); err != nil {
			return fmt.Errorf("sync %s: %w", f.name, err)
		}
		s.unsynced = false
	}
	if s.unlisted {
		if err := s.fs.SyncDir(); err != nil {
			return fmt.Errorf("sync the directory: %w", err)
		}
		s.unlisted = false
	}
	return nil
}

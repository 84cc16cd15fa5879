package faultstore

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Limited is a store with so much room and no more: what would take more fails
// with core.ErrQuota, and changes nothing. What replaces something needs room
// beside it. It is for one goroutine that writes at a time.
type Limited struct {
	core.Store

	mu    sync.Mutex
	bytes int
	named map[string]int // sizes of the values
}

// Limit gives a store that holds no named values yet so many bytes.
func Limit(inner core.Store, bytes int) *Limited {
	return &Limited{Store: inner, bytes: bytes, named: map[string]int{}}
}

// SetLimit gives it more room, or less.
func (s *Limited) SetLimit(bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes = bytes
}

// Used is how many bytes the segments and the named values are.
func (s *Limited) Used(ctx context.Context) (bytes int, err error) {
	s.mu.Lock()
	for _, size := range s.named {
		bytes += size
	}
	s.mu.Unlock()
	state, err := s.Store.State(ctx)
	if err != nil || state.Head == core.None {
		return bytes, err
	}
	extents, err := s.Store.Index(ctx, 0, math.MaxInt32)
	for _, e := range extents {
		bytes += e.Size
	}
	return bytes, err
}

// fit fails where there is no room for so many bytes more.
func (s *Limited) fit(ctx context.Context, more int) error {
	used, err := s.Used(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && used+more > s.bytes {
		return fmt.Errorf("faultstore: %d bytes more than %d of %d: %w", more, used, s.bytes, core.ErrQuota)
	}
	return err
}

func sizeOf(segments []*segment.Segment) (bytes int) {
	for _, s := range segments {
		bytes += s.Size()
	}
	return bytes
}

// Append implements core.Store.
func (s *Limited) Append(ctx context.Context, segments []*segment.Segment) (core.State, error) {
	if err := s.fit(ctx, sizeOf(segments)); err != nil {
		return core.State{}, err
	}
	return s.Store.Append(ctx, segments)
}

// AppendOnce implements core.Store.
func (s *Limited) AppendOnce(ctx context.Context, segments []*segment.Segment, keys []core.Key) (core.State, error) {
	if err := s.fit(ctx, sizeOf(segments)); err != nil {
		return core.State{}, err
	}
	return s.Store.AppendOnce(ctx, segments, keys)
}

// Replace implements core.Store.
func (s *Limited) Replace(ctx context.Context, r core.Replacement) (core.State, error) {
	if err := s.fit(ctx, sizeOf(r.Segments)); err != nil {
		return core.State{}, err
	}
	return s.Store.Replace(ctx, r)
}

// SetCheckpoint implements core.Store.
func (s *Limited) SetCheckpoint(ctx context.Context, name string, value []byte) error {
	if value != nil {
		if err := s.fit(ctx, len(value)); err != nil {
			return err
		}
	}
	err := s.Store.SetCheckpoint(ctx, name, value)
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.named[name] = len(value); value == nil {
			delete(s.named, name)
		}
	}
	return err
}

// DropCheckpoints implements core.DropStore.
func (s *Limited) DropCheckpoints(ctx context.Context, keep func(name string) bool) (count int, bytes int64, err error) {
	s.mu.Lock()
	var names []string
	for name, size := range s.named {
		if !keep(name) {
			names = append(names, name)
			bytes += int64(size)
		}
	}
	s.mu.Unlock()
	for _, name := range names {
		if err := s.SetCheckpoint(ctx, name, nil); err != nil {
			return count, bytes, err
		}
		count++
	}
	return count, bytes, nil
}

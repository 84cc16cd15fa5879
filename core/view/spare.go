package view

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
)

const (
	// restAfterGiving is how long a view stores nothing again after it has
	// given up what it had stored, so that the log gets the room.
	restAfterGiving = time.Minute

	// maxResting bounds the views that build themselves in memory for as long:
	// they had no more than so many bytes in the store.
	maxResting = 32 << 20
)

// Give implements core.Spare: views that have their state in memory give what is
// stored of it, and their past states; with all, the others give theirs too, and
// are built again.
func (s *Set) Give(ctx context.Context, all bool) (bytes int64, any bool, err error) {
	var errs []error
	for _, m := range s.Views() {
		gave, some, err := m.give(ctx, all)
		bytes, any = bytes+int64(gave), any || some
		errs = append(errs, err)
	}
	return bytes, any, errors.Join(errs...)
}

// Needs implements core.Spare: the checkpoint and the parts of a view that cannot
// answer without.
func (s *Set) Needs(name string) bool {
	name, _, _ = strings.Cut(name, "\x00")
	s.mu.Lock()
	m := s.find(name)
	mounting := s.mounting[name]
	s.mu.Unlock()
	return mounting || m != nil && m.inStore()
}

// inStore reports whether some of the view's state is only in the store: in
// parts, or not yet read.
func (m *Mounted) inStore() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.unread()) > 0 {
		return true
	}
	for _, in := range []*instance{m.current, m.old} {
		if in == nil {
			continue
		}
		if _, ok := in.View.(Storing); ok {
			return true
		}
	}
	return false
}

// give deletes what is stored of a view.
func (m *Mounted) give(ctx context.Context, all bool) (bytes int, any bool, err error) {
	m.saving.Lock()
	defer m.saving.Unlock()
	inStore := m.inStore()
	if inStore && !all {
		return 0, false, nil
	}
	m.mu.Lock()
	bytes = m.bytes
	m.mu.Unlock()
	if bytes == 0 && !m.shelf.wrote() {
		return 0, false, nil // it has given before, and stored nothing since
	}
	if inStore {
		m.mu.Lock()
		m.old = nil
		m.mu.Unlock()
		if err := m.rebuild(false); err != nil {
			return 0, false, err
		}
	}
	m.mu.Lock()
	in := m.current
	in.saved, in.history, in.pending = unsaved, nil, nil
	if bytes <= maxResting {
		m.rest(in)
	}
	m.bytes = 0
	m.mu.Unlock()
	if err := m.set.log.SetCheckpoint(ctx, m.spec.Name, nil); err != nil {
		return 0, false, err
	}
	m.set.tell(m)
	return bytes, true, m.shelf.clear(ctx, nil)
}

// rest has nothing of a view stored for a while; m.mu is held. What has gathered
// in memory is written down before the first checkpoint, which would hold it.
func (m *Mounted) rest(in *instance) {
	in.savedAt, in.cost = time.Now(), 2*restAfterGiving/share
	if _, ok := in.View.(Storing); ok {
		in.tendAt, in.untended = in.savedAt.Add(restAfterGiving), true
		m.set.tendLater(restAfterGiving)
	}
}

// leave stores the state for the last time. Where there is no room for it, the
// view will be built again, and nothing else is lost.
func (m *Mounted) leave(ctx context.Context) error {
	err := m.checkpoint(ctx)
	if errors.Is(err, core.ErrQuota) {
		m.set.warn(err)
		return nil
	}
	return err
}

var _ core.Spare = (*Set)(nil)

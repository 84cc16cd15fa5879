package view

import (
	"context"
	"errors"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core"
)

// lazy is a view whose stored state is taken in when that is asked for, and a
// large one is read only then, so that opening a log does not wait for the states
// of views that nobody reads. It is for those that are not Storing.
type lazy struct {
	View
	body *inBody // where root is, nil once it was read
	root []byte  // nil once it was taken in
	err  error
	warn func(error)
}

// errUnread: the state has to be read before the view can go on.
var errUnread = errors.New("its state has not been read")

// loaded has the state taken in. An error is errLost, or errUnread.
func (v *lazy) loaded() error {
	if v.body != nil {
		return errUnread
	}
	if v.root == nil {
		return v.err
	}
	root := v.root
	v.root = nil
	v.err = fmt.Errorf("%w: its checkpoint", errLost) // unless Load returns
	err := v.View.Load(root)
	if v.err = nil; err != nil {
		v.warn(fmt.Errorf("its checkpoint is not used: %w", err))
		v.err = fmt.Errorf("%w: its checkpoint: %w", errLost, err)
	}
	return v.err
}

func (v *lazy) Apply(r *Record) error {
	if err := v.loaded(); err != nil {
		return err
	}
	return v.View.Apply(r)
}

func (v *lazy) Save(b []byte) []byte {
	if v.root != nil {
		return append(b, v.root...)
	}
	return v.View.Save(b)
}

func (v *lazy) Call(c *Call) error {
	switch err := v.loaded(); {
	case err == nil:
		return v.View.Call(c)
	case errors.Is(err, errUnread):
		c.Await(c.m.fetchState)
	default:
		c.Await(func(context.Context) error { return err })
	}
	return ErrAwait
}

// unread is the stored roots of the view that have not been read; its mu is held.
func (m *Mounted) unread() (all []*lazy) {
	for _, in := range []*instance{m.current, m.old} {
		if in == nil {
			continue
		}
		if l, ok := in.View.(*lazy); ok && l.body != nil {
			all = append(all, l)
		}
	}
	return all
}

// fetchState is fetch for who does not hold saving.
func (m *Mounted) fetchState(ctx context.Context) error {
	m.saving.Lock()
	defer m.saving.Unlock()
	return m.fetch(ctx)
}

// fetch reads what has not been read of the view's states; saving is held. Where
// another tab has stored others in their place, the view goes on from those, and
// where they are damaged, it is built again.
func (m *Mounted) fetch(ctx context.Context) error {
	m.mu.Lock()
	unread := m.unread()
	m.mu.Unlock()
	if len(unread) == 0 {
		return nil
	}
	log := m.set.log
	b, body, err := log.CheckpointBody(ctx, m.spec.Name)
	if err != nil && !errors.Is(err, core.ErrCorrupt) {
		return err
	}
	if err == nil && m.hand(b, body) {
		return nil
	}
	var found manifest
	if err == nil && b != nil {
		if _, err := log.Refresh(ctx); err != nil { // they may have seen newer records
			return err
		}
		if found, err = readManifest(b, log.State().ID); err == nil {
			err = found.take(b, body)
		}
	}
	if err != nil {
		m.unused(err)
		found = manifest{}
	}
	return m.goOn(found, len(b)+len(body))
}

// goOn has a view that is mounted go on from another checkpoint, of so many
// bytes; saving is held.
func (m *Mounted) goOn(found manifest, size int) error {
	fresh, err := m.newInstance(m.spec.Kind, m.spec.Options, m.shelf)
	if err != nil {
		return err
	}
	if err := m.take(found, size, fresh); err != nil {
		return err
	}
	m.set.forgetDeleted() // what was deleted while it was being read
	m.set.tell(m)
	return nil
}

// hand gives states that have not been read their roots, which were read just
// now with a manifest, and reports whether all are what they have to be.
func (m *Mounted) hand(manifest, body []byte) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	unread := m.unread()
	var roots [][]byte
	for _, l := range unread {
		root, ok := l.body.in(manifest, body)
		if !ok {
			return false
		}
		roots = append(roots, root)
	}
	for i, l := range unread {
		l.root, l.body = roots[i], nil
	}
	return true
}

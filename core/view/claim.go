package view

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
)

// Where several processes, or tabs, run the same views over one store, a view
// that has much of the log still to see is built by one of them. The others wait
// for it, take what it has stored, and go on from there.

// Claim asks for the right to build what key stands for, which one at a time has
// of all that share the store, and returns when it is had. release, which must
// not wait, gives it back; so does the end of whoever has it.
type Claim func(ctx context.Context, key string) (release func(), err error)

const (
	// claimLook is how often one that waits looks at what has been stored. Who
	// builds stores something about every second.
	claimLook = 2 * time.Second

	// claimPatience is how many looks in a row may find nothing new: who has the
	// right may be frozen, or have no room to store anything.
	claimPatience = 8
)

// claim is the right of a view to be built here; the view's mu guards it.
type claim struct {
	asked   bool
	of      *instance // that may be built
	release func()    // nil where it is not held
}

// mayBuild reports whether the view may be fed, and asks for the right to if it
// lacks it; mu is held. It is for the feeder's goroutine.
func (m *Mounted) mayBuild() bool {
	in := m.current
	if m.set.opts.Claim == nil || in.caught || in.own || m.claim.of == in || m.set.log.Since()-in.since < core.Seq(m.set.opts.Far) {
		return true
	}
	if !m.claim.asked {
		m.claim.asked = true
		m.set.done.Add(1) // the feeder has one, so nobody waits for them in vain
		go func() {
			defer m.set.done.Done()
			m.waitForClaim(m.set.ctx)
		}()
	}
	return false
}

// waitForClaim has the view built here, or going on from what others have built.
func (m *Mounted) waitForClaim(ctx context.Context) {
	release := m.awaitClaim(ctx)
	if ctx.Err() == nil {
		if _, err := m.adopt(ctx); err != nil && ctx.Err() == nil {
			m.unused(err)
		}
	}
	m.mu.Lock()
	m.claim.asked = false
	m.claim.of = m.current
	if release != nil && (m.gone || ctx.Err() != nil || m.err != nil || m.current.done()) {
		release()
		release = nil
	}
	m.claim.release = release
	m.mu.Unlock()
	m.set.changed()
}

// awaitClaim waits for the right, and takes what others store meanwhile. Where
// they get no further, it gives up, and answers nil.
func (m *Mounted) awaitClaim(ctx context.Context) (release func()) {
	ctx, giveUp := context.WithCancel(ctx)
	granted := make(chan func(), 1)
	go func() {
		release, err := m.set.opts.Claim(ctx, m.spec.Name+"\x00"+m.spec.Version)
		if err != nil && ctx.Err() == nil {
			m.set.warn(err)
		}
		if err != nil {
			release = nil
		}
		granted <- release
	}()
	looks := make(chan struct{})
	go func() {
		for ctx.Err() == nil {
			m.set.opts.Sleep(ctx, claimLook)
			select {
			case looks <- struct{}{}:
			case <-ctx.Done():
			}
		}
	}()
	defer giveUp()
	for idle := 0; idle < claimPatience; {
		select {
		case release := <-granted:
			return release
		case <-looks:
			idle++
			if further, _ := m.adopt(ctx); further {
				idle = 0
			}
		}
	}
	giveUp()
	return <-granted // it may just have been had
}

// adopt has the view go on from what another has stored, where that has seen
// more of the log, and reports whether it has.
func (m *Mounted) adopt(ctx context.Context) (further bool, err error) {
	m.saving.Lock()
	defer m.saving.Unlock()
	log := m.set.log
	b, err := log.Checkpoint(ctx, m.spec.Name)
	if b == nil || errors.Is(err, core.ErrCorrupt) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if _, err := log.Refresh(ctx); err != nil { // it may have seen newer records
		return false, err
	}
	found, err := readManifest(b, log.State().ID)
	if err != nil {
		return false, err
	}
	m.mu.Lock()
	in := m.current
	m.mu.Unlock()
	if in.own || !slices.ContainsFunc(found.states, func(k kept) bool { return k.fits(m.spec) && k.seq > in.since }) {
		return false, nil
	}
	m.shelf.forget()
	if err := m.goOn(found, len(b)); err != nil {
		return false, err
	}
	return true, nil
}

// done reports whether there is nothing left of the view that others could wait
// for; the view's mu is held.
func (in *instance) done() bool { return in.caught && !in.unsaved() }

// unclaim gives the right back, if it is held; mu is held.
func (m *Mounted) unclaim() {
	if m.claim.release != nil {
		m.claim.release()
		m.claim.release = nil
	}
}

// part is for a view that is not mounted any more.
func (m *Mounted) part() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gone = true
	m.unclaim()
}

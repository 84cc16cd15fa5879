package view

import "github.com/flumedb/flumedb-wasm/core"

// forgetDeleted has views built anew that may have seen records which have been
// deleted since. The states that they had answer nobody any more.
func (s *Set) forgetDeleted() {
	now := s.log.State().Deletions
	forgot := false
	for _, m := range s.Views() {
		m.mu.Lock()
		stale := m.current.deletions != now
		if stale {
			m.forget()
		}
		m.mu.Unlock()
		if stale {
			s.tell(m)
			forgot = true
		}
	}
	s.changed()
	if forgot {
		nudge(s.save)
	}
}

// forget begins the view anew; m.mu is held.
func (m *Mounted) forget() {
	fresh, err := m.newInstance(m.spec.Kind, m.spec.Options, m.shelf)
	if err != nil { // of what it was made of before
		m.fail(core.None, err)
		return
	}
	fresh.version = m.spec.Version
	fresh.saved = unsaved // so that a crash does not bring the old state back
	m.old = nil
	m.replace(fresh)
}

package core

import (
	"sync"
	"time"
)

// Health is how a log stands with its store.
type Health struct {
	Condition Condition
	Step      Step  // of a rescue under way, or of the one that has made room last
	Freed     int64 // bytes that the rescue has freed, as far as that is known
	Err       error // what is wrong, nil where nothing is
}

// Condition is what there is to be known of a log's health.
type Condition string

// Conditions.
const (
	// Healthy: appends and reads work, as far as is known.
	Healthy Condition = "ok"

	// Rescuing: an append has found no room, and some is being made.
	Rescuing Condition = "rescuing"

	// Full: no room could be made, and the append has failed with ErrQuota. The
	// next one is tried again, and if it works the log is Healthy.
	Full Condition = "full"

	// Reopening: the host has closed the store, and it is being opened again.
	Reopening Condition = "reopening"

	// Failed: the store cannot be opened again, for the time being. The next
	// call tries it once more.
	Failed Condition = "failed"

	// Lost: records that were committed are gone; Err is a *LostError, or
	// ErrGone. It stays so: what there is now is to be opened anew.
	Lost Condition = "lost"
)

// Step is what is done to make room. The steps are gone through in this order,
// and after each that has freed something the append is tried again.
type Step string

// Steps of a rescue.
const (
	// Compact makes full segments of small ones.
	Compact Step = "compact"

	// DropCheckpoints deletes stored states of views, but for those that views
	// which are open cannot go on without. Views that have theirs in memory store
	// it again later; the others are built again when they are next opened.
	DropCheckpoints Step = "checkpoints"

	// DropViews deletes those as well, and has the views built again.
	DropViews Step = "views"
)

// HealthTeller is a Store that can lose its connection to the host. It tells
// when it is Reopening, Healthy again, Failed or Lost.
type HealthTeller interface {
	Store

	// TellHealth has tell called from then on, by any goroutine. tell does not
	// wait.
	TellHealth(tell func(Health))
}

// health puts together what the committer and the store tell.
type health struct {
	mu     sync.Mutex
	tell   func(Health)
	store  Health // Healthy where it tells nothing
	rescue Health // Rescuing, Full, or Healthy with what the last one has freed
	told   Health
	at     time.Time // since when it is what was told

	watchers watchers[func()]
}

// Health is how the log stands with its store, and since when.
func (l *Log) Health() (now Health, at time.Time) {
	l.health.mu.Lock()
	defer l.health.mu.Unlock()
	return l.health.told, l.health.at
}

// WatchHealth has fn called whenever Health answers something else. fn must not
// wait, nor call the log.
func (l *Log) WatchHealth(fn func()) (stop func()) { return l.health.watchers.add(&l.health.mu, fn) }

// ofStore takes in what the store tells. What is Lost stays so.
func (h *health) ofStore(now Health) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.store.Condition != Lost {
		h.store = now
	}
	if h.rescue.Condition == Healthy {
		h.rescue = Health{Condition: Healthy} // that one is over
	}
	h.settle()
}

// ofRescue takes in how a rescue stands.
func (h *health) ofRescue(now Health) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rescue = now
	h.settle()
}

// settle tells what is new; mu is held, so that it is told in order.
func (h *health) settle() {
	now := h.rescue
	if h.store.Condition != Healthy && h.store.Condition != "" {
		now = h.store
	}
	if now.Condition == h.told.Condition && now.Step == h.told.Step && now.Freed == h.told.Freed {
		return
	}
	h.told, h.at = now, time.Now()
	if h.tell != nil {
		h.tell(now)
	}
	for _, fn := range h.watchers.fns {
		fn()
	}
}

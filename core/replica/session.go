package replica

import (
	"context"
	"fmt"
)

// Session is the side that asks: it makes one message after the other for the
// same other replica, and takes in the answers, until either has what the other
// has. It is for one goroutine at a time.
type Session struct {
	replica *Replica
	peer    *status           // as it was last told
	told    map[Origin]uint64 // the digests of the deleted places that were sent
	seen    map[Origin]uint64 // those that were taken in

	in      *incoming
	telling map[Origin]uint64 // in the message under way
	held    bool              // that message did not hold all there is to send
	pushed  uint64

	idle     int // how many exchanges have changed nothing though not all was done
	progress Progress
}

// Progress is how far a session has come.
type Progress struct {
	Pulled, Pushed uint64 // records that have come and gone
	ToPull, ToPush uint64 // how many the two were known to lack at last
	Settled        bool   // nothing was left to do
	Forked         int    // origins of which the other replica has other records
}

// NewSession begins a session.
func (r *Replica) NewSession() *Session {
	return &Session{replica: r, told: map[Origin]uint64{}, seen: map[Origin]uint64{}}
}

// Restart forgets what the other replica has told, after an exchange that did not
// come to its end. Records that had come are kept.
func (s *Session) Restart(ctx context.Context) (err error) {
	s.replica.mu.Lock()
	defer s.replica.mu.Unlock()
	if s.in != nil {
		before := s.in.records
		err = s.in.flush(ctx)
		s.pulled(s.in.records - before)
	}
	s.peer, s.in, s.idle = nil, nil, 0
	clear(s.told)
	return err
}

// Message makes the next message, of about so many bytes at the most: what this
// replica has, and once the other's status is known also records that it lacks.
func (s *Session) Message(ctx context.Context, budget int) ([]byte, error) {
	r := s.replica
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refresh(ctx); err != nil {
		return nil, err
	}
	s.in, s.telling, s.held, s.pushed = r.incoming(), map[Origin]uint64{}, false, 0
	own, err := r.status(ctx, s.peer, s.seen)
	if err != nil {
		return nil, err
	}
	b := own.encode()
	if s.peer == nil {
		return append(b, encodeEnd(false)...), nil
	}
	out, err := r.outgoing(ctx, s.peer)
	if err != nil {
		return nil, err
	}
	before := out.pending()
	for len(b) < budget && !out.done() {
		frame, err := out.next(ctx)
		if err != nil {
			return nil, err
		}
		b = append(b, frame...)
	}
	s.held = !out.done()
	s.pushed = before - out.pending()
	if !s.held && !own.only && !s.peer.only {
		for id := range r.table.origins {
			if digest, set, due := s.due(id); due {
				s.telling[id] = digest
				b = append(b, encodeDeleted(id, set)...)
			}
		}
	}
	return append(b, encodeEnd(s.held)...), nil
}

// due tells which deleted places of an origin the other replica is to be told.
func (s *Session) due(id Origin) (digest uint64, set []places, due bool) {
	h := s.replica.table.origins[id]
	s.replica.listDeleted(h)
	due = !h.forked && h.digest != 0 && h.digest != s.peer.of(id).digest && h.digest != s.told[id]
	return h.digest, h.deleted, due
}

// Take takes in a piece of the answer. What it holds wholly stays, whatever
// becomes of the rest.
func (s *Session) Take(ctx context.Context, piece []byte) error {
	s.replica.mu.Lock()
	defer s.replica.mu.Unlock()
	if s.in == nil {
		return fmt.Errorf("%w: there was no question", ErrMessage)
	}
	before := s.in.records
	err := s.in.write(ctx, piece)
	s.pulled(s.in.records - before)
	return err
}

func (s *Session) pulled(n int) {
	s.progress.Pulled += uint64(n)
	s.progress.ToPull -= min(s.progress.ToPull, uint64(n))
}

// Progress is how far the session has come.
func (s *Session) Progress() Progress { return s.progress }

// Finish is called when the answer has come to its end. It tells whether there is
// anything left to do.
func (s *Session) Finish(ctx context.Context) (Progress, error) {
	r := s.replica
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.in == nil || !s.in.ended {
		return s.progress, fmt.Errorf("%w: the answer ends too early", ErrMessage)
	}
	in := s.in
	s.in = nil
	first := s.peer == nil
	s.peer = in.status
	for id, digest := range s.telling {
		s.told[id] = digest
	}
	for id, digest := range in.seen {
		s.seen[id] = digest
	}
	if err := r.refresh(ctx); err != nil {
		return s.progress, err
	}
	out, err := r.outgoing(ctx, s.peer)
	if err != nil {
		return s.progress, err
	}
	p := &s.progress
	p.Pushed += s.pushed
	p.ToPush, p.ToPull, p.Forked = out.pending(), 0, 0
	left := in.more || s.held || p.ToPush > 0 || s.peer.only
	for _, ph := range s.peer.heads {
		h := r.table.origins[ph.origin]
		if h != nil && h.forked {
			p.Forked++
			continue
		}
		next := uint64(0)
		if h != nil {
			next = h.next
			r.listDeleted(h)
			if _, _, due := s.due(ph.origin); due || ph.digest != h.digest && ph.digest != 0 && ph.digest != s.seen[ph.origin] {
				left = true
			}
			if h == r.table.own {
				doubted, err := r.doubted(ctx, ph)
				if err != nil {
					return s.progress, err
				}
				left = left || doubted
			}
		}
		if ph.next > next {
			p.ToPull += ph.next - next
		}
	}
	left = left || p.ToPull > 0
	if moved := first || s.pushed > 0 || in.records > 0 || len(in.seen) > 0 || len(s.telling) > 0; moved || !left {
		s.idle = 0
	} else if s.idle++; s.idle > maxIdle {
		left = false // what is missing cannot be had from this one, now
	}
	p.Settled = !left
	return s.progress, nil
}

// maxIdle is how many exchanges may change nothing.
const maxIdle = 3

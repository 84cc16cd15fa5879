package view

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
)

// AtOptions bound the work of reading a view as of a past seq.
type AtOptions struct {
	// MaxReplay is how many records may have to be applied to the nearest state
	// that is kept. Negative for any number.
	MaxReplay int
}

// ErrReplay: reading a view as of a past seq would take more work than it may.
var ErrReplay = errors.New("too many records would have to be replayed")

// ReplayError is ErrReplay, with what it would have taken.
type ReplayError struct {
	View      string
	From, To  core.Seq // behind the nearest state, and through the seq asked for
	MaxReplay int
}

// Error implements error.
func (e *ReplayError) Error() string {
	return fmt.Sprintf("view %q at seq %d: %d records would have to be replayed from the nearest state on, which is that of seq %d; %d may be",
		e.View, int64(e.To), int64(e.To-e.From), int64(e.From), e.MaxReplay)
}

// Place is the first record that would have to be replayed, and the last.
func (e *ReplayError) Place() (first, last core.Seq) { return e.From + 1, e.To }

// Is has every *ReplayError be ErrReplay.
func (e *ReplayError) Is(target error) bool { return target == ErrReplay }

// Past is a view as of a past seq: it answers as it would have when that record
// was the newest, but for records that have been deleted since, which it has
// never seen. It does not move.
type Past struct {
	m    *Mounted
	seq  core.Seq
	opts AtOptions
}

// At is the view as of a seq; -1 is before the first record. Nothing is done
// before it is asked. Then the nearest state at or below that seq is loaded (the
// view's own, its checkpoint, one of its Spec.History, or one made for another
// such read) and the records behind it are applied. A few of those made lately
// are kept in memory.
//
// Calls fail with core.ErrNotFound where the log has no such seq yet, with
// ErrReplay where that takes more than it may, and with what the view itself
// fails with on a record.
func (m *Mounted) At(seq core.Seq, opts AtOptions) *Past { return &Past{m, seq, opts} }

// Read answers a call. args is a JSON array, or nil.
func (p *Past) Read(ctx context.Context, method string, args json.Value) (json.Value, error) {
	anew := false
	for tries := 0; ; tries++ {
		r, err := p.m.replica(ctx, p.seq, p.opts, anew)
		if err != nil {
			return nil, err
		}
		answer, err := r.call(method, args).finish(ctx)
		if !again(err, tries) {
			return answer, err
		}
		p.m.dropReplica(r)
		anew = anew || errors.Is(err, errLost)
	}
}

// again reports whether a state is to be made once more: every time that records
// have been deleted, and a few times where a part of it was lost.
func again(err error, tries int) bool {
	const mostTries = 3
	return errors.Is(err, errForgotten) || errors.Is(err, errLost) && tries < mostTries
}

// Call begins a call where the state is in memory, and has to be read by Read
// otherwise.
func (p *Past) Call(method string, args json.Value) (*Pending, bool) {
	if !p.m.mu.TryLock() {
		return nil, false
	}
	defer p.m.mu.Unlock()
	r := p.m.findReplica(p.seq)
	if r == nil || !r.isMade() || !p.allows(r) {
		return nil, false
	}
	return r.call(method, args), true
}

func (p *Past) allows(r *replica) bool { return p.opts.MaxReplay < 0 || r.replayed <= p.opts.MaxReplay }

// mostReplicas is how many are kept of a view.
const mostReplicas = 3

// replica is a view at a past seq, made from a kept state and records.
type replica struct {
	m         *Mounted
	seq       core.Seq
	deletions uint64 // State.Deletions of the log as it saw it
	in        *instance
	base      core.Seq // of the state that it was made from
	replayed  int
	pins      []uint32      // parts in the store that it needs; m.mu guards them
	made      chan struct{} // closed when it is, or when that has failed
	err       error
}

// errForgotten: records have been deleted that the state may have seen.
var errForgotten = errors.New("records have been deleted meanwhile")

func (r *replica) isMade() bool {
	select {
	case <-r.made:
		return r.err == nil
	default:
		return false
	}
}

func (r *replica) call(method string, args json.Value) *Pending {
	return &Pending{Call: Call{Method: method, Args: args, m: r.m}, replica: r}
}

// check reports whether the replica may answer; m.mu is held.
func (r *replica) check() error {
	switch {
	case r.m.set.ctx.Err() != nil:
		return fmt.Errorf("view %q: %w", r.m.spec.Name, core.ErrClosed)
	case r.deletions != r.m.set.log.State().Deletions:
		return errForgotten
	}
	return nil
}

// findReplica is the one of a seq, made or being made; m.mu is held.
func (m *Mounted) findReplica(seq core.Seq) *replica {
	now := m.set.log.State().Deletions
	for i, r := range m.replicas {
		if r.seq == seq && r.deletions == now {
			m.replicas = append(slices.Delete(m.replicas, i, i+1), r) // the newest use is last
			return r
		}
	}
	return nil
}

func (m *Mounted) dropReplica(r *replica) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := slices.Index(m.replicas, r); i >= 0 {
		m.replicas = slices.Delete(m.replicas, i, i+1)
	}
}

// replica is the view at a seq, made now if it has to be. anew has it made of
// records only: parts of a state that was kept are lost, and who knows of which.
func (m *Mounted) replica(ctx context.Context, seq core.Seq, opts AtOptions, anew bool) (*replica, error) {
	switch {
	case m.set.ctx.Err() != nil:
		return nil, fmt.Errorf("view %q: %w", m.spec.Name, core.ErrClosed)
	case seq < core.None:
		return nil, Invalid("there is no seq %d", int64(seq))
	case seq > m.set.log.Since():
		return nil, fmt.Errorf("view %q at seq %d: the log ends at %d: %w", m.spec.Name, int64(seq), int64(m.set.log.Since()), core.ErrNotFound)
	}
	for tries := 0; ; tries++ {
		m.mu.Lock()
		r := m.findReplica(seq)
		mine := r == nil
		if mine {
			r = &replica{m: m, seq: seq, deletions: m.set.log.State().Deletions, made: make(chan struct{})}
			m.replicas = append(m.replicas, r)
			m.crowd()
		}
		m.mu.Unlock()
		if mine {
			r.err = r.make(ctx, opts, anew)
			if r.err != nil {
				m.dropReplica(r)
			}
			close(r.made)
			anew = anew || errors.Is(r.err, errLost)
			if again(r.err, tries) {
				continue
			}
			return r, r.err
		}
		select {
		case <-r.made:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if r.err != nil {
			continue // it was another's to make, and may fail for other reasons here
		}
		if opts.MaxReplay >= 0 && r.replayed > opts.MaxReplay {
			return nil, &ReplayError{m.spec.Name, r.base, seq, opts.MaxReplay}
		}
		return r, nil
	}
}

// crowd lets go of those that have not been used for longest; m.mu is held.
func (m *Mounted) crowd() {
	for i := 0; len(m.replicas) > mostReplicas && i < len(m.replicas); {
		if m.replicas[i].isMade() {
			m.replicas = slices.Delete(m.replicas, i, i+1)
		} else {
			i++
		}
	}
}

// make loads the nearest state and applies the records behind it.
func (r *replica) make(ctx context.Context, opts AtOptions, anew bool) error {
	m := r.m
	// Nothing is deleted, and no part of the view's state goes, before it is
	// known what is needed.
	m.saving.Lock()
	err := r.begin(ctx, opts, anew)
	m.saving.Unlock()
	if err != nil {
		return err
	}
	r.base = r.in.since
	if err := r.replay(ctx); err != nil {
		return err
	}
	r.replayed = int(r.seq - r.base)
	m.mu.Lock()
	defer m.mu.Unlock()
	return r.check()
}

// candidate is a state to begin from.
type candidate struct {
	seq   core.Seq
	state func() (kept, *Shelf, error)
}

// begin makes the instance from the nearest state that can be had.
func (r *replica) begin(ctx context.Context, opts AtOptions, anew bool) error {
	m := r.m
	var all []candidate
	if !anew {
		all = r.candidates(ctx)
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return int(b.seq - a.seq) })
	for _, c := range all {
		if opts.MaxReplay >= 0 && int(r.seq-c.seq) > opts.MaxReplay {
			return &ReplayError{m.spec.Name, c.seq, r.seq, opts.MaxReplay}
		}
		k, shelf, err := c.state()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil && !k.fits(m.spec) {
			err = errDamaged
		}
		if err == nil && (k.seq < c.seq || k.seq > r.seq) {
			continue // it has moved meanwhile, and another is nearer
		}
		if err != nil {
			m.set.warn(fmt.Errorf("view %q: its state at seq %d is not used: %w", m.spec.Name, int64(c.seq), err))
			continue
		}
		if r.in = m.load(k, shelf); r.in != nil {
			m.mu.Lock()
			r.pins = k.parts
			m.pinned = m.pinned || len(k.parts) > 0
			m.mu.Unlock()
			return nil
		}
	}
	if n := int(r.seq - core.None); opts.MaxReplay >= 0 && n > opts.MaxReplay {
		return &ReplayError{m.spec.Name, core.None, r.seq, opts.MaxReplay}
	}
	in, err := m.newInstance(m.spec.Kind, m.spec.Options, newReplicaShelf(m.shelf, nil))
	if err == nil {
		in.version = m.spec.Version
	}
	r.in = in
	return err
}

// candidates are the states at or below the seq that the replica may begin from.
func (r *replica) candidates(ctx context.Context) (all []candidate) {
	m := r.m
	m.mu.Lock()
	defer m.mu.Unlock()
	in := m.current
	if in.deletions != r.deletions || in.version != m.spec.Version {
		return all
	}
	add := func(seq core.Seq, state func() (kept, *Shelf, error)) {
		if seq <= r.seq && seq > core.None {
			all = append(all, candidate{seq, state})
		}
	}
	if m.err == nil {
		add(in.since, func() (k kept, _ *Shelf, err error) {
			if err := m.fetch(ctx); err != nil {
				return k, nil, err
			}
			m.mu.Lock()
			defer m.mu.Unlock()
			if m.current != in || m.err != nil {
				return k, nil, errForgotten
			}
			states, err := keep(in)
			if err != nil {
				return k, nil, err
			}
			return states[0], newReplicaShelf(m.shelf, nil), nil
		})
	}
	for _, p := range in.history {
		add(p.seq, func() (kept, *Shelf, error) {
			k, err := m.readPast(ctx, p)
			return k, newReplicaShelf(m.shelf, nil), err
		})
	}
	for _, k := range in.pending {
		add(k.seq, func() (kept, *Shelf, error) { return k, newReplicaShelf(m.shelf, nil), nil })
	}
	for _, other := range m.replicas {
		if other == r || other.deletions != r.deletions || !other.isMade() {
			continue
		}
		add(other.seq, func() (kept, *Shelf, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			states, err := keep(other.in)
			if err != nil {
				return kept{}, nil, err
			}
			k := states[0]
			k.parts = other.pins
			return k, newReplicaShelf(m.shelf, other.in.shelf.own), nil
		})
	}
	add(in.saved, func() (kept, *Shelf, error) {
		stored, err := m.readCheckpoint(ctx)
		if err == nil && (len(stored.states) == 0 || stored.states[0].deletions != r.deletions) {
			err = errDamaged
		}
		if err != nil {
			return kept{}, nil, err
		}
		return stored.states[0], newReplicaShelf(m.shelf, nil), nil
	})
	return all
}

// replay applies the records that the state has not seen.
func (r *replica) replay(ctx context.Context) error {
	m, in := r.m, r.in
	if in.since >= r.seq {
		return nil
	}
	reader := NewReader(in.fields)
	var failed error
	at := core.None
	c := &Call{m: m}
	err := c.Scan(ctx, in.since+1, r.seq, false, func(seq core.Seq, data json.Value) bool {
		at = seq
		if failed = applyOne(in, reader, seq, data); failed == nil {
			failed = r.tend(ctx)
		}
		return failed == nil
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if failed != nil {
		return &Error{View: m.spec.Name, Seq: at, Err: failed}
	}
	if err != nil {
		return err
	}
	in.since = r.seq
	return nil
}

// applyOne gives a view one record.
func applyOne(in *instance, reader *Reader, seq core.Seq, data json.Value) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	record, err := reader.Read(seq, data)
	if err != nil {
		if len(in.fields) > 0 {
			return err
		}
		record = &Record{Seq: seq, Data: data}
	}
	return in.Apply(record)
}

// tend makes room where the replica has more in memory than it should.
func (r *replica) tend(ctx context.Context) error {
	v, ok := r.in.View.(Storing)
	for more := ok && v.Full(); more; {
		var err error
		if more, _, err = v.Tend(ctx, &r.m.mu, true); err != nil {
			return err
		}
	}
	return nil
}

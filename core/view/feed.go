package view

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
)

// feeder is what the goroutine that feeds the views remembers.
type feeder struct {
	*Set
	roster  int
	live    group // have been at the log's end since they were mounted
	lagging group
	turn    bool // whether the live ones had the last turn
	stride  int
	work    int // bytes since the clock was looked at
	began   time.Time
	ahead   *ahead

	// memories are for records that nobody has asked for lately, the first for
	// those that are being given, the second for those read ahead.
	memories [2]*core.Memory
}

// ahead is a read of the records that those who lag will be given next, while
// they are given the ones before: a host that reads by itself does it then.
type ahead struct {
	from      core.Seq
	deletions uint64 // there were when it began
	runs      []core.Run
	err       error
	done      chan struct{}
}

// group is views that are fed from one pass over the log, in the order of
// their mounting.
type group struct {
	members []*member
	active  []*member // those that the scanner is for
	scanner *json.Scanner
	record  Record
}

// member is a view as it is being fed.
type member struct {
	m     *Mounted
	in    *instance
	first int  // of its fields, among those of its group
	over  bool // it has failed
	moved bool // since it was last told
}

func (s *Set) feedAll() {
	defer s.done.Done()
	f := &feeder{Set: s, roster: -1, stride: min(maxStride, s.opts.Batch), memories: [2]*core.Memory{{}, {}}}
	defer f.endAhead()
	for range s.wake {
		f.began = time.Time{} // the clock is for those who have much to do
		for s.ctx.Err() == nil && f.feed() {
		}
		if s.ctx.Err() != nil {
			return
		}
	}
}

// feed gives one batch to one group, and reports whether there was one to be
// given. The groups take turns.
func (f *feeder) feed() bool {
	f.grant()
	f.muster()
	head := f.log.Since()
	live, lagging := f.live.behind(head), f.lagging.behind(head)
	switch {
	case live && !(f.turn && lagging):
		f.batch(&f.live, head)
	case lagging:
		f.batch(&f.lagging, head)
	default:
		return false
	}
	f.turn = !f.turn
	return true
}

// muster looks at who is to be fed, if that has changed.
func (f *feeder) muster() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.roster == f.Set.roster {
		return
	}
	f.roster = f.Set.roster
	f.live, f.lagging = group{}, group{}
	for _, m := range f.views {
		m.mu.Lock()
		if in := m.current; m.err == nil && m.mayBuild() {
			g := &f.lagging
			if in.caught {
				g = &f.live
			}
			g.members = append(g.members, &member{m: m, in: in})
		}
		m.mu.Unlock()
	}
}

// behind reports whether any member is.
func (g *group) behind(head core.Seq) bool {
	for _, m := range g.members {
		if !m.over && m.in.since < head {
			return true
		}
	}
	return false
}

// batch reads the records that the last of the group is to see next, and gives
// them to all members that have not seen them.
func (f *feeder) batch(g *group, head core.Seq) {
	if !f.fetch(g, head) {
		return
	}
	from := head
	for _, m := range g.members {
		if !m.over {
			from = min(from, m.in.since+1)
		}
	}
	what := core.Range{From: from, Through: head, Budget: f.opts.Batch}
	read := f.log.Read
	if g == &f.lagging {
		read = f.readLagging
	}
	runs, err := read(f.ctx, what)
	if err != nil {
		if f.ctx.Err() != nil {
			return
		}
		// Those who have come to where the log cannot be read cannot go on;
		// others may be beyond it.
		for _, m := range g.members {
			if !m.over && m.in.since+1 == from {
				f.stop(m, from, err)
			}
		}
		return
	}
	for _, run := range runs {
		f.run(g, run)
		f.grant()
		f.holdUp(g)
	}
	for _, m := range g.members {
		if !m.over {
			m.m.remember(m.in, head)
		}
	}
	f.publish(g)
}

// fetch has the states read of those that are to be given records. It is false
// where that has changed who is there.
func (f *feeder) fetch(g *group, head core.Seq) bool {
	for _, m := range g.members {
		m.m.mu.Lock()
		unread := !m.over && m.in.since < head && len(m.m.unread()) > 0
		m.m.mu.Unlock()
		if !unread {
			continue
		}
		err := m.m.fetchState(f.ctx)
		if f.ctx.Err() != nil {
			return false
		}
		if err != nil {
			f.stop(m, m.in.since+1, err)
			continue
		}
		m.m.mu.Lock()
		same := m.m.current == m.in
		m.m.mu.Unlock()
		if !same {
			return false
		}
	}
	return true
}

// readLagging reads records for those who lag, or has read them ahead, and
// begins to read those behind them.
func (f *feeder) readLagging(ctx context.Context, what core.Range) (runs []core.Run, err error) {
	if a := f.endAhead(); a != nil && a.err == nil && a.from == what.From && a.deletions == f.log.State().Deletions {
		f.memories[0], f.memories[1] = f.memories[1], f.memories[0]
		runs = a.runs
	} else {
		what.Memory = f.memories[0]
		if runs, err = f.log.Read(ctx, what); err != nil {
			return nil, err
		}
	}
	what.From, what.Memory = runs[len(runs)-1].Through+1, f.memories[1]
	if what.From <= what.Through {
		a := &ahead{from: what.From, deletions: f.log.State().Deletions, done: make(chan struct{})}
		f.ahead = a
		go func() {
			defer close(a.done)
			a.runs, a.err = f.log.Read(ctx, what)
		}()
		runtime.Gosched() // where one thread runs all, the read would begin only when these records have been given
	}
	return runs, nil
}

// endAhead waits for the read that is under way, if one is.
func (f *feeder) endAhead() *ahead {
	a := f.ahead
	f.ahead = nil
	if a == nil {
		return nil
	}
	select {
	case <-a.done:
	default:
		<-a.done
		f.began = time.Time{} // others had their turn meanwhile
	}
	return a
}

// run gives a run of records to those who have not seen them.
func (f *feeder) run(g *group, run core.Run) {
	if run.Deleted {
		f.skip(g, run.Through)
		return
	}
	for seq := run.From; seq <= run.Through && f.ctx.Err() == nil; {
		through := min(g.muster(seq), run.Through)
		if !f.lock(g.active...) {
			return
		}
		next, work, failed, err := g.apply(run, seq, through, f.stride)
		unlock(g.active)
		if errors.Is(err, errLost) {
			failed.over = true
			failed.m.lost(failed.in)
		} else if failed != nil {
			f.stop(failed, next, err)
		}
		seq = next
		f.rest(g, work)
	}
	for _, m := range g.members {
		if m.m.spec.Map != nil && !m.over && m.in.since < run.Through {
			f.mapped(g, m, run)
		}
	}
}

// skip takes those who have not seen them over records that are deleted.
func (f *feeder) skip(g *group, through core.Seq) {
	for _, m := range g.members {
		if m.over || m.in.since >= through {
			continue
		}
		if !f.lock(m) {
			return
		}
		m.in.since = through
		m.m.mu.Unlock()
		m.moved = true
	}
}

// muster picks those who are to see seq, makes the scanner for their fields,
// and answers the seq through which it is these.
func (g *group) muster(seq core.Seq) (through core.Seq) {
	through = core.Seq(1 << 62)
	n, same := 0, true
	for _, m := range g.members {
		switch {
		case m.over || m.m.spec.Map != nil:
		case m.in.since >= seq:
			through = min(through, m.in.since)
		default:
			same = same && n < len(g.active) && g.active[n] == m
			n++
		}
	}
	if same && n == len(g.active) && g.scanner != nil {
		return through
	}
	g.active = nil
	var paths []json.Path
	for _, m := range g.members {
		if !m.over && m.m.spec.Map == nil && m.in.since < seq {
			g.active = append(g.active, m)
			paths = append(paths, m.in.fields...)
		}
	}
	g.scanner, g.record.slots = json.NewScanner(paths...)
	g.record.found = make([]json.Span, g.scanner.Slots())
	n = 0
	for _, m := range g.active {
		m.first = n
		n += len(m.in.fields)
	}
	return through
}

// maxStride is how many bytes are worked through between two looks at the
// clock; no more than a batch has.
const maxStride = 64 << 10

// apply gives records from seq through another to the active members, as far
// as a stride goes, and answers the seq to go on with and how many bytes it has
// worked through; if a member has failed, at that seq.
func (g *group) apply(run core.Run, seq, through core.Seq, stride int) (next core.Seq, work int, failed *member, err error) {
	if len(g.active) == 0 {
		return through + 1, 0, nil, nil
	}
	var at *member
	defer func() {
		if r := recover(); r != nil {
			next, failed, err = seq, at, fmt.Errorf("panic: %v", r)
		}
	}()
	r := &g.record
	for ; seq <= through && work < stride; seq++ {
		r.Seq, r.Data = seq, run.Record(seq)
		work += len(r.Data) + 64
		if err := g.scanner.Scan(r.Data, r.found); err != nil {
			for _, m := range g.active {
				if m.in.since < seq && len(m.in.fields) > 0 {
					return seq, work, m, err
				}
			}
		}
		for _, m := range g.active {
			at = m
			r.first = m.first
			if err := m.in.Apply(r); err != nil {
				return seq, work, m, err
			}
			m.in.since = seq
			m.moved = true
		}
	}
	return seq, work, nil, nil
}

// mapped gives a run of records to a view that sees what its Map makes of
// them.
func (f *feeder) mapped(g *group, m *member, run core.Run) {
	const most = 256
	reader := NewReader(m.in.fields)
	for seq := max(run.From, m.in.since+1); seq <= run.Through; {
		var records [][]byte
		first := seq
		for size := 0; seq <= run.Through && len(records) < most && size < f.stride; seq++ {
			records = append(records, run.Record(seq))
			size += len(run.Record(seq))
		}
		texts, mapErr := m.m.spec.Map(f.ctx, first, records)
		if f.ctx.Err() != nil {
			return
		}
		if mapErr == nil && len(texts) != len(records) {
			mapErr = fmt.Errorf("the map answered for %d records of %d", len(texts), len(records))
		}
		if !f.lock(m) {
			return
		}
		at, err := m.applyMapped(reader, first, texts)
		m.m.mu.Unlock()
		if err == nil {
			err = mapErr
		}
		m.moved = true
		if err != nil {
			f.stop(m, at, err)
			return
		}
		f.rest(g, f.stride)
	}
}

// applyMapped gives a view what was made of the records from seq on, and
// answers where it has come to.
func (m *member) applyMapped(reader *Reader, seq core.Seq, texts []json.Value) (at core.Seq, err error) {
	at = seq
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	for _, text := range texts {
		if text != nil {
			r, err := reader.Read(at, text)
			if err == nil {
				err = m.in.Apply(r)
			}
			if err != nil {
				return at, err
			}
		}
		m.in.since = at
		at++
	}
	return at, nil
}

// rest lets others run, if the views' slice is used up. work is what has been
// done since it was asked last.
func (f *feeder) rest(g *group, work int) {
	if f.work += work; f.work < f.stride {
		return
	}
	f.work = 0
	now := time.Now()
	if f.began.IsZero() {
		f.began = now
	}
	if now.Sub(f.began) < f.opts.Slice {
		return
	}
	f.publish(g)
	f.opts.Yield(f.ctx)
	f.began = time.Now()
}

// holdUp waits for views that have more in memory than they should.
func (f *feeder) holdUp(g *group) {
	for _, m := range g.members {
		for !m.over && f.ctx.Err() == nil {
			room := m.m.full(m.in)
			if room == nil {
				break
			}
			nudge(f.tend)
			select {
			case <-room:
			case <-f.ctx.Done():
			}
		}
	}
}

// stop has a member fail.
func (f *feeder) stop(m *member, seq core.Seq, err error) {
	m.over = true
	m.m.mu.Lock()
	if m.m.current == m.in {
		m.m.fail(seq, err)
	}
	m.m.mu.Unlock()
	f.tell(m.m)
}

// publish tells how far the members have come.
func (f *feeder) publish(g *group) {
	head := f.log.Since()
	tends := false
	for _, m := range g.members {
		if !m.moved {
			continue
		}
		m.moved = false
		tends = tends || m.m.tends(m.in)
		if m.in.since >= head && !m.in.caught {
			m.m.mu.Lock()
			m.in.caught = true
			if m.m.current == m.in {
				m.m.old = nil
				if m.in.done() {
					m.m.unclaim()
				}
			}
			m.m.mu.Unlock()
			f.changed() // it belongs to the live ones now
		}
		f.tell(m.m)
	}
	nudge(f.save)
	if tends {
		nudge(f.tend)
	}
}

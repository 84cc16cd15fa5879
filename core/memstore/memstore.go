// Package memstore keeps a log in memory: for tests, and for logs that need
// not outlive their process. Stores opened on the same Disk share its data as
// two tabs share a database.
package memstore

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sort"
	"sync"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Disk is the data that stores stand on. Its zero value is an empty log.
type Disk struct {
	mu          sync.Mutex
	state       core.State
	segments    [][]byte // frames in order of their seqs
	lasts       []core.Seq
	checkpoints map[string][]byte
	bodies      map[string][]byte       // of some of them
	keys        [2]map[string]core.Made // the newest first; the older one is full
	notes       []core.Note
}

// Store is a core.Store in memory.
type Store struct {
	disk   *Disk
	mu     sync.Mutex
	closed bool
}

// Open opens a store on disk, which several may share.
func Open(disk *Disk) *Store {
	disk.mu.Lock()
	defer disk.mu.Unlock()
	if disk.state.ID == 0 {
		disk.state = core.State{ID: rand.Uint64() | 1, Head: core.None, Sealed: core.None}
	}
	if disk.checkpoints == nil {
		disk.checkpoints = map[string][]byte{}
	}
	if disk.bodies == nil {
		disk.bodies = map[string][]byte{}
	}
	return &Store{disk: disk}
}

// Traits asks for merging, so that tests see it.
func (s *Store) Traits() core.Traits { return core.Traits{Merge: true} }

// enter locks the disk for one operation, if the store may still do one.
func (s *Store) enter(ctx context.Context) (*Disk, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, core.ErrClosed
	}
	s.disk.mu.Lock()
	return s.disk, nil
}

// State implements core.Store.
func (s *Store) State(ctx context.Context) (core.State, error) {
	d, err := s.enter(ctx)
	if err != nil {
		return core.State{}, err
	}
	defer d.mu.Unlock()
	return d.state, nil
}

// Append implements core.Store.
func (s *Store) Append(ctx context.Context, segments []*segment.Segment) (core.State, error) {
	d, err := s.enter(ctx)
	if err != nil {
		return core.State{}, err
	}
	defer d.mu.Unlock()
	return d.append(segments), nil
}

func (d *Disk) append(segments []*segment.Segment) core.State {
	for i, seg := range segments {
		seg.Place(d.state.Head+1, i < len(segments)-1)
		d.segments = append(d.segments, seg.Bytes())
		d.lasts = append(d.lasts, seg.Last())
		d.state.Head = seg.Last()
	}
	return d.state
}

// AppendOnce implements core.Store.
func (s *Store) AppendOnce(ctx context.Context, segments []*segment.Segment, keys []core.Key) (core.State, error) {
	d, err := s.enter(ctx)
	if err != nil {
		return core.State{}, err
	}
	defer d.mu.Unlock()
	known := map[string]core.Made{}
	for _, k := range keys {
		for _, generation := range d.keys {
			if made, ok := generation[k.Name]; ok {
				known[k.Name] = made
			}
		}
	}
	if len(known) > 0 {
		return core.State{}, &core.KnownError{Known: known}
	}
	first := d.state.Head + 1
	state := d.append(segments)
	if d.keys[0] == nil {
		d.keys[0] = map[string]core.Made{}
	}
	for _, k := range keys {
		d.keys[0][k.Name] = k.Made(first)
	}
	if len(d.keys[0]) >= core.KeysKept {
		d.keys = [2]map[string]core.Made{{}, d.keys[0]}
	}
	return state, nil
}

// AppendNoted implements core.NoteStore.
func (s *Store) AppendNoted(ctx context.Context, segments []*segment.Segment, after core.Seq, notes []core.Note) (core.State, error) {
	d, err := s.enter(ctx)
	if err != nil {
		return core.State{}, err
	}
	defer d.mu.Unlock()
	if n := len(d.notes); n > 0 && d.notes[n-1].Last > after {
		return core.State{}, core.ErrConflict
	}
	for _, n := range notes {
		d.notes = append(d.notes, n.At(d.state.Head+1))
	}
	return d.append(segments), nil
}

// Notes implements core.NoteStore.
func (s *Store) Notes(ctx context.Context, after core.Seq, limit int) ([]core.Note, error) {
	d, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer d.mu.Unlock()
	from := sort.Search(len(d.notes), func(i int) bool { return d.notes[i].Last > after })
	return slices.Clone(d.notes[from:min(len(d.notes), from+limit)]), nil
}

// Replace implements core.Store.
func (s *Store) Replace(ctx context.Context, r core.Replacement) (core.State, error) {
	d, err := s.enter(ctx)
	if err != nil {
		return core.State{}, err
	}
	defer d.mu.Unlock()
	if r.Generation != d.state.Generation {
		return core.State{}, core.ErrConflict
	}
	runs := r.Runs()
	for _, run := range runs {
		i, j := d.find(run.First), d.find(run.Last)
		if j >= len(d.lasts) || d.first(i) != run.First || d.lasts[j] != run.Last {
			return core.State{}, fmt.Errorf("replacing seq %d to %d: %w", run.First, run.Last, core.ErrConflict)
		}
	}
	for _, run := range runs {
		i, j := d.find(run.First), d.find(run.Last)
		frames := append([][]byte{}, d.segments[:i]...)
		lasts := append([]core.Seq{}, d.lasts[:i]...)
		for _, seg := range run.Segments {
			frames = append(frames, seg.Bytes())
			lasts = append(lasts, seg.Last())
		}
		d.segments = append(frames, d.segments[j+1:]...)
		d.lasts = append(lasts, d.lasts[j+1:]...)
	}
	d.state.Generation++
	d.state.Sealed = r.Sealed
	if r.Deletes {
		d.state.Deletions++
	}
	return d.state, nil
}

// Read implements core.Store.
func (s *Store) Read(ctx context.Context, seq core.Seq, reverse bool, budget int) ([]*segment.Segment, error) {
	d, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer d.mu.Unlock()
	if seq < 0 || seq > d.state.Head {
		return nil, fmt.Errorf("seq %d: %w", seq, core.ErrNotFound)
	}
	step := 1
	if reverse {
		step = -1
	}
	var found []*segment.Segment
	for i := d.find(seq); i >= 0 && i < len(d.segments) && (len(found) == 0 || budget > 0); i += step {
		seg, err := segment.Decode(d.segments[i])
		if err != nil {
			if len(found) == 0 {
				return nil, d.damaged(i, err)
			}
			break
		}
		found = append(found, seg)
		budget -= seg.Size()
	}
	return found, nil
}

// damaged says which records the frame at i should have held, which its
// neighbours tell even where it cannot.
func (d *Disk) damaged(i int, err error) error {
	reason := err.Error()
	if c, ok := err.(*segment.CorruptError); ok {
		reason = c.Reason
	}
	return &segment.CorruptError{First: d.first(i), Last: d.lasts[i], Segment: fmt.Sprint(d.lasts[i]), Reason: reason}
}

// Index implements core.Store.
func (s *Store) Index(ctx context.Context, seq core.Seq, limit int) ([]core.Extent, error) {
	d, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer d.mu.Unlock()
	var extents []core.Extent
	for i := d.find(seq); i < len(d.segments) && len(extents) < limit; i++ {
		h, _ := segment.ReadHeader(d.segments[i]) // of a damaged one, nothing is known to be deleted
		extents = append(extents, core.Extent{First: d.first(i), Last: d.lasts[i], Size: len(d.segments[i]), Deleted: h.Deleted})
	}
	return extents, nil
}

// Checkpoint implements core.Store.
func (s *Store) Checkpoint(ctx context.Context, name string) ([]byte, error) {
	d, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer d.mu.Unlock()
	return clone(d.checkpoints[name]), nil
}

// SetCheckpoint implements core.Store.
func (s *Store) SetCheckpoint(ctx context.Context, name string, value []byte) error {
	d, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer d.mu.Unlock()
	delete(d.bodies, name)
	if value == nil {
		delete(d.checkpoints, name)
	} else {
		d.checkpoints[name] = clone(value)
	}
	return nil
}

// SetCheckpointBody implements core.BodyStore.
func (s *Store) SetCheckpointBody(ctx context.Context, name string, value, body []byte) error {
	d, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer d.mu.Unlock()
	d.checkpoints[name], d.bodies[name] = clone(value), clone(body)
	return nil
}

// CheckpointBody implements core.BodyStore.
func (s *Store) CheckpointBody(ctx context.Context, name string) (value, body []byte, err error) {
	d, err := s.enter(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer d.mu.Unlock()
	return clone(d.checkpoints[name]), clone(d.bodies[name]), nil
}

// Close implements core.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// Damage flips a byte of the frame that holds seq, offset bytes from its
// start, for tests of what a reader then sees.
func (d *Disk) Damage(seq core.Seq, offset int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	frame := clone(d.segments[d.find(seq)])
	frame[offset] ^= 0x40
	d.segments[d.find(seq)] = frame
}

// find is the index of the frame that holds seq.
func (d *Disk) find(seq core.Seq) int {
	return sort.Search(len(d.lasts), func(i int) bool { return d.lasts[i] >= seq })
}

func (d *Disk) first(i int) core.Seq {
	if i == 0 {
		return 0
	}
	return d.lasts[i-1] + 1
}

func clone(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}

// Clone is a copy of the data, for tests that do different things to the same.
func (d *Disk) Clone() *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := &Disk{state: d.state, segments: append([][]byte{}, d.segments...), lasts: append([]core.Seq{}, d.lasts...), checkpoints: maps.Clone(d.checkpoints), bodies: maps.Clone(d.bodies)}
	for i, generation := range d.keys {
		c.keys[i] = maps.Clone(generation)
	}
	c.notes = slices.Clone(d.notes)
	return c
}

// Cut is a copy of the data without the segments that have records behind head,
// as a crash may leave it whose host did not keep its promise.
func (d *Disk) Cut(head core.Seq) *Disk {
	c := d.Clone()
	n := c.find(head + 1)
	c.segments, c.lasts = c.segments[:n], c.lasts[:n]
	c.state.Head = core.None
	if n > 0 {
		c.state.Head = c.lasts[n-1]
	}
	for _, generation := range c.keys {
		maps.DeleteFunc(generation, func(_ string, made core.Made) bool { return made.Last > c.state.Head })
	}
	c.notes = slices.DeleteFunc(c.notes, func(n core.Note) bool { return n.Last > c.state.Head })
	return c
}

// Checkpoints are the names of the checkpoints that there are.
func (d *Disk) Checkpoints() (names []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name := range d.checkpoints {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// CheckpointBytes is a copy of a checkpoint, and PutCheckpoint sets one, with
// nil to delete it, for tests of what a reader makes of damage.
func (d *Disk) CheckpointBytes(name string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return clone(d.checkpoints[name])
}

// PutCheckpoint: see CheckpointBytes. It has no body then.
func (d *Disk) PutCheckpoint(name string, value []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.bodies, name)
	if value == nil {
		delete(d.checkpoints, name)
		return
	}
	if d.checkpoints == nil {
		d.checkpoints = map[string][]byte{}
	}
	d.checkpoints[name] = value
}

package view

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/cespare/xxhash/v2"

	"github.com/flumedb/flumedb-wasm/core"
)

// Storing is a View that keeps parts of its state in the log's store, and so
// can outgrow memory. A part is written once and never changed; what Save gives
// refers to the parts that the state needs.
type Storing interface {
	View

	// Attach gives the view its shelf, before anything else.
	Attach(shelf *Shelf)

	// Tend does a piece of the work that the view has in the background:
	// writing down what has gathered in memory, merging parts. It may wait,
	// takes milliseconds, and holds mu while it touches what the other
	// methods do and at no other time. While the view is being built, it is
	// to do no more than what makes room. more says that there is more to do,
	// changed that Save would give something else now. After an error it is
	// tried again some time later.
	Tend(ctx context.Context, mu sync.Locker, building bool) (more, changed bool, err error)

	// Idle reports that Tend has nothing to do, which saves the call. It may
	// be false even so.
	Idle() bool

	// Full reports whether Apply is to be held up until Tend has been called.
	Full() bool

	// Stored is how many bytes its parts are.
	Stored() int

	// Parts lists the parts that the state as last saved or loaded needs, and
	// those being written for a later one. Others are deleted once the state
	// is stored.
	Parts() []uint32
}

// Ref is a part on a shelf: where it is, and what it has to be.
type Ref struct {
	ID  uint32
	Sum uint64
}

// maxParts bounds the parts of a view, and so their numbers. It is a terabyte
// of parts of the size that stores handle well.
const maxParts = 1 << 24

var (
	// errLost: a part is gone or not what it was.
	errLost = errors.New("a part of the view's state is lost")

	errParts = errors.New("the view has too many parts")
)

// Shelf is where a view keeps its parts, as values beside its checkpoint. Their
// numbers are used again, the lowest first, so that there are never many.
type Shelf struct {
	set  *Set
	name string

	mu   sync.Mutex
	used numbers // not to be written over
	next uint32  // no number below is free
	more bool    // parts have been written since the last look for those that are needed
	past uint32  // numbers below may have been left in use, by whoever had the shelf before

	of  *Shelf            // where parts are that are not in own, for a copy of a view
	own map[uint32][]byte // its parts
}

func newShelf(set *Set, name string) *Shelf {
	return &Shelf{set: set, name: name}
}

// newReplicaShelf makes a shelf for a copy of a view: what is written goes into
// memory, beside what is there already, and nothing of the view's own changes.
func newReplicaShelf(of *Shelf, own map[uint32][]byte) *Shelf {
	s := &Shelf{set: of.set, name: of.name, of: of, own: maps.Clone(own)}
	if s.own == nil {
		s.own = map[uint32][]byte{}
	}
	return s
}

// firstOwn is the first number of a part in memory.
const firstOwn = 1 << 31

func (s *Shelf) key(id uint32) string {
	return s.name + "\x00" + strconv.FormatUint(uint64(id), 10)
}

// Write stores a part. It keeps b, which must not change any more.
func (s *Shelf) Write(ctx context.Context, b []byte) (Ref, error) {
	ref, err := s.write(ctx, b)
	if err == nil && s.of == nil {
		s.set.parts.add(s, ref, b)
	}
	return ref, err
}

// write is Write of what will not be read soon.
func (s *Shelf) write(ctx context.Context, b []byte) (Ref, error) {
	s.mu.Lock()
	if s.of != nil {
		id := firstOwn + uint32(len(s.own))
		s.own[id] = b
		s.mu.Unlock()
		return Ref{id, xxhash.Sum64(b)}, nil
	}
	for s.used.has(s.next) {
		s.next++
	}
	id := s.next
	if id >= maxParts {
		s.mu.Unlock()
		return Ref{}, errParts
	}
	s.used.add(id)
	s.more = true
	s.mu.Unlock()
	if err := s.set.log.SetCheckpoint(ctx, s.key(id), b); err != nil {
		return Ref{}, err // it may be there all the same, and so is held until it is cleared
	}
	return Ref{id, xxhash.Sum64(b)}, nil
}

func (s *Shelf) free(id uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used.remove(id)
	s.next = min(s.next, id)
}

// find is a part, if it is in memory.
func (s *Shelf) find(ref Ref) ([]byte, bool) {
	if s.of == nil {
		return s.set.parts.find(s, ref)
	}
	s.mu.Lock()
	b, ok := s.own[ref.ID]
	s.mu.Unlock()
	if ok {
		return b, true
	}
	return s.of.find(ref)
}

// Read reads a part, from memory if it is there. The caller must not change it.
func (s *Shelf) Read(ctx context.Context, ref Ref) ([]byte, error) {
	if b, ok := s.find(ref); ok {
		return b, nil
	}
	if s.of != nil {
		return s.of.Read(ctx, ref)
	}
	b, err := s.set.log.Checkpoint(ctx, s.key(ref.ID))
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil && !errors.Is(err, core.ErrCorrupt) {
		return nil, err
	}
	if err != nil || b == nil || xxhash.Sum64(b) != ref.Sum {
		return nil, fmt.Errorf("part %d: %w", ref.ID, errLost)
	}
	s.set.parts.add(s, ref, b)
	return b, nil
}

// hold takes numbers for used; beneath end there may be others that were.
func (s *Shelf) hold(ids []uint32, end uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.used.add(id)
	}
	s.past = end
}

// forget holds no part any more: another has stored the view's state since, and
// what it does not need is its to delete.
func (s *Shelf) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used, s.next, s.more = nil, 0, false
}

// end is a number such that no part stands there or above.
func (s *Shelf) end() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(s.past, s.used.end())
}

// wrote reports whether parts have been written that no checkpoint may list.
func (s *Shelf) wrote() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.more
}

// clear deletes all parts that are held and not among those needed.
func (s *Shelf) clear(ctx context.Context, ids []uint32) error {
	var needed numbers
	for _, id := range ids {
		needed.add(id)
	}
	s.mu.Lock()
	s.more = false
	var gone []uint32
	for id := range s.used.end() {
		if s.used.has(id) && !needed.has(id) {
			gone = append(gone, id)
		}
	}
	s.mu.Unlock()
	for _, id := range gone {
		if err := s.set.log.SetCheckpoint(ctx, s.key(id), nil); err != nil {
			return err // it is held, and so tried again
		}
		s.free(id)
	}
	return nil
}

// sweepMisses is how many numbers without a part end the look for more.
const sweepMisses = 4

// sweep deletes parts that a crash has left: numbers that are free below end,
// where those that were in use have ended, and what was written above it, which
// is one behind the other.
func (s *Shelf) sweep(ctx context.Context, end uint32) error {
	s.mu.Lock()
	var stray []uint32
	for id := uint32(0); id < end; id++ {
		if !s.used.has(id) {
			stray = append(stray, id)
		}
	}
	s.mu.Unlock()
	for misses := 0; misses < sweepMisses; end++ {
		b, err := s.set.log.Checkpoint(ctx, s.key(end))
		if err != nil && !errors.Is(err, core.ErrCorrupt) {
			return err
		}
		if err == nil && b == nil {
			misses++
			continue
		}
		misses = 0
		stray = append(stray, end)
	}
	slices.Sort(stray)
	slices.Reverse(stray) // so that what a crash leaves once more is found again
	for _, id := range stray {
		if err := s.set.log.SetCheckpoint(ctx, s.key(id), nil); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.past = 0
	s.mu.Unlock()
	return nil
}

// partCache keeps parts that were used lately, up to a number of bytes.
type partCache struct {
	mu    sync.Mutex
	limit int
	bytes int
	tick  int
	parts map[partKey]*cachedPart
}

type partKey struct {
	shelf *Shelf
	ref   Ref
}

type cachedPart struct {
	b    []byte
	used int
}

func (c *partCache) find(s *Shelf, ref Ref) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.parts[partKey{s, ref}]
	if !ok {
		return nil, false
	}
	c.tick++
	p.used = c.tick
	return p.b, true
}

func (c *partCache) add(s *Shelf, ref Ref, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := partKey{s, ref}
	if _, ok := c.parts[key]; ok || len(b) > c.limit/2 {
		return
	}
	if c.parts == nil {
		c.parts = map[partKey]*cachedPart{}
	}
	c.tick++
	c.parts[key] = &cachedPart{b, c.tick}
	c.bytes += len(b)
	for c.bytes > c.limit {
		// A hundred parts fill the cache: a look at each is cheaper than a list.
		var oldest partKey
		last := c.tick + 1
		for k, p := range c.parts {
			if p.used < last {
				oldest, last = k, p.used
			}
		}
		c.bytes -= len(c.parts[oldest].b)
		delete(c.parts, oldest)
	}
}

// Part is a part of the view's state; false where it has to be awaited.
func (c *Call) Part(ref Ref) ([]byte, bool) {
	for i := len(c.parts) - 1; i >= 0; i-- { // they are few, and the last ones wanted most
		if c.parts[i].ref == ref {
			return c.parts[i].b, true
		}
	}
	if b, ok := c.in.shelf.find(ref); ok {
		c.take(ref, b)
		return b, true
	}
	if len(c.wanted) == 0 {
		c.Await(c.fetchParts)
	}
	c.wanted = append(c.wanted, ref)
	return nil, false
}

// part is one that a call has got.
type part struct {
	ref Ref
	b   []byte
}

// take keeps a part for the rounds of the call.
func (c *Call) take(ref Ref, b []byte) { c.parts = append(c.parts, part{ref, b}) }

// fetchParts gets the parts that Part has lacked, all at once.
func (c *Call) fetchParts(ctx context.Context) (first error) {
	wanted, shelf := c.wanted, c.in.shelf
	c.wanted = nil
	type found struct {
		part
		err error
	}
	parts := make(chan found, len(wanted))
	for _, ref := range wanted {
		go func() {
			b, err := shelf.Read(ctx, ref)
			parts <- found{part{ref, b}, err}
		}()
	}
	for range wanted {
		p := <-parts
		if p.err == nil {
			c.take(p.ref, p.b)
		} else if first == nil {
			first = p.err
		}
	}
	return first
}

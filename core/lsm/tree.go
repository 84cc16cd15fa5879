package lsm

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"

	"github.com/cespare/xxhash/v2"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// Tree is the map. It has the methods of a view.Storing for the view that it is
// in to hand on, and is called as that is.
type Tree struct {
	shelf  *view.Shelf
	mem    *memory
	frozen *memory // is being written down
	spare  *memory // was written down, and is used again
	runs   []*run  // the newest first
	job    *job    // under way in Tend
	flush  bool    // mem is to be written down although it is not large
	sizes  Sizes

	walk *Iterator // whose memory the next walk uses
}

// Sizes are how large things become.
type Sizes struct {
	// Memory is how much gathers in memory before it is written down.
	Memory int

	// Inline is how much of it may be in a checkpoint before that, too, has
	// it written down: a checkpoint is written as a whole every time.
	Inline int

	// Block is how large the parts become: as large as values may be that
	// stores handle well, and small enough that reading one for a few entries
	// is no waste.
	Block int
}

// New makes an empty map of sizes that are good.
func New() *Tree { return NewSized(Sizes{Memory: 2 << 20, Inline: 128 << 10, Block: 60 << 10}) }

// NewSized makes an empty map, for tests that want much of it to happen soon.
func NewSized(sizes Sizes) *Tree { return &Tree{mem: &memory{}, sizes: sizes} }

// Attach gives the map its shelf.
func (t *Tree) Attach(shelf *view.Shelf) { t.shelf = shelf }

// Put gives a key a seq, which must not be less than those put before.
func (t *Tree) Put(key []byte, seq core.Seq) { t.mem.put(0, key, seq) }

// Beginning finds the bytes that keys begin with by a name that the caller can
// make with less work than the bytes, and that always means the same ones. Where
// it is not known, AddBeginning tells it. Where it is 0, use Put.
func (t *Tree) Beginning(name []byte) (b Beginning, known bool) { return t.mem.begins.find(name) }

// AddBeginning gives the bytes that keys begin with a number.
func (t *Tree) AddBeginning(name, bytes []byte) Beginning { return t.mem.begins.add(name, bytes) }

// PutBehind is Put of the key that begins so and goes on with rest.
func (t *Tree) PutBehind(b Beginning, rest []byte, seq core.Seq) { t.mem.put(b, rest, seq) }

// Idle reports that nothing is to be written down or merged.
func (t *Tree) Idle() bool {
	return t.job == nil && t.frozen == nil && !t.flush && t.mem.size() < t.sizes.Memory && planMerge(t.runs) == nil
}

// Full reports whether more is in memory than should be.
func (t *Tree) Full() bool { return t.frozen != nil && t.mem.size() >= t.sizes.Memory }

// Stored is how many bytes are in the store.
func (t *Tree) Stored() (n int) {
	for _, r := range t.runs {
		n += r.bytes
	}
	return n
}

// Parts lists the parts that are needed.
func (t *Tree) Parts() (ids []uint32) {
	for _, r := range t.runs {
		ids = append(append(ids, r.ids...), r.index.ID)
	}
	if t.job != nil {
		ids = append(ids, t.job.out.ids...)
	}
	return ids
}

// Save writes what is in memory, and where the rest is:
//
//	+--------+------+------+-----+----------+---------+-----+
//	| runs n | run  | run  | …   | entries  | entry   | …   |
//	+--------+------+------+-----+----------+---------+-----+
//	  uvarint                      uvarint
//
// A run is its count and bytes, the number and sum of its index, and how many
// blocks it has and their numbers; an entry is its key's length, its seq and
// the key, and comes in the order of the keys. All numbers but the sum, a
// uint64, are uvarints.
func (t *Tree) Save(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(t.runs)))
	for _, r := range t.runs {
		for _, n := range []uint64{uint64(r.count), uint64(r.bytes), uint64(r.index.ID)} {
			b = binary.AppendUvarint(b, n)
		}
		b = binary.LittleEndian.AppendUint64(b, r.index.Sum)
		b = binary.AppendUvarint(b, uint64(len(r.ids)))
		for _, id := range r.ids {
			b = binary.AppendUvarint(b, uint64(id))
		}
	}
	begin := len(b)
	var sources []source
	room := 0
	for _, m := range []*memory{t.mem, t.frozen} {
		if m == nil {
			continue
		}
		for _, layer := range m.layers() {
			sources = append(sources, newMemorySource(m, layer, nil, nil, false))
			room += m.listed(layer)
		}
	}
	merged := newMerger(sources, false)
	entries := make([]byte, 0, room) // that grew by and by would take five times as much
	count := 0
	for {
		key, seq, err := merged.next()
		if key == nil || err != nil {
			break // memory has no errors
		}
		entries = binary.AppendUvarint(entries, uint64(len(key)))
		entries = binary.AppendUvarint(entries, uint64(seq))
		entries = append(entries, key...)
		count++
	}
	b = append(binary.AppendUvarint(b, uint64(count)), entries...)
	t.flush = len(b)-begin > t.sizes.Inline
	return b
}

var errState = errors.New("the state of an index is damaged")

// Load takes back what Save has written, and answers what is behind it.
func (t *Tree) Load(b []byte) (rest []byte, err error) {
	s := stored{b: b}
	var runs []*run
	for n := s.number(); n > 0 && s.err == nil; n-- {
		runs = append(runs, s.run())
	}
	inline := len(s.b)
	mem := s.memory()
	if s.err != nil {
		return nil, s.err
	}
	t.mem, t.runs = mem, runs
	t.flush = inline-len(s.b) > t.sizes.Inline // so that the next one to load it has less to do
	return s.b, nil
}

// stored takes apart what Save has written. After an error there is nothing
// left. It is several functions since a host compiles the larger ones of a
// module for longer, and may do so while a log is being opened.
type stored struct {
	b   []byte
	err error
}

func (s *stored) fail() {
	s.b, s.err = nil, errState
}

func (s *stored) number() uint64 {
	n, k := binary.Uvarint(s.b)
	if k <= 0 || n > 1<<53 {
		s.fail()
		return 0
	}
	s.b = s.b[k:]
	return n
}

func (s *stored) run() *run {
	r := &run{count: int(s.number()), bytes: int(s.number())}
	r.index.ID = uint32(s.number())
	if len(s.b) < 8 {
		s.fail()
		return r
	}
	r.index.Sum = binary.LittleEndian.Uint64(s.b)
	s.b = s.b[8:]
	ids := s.number()
	if ids == 0 || ids > uint64(len(s.b)) {
		s.fail()
		return r
	}
	r.ids = make([]uint32, ids)
	for i := range r.ids {
		r.ids[i] = uint32(s.number())
	}
	return r
}

// memory is the entries that were in memory. Their keys stay where they stand
// among the numbers: there may be megabytes.
func (s *stored) memory() *memory {
	count := s.number()
	if count > uint64(len(s.b)) {
		s.fail()
	}
	if count == 0 || s.err != nil {
		return &memory{}
	}
	mem := &memory{arena: append([]byte{}, s.b...)}
	chunk := make([]entry, 0, count)
	for range count {
		size, seq := s.number(), core.Seq(s.number())
		if s.err != nil || size > uint64(len(s.b)) {
			s.fail()
			return nil
		}
		e := entry{headOf(s.b[:size]), seq, uint32(len(mem.arena) - len(s.b)), uint32(size), 0}
		if n := len(chunk); n > 0 && mem.compare(&chunk[n-1], &e) >= 0 {
			s.fail()
			return nil
		}
		chunk = append(chunk, e)
		s.b = s.b[size:]
	}
	mem.chunks = [][]entry{chunk}
	return mem
}

// source walks over sorted entries. key is nil at the end, and stays as it is
// until the next call.
type source interface {
	next() (key []byte, seq core.Seq, err error)
}

// merger walks over several sources in the order of their keys; of equal keys
// that of the first source counts.
type merger struct {
	sources []source
	keys    [][]byte
	seqs    []core.Seq
	reverse bool
	begun   bool
	last    int // the source whose entry was given last, -1 for none
	second  int // the one whose entry is the next of the others, -1 for none
}

func newMerger(sources []source, reverse bool) *merger {
	m := &merger{}
	m.begin(sources, reverse)
	return m
}

// begin begins with others, in the memory of those before.
func (m *merger) begin(sources []source, reverse bool) {
	if n := len(sources); cap(m.keys) < n {
		m.keys, m.seqs = make([][]byte, n), make([]core.Seq, n)
	}
	*m = merger{sources: sources, keys: m.keys[:len(sources)], seqs: m.seqs[:len(sources)], reverse: reverse, last: -1, second: -1}
}

func (m *merger) advance(i int) (err error) {
	m.keys[i], m.seqs[i], err = m.sources[i].next()
	return err
}

func (m *merger) next() (key []byte, seq core.Seq, err error) {
	if !m.begun {
		m.begun = true
		for i := range m.sources {
			// All are asked, so that what they wait for is got together.
			if e := m.advance(i); e != nil && (err == nil || errors.Is(err, view.ErrAwait)) {
				err = e
			}
		}
		if err != nil {
			return nil, 0, err
		}
	} else if m.last >= 0 {
		if err := m.advance(m.last); err != nil {
			return nil, 0, err
		}
		// Keys that come one behind the other are often of one source.
		if key := m.keys[m.last]; key != nil && (m.second < 0 || m.compare(key, m.keys[m.second]) < 0) {
			return key, m.seqs[m.last], nil
		}
	}
	best, second := -1, -1
	for i, key := range m.keys {
		if key == nil {
			continue
		}
		if best < 0 {
			best = i
			continue
		}
		c := m.compare(key, m.keys[best])
		if c == 0 {
			// An older entry of the same key: pass it by.
			if err := m.advance(i); err != nil {
				return nil, 0, err
			}
			key = m.keys[i]
		}
		switch {
		case c < 0:
			best, second = i, best
		case key != nil && (second < 0 || m.compare(key, m.keys[second]) < 0):
			second = i
		}
	}
	m.last, m.second = best, second
	if best < 0 {
		return nil, 0, nil
	}
	return m.keys[best], m.seqs[best], nil
}

// compare orders keys as they are walked over.
func (m *merger) compare(a, b []byte) int {
	if m.reverse {
		return compareKeys(b, a)
	}
	return compareKeys(a, b)
}

// Iterator walks over the entries of a Tree within a call. What it gives is good
// until the next call of Next, or of Close; the tree must not be changed
// meanwhile.
type Iterator struct {
	tree     *Tree
	call     *view.Call
	parts    parts
	merged   merger
	layers   [][]entry
	memories []*memorySource
	runs     []*runSource
}

// Iterate walks over the keys from low up to high, which is not among them; nil
// is no bound. It may need parts that have to be awaited.
func (t *Tree) Iterate(c *view.Call, low, high []byte, reverse bool) *Iterator {
	it := t.walk
	if t.walk = nil; it == nil {
		it = &Iterator{tree: t}
		it.parts = func(ref view.Ref) ([]byte, error) {
			if b, ok := it.call.Part(ref); ok {
				return b, nil
			}
			return nil, view.ErrAwait
		}
	}
	it.call = c
	sources := it.merged.sources[:0]
	n := 0
	for _, m := range [...]*memory{t.mem, t.frozen} {
		if m == nil {
			continue
		}
		it.layers = m.appendLayers(it.layers[:0])
		for _, layer := range it.layers {
			if n == len(it.memories) {
				it.memories = append(it.memories, new(memorySource))
			}
			s := it.memories[n]
			s.walk(m, layer, low, high, reverse)
			sources = append(sources, s)
			n++
		}
	}
	for i, r := range t.runs {
		if i == len(it.runs) {
			it.runs = append(it.runs, new(runSource))
		}
		it.runs[i].walk(r, it.parts, low, high, reverse)
		sources = append(sources, it.runs[i])
	}
	it.merged.begin(sources, reverse)
	return it
}

// Close leaves the memory of a walk to the next one. It need not be called.
func (it *Iterator) Close() {
	it.call = nil
	for _, s := range it.memories {
		s.walk(nil, nil, nil, nil, false)
	}
	for _, s := range it.runs {
		s.walk(nil, nil, nil, nil, false)
	}
	clear(it.merged.keys)
	clear(it.layers[:cap(it.layers)])
	it.tree.walk = it
}

// Next is the next entry; key is nil when there is none. With view.ErrAwait the
// call has to be made again.
func (it *Iterator) Next() (key []byte, seq core.Seq, err error) { return it.merged.next() }

// Get is the seq of a key, core.None where it has none.
func (t *Tree) Get(c *view.Call, key []byte) (core.Seq, error) {
	it := t.Iterate(c, key, append(append([]byte{}, key...), 0), false)
	defer it.Close()
	found, seq, err := it.Next()
	if err != nil || found == nil {
		return core.None, err
	}
	return seq, nil
}

// job is a run being made: of what is frozen, or of other runs.
type job struct {
	merged *merger
	layer  *memorySource // in the place of merged where there is but one
	of     []*run        // the runs that it is to replace, none for what is frozen
	out    run
	index  []byte
	w      builder
	block  int // how large blocks become
}

// Tend writes down what is frozen, or merges runs, a block at a time.
func (t *Tree) Tend(ctx context.Context, mu sync.Locker, building bool) (more, changed bool, err error) {
	mu.Lock()
	if t.job == nil {
		t.job = t.plan(ctx, building)
	}
	j := t.job
	mu.Unlock()
	if j == nil {
		return false, false, nil
	}
	done, err := j.step(ctx, t.shelf, mu)
	mu.Lock()
	defer mu.Unlock()
	if err != nil {
		t.job = nil // its parts are nobody's now
		return false, true, err
	}
	if !done {
		return true, false, nil
	}
	t.job = nil
	made := &run{ids: j.out.ids, index: j.out.index, bytes: j.out.bytes, count: j.out.count}
	if j.of == nil {
		t.spare, t.frozen = t.frozen, nil
		t.spare.reset()
		t.runs = append([]*run{made}, t.runs...)
		return true, true, nil
	}
	var runs []*run
	for _, r := range t.runs {
		switch {
		case r == j.of[0]:
			runs = append(runs, made)
		case !contains(j.of, r):
			runs = append(runs, r)
		}
	}
	t.runs = runs
	return true, true, nil
}

func contains(all []*run, r *run) bool {
	for _, one := range all {
		if one == r {
			return true
		}
	}
	return false
}

// plan picks what to do next, nil for nothing.
func (t *Tree) plan(ctx context.Context, building bool) *job {
	if t.frozen == nil && !t.mem.empty() && (t.flush || t.mem.size() >= t.sizes.Memory) {
		t.frozen, t.flush = t.mem, false
		if t.mem = t.spare; t.mem == nil {
			t.mem = &memory{}
		}
		t.spare = nil
	}
	if t.frozen != nil {
		layers := t.frozen.layers()
		if len(layers) == 1 {
			return &job{layer: newMemorySource(t.frozen, layers[0], nil, nil, false), block: t.sizes.Block}
		}
		var sources []source
		for _, layer := range layers {
			sources = append(sources, newMemorySource(t.frozen, layer, nil, nil, false))
		}
		return &job{merged: newMerger(sources, false), block: t.sizes.Block}
	}
	of := planMerge(t.runs)
	if of == nil || building && len(t.runs) <= maxRuns {
		return nil
	}
	get := func(ref view.Ref) ([]byte, error) { return t.shelf.Read(ctx, ref) }
	var sources []source
	for _, r := range of {
		// Of its own, since the runs' indexes are others' to load.
		alone := &run{ids: r.ids, index: r.index}
		sources = append(sources, newRunSource(alone, get, nil, nil, false))
	}
	return &job{merged: newMerger(sources, false), of: of, block: t.sizes.Block}
}

const (
	// mergeCount is how many neighbours of like size are merged, and
	// mergeRatio how much larger than all newer ones together one may be to
	// be of like size.
	mergeCount = 4
	mergeRatio = 2

	// maxRuns is how many there may be of any size: a read looks at all.
	maxRuns = 10
)

// planMerge picks neighbouring runs to merge, of those given the newest first.
func planMerge(runs []*run) []*run {
	for start := range runs {
		total, end := runs[start].bytes, start+1
		for end < len(runs) && runs[end].bytes <= mergeRatio*total {
			total += runs[end].bytes
			end++
		}
		if end-start >= mergeCount {
			return append([]*run{}, runs[start:end]...)
		}
	}
	if len(runs) > maxRuns {
		return append([]*run{}, runs[:mergeCount]...)
	}
	return nil
}

// step makes one block and writes it, and at the end the index.
func (j *job) step(ctx context.Context, shelf *view.Shelf, mu sync.Locker) (done bool, err error) {
	for j.w.size() < j.block {
		if j.layer != nil {
			if done = !j.layer.write(&j.w); done {
				break
			}
			continue
		}
		key, seq, err := j.merged.next()
		if err != nil {
			return false, err
		}
		if key == nil {
			done = true
			break
		}
		j.w.add(key, seq)
	}
	if j.w.count > 0 {
		count, last := j.w.count, append([]byte{}, j.w.last...)
		block := j.w.finish()
		ref, err := shelf.Write(ctx, block)
		if err != nil {
			return false, err
		}
		j.index = appendIndex(j.index, ref.Sum, count, last)
		mu.Lock()
		j.out.ids = append(j.out.ids, ref.ID)
		mu.Unlock()
		j.out.count += count
		j.out.bytes += len(block)
	}
	if !done {
		return false, nil
	}
	j.out.index = view.Ref{Sum: xxhash.Sum64(j.index)}
	ref, err := shelf.Write(ctx, j.index)
	if err != nil {
		return false, err
	}
	j.out.index = ref
	j.out.bytes += len(j.index)
	return true, nil
}

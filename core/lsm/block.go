package lsm

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// A block is a part that holds consecutive entries of a run, in groups of 16:
//
//	+--------+--------+-----+----------------------+----------+
//	| group  | group  | …   | groups: n × uint32   | n uint32 |
//	+--------+--------+-----+----------------------+----------+
//
// groups is where each group begins. An entry is
//
//	+----------+--------+-------+------------+
//	| shared   | rest n | seq   | rest       |
//	+----------+--------+-------+------------+
//	  uvarint                     n bytes
//
// where shared is how many bytes the key begins with as the entry before it in
// the group does; of a group's first entry it is 0.
//
// The index of a run is a part of
//
//	+--------+--------+----------+--------+-----+
//	| sum    | count  | last n   | last   | …   |   for each block
//	+--------+--------+----------+--------+-----+
//	  uint64   uvarint  uvarint    n bytes
//
// where sum is XXH64 of the block and last its last key.
const groupSize = 16

// builder makes a block.
type builder struct {
	b      []byte
	groups []uint32
	count  int
	last   []byte
}

func (w *builder) add(key []byte, seq core.Seq) {
	shared := 0
	if w.count%groupSize > 0 {
		shared = sharedBytes(key, w.last)
	}
	w.addShared(shared, nil, key[shared:], seq)
}

// addBehind is add of a key in two pieces, the first of which is that of the key
// before it if same says so.
func (w *builder) addBehind(begin, rest []byte, same bool, seq core.Seq) {
	shared := 0
	if w.count%groupSize > 0 {
		if same {
			shared = len(begin)
		} else if shared = sharedBytes(begin, w.last); shared < len(begin) {
			w.addShared(shared, begin[shared:], rest, seq)
			return
		}
		n := sharedBytes(rest, w.last[shared:])
		shared, rest = shared+n, rest[n:]
		begin = nil
	}
	w.addShared(shared, begin, rest, seq)
}

// addShared is add of a key that begins with shared bytes of the one before, and
// goes on with a and b.
func (w *builder) addShared(shared int, a, b []byte, seq core.Seq) {
	if w.count%groupSize == 0 {
		w.groups = append(w.groups, uint32(len(w.b)))
	}
	to, rest := w.b, len(a)+len(b)
	if shared < 0x80 && rest < 0x80 {
		to = append(to, byte(shared), byte(rest))
	} else {
		to = binary.AppendUvarint(binary.AppendUvarint(to, uint64(shared)), uint64(rest))
	}
	to = binary.AppendUvarint(to, uint64(seq))
	w.b = append(append(to, a...), b...)
	w.last = append(append(w.last[:shared], a...), b...)
	w.count++
}

// sharedBytes is how many bytes two keys begin with alike.
func sharedBytes(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for ; i+8 <= n; i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)>>3
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

func (w *builder) size() int { return len(w.b) + 4*len(w.groups) }

// finish gives the block, and begins another.
func (w *builder) finish() []byte {
	b := w.b
	for _, g := range w.groups {
		b = binary.LittleEndian.AppendUint32(b, g)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(w.groups)))
	w.b, w.groups, w.count = make([]byte, 0, cap(b)), w.groups[:0], 0
	return b
}

var errBlock = errors.New("a block of an index is not what it should be")

// groupsOf is how many groups a block has.
func groupsOf(block []byte) (int, error) {
	if len(block) < 4 {
		return 0, errBlock
	}
	n := int(binary.LittleEndian.Uint32(block[len(block)-4:]))
	if n <= 0 || n > (len(block)-4)/4 {
		return 0, errBlock
	}
	return n, nil
}

// bounds is where group g of n begins and ends.
func bounds(block []byte, g, n int) (from, to int, err error) {
	table := len(block) - 4 - 4*n
	from = int(binary.LittleEndian.Uint32(block[table+4*g:]))
	to = table
	if g+1 < n {
		to = int(binary.LittleEndian.Uint32(block[table+4*g+4:]))
	}
	if from > to || to > table {
		return 0, 0, errBlock
	}
	return from, to, nil
}

// firstKey is the first key of a group.
func firstKey(block []byte, g, n int) ([]byte, error) {
	from, to, err := bounds(block, g, n)
	if err != nil {
		return nil, err
	}
	b := block[from:to]
	if len(b) > 2 && b[0] == 0 && b[1] < 0x80 { // as most are
		i, size := 2, int(b[1])
		for i < len(b) && b[i] >= 0x80 {
			i++
		}
		if i++; size > len(b)-i {
			return nil, errBlock
		}
		return b[i : i+size], nil
	}
	_, i := binary.Uvarint(b)
	if i <= 0 {
		return nil, errBlock
	}
	size, k := binary.Uvarint(b[i:])
	if k <= 0 {
		return nil, errBlock
	}
	i += k
	_, k = binary.Uvarint(b[i:])
	if k <= 0 || size > uint64(len(b)-i-k) {
		return nil, errBlock
	}
	return b[i+k : i+k+int(size)], nil
}

// group is the entries of one group, taken apart.
type group struct {
	keys  []byte
	ends  [groupSize]int
	seqs  [groupSize]core.Seq
	count int
}

func (g *group) key(i int) []byte {
	start := 0
	if i > 0 {
		start = g.ends[i-1]
	}
	return g.keys[start:g.ends[i]:g.ends[i]]
}

// read takes a group apart. With a bound, first is the first entry that is not
// before it, and where before says so, that one and those behind it are left
// out.
func (g *group) read(block []byte, at, n int, bound []byte, before bool) (first int, err error) {
	from, to, err := bounds(block, at, n)
	if err != nil {
		return 0, err
	}
	if from == to {
		return 0, errBlock
	}
	if g.keys == nil {
		g.keys = make([]byte, 0, 2<<10)
	}
	g.keys, g.count = g.keys[:0], 0
	keys := g.keys
	last := 0             // where the key before begins
	like := 0             // how many bytes that one and the bound begin with alike
	below := bound != nil // all were before the bound
	for b := block[from:to]; len(b) > 0; {
		if g.count == groupSize {
			return 0, errBlock
		}
		var numbers [3]int
		for i := range numbers {
			if len(b) > 0 && b[0] < 0x80 {
				numbers[i], b = int(b[0]), b[1:]
				continue
			}
			v, k := binary.Uvarint(b)
			if k <= 0 || v > 1<<53 {
				return 0, errBlock
			}
			numbers[i], b = int(v), b[k:]
		}
		shared, size := numbers[0], numbers[1]
		if shared > len(keys)-last || size > len(b) {
			return 0, errBlock
		}
		rest := b[:size]
		b = b[size:]
		if below && shared <= like {
			// As the key before, it has of the bound what is shared.
			want := bound[shared:]
			k := sharedBytes(rest, want)
			if below = k < len(want) && (k == len(rest) || rest[k] < want[k]); below {
				like = shared + k
			} else if before {
				break
			}
		}
		begin := len(keys)
		keys = append(append(keys, keys[last:last+shared]...), rest...)
		last = begin
		g.ends[g.count] = len(keys)
		g.seqs[g.count] = core.Seq(numbers[2])
		if g.count++; below {
			first = g.count
		}
	}
	g.keys = keys
	return first, nil
}

// run is entries that are written down, in the order of their keys.
type run struct {
	ids   []uint32 // of the blocks
	index view.Ref // the part that tells the rest of each block
	bytes int
	count int

	// From the index, once it was read:
	sums  []uint64
	lasts []byte // the last key of each block, one behind the other
	ends  []uint32
}

func (r *run) last(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = r.ends[i-1]
	}
	return r.lasts[start:r.ends[i]:r.ends[i]]
}

func (r *run) ref(i int) view.Ref { return view.Ref{ID: r.ids[i], Sum: r.sums[i]} }

// loaded reports whether the index was read.
func (r *run) loaded() bool { return len(r.sums) == len(r.ids) }

func appendIndex(b []byte, sum uint64, count int, last []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, sum)
	b = binary.AppendUvarint(b, uint64(count))
	b = binary.AppendUvarint(b, uint64(len(last)))
	return append(b, last...)
}

// load takes in the index.
func (r *run) load(b []byte) error {
	var sums []uint64
	var lasts []byte
	var ends []uint32
	for len(b) > 0 {
		if len(b) < 8 {
			return errBlock
		}
		sums = append(sums, binary.LittleEndian.Uint64(b))
		b = b[8:]
		_, k := binary.Uvarint(b)
		if k <= 0 {
			return errBlock
		}
		n, i := binary.Uvarint(b[k:])
		if i <= 0 || n > uint64(len(b)-k-i) {
			return errBlock
		}
		b = b[k+i:]
		lasts = append(lasts, b[:n]...)
		ends = append(ends, uint32(len(lasts)))
		b = b[n:]
	}
	if len(sums) != len(r.ids) {
		return errBlock
	}
	r.sums, r.lasts, r.ends = sums, lasts, ends
	return nil
}

// find is the first block that may hold key or a later one; len(r.ids) where
// none does.
func (r *run) find(key []byte) int {
	low, high := 0, len(r.ids)
	for low < high {
		middle := (low + high) / 2
		if compareKeys(r.last(middle), key) < 0 {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// parts gives parts of runs: to a call, which may have to wait, or to Tend.
type parts func(ref view.Ref) ([]byte, error)

// runSource walks over a run.
type runSource struct {
	r         *run
	parts     parts
	low, high []byte
	reverse   bool

	begun  bool
	block  int
	b      []byte
	groups int
	g      int // the group in hand
	group  group
	at     int // the next entry in it
}

func newRunSource(r *run, p parts, low, high []byte, reverse bool) *runSource {
	s := &runSource{}
	s.walk(r, p, low, high, reverse)
	return s
}

// walk begins a walk over a run, in the memory of the last one.
func (s *runSource) walk(r *run, p parts, low, high []byte, reverse bool) {
	*s = runSource{r: r, parts: p, low: low, high: high, reverse: reverse, group: group{keys: s.group.keys}}
}

func (s *runSource) next() (key []byte, seq core.Seq, err error) {
	if !s.begun {
		if err := s.begin(); err != nil {
			return nil, 0, err
		}
		s.begun = true
	}
	for {
		if s.b == nil {
			return nil, 0, nil
		}
		if s.at >= 0 && s.at < s.group.count {
			key, seq := s.group.key(s.at), s.group.seqs[s.at]
			if s.reverse {
				if s.low != nil && compareKeys(key, s.low) < 0 {
					s.b = nil
					return nil, 0, nil
				}
				s.at--
			} else {
				if s.high != nil && compareKeys(key, s.high) >= 0 {
					s.b = nil
					return nil, 0, nil
				}
				s.at++
			}
			return key, seq, nil
		}
		if err := s.turn(); err != nil {
			return nil, 0, err
		}
	}
}

// begin finds the first entry of the range.
func (s *runSource) begin() error {
	if !s.r.loaded() {
		b, err := s.parts(s.r.index)
		if err != nil {
			return err
		}
		if err := s.r.load(b); err != nil {
			return err
		}
	}
	bound := s.low
	if s.reverse {
		bound = s.high
	}
	switch {
	case bound != nil:
		s.block = s.r.find(bound)
	case s.reverse:
		s.block = len(s.r.ids)
	}
	if s.reverse && s.block == len(s.r.ids) {
		s.block--
		bound = nil
	}
	if s.block == len(s.r.ids) {
		return nil
	}
	if bound == nil {
		return s.open()
	}
	if err := s.get(); err != nil {
		return err
	}
	// The last group that begins at or before the bound.
	low, high := 0, s.groups-1
	for low < high {
		middle := (low + high + 1) / 2
		first, err := firstKey(s.b, middle, s.groups)
		if err != nil {
			return err
		}
		if compareKeys(first, bound) <= 0 {
			low = middle
		} else {
			high = middle - 1
		}
	}
	s.g = low
	var err error
	if s.at, err = s.group.read(s.b, s.g, s.groups, bound, s.reverse); s.reverse {
		s.at-- // the bound is not in the range
	}
	return err
}

// get gets the block in hand.
func (s *runSource) get() (err error) {
	if s.b, err = s.parts(s.r.ref(s.block)); err == nil {
		s.groups, err = groupsOf(s.b)
	}
	return err
}

// open gets the block in hand, and is at the end to begin with.
func (s *runSource) open() (err error) {
	if err := s.get(); err != nil {
		return err
	}
	if s.g = 0; s.reverse {
		s.g = s.groups - 1
	}
	return s.enter()
}

// enter takes apart the group in hand.
func (s *runSource) enter() error {
	_, err := s.group.read(s.b, s.g, s.groups, nil, false)
	if s.at = 0; s.reverse {
		s.at = s.group.count - 1
	}
	return err
}

// turn goes to the next group, or to the next block.
func (s *runSource) turn() error {
	step := 1
	if s.reverse {
		step = -1
	}
	if g := s.g + step; g >= 0 && g < s.groups {
		s.g = g
		return s.enter()
	}
	if block := s.block + step; block >= 0 && block < len(s.r.ids) {
		s.block = block
		return s.open()
	}
	s.b = nil
	return nil
}

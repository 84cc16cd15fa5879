package json

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"strings"
)

// Path is where a value stands: names of members from the outside in. A step
// that is a whole number also takes that element of an array. The empty path
// is the whole text.
type Path []string

// String joins the steps by points.
func (p Path) String() string { return strings.Join(p, ".") }

// Equal reports whether two paths are of the same steps.
func (p Path) Equal(q Path) bool {
	if len(p) != len(q) {
		return false
	}
	for i := range p {
		if p[i] != q[i] {
			return false
		}
	}
	return true
}

// Scanner finds the values at some paths in one pass over a text. It has no
// state between two scans, and may be used by several goroutines at once.
type Scanner struct {
	root  node
	count int
}

// node is a step that some paths share.
type node struct {
	slot  int // where the value here goes, -1 where nobody wants it
	names []edge
	items []edge // those of names that are indexes too, by index
}

type edge struct {
	name  string
	head  uint64 // the first eight bytes of name
	index int
	to    *node
}

// NewScanner makes a scanner. Equal paths share one slot.
func NewScanner(paths ...Path) (s *Scanner, slots []int) {
	s = &Scanner{root: node{slot: -1}}
	for _, p := range paths {
		slots = append(slots, s.add(p))
	}
	return s, slots
}

// Slots is the number of different paths, and the length that Scan needs.
func (s *Scanner) Slots() int { return s.count }

func (s *Scanner) add(p Path) int {
	n := &s.root
	for _, step := range p {
		n = n.child(step)
	}
	if n.slot < 0 {
		n.slot = s.count
		s.count++
	}
	return n.slot
}

func (n *node) child(name string) *node {
	for _, e := range n.names {
		if e.name == name {
			return e.to
		}
	}
	to := &node{slot: -1}
	e := edge{name: name, head: head([]byte(name)), index: -1, to: to}
	if index, err := strconv.Atoi(name); err == nil && index >= 0 && strconv.Itoa(index) == name {
		e.index = index
		at := 0
		for at < len(n.items) && n.items[at].index < index {
			at++
		}
		n.items = append(n.items, edge{})
		copy(n.items[at+1:], n.items[at:])
		n.items[at] = e
	}
	n.names = append(n.names, e)
	return to
}

// head is the first eight bytes, zeros where there are fewer.
func head(name []byte) (h uint64) {
	if len(name) >= 8 {
		return binary.LittleEndian.Uint64(name)
	}
	for i, c := range name {
		h |= uint64(c) << (8 * i)
	}
	return h
}

// Span is where in a text a value stands; the zero value is nowhere. It has no
// pointer, so that keeping many costs the garbage collector nothing.
type Span struct{ from, to uint32 }

// In is the value, nil where there is none.
func (s Span) In(text []byte) Value {
	if s.to == 0 {
		return nil
	}
	return text[s.from:s.to:s.to]
}

// Scan puts into found, by slot, where the values of text are. It stops as soon
// as all are found. On ErrSyntax found is of no use. text must be less than
// 4 GiB.
func (s *Scanner) Scan(text []byte, found []Span) error {
	found = found[:s.count]
	clear(found)
	if s.count == 0 {
		return nil
	}
	w := walk{text: text, found: found, left: s.count}
	i := 0
	if len(text) > 0 && text[0] <= ' ' {
		i = pastSpace(text, 0)
	}
	if w.value(&s.root, i) < 0 && w.left > 0 {
		return ErrSyntax
	}
	return nil
}

// walk is one scan. Its methods answer the index behind what they have walked
// over; -1 means to stop, because nothing is left to be found or because the
// text is not JSON. They go as deep as the paths do, whatever the text.
type walk struct {
	text  []byte
	found []Span
	left  int
}

func (w *walk) value(n *node, i int) int {
	b := w.text
	if i >= len(b) {
		return -1
	}
	end := -1
	switch {
	case b[i] == '{' && len(n.names) > 0:
		end = w.object(n, i+1)
	case b[i] == '[' && len(n.items) > 0:
		end = w.array(n, i+1)
	default:
		end = valueEnd(b, i)
	}
	if end >= 0 && kinds[b[i]] == Absent {
		return -1
	}
	if end >= 0 && n.slot >= 0 && w.found[n.slot].to == 0 {
		w.found[n.slot] = Span{uint32(i), uint32(end)}
		if w.left--; w.left == 0 {
			return -1
		}
	}
	return end
}

// object walks over an object from behind its brace. It is where nearly all of
// the time goes: names of less than eight bytes, as most are, are found and
// compared by one word, and what nobody wants is passed without a call where
// that can be.
func (w *walk) object(n *node, i int) int {
	b := w.text
	wanted := len(n.names)
	var seen uint64 // of the first 64 names; later ones are not counted
	if i < len(b) && b[i] <= ' ' {
		i = pastSpace(b, i)
	}
	if i < len(b) && b[i] == '}' {
		return i + 1
	}
	for i < len(b) && b[i] == '"' {
		i++
		at, short := -1, false
		if i+8 <= len(b) {
			first := word(b, i)
			hit := marks(first)
			if k := bits.TrailingZeros64(hit) >> 3; hit != 0 && b[i+k] == '"' {
				short = true
				h := first & (1<<(8*k) - 1)
				for e := range n.names {
					if n.names[e].head == h && len(n.names[e].name) == k {
						at = e
						break
					}
				}
				i += k + 1
			}
		}
		if !short {
			end := stringEnd(b, i)
			if end < 0 {
				return -1
			}
			at = n.find(b[i : end-1])
			i = end
		}
		if i < len(b) && b[i] != ':' {
			i = pastSpace(b, i)
		}
		if i >= len(b) || b[i] != ':' {
			return -1
		}
		i++
		if i < len(b) && b[i] <= ' ' {
			i = pastSpace(b, i)
		}
		switch {
		case at >= 0 && (at >= 64 || seen>>at&1 == 0):
			if at < 64 {
				seen |= 1 << at
				wanted--
			}
			i = w.value(n.names[at].to, i)
		case i < len(b) && b[i] == '"':
			i = stringEnd(b, i+1)
		default:
			i = valueEnd(b, i)
		}
		if i < 0 {
			return -1
		}
		if wanted == 0 {
			return containerEnd(b, i)
		}
		if i < len(b) && b[i] <= ' ' {
			i = pastSpace(b, i)
		}
		if i >= len(b) {
			return -1
		}
		if b[i] == '}' {
			return i + 1
		}
		if b[i] != ',' {
			return -1
		}
		i++
		if i < len(b) && b[i] <= ' ' {
			i = pastSpace(b, i)
		}
	}
	return -1
}

// find is the index of the edge of a name as it stands in the text, or -1.
func (n *node) find(name []byte) int {
	h := head(name)
	for i := range n.names {
		e := &n.names[i]
		if e.head == h && string(name) == e.name {
			return i
		}
	}
	if escaped(name) {
		return n.findEscaped(name)
	}
	return -1
}

func (n *node) findEscaped(name []byte) int {
	var scratch [64]byte
	text := appendUnescaped(scratch[:0], name)
	for i := range n.names {
		if string(text) == n.names[i].name {
			return i
		}
	}
	return -1
}

// array walks over an array from behind its bracket.
func (w *walk) array(n *node, i int) int {
	b := w.text
	i = pastSpace(b, i)
	if i < len(b) && b[i] == ']' {
		return i + 1
	}
	next := 0 // of n.items
	for index := 0; ; index++ {
		i = pastSpace(b, i)
		if n.items[next].index == index {
			next++
			i = w.value(n.items[next-1].to, i)
		} else {
			i = valueEnd(b, i)
		}
		if i < 0 {
			return -1
		}
		if next == len(n.items) {
			return containerEnd(b, i)
		}
		i = pastSpace(b, i)
		if i >= len(b) {
			return -1
		}
		if b[i] == ']' {
			return i + 1
		}
		if b[i] != ',' {
			return -1
		}
		i++
	}
}

package mfr

import (
	"math"

	"github.com/flumedb/flumedb-wasm/core/intern"
	"github.com/flumedb/flumedb-wasm/core/json"
)

// reduction is a parsed $reduce. Where it has keys, it answers once for each
// group of values that have the same keys; else once.
type reduction struct {
	keys []expr
	root node
}

// node is part of what a reduction answers: a key, a number gathered, a
// reduction of each group, or an object of these.
type node struct {
	name  json.Value // in the object that it is a member of, with its colon
	kind  nodeKind
	under []node     // of an object
	key   int        // of a key
	value expr       // of what is gathered
	below *reduction // of a reduction
}

type nodeKind uint8

const (
	object nodeKind = iota
	key
	count
	sum
	product
	greatest
	least
	collect
	reduced
)

var reduces = map[string]nodeKind{
	"$count": count, "$sum": sum, "$product": product, "$max": greatest, "$min": least, "$collect": collect, "$reduce": reduced,
}

func (p *parser) reduction(rule json.Value, a at) *reduction {
	rd := &reduction{}
	if p.front == nil {
		p.front = rd
	}
	rd.root = p.node(rule, a, rd)
	return rd
}

func (p *parser) node(rule json.Value, a at, rd *reduction) (n node) {
	defer p.deeper()()
	if p.err != nil {
		return n
	}
	if rule.Kind() == json.Object {
		switch op := operators(rule); {
		case op > 0 && rule.Len() > op:
			p.fail("%s has operators beside names", short(rule))
			return n
		case op == 0:
			for w := rule.Members(); ; {
				name, sub, more := w.Next()
				if !more {
					break
				}
				u := p.node(sub, a, rd)
				u.name = append(Canonical(nil, name), ':')
				n.under = append(n.under, u)
			}
			if len(n.under) == 0 {
				p.fail("$reduce needs something to reduce to, not %s", short(rule))
			}
			return n
		}
		name, argument := firstMember(rule)
		if kind, ok := reduces[name]; ok {
			if rule.Len() != 1 {
				p.fail("%s cannot stand beside others in %s", name, short(rule))
				return n
			}
			n.kind = kind
			switch kind {
			case reduced:
				n.below = p.reduction(argument, a)
			case count: // whatever the value, so that no field is read for it
				n.value = p.rule(argument, atMade)
			default:
				n.value = p.rule(argument, a)
			}
			return n
		}
	}
	n.kind, n.key = key, len(rd.keys)
	p.inKey = rd == p.front
	rd.keys = append(rd.keys, p.rule(rule, a))
	p.inKey = false
	return n
}

// folding is a reduction under way, for one group of what is above it.
type folding struct {
	*reduction
	groups intern.Set // by the keys of each, as lists in JSON
	cells  []cell     // for each group, those of all nodes that gather
	width  int        // how many those are
	last   int        // the group that was added to last
	out    []byte     // the memory of an answer
}

// cell is what a node has gathered in a group.
type cell struct {
	n     float64
	some  bool
	list  json.Value // the inside of an array
	below *folding
}

func (rd *reduction) begin() *folding {
	return &folding{reduction: rd, width: rd.root.cells()}
}

// Of how many groups the memory is kept, and of how large an answer.
const (
	mostGroups = 256
	mostOut    = 16 << 10
)

// clear forgets all groups.
func (f *folding) clear() {
	switch {
	case f.groups.Len() > mostGroups || cap(f.out) > mostOut:
		*f = folding{reduction: f.reduction, width: f.width}
	case f.groups.Len() > 0:
		f.groups.Reset()
		clear(f.cells)
		f.cells, f.last = f.cells[:0], 0
	}
}

// cells is how many nodes in n gather.
func (n *node) cells() (sum int) {
	switch n.kind {
	case object:
		for i := range n.under {
			sum += n.under[i].cells()
		}
		return sum
	case key:
		return 0
	}
	return 1
}

// counts reports whether n gathers only what can be gathered in any order, and
// of many equal records at once.
func (n *node) counts() bool {
	switch n.kind {
	case object:
		for i := range n.under {
			if !n.under[i].counts() {
				return false
			}
		}
		return true
	case reduced:
		return n.below.root.counts()
	}
	return n.kind == key || n.kind == count || n.kind == greatest || n.kind == least
}

// has reports whether n gathers by a kind of reduce.
func (n *node) has(kind nodeKind) bool {
	if n.kind == reduced {
		return n.below.root.has(kind)
	}
	for i := range n.under {
		if n.under[i].has(kind) {
			return true
		}
	}
	return n.kind == kind
}

func (f *folding) add(r *Run, v json.Value) {
	var scratch [128]byte
	keys := append(scratch[:0], '[')
	for i, key := range f.keys {
		if i > 0 {
			keys = append(keys, ',')
		}
		if k := key(r, v); isNaN(k) {
			keys = append(keys, jsonNull...)
		} else {
			keys = Canonical(keys, k) // nothing at all for undefined
		}
	}
	group, _ := f.groups.Add(append(keys, ']'))
	for len(f.cells) < (group+1)*f.width {
		f.cells = append(f.cells, cell{})
	}
	f.last = group
	f.gather(r, v, &f.root, f.cells[group*f.width:])
}

// gather takes a value into the cells of a node, and answers those behind
// them.
func (f *folding) gather(r *Run, v json.Value, n *node, cells []cell) []cell {
	switch n.kind {
	case object:
		for i := range n.under {
			cells = f.gather(r, v, &n.under[i], cells)
		}
		return cells
	case key:
		return cells
	case reduced:
		if cells[0].below == nil {
			cells[0].below = n.below.begin()
		}
		cells[0].below.add(r, v)
		return cells[1:]
	}
	c := &cells[0]
	v = n.value(r, v)
	switch n.kind {
	case count:
		c.n += r.times
	case sum:
		if x := numeric(v); !math.IsNaN(x) {
			c.n += x
		}
	case collect:
		if c.some {
			c.list = append(c.list, ',')
		}
		c.list, c.some = Append(c.list, v), true
	default:
		x, ok := countable(v)
		switch {
		case !ok:
		case !c.some:
			c.n, c.some = x, true
		case n.kind == product:
			c.n *= x
		case n.kind == greatest:
			c.n = math.Max(c.n, x)
		default:
			c.n = math.Min(c.n, x)
		}
	}
	return cells[1:]
}

// end gives the answers, in the order of their keys.
func (f *folding) end(r *Run, next func(json.Value)) {
	if len(f.keys) == 0 {
		if f.groups.Len() == 0 {
			f.groups.Add([]byte("[]"))
			f.cells = append(f.cells[:0], make([]cell, f.width)...)
		}
		f.out, _ = f.append(r, f.out[:0], &f.root, nil, f.cells)
		next(f.out)
		return
	}
	f.each(func(keys []json.Value, cells []cell) {
		f.out, _ = f.append(r, f.out[:0], &f.root, keys, cells)
		next(f.out)
	})
}

// each walks over the groups in the order of their keys.
func (f *folding) each(do func(keys []json.Value, cells []cell)) {
	n := len(f.keys)
	all := make([]json.Value, 0, n*f.groups.Len())
	groups := make([]int32, f.groups.Len())
	for g := range groups {
		groups[g] = int32(g)
		all = appendKeys(all, f.groups.At(g), n)
	}
	keys := func(g int32) []json.Value { return all[int(g)*n : int(g)*n+n] }
	sortStable(groups, func(g, h int32) bool {
		x, y := keys(g), keys(h)
		for i := range x {
			if d := Compare(x[i], y[i]); d != 0 {
				return d < 0
			}
		}
		return false
	})
	for _, g := range groups {
		do(keys(g), f.cells[int(g)*f.width:])
	}
}

// appendKeys takes the keys of a group apart.
func appendKeys(all []json.Value, text json.Value, n int) []json.Value {
	t := tokens{text: text, at: 1}
	for range n {
		start, depth := t.at, 0
		for {
			at := t.at
			token, ok := t.next(false)
			if !ok {
				all = append(all, nil) // the record was no JSON
				break
			}
			if c := token[0]; c == '[' || c == '{' {
				depth++
			} else if depth > 0 && (c == ']' || c == '}') {
				depth--
			} else if depth == 0 && (c == ',' || c == ']') {
				all = append(all, text[start:at:at])
				break
			}
		}
	}
	return all
}

// append writes a node's part of a group's answer, and answers the cells
// behind those of the node.
func (f *folding) append(r *Run, b []byte, n *node, keys []json.Value, cells []cell) ([]byte, []cell) {
	switch n.kind {
	case object:
		b = append(b, '{')
		start := len(b)
		for i := range n.under {
			u := &n.under[i]
			if u.kind == key && len(keys[u.key]) == 0 {
				continue
			}
			if len(b) > start {
				b = append(b, ',')
			}
			b, cells = f.append(r, append(b, u.name...), u, keys, cells)
		}
		return append(b, '}'), cells
	case key:
		return append(b, keys[n.key]...), cells
	}
	c := cells[0]
	switch n.kind {
	case collect:
		b = append(append(append(b, '['), c.list...), ']')
	case reduced:
		below := c.below
		if below == nil {
			below = n.below.begin()
		}
		grouped := len(below.keys) > 0
		if grouped {
			b = append(b, '[')
		}
		start := len(b)
		below.end(r, func(v json.Value) {
			if len(b) > start {
				b = append(b, ',')
			}
			b = Append(b, v)
		})
		if grouped {
			b = append(b, ']')
		}
	case greatest, least:
		if !c.some {
			b = append(b, jsonNull...)
			break
		}
		b = appendNumber(b, c.n)
	case product:
		if !c.some {
			c.n = 1
		}
		fallthrough
	default:
		at := len(b)
		if b = appendNumber(b, c.n); isNaN(b[at:]) {
			b = append(b[:at], jsonNull...)
		}
	}
	return b, cells[1:]
}

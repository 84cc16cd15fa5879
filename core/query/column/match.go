package column

import (
	"math"
	"math/bits"

	"github.com/flumedb/flumedb-wasm/core/json"
)

// Match is the values of a column that meet a condition.
type Match struct {
	column *Column
	single bool
	id     ID
	holds  []uint8 // 1 for those that do, by number; if not single
	count  int
}

// Equal matches one value, given in canonical JSON.
func (c *Column) Equal(canonical []byte) Match {
	m := Match{column: c, single: true}
	if id, ok := c.Find(canonical); ok {
		m.id, m.count = id, c.Count(id)
	}
	return m
}

// All matches all records.
func (c *Column) All() Match {
	return c.Test("*", func(json.Value) bool { return true })
}

// Of reports whether it is a column's.
func (m *Match) Of(c *Column) bool { return m.column == c }

// tested is what is known of a condition, by the text of it.
type tested struct {
	rule  string
	holds []uint8
}

// mostTested is of how many conditions the answers are kept.
const mostTested = 16

// Test matches the values for which test holds. What was found out is
// remembered under the rule's text.
func (c *Column) Test(rule string, test func(v json.Value) bool) Match {
	return c.look(rule, func(id ID) bool { return test(c.Value(id)) })
}

// Range is Test for a condition that holds for the numbers from low to high,
// both included.
func (c *Column) Range(rule string, low, high float64, test func(v json.Value) bool) Match {
	numbers := c.Numbers()
	return c.look(rule, func(id ID) bool {
		if f := numbers[id]; !math.IsNaN(f) {
			return f >= low && f <= high
		}
		return test(c.Value(id))
	})
}

// look asks holds of the values that it was not asked of before.
func (c *Column) look(rule string, holds func(id ID) bool) Match {
	at := 0
	for at < len(c.tested) && c.tested[at].rule != rule {
		at++
	}
	if at == len(c.tested) {
		if at == mostTested {
			at--
			copy(c.tested, c.tested[1:])
			c.tested = c.tested[:at]
		}
		c.tested = append(c.tested, tested{rule: rule, holds: make([]uint8, 1, c.Values())}) // not for None
	}
	known := c.tested[at].holds
	for id := ID(len(known)); int(id) < c.Values(); id++ {
		ok := uint8(0)
		if holds(id) {
			ok = 1
		}
		known = append(known, ok)
	}
	c.tested[at].holds = known
	return c.match(known)
}

func (c *Column) match(holds []uint8) Match {
	m := Match{column: c, holds: holds}
	for id, h := range holds {
		if h != 0 {
			m.count += int(c.counts[id])
		}
	}
	return m
}

// Numbers are the values that are numbers, NaN for the others.
func (c *Column) Numbers() []float64 {
	for id := len(c.numbers); id < c.Values(); id++ {
		f, ok := c.Value(ID(id)).Float()
		if !ok {
			f = math.NaN()
		}
		c.numbers = append(c.numbers, f)
	}
	return c.numbers
}

// Renew takes in the records that have come since, of whose values the match
// may know nothing: then it answers false, and is to be asked for anew.
func (m *Match) Renew() bool {
	switch {
	case !m.single:
		if len(m.holds) < m.column.Values() {
			return false
		}
		*m = m.column.match(m.holds)
	case m.id == None:
		return false
	default:
		m.count = m.column.Count(m.id)
	}
	return true
}

// Count is how many records match.
func (m *Match) Count() int { return m.count }

// HasID reports whether a value is one of those matched.
func (m *Match) HasID(id ID) bool {
	if m.single {
		return id == m.id && id != None
	}
	return m.holds[id] != 0
}

// Has reports whether the record seq matches.
func (m *Match) Has(seq int) bool { return m.HasID(m.column.At(seq)) }

// Chunk is as many seqs as are looked at together; its multiples are where
// chunks begin.
const Chunk = 1 << 12

// Bits is a chunk of seqs, a bit for each.
type Bits [Chunk / 64]uint64

// And leaves of the bits those of seqs that match. The chunk begins at seq from.
func (m *Match) And(bits *Bits, from int) {
	n := min(m.column.n-from, Chunk)
	if n < Chunk {
		for i := range bits {
			if at := 64 * i; at+64 > max(n, 0) {
				bits[i] &= 1<<max(n-at, 0) - 1
			}
		}
	}
	if n <= 0 {
		return
	}
	b, at := &m.column.blocks[from/blockSize], from%blockSize
	switch {
	case b.one != nil:
		and(m, bits, b.one[at:at+n])
	case b.two != nil:
		and(m, bits, b.two[at:at+n])
	default:
		and(m, bits, b.four[at:at+n])
	}
}

func and[T uint8 | uint16 | uint32](m *Match, set *Bits, ids []T) {
	for w := range set {
		word := set[w]
		if word == 0 || 64*w >= len(ids) {
			continue
		}
		part := ids[64*w : min(64*w+64, len(ids))]
		switch {
		case bits.OnesCount64(word) < 8:
			for rest := word; rest != 0; rest &= rest - 1 {
				i := bits.TrailingZeros64(rest)
				if !m.HasID(ID(part[i])) {
					word &^= 1 << i
				}
			}
		case m.single:
			var found uint64
			if m.id != None {
				for i, id := range part {
					if id == T(m.id) && ID(T(m.id)) == m.id {
						found |= 1 << i
					}
				}
			}
			word &= found
		default:
			var found uint64
			for i, id := range part {
				found |= uint64(m.holds[id]) << i
			}
			word &= found
		}
		set[w] = word
	}
}

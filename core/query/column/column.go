// Package column is an index of one field of a log's records: for each record
// the number of its value, and for each value, by its number, what it is and
// how many records have it.
//
// Any condition on the field is worked out once for each different value, not
// for each record, and what several fields have to be is a matter of looking up
// a few numbers. A seq takes one byte while there are fewer than 256 values, and
// two up to 65,536.
package column

import (
	"github.com/flumedb/flumedb-wasm/core/intern"
	"github.com/flumedb/flumedb-wasm/core/json"
)

// ID is the number of a value.
type ID = uint32

const (
	// None is of a seq without a record: it is deleted, or left out by the
	// view's Map. It meets no condition.
	None ID = 0

	// Undefined is of a record that has nothing at the field.
	Undefined ID = 1
)

// Column is an index of one field. The zero value is not ready: use New.
type Column struct {
	values intern.Set // of canonical JSON; the first two are those without any
	counts []uint32   // how many records have each
	blocks []block
	n      int // how many seqs it covers, from 0

	postings postings
	numbers  []float64 // of the values, NaN for other than numbers; as far as asked for
	tested   []tested
}

// blockSize is how many seqs are in a block.
const blockSize = 1 << 16

// block is the numbers of the values of consecutive seqs, in as many bytes each
// as the largest of them needs. Only one of the three is in use.
type block struct {
	one  []uint8
	two  []uint16
	four []uint32
}

// New makes a column of no records.
func New() *Column {
	c := &Column{}
	c.values.Add([]byte("-")) // no JSON, and so no value
	c.values.Add(nil)
	c.counts = make([]uint32, 2)
	return c
}

// Len is how many seqs the column covers, from 0.
func (c *Column) Len() int { return c.n }

// Values is how many different values there are, with None and Undefined.
func (c *Column) Values() int { return len(c.counts) }

// Value is a value by its number, in canonical JSON; nil for Undefined and
// None. The caller must not change it.
func (c *Column) Value(id ID) json.Value {
	if id <= Undefined {
		return nil
	}
	return c.values.At(int(id))
}

// Count is how many records have a value.
func (c *Column) Count(id ID) int { return int(c.counts[id]) }

// Find is the number of a value that is given in canonical JSON; false where
// no record has it.
func (c *Column) Find(canonical []byte) (ID, bool) {
	if len(canonical) == 0 {
		return Undefined, true
	}
	i := c.values.Find(canonical)
	return ID(max(i, 0)), i > int(Undefined)
}

// Bytes is how much memory the column takes.
func (c *Column) Bytes() int {
	sum := c.values.Size() + 4*cap(c.counts) + 8*cap(c.numbers) + c.postings.bytes()
	for i := range c.blocks {
		b := &c.blocks[i]
		sum += cap(b.one) + 2*cap(b.two) + 4*cap(b.four)
	}
	for i := range c.tested {
		sum += cap(c.tested[i].holds)
	}
	return sum
}

// Text is how many bytes the different values are.
func (c *Column) Text() int { return c.values.Text() }

// Put gives the record seq, which is behind all before it, its value in
// canonical JSON.
func (c *Column) Put(seq int, canonical []byte) {
	c.Pad(seq)
	id, fresh := c.values.Add(canonical)
	if fresh {
		c.counts = append(c.counts, 0)
	}
	c.push(ID(id))
}

// Pad has the column cover n seqs, if it covers fewer; there are no records for
// those added.
func (c *Column) Pad(n int) {
	for c.n < n {
		c.push(None)
	}
}

func (c *Column) push(id ID) {
	if c.n%blockSize == 0 {
		c.blocks = append(c.blocks, block{one: []uint8{}})
	}
	c.blocks[len(c.blocks)-1].push(id)
	c.counts[id]++
	c.n++
}

func (b *block) push(id ID) {
	switch {
	case b.one != nil && id < 1<<8:
		b.one = append(b.one, uint8(id))
	case b.one != nil:
		b.two = make([]uint16, len(b.one), min(2*len(b.one)+16, blockSize))
		for i, v := range b.one {
			b.two[i] = uint16(v)
		}
		b.one = nil
		b.push(id)
	case b.two != nil && id < 1<<16:
		b.two = append(b.two, uint16(id))
	case b.two != nil:
		b.four = make([]uint32, len(b.two), min(2*len(b.two)+16, blockSize))
		for i, v := range b.two {
			b.four[i] = uint32(v)
		}
		b.two = nil
		b.push(id)
	default:
		b.four = append(b.four, id)
	}
}

func (b *block) len() int { return len(b.one) + len(b.two) + len(b.four) }

func (b *block) at(i int) ID {
	switch {
	case b.one != nil:
		return ID(b.one[i])
	case b.two != nil:
		return ID(b.two[i])
	}
	return b.four[i]
}

// At is the number of a seq's value.
func (c *Column) At(seq int) ID {
	if seq >= c.n {
		return None
	}
	return c.blocks[seq/blockSize].at(seq % blockSize)
}

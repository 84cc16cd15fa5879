package column

import (
	"encoding/binary"
	"errors"
)

// Append writes the column behind b, all numbers little-endian:
//
//	+---------+---------------------+-----------------------------+---+
//	| n       | values              | w | n' × w: a number for    | … |
//	|         | as intern.Set has   |   | each seq of a block     |   |
//	|         | them                |   |                         |   |
//	+---------+---------------------+-----------------------------+---+
//	  uint32                          uint8: bytes of each, 1, 2 or 4
//
// Each block is of 65,536 seqs but the last, which has what is left of n. The
// first two values are "-", for no record, and "", for nothing at the field.
func (c *Column) Append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(c.n))
	b = c.values.Append(b)
	for i := range c.blocks {
		switch k := &c.blocks[i]; {
		case k.one != nil:
			b = append(append(b, 1), k.one...)
		case k.two != nil:
			b = append(b, 2)
			for _, id := range k.two {
				b = binary.LittleEndian.AppendUint16(b, id)
			}
		default:
			b = append(b, 4)
			for _, id := range k.four {
				b = binary.LittleEndian.AppendUint32(b, id)
			}
		}
	}
	return b
}

// ErrDamaged: the bytes are not what Append has written.
var ErrDamaged = errors.New("a column is damaged")

// Read takes a column from the front of b, and answers what is behind it.
func Read(b []byte) (c *Column, rest []byte, err error) {
	if len(b) < 4 {
		return nil, nil, ErrDamaged
	}
	c = &Column{n: int(binary.LittleEndian.Uint32(b))}
	if b, err = c.values.Read(b[4:]); err != nil {
		return nil, nil, err
	}
	if c.values.Len() < 2 || string(c.values.At(0)) != "-" || len(c.values.At(1)) != 0 {
		return nil, nil, ErrDamaged
	}
	c.counts = make([]uint32, c.values.Len())
	for left := c.n; left > 0; {
		size := min(left, blockSize)
		left -= size
		if len(b) == 0 || len(b)-1 < size*int(b[0]) {
			return nil, nil, ErrDamaged
		}
		width := int(b[0])
		ids := b[1 : 1+size*width]
		b = b[1+size*width:]
		var k block
		switch width {
		case 1:
			k.one = append([]uint8{}, ids...)
		case 2:
			k.two = make([]uint16, size)
			for i := range k.two {
				k.two[i] = binary.LittleEndian.Uint16(ids[2*i:])
			}
		case 4:
			k.four = make([]uint32, size)
			for i := range k.four {
				k.four[i] = binary.LittleEndian.Uint32(ids[4*i:])
			}
		default:
			return nil, nil, ErrDamaged
		}
		for i := range size {
			id := k.at(i)
			if int(id) >= len(c.counts) {
				return nil, nil, ErrDamaged
			}
			c.counts[id]++
		}
		c.blocks = append(c.blocks, k)
	}
	return c, b, nil
}

package view

import "math/bits"

// numbers is a set of numbers that are not large.
type numbers []uint64

func (n numbers) has(id uint32) bool {
	word := int(id / 64)
	return word < len(n) && n[word]&(1<<(id%64)) != 0
}

func (n *numbers) add(id uint32) {
	word := int(id / 64)
	if word >= len(*n) {
		*n = append(*n, make([]uint64, word+1-len(*n))...)
	}
	(*n)[word] |= 1 << (id % 64)
}

func (n numbers) remove(id uint32) {
	if n.has(id) {
		n[id/64] &^= 1 << (id % 64)
	}
}

// end is one more than the largest.
func (n numbers) end() uint32 {
	for i := len(n) - 1; i >= 0; i-- {
		if n[i] != 0 {
			return uint32(64*i + bits.Len64(n[i]))
		}
	}
	return 0
}

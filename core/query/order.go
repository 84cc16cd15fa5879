package query

import (
	"math"

	"github.com/flumedb/flumedb-wasm/core/query/column"
	"github.com/flumedb/flumedb-wasm/core/query/mfr"
)

// order hands out seqs by what is in some columns, and by themselves where that
// is equal. It is a heap, so that the first few of many cost little.
type order struct {
	by      []by
	numbers [][]float64
	back    bool // of equal ones the newest first
	heap    []uint32
}

func newOrder(by []by, back bool, seqs []uint32) *order {
	o := &order{by: by, back: back, heap: seqs}
	for _, b := range by {
		o.numbers = append(o.numbers, b.Numbers())
	}
	for i := len(seqs)/2 - 1; i >= 0; i-- {
		o.down(i)
	}
	return o
}

// next takes the first seq out; false when there is none.
func (o *order) next() (seq uint32, ok bool) {
	n := len(o.heap) - 1
	if n < 0 {
		return 0, false
	}
	seq = o.heap[0]
	o.heap[0] = o.heap[n]
	o.heap = o.heap[:n]
	o.down(0)
	return seq, true
}

func (o *order) down(i int) {
	h := o.heap
	for {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && o.less(h[child+1], h[child]) {
			child++
		}
		if !o.less(h[child], h[i]) {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}

func (o *order) less(i, j uint32) bool {
	for k := range o.by {
		b := &o.by[k]
		x, y := b.At(int(i)), b.At(int(j))
		if x == y {
			continue
		}
		if d := compare(b.Column, o.numbers[k], x, y); d != 0 {
			return d < 0 != b.reverse
		}
	}
	return i < j != o.back
}

func compare(c *column.Column, numbers []float64, x, y column.ID) int {
	f, g := numbers[x], numbers[y]
	switch {
	case math.IsNaN(f) || math.IsNaN(g):
		return mfr.Compare(c.Value(x), c.Value(y))
	case f < g:
		return -1
	case f > g:
		return 1
	}
	return 0
}

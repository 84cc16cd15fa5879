package core

import "github.com/flumedb/flumedb-wasm/core/segment"

// cache keeps the segments used last, up to a number of bytes. It holds no two
// segments with a record in common: the same records may come in small
// segments first and in a merged one later.
type cache struct {
	limit  int
	bytes  int
	sorted []*cached // by seq
	newest *cached   // ends of the list by use
	oldest *cached
}

type cached struct {
	*segment.Segment
	newer, older *cached
}

// find gives the segment that holds seq and counts that as use.
func (c *cache) find(seq Seq) *segment.Segment {
	i := c.place(seq)
	if i == len(c.sorted) || c.sorted[i].First() > seq {
		return nil
	}
	e := c.sorted[i]
	c.unlink(e)
	c.link(e)
	return e.Segment
}

// add takes a segment in, in the place of all that share a record with it.
func (c *cache) add(s *segment.Segment) {
	i := c.place(s.First())
	j := i
	for j < len(c.sorted) && c.sorted[j].First() <= s.Last() {
		c.unlink(c.sorted[j])
		j++
	}
	e := &cached{Segment: s}
	if i == j {
		c.sorted = append(c.sorted, nil)
		copy(c.sorted[i+1:], c.sorted[i:])
		j++
	}
	c.sorted[i] = e
	c.cut(i+1, j)
	c.link(e)
	for c.bytes > c.limit && c.oldest != c.newest {
		old := c.oldest
		c.unlink(old)
		i := c.place(old.First())
		c.cut(i, i+1)
	}
}

func (c *cache) clear() { *c = cache{limit: c.limit} }

// cut takes the segments from index i to j out of the order by seq. The slices
// package would do it too, in ten kilobytes of code for this one type.
func (c *cache) cut(i, j int) {
	n := copy(c.sorted[i:], c.sorted[j:])
	clear(c.sorted[i+n:])
	c.sorted = c.sorted[:i+n]
}

// place is the index of the first segment that ends at seq or later.
func (c *cache) place(seq Seq) int {
	low, high := 0, len(c.sorted)
	for low < high {
		middle := (low + high) / 2
		if c.sorted[middle].Last() < seq {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

func (c *cache) link(e *cached) {
	e.older, e.newer = c.newest, nil
	if c.newest != nil {
		c.newest.newer = e
	} else {
		c.oldest = e
	}
	c.newest = e
	c.bytes += e.Size()
}

func (c *cache) unlink(e *cached) {
	if e.newer != nil {
		e.newer.older = e.older
	} else {
		c.newest = e.older
	}
	if e.older != nil {
		e.older.newer = e.newer
	} else {
		c.oldest = e.newer
	}
	c.bytes -= e.Size()
}

package core

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"github.com/flumedb/flumedb-wasm/core/segment"
)

const (
	// pickReads is how many segments are read at once to pick records from.
	pickReads = 8

	// pickNear is how far apart records may be on average for all between them
	// to be read as well, and pickBytes how much of that is read at a time.
	pickNear  = 100
	pickBytes = 1 << 20
)

// Pick reads records that may lie anywhere in the log, and gives each of them
// once to take, nil where it is deleted, in no certain order. They are kept in
// memory one by one, for whoever picks them again. The bytes must not be
// changed. A seq that the log does not hold fails with ErrNotFound.
func (l *Log) Pick(ctx context.Context, seqs []Seq, take func(seq Seq, record []byte)) error {
	left := slices.Clone(seqs)
	slices.Sort(left)
	left = slices.Compact(left)
	dense := len(left) > 1 && left[len(left)-1]-left[0] < pickNear*Seq(len(left))
	span := Seq(pickNear) // about how many records a segment holds
	var memories [pickReads]Memory
	for len(left) > 0 {
		var found []*segment.Segment
		var err error
		deletions := l.deletionCount()
		if dense {
			found, err = l.segments(ctx, Range{From: left[0], Through: left[len(left)-1], Budget: pickBytes})
		} else {
			found, err = l.readApart(ctx, left, span, &memories)
		}
		if err != nil {
			return err
		}
		rest := left[:0]
		for _, seq := range left {
			for len(found) > 1 && found[0].Last() < seq {
				found = found[1:]
			}
			s := found[0]
			span = max(span, s.Last()-s.First()+1)
			switch {
			case seq < s.First() || seq > s.Last():
				rest = append(rest, seq)
			case s.IsDeleted(seq):
				take(seq, nil)
			default:
				take(seq, l.keepRecord(deletions, seq, s.Record(seq)))
			}
		}
		left = rest
	}
	return nil
}

// readApart reads the segments of the first of some sorted seqs, and of others
// that are likely to lie in other segments, all at once.
func (l *Log) readApart(ctx context.Context, seqs []Seq, span Seq, memories *[pickReads]Memory) ([]*segment.Segment, error) {
	var heads []Seq
	for _, seq := range seqs {
		if len(heads) == 0 || seq-heads[len(heads)-1] >= span {
			if heads = append(heads, seq); len(heads) == pickReads {
				break
			}
		}
	}
	if len(heads) == 1 {
		return l.segments(ctx, Range{From: heads[0], Through: heads[0], Budget: 1})
	}
	found := make([][]*segment.Segment, len(heads))
	errs := make([]error, len(heads))
	var reading sync.WaitGroup
	for i, seq := range heads {
		reading.Add(1)
		go func() {
			defer reading.Done()
			found[i], errs[i] = l.segments(ctx, Range{From: seq, Through: seq, Budget: 1, Memory: &memories[i]})
		}()
	}
	reading.Wait()
	var all []*segment.Segment
	for i := range heads {
		if errs[i] != nil && i == 0 {
			return nil, errs[i]
		}
		if errs[i] != nil {
			break // it is met again, as the first
		}
		all = append(all, found[i]...)
	}
	return all, nil
}

// keepRecord keeps a record that is read alone, unless something has been
// deleted meanwhile, and gives bytes that stay.
func (l *Log) keepRecord(deletions int, seq Seq, record []byte) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if deletions == l.deletions {
		if kept := l.records.add(seq, record); kept != nil {
			return kept
		}
	}
	return bytes.Clone(record)
}

// recordCache keeps records that were read one by one, where keeping their
// segments would take a hundred times the memory. What was not asked for while
// half of the limit has come in goes. The zero value keeps nothing.
type recordCache struct {
	limit      int
	young, old generation
}

// generation is records behind each other. What was given out of it stays as it
// is when it is dropped.
type generation struct {
	places []recordPlace // by hash; a power of two of them, of which a quarter is free
	count  int
	data   []byte
}

// recordPlace is where a record is. An empty one is free.
type recordPlace struct {
	seq      Seq
	from, to uint32
}

func (g *generation) find(seq Seq) []byte {
	if g.count == 0 {
		return nil
	}
	if p := g.place(seq); p.to != 0 {
		return g.data[p.from:p.to:p.to]
	}
	return nil
}

// place is where a seq stands, or else a free place for it.
func (g *generation) place(seq Seq) *recordPlace {
	mask := len(g.places) - 1
	for i := int(uint64(seq)*0x9E3779B97F4A7C15>>32) & mask; ; i = (i + 1) & mask {
		if p := &g.places[i]; p.to == 0 || p.seq == seq {
			return p
		}
	}
}

// add takes in a copy of a record that is not there and not empty.
func (g *generation) add(seq Seq, record []byte) {
	if 4*(g.count+1) > 3*len(g.places) {
		old := g.places
		g.places = make([]recordPlace, max(64, 2*len(old)))
		for _, p := range old {
			if p.to != 0 {
				*g.place(p.seq) = p
			}
		}
	}
	g.count++
	from := len(g.data)
	g.data = append(g.data, record...)
	*g.place(seq) = recordPlace{seq, uint32(from), uint32(len(g.data))}
}

// find gives a record, nil where it is not kept.
func (c *recordCache) find(seq Seq) []byte {
	if r := c.young.find(seq); r != nil {
		return r
	}
	if r := c.old.find(seq); r != nil {
		return c.add(seq, r)
	}
	return nil
}

// add keeps a copy of a record and gives it; nil where it is too large, or
// empty.
func (c *recordCache) add(seq Seq, record []byte) []byte {
	if len(record) == 0 || len(record) > c.limit/16 {
		return nil
	}
	if r := c.young.find(seq); r != nil {
		return r
	}
	if len(c.young.data)+len(record) > c.limit/2 {
		c.old, c.young = c.young, generation{}
	}
	c.young.add(seq, record)
	return c.young.find(seq)
}

func (c *recordCache) clear() { *c = recordCache{limit: c.limit} }

package column

// postings are the seqs of each value that not many records have, in order.
// They are made when they are first wanted, and again when much has come since.
type postings struct {
	n       int      // how many seqs they cover
	begin   []uint32 // where those of a value begin in list, by number
	list    []uint32
	skipped []ID // values that too many had; fewer than 16
}

const (
	// dense is the part of all records, one in so many, from which on those of
	// a value are found by looking at all.
	dense = 16

	// tail is how many seqs may lie behind the postings, besides one in eight.
	tail = 4096
)

func (p *postings) bytes() int { return 4 * (cap(p.begin) + cap(p.list)) }

// posted brings the postings up to date, as far as that is worth it.
func (c *Column) posted() *postings {
	if p := &c.postings; p.begin != nil && c.n-p.n <= tail+p.n/8 {
		return p
	}
	p := postings{n: c.n, begin: make([]uint32, len(c.counts)+1)}
	sum := uint32(0)
	for id, count := range c.counts {
		p.begin[id] = sum
		switch {
		case ID(id) == None:
		case int(count) > c.n/dense:
			p.skipped = append(p.skipped, ID(id))
		default:
			sum += count
		}
	}
	p.begin[len(c.counts)] = sum
	p.list = make([]uint32, sum)
	next := append([]uint32{}, p.begin...)
	for at := range c.blocks {
		b := &c.blocks[at]
		for i := range b.len() {
			if id := b.at(i); next[id] < p.begin[id+1] {
				p.list[next[id]] = uint32(at*blockSize + i)
				next[id]++
			}
		}
	}
	c.postings = p
	return &c.postings
}

// Few is the records of a value that not many have.
type Few struct {
	// Listed are the seqs of the value below Tail, in order.
	Listed []uint32

	// Tail is the seq from which on all have to be looked at.
	Tail int
}

// Few lists the records that match, if they are few and of one value.
func (m *Match) Few() (few Few, ok bool) {
	c := m.column
	if !m.single || m.count > c.n/dense {
		return few, false
	}
	if m.count == 0 {
		return Few{Tail: c.n}, true
	}
	p := c.posted()
	for _, id := range p.skipped {
		if id == m.id {
			return few, false // many had it when there were fewer records
		}
	}
	few.Tail = p.n
	if int(m.id)+1 < len(p.begin) {
		few.Listed = p.list[p.begin[m.id]:p.begin[m.id+1]]
	}
	return few, true
}

package memfs

import (
	"bytes"
	"math/rand/v2"
)

// Kill is the directory after the end of the process that used f: the system
// keeps all that it was given. f is of no more use.
func (f *FS) Kill() *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.crashed = true
	after := New(f.rng.Uint64())
	after.durable = f.durable
	after.names = f.names
	after.changes = f.changes
	return after
}

// PowerCut is the directory after a power cut: what was synced is there, and
// of what was not, as the dice fall, the first part, any part or all: names in
// order or not, bytes up to any byte, or sector by sector, where a sector that
// is missing reads as zeros or as it was. f is of no more use.
func (f *FS) PowerCut() *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.crashed = true
	after := New(f.rng.Uint64())
	for name, node := range f.durable {
		after.durable[name] = node
	}
	inOrder := f.rng.IntN(2) == 0
	for _, c := range f.changes {
		if f.rng.IntN(3) > 0 {
			c.apply(after.durable)
		} else if inOrder {
			break
		}
	}
	left := map[*inode]*inode{} // a file may have two names
	for name, node := range after.durable {
		if left[node] == nil {
			b := node.survive(f.rng)
			left[node] = &inode{data: b, durable: bytes.Clone(b)}
		}
		after.durable[name] = left[node]
		after.names[name] = left[node]
	}
	return after
}

func (n *inode) write(b []byte, off int64) {
	b = bytes.Clone(b)
	n.writes = append(n.writes, write{off: off, data: b})
	n.data = put(n.data, b, off)
}

func (n *inode) truncate(size int64) {
	n.writes = append(n.writes, write{off: size})
	n.data = resize(n.data, size)
}

// sync makes durable what no failed sync has dropped.
func (n *inode) sync(rng *rand.Rand) {
	for _, w := range n.writes {
		if w.dropped {
			n.durable = w.sectors(n.durable, rng)
		} else {
			n.durable = w.apply(n.durable)
		}
	}
	n.writes = nil
}

// drop is what a sync that fails does.
func (n *inode) drop() {
	for i := range n.writes {
		n.writes[i].dropped = n.writes[i].data != nil
	}
}

// survive is what a power cut leaves.
func (n *inode) survive(rng *rand.Rand) []byte {
	b := bytes.Clone(n.durable)
	switch rng.IntN(4) {
	case 0: // nothing that was not synced
	case 1: // all
		for _, w := range n.writes {
			b = w.apply(b)
		}
	case 2: // up to any byte
		for _, w := range n.writes {
			if rng.IntN(3) > 0 {
				b = w.apply(b)
				continue
			}
			if len(w.data) > 0 {
				b = put(b, w.data[:rng.IntN(len(w.data))], w.off)
			}
			break
		}
	case 3: // any sectors
		for _, w := range n.writes {
			b = w.sectors(b, rng)
		}
	}
	return b
}

func (w write) apply(b []byte) []byte {
	if w.data == nil {
		return resize(b, w.off)
	}
	return put(b, w.data, w.off)
}

const sectorSize = 512

// sectors applies the write to some sectors only. The file may have its size
// all the same.
func (w write) sectors(b []byte, rng *rand.Rand) []byte {
	if w.data == nil {
		return resize(b, w.off)
	}
	end := w.off + int64(len(w.data))
	if int64(len(b)) < end && rng.IntN(2) == 0 {
		b = resize(b, end)
	}
	for off := w.off; off < end; {
		next := min(end, (off/sectorSize+1)*sectorSize)
		if rng.IntN(2) == 0 {
			b = put(b, w.data[off-w.off:next-w.off], off)
		}
		off = next
	}
	return b
}

func put(b, data []byte, off int64) []byte {
	if end := off + int64(len(data)); int64(len(b)) < end {
		b = resize(b, end)
	}
	copy(b[off:], data)
	return b
}

func resize(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		return b[:size:size]
	}
	return append(b, make([]byte, size-int64(len(b)))...)
}

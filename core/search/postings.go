package search

import (
	"encoding/binary"
	"math"
)

// postings are the records that each word is in, and how often. They lie in
// chunks, which are linked from the newest to the oldest, so that the newest
// records of a word are at hand however many there are.
//
// A chunk, little-endian, of 16 bytes for the first of a word, and twice as
// many for each that follows, up to 256:
//
//	+--------+--------+---------+---------+-----+---+
//	| before | base   | posting | posting | …   | 0 |
//	+--------+--------+---------+---------+-----+---+
//	  uint32   uint32   uvarints
//
//	  - before is where the chunk before it lies, 0 for none; base the seq of its
//	    first posting.
//	  - A posting is the difference of its seq to the one before it, plus one,
//	    by two, plus one where the word is in the record more than once; then how
//	    often follows. So no posting begins with 0, and 0 ends the chunk.
//
// A word that is in one record only, as half of all words are, has no chunk.
type postings struct {
	words []word
	pages [][]byte // the chunks; none goes over the end of a page
	end   uint32   // behind the last chunk
}

// word is where a word's postings are.
type word struct {
	records uint32 // that it is in
	last    uint32 // the seq of the newest
	tail    uint32 // the newest chunk, 0 where there is none
	at      uint32 // where the next posting goes; without a chunk, how often it is in the one record
	size    uint32 // of the newest chunk
}

// posting is a record that a word is in.
type posting struct{ seq, count uint32 }

const (
	pageBits   = 16
	pageSize   = 1 << pageBits
	chunkHead  = 8
	firstChunk = 16
	lastChunk  = 256
)

// add adds a posting, of a record newer than all others.
func (p *postings) add(number int, seq, count uint32) {
	w := &p.words[number]
	switch w.records {
	case 0:
		w.at = count
	case 1:
		first := *w
		p.open(w, firstChunk, first.last)
		p.put(w, first.last, first.at)
		fallthrough
	default:
		p.put(w, seq, count)
	}
	w.records++
	w.last = seq
}

// put writes a posting, into a chunk of its own where it does not fit.
func (p *postings) put(w *word, seq, count uint32) {
	if skip := seq - w.last; count == 1 && skip < 63 && w.at+1 < w.tail+w.size {
		p.pages[w.at>>pageBits][w.at&(pageSize-1)] = byte(skip+1) << 1
		w.at++
		w.last = seq
		return // most are such
	}
	var b [2 * binary.MaxVarintLen32]byte
	end := w.tail + w.size - 1 // there the last 0 stays
	size := encode(b[:], seq-w.last, count)
	if w.at+uint32(size) > end {
		p.open(w, min(2*w.size, lastChunk), seq)
		size = encode(b[:], 0, count)
	}
	page := p.pages[w.at>>pageBits]
	copy(page[w.at&(pageSize-1):], b[:size])
	w.at += uint32(size)
	w.last = seq
}

func encode(b []byte, skip, count uint32) (size int) {
	v := uint64(skip+1) << 1
	if count == 1 {
		return binary.PutUvarint(b, v)
	}
	size = binary.PutUvarint(b, v|1)
	return size + binary.PutUvarint(b[size:], uint64(count))
}

// open begins a chunk. It panics when all chunks make up more than 4 GiB.
func (p *postings) open(w *word, size, base uint32) {
	if p.end == 0 {
		p.end = firstChunk // so that no chunk is at 0
	}
	if left := pageSize - p.end&(pageSize-1); left < size {
		p.end += left
	}
	if p.end > math.MaxUint32-2*pageSize {
		panic("search: more than 4 GiB of postings")
	}
	for uint32(len(p.pages)) <= p.end>>pageBits {
		p.pages = append(p.pages, make([]byte, pageSize))
	}
	head := p.pages[p.end>>pageBits][p.end&(pageSize-1):]
	binary.LittleEndian.PutUint32(head, w.tail)
	binary.LittleEndian.PutUint32(head[4:], base)
	w.tail, w.size, w.last = p.end, size, base
	w.at = p.end + chunkHead
	p.end += size
}

// chunk is one chunk of a word's.
type chunk struct{ at, base uint32 }

// chunks are those of a word that may have postings from one seq through
// another, the newest first.
func (p *postings) chunks(w *word, from, through uint32, all []chunk) []chunk {
	for at := w.tail; at != 0; {
		head := p.pages[at>>pageBits][at&(pageSize-1):]
		base := binary.LittleEndian.Uint32(head[4:])
		if base <= through {
			all = append(all, chunk{at, base})
		}
		if base <= from {
			break
		}
		at = binary.LittleEndian.Uint32(head)
	}
	return all
}

// decode puts the postings of a chunk behind all.
func (p *postings) decode(c chunk, all []posting) []posting {
	b := p.pages[c.at>>pageBits][c.at&(pageSize-1)+chunkHead:]
	seq := c.base
	for i := 0; i < len(b) && b[i] != 0; {
		v := uint32(b[i])
		i++
		if v >= 128 {
			v, i = more(b, i, v)
		}
		seq += v>>1 - 1
		count := uint32(1)
		if v&1 != 0 && i < len(b) {
			count = uint32(b[i])
			i++
			if count >= 128 {
				count, i = more(b, i, count)
			}
		}
		all = append(all, posting{seq, count})
	}
	return all
}

// more reads on in a uvarint of more than one byte.
func more(b []byte, i int, first uint32) (v uint32, next int) {
	v = first & 127
	for shift := 7; i < len(b); shift += 7 {
		c := b[i]
		i++
		v |= uint32(c&127) << shift
		if c < 128 {
			break
		}
	}
	return v, i
}

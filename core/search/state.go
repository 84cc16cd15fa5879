package search

import (
	"encoding/binary"
	"errors"
	"slices"
)

// maxSeq is the last record that postings can tell.
const maxSeq = 1<<31 - 2

var (
	errTooLong = errors.New("a search holds records up to seq 2147483646")
	errDamaged = errors.New("the state is damaged")
	errTables  = errors.New("the state was made by other rules for words")
)

// The state, little-endian:
//
//	+--------+---------+---------+---------+----------+--------+---------+
//	| tables | records | total   | lengths | words    | places | chunks  |
//	+--------+---------+---------+---------+----------+--------+---------+
//	  byte     uint64    uint64    n × byte  a set of            n × byte
//	                               behind    package             behind
//	                               uint32 n  intern              uint32 n
//
// and the place of each word:
//
//	+--------------+-----------------+----------------+
//	| records: 1   | seq             | how often      |   of a word that is in one record
//	+--------------+-----------------+----------------+
//	| records: n   | tail by 16      | size by 16     |   of any other
//	+--------------+-----------------+----------------+
//	  uvarint        uvarint           uvarint
//
// tail and size are of the newest chunk; see postings.
func (v *search) Save(b []byte) []byte {
	le := binary.LittleEndian
	p := &v.postings
	b = slices.Grow(b, v.dictionary.words.Size()+len(v.lengths)+8*len(p.words)+int(p.end)+64)
	b = append(b, tablesVersion)
	b = le.AppendUint64(b, v.records)
	b = le.AppendUint64(b, v.total)
	b = le.AppendUint32(b, uint32(len(v.lengths)))
	b = append(b, v.lengths...)
	b = v.dictionary.words.Append(b)
	for _, w := range p.words {
		place := [3]uint32{w.records, w.last, w.at}
		if w.tail != 0 {
			place = [3]uint32{w.records, w.tail / firstChunk, w.size / firstChunk}
		}
		for _, n := range place {
			b = binary.AppendUvarint(b, uint64(n))
		}
	}
	b = le.AppendUint32(b, p.end)
	left := int(p.end)
	for _, page := range p.pages {
		b = append(b, page[:min(left, pageSize)]...)
		left -= min(left, pageSize)
	}
	return b
}

func (v *search) Load(b []byte) (err error) {
	le := binary.LittleEndian
	if len(b) < 21 {
		return errDamaged
	}
	if b[0] != tablesVersion {
		return errTables
	}
	v.records, v.total = le.Uint64(b[1:]), le.Uint64(b[9:])
	n := uint64(le.Uint32(b[17:]))
	if b = b[21:]; n > uint64(len(b)) || v.records > n {
		return errDamaged
	}
	v.lengths = append(make([]byte, 0, n+n>>4+64), b[:n]...)
	if b, err = v.dictionary.read(b[n:]); err != nil {
		return err
	}
	p := &v.postings
	p.words = make([]word, v.dictionary.words.Len())
	v.counted.place = make([]uint32, len(p.words))
	for i := range p.words {
		if b, err = p.words[i].load(b, uint64(len(v.lengths))); err != nil {
			return err
		}
	}
	if len(b) < 4 || uint64(le.Uint32(b)) != uint64(len(b)-4) {
		return errDamaged
	}
	p.end = le.Uint32(b)
	for b = b[4:]; len(b) > 0; b = b[min(len(b), pageSize):] {
		page := make([]byte, pageSize)
		copy(page, b)
		p.pages = append(p.pages, page)
	}
	var scratch []posting
	for i := range p.words {
		if scratch, err = p.resume(&p.words[i], uint32(len(v.lengths)), scratch); err != nil {
			return err
		}
	}
	return nil
}

// load takes a word's place from the front of b.
func (w *word) load(b []byte, records uint64) (rest []byte, err error) {
	var n [3]uint64
	for i := range n {
		var size int
		if n[i], size = binary.Uvarint(b); size <= 0 || n[i] >= 1<<32 {
			return nil, errDamaged
		}
		b = b[size:]
	}
	w.records = uint32(n[0])
	switch {
	case n[0] == 1 && n[1] < records:
		w.last, w.at = uint32(n[1]), uint32(n[2])
	case n[0] > 1 && n[0] <= records && n[1] > 0 && n[1] < 1<<28 && n[2] > 0 && n[2] <= lastChunk/firstChunk:
		w.tail, w.size = uint32(n[1])*firstChunk, uint32(n[2])*firstChunk
	default:
		return nil, errDamaged
	}
	return b, nil
}

// resume finds where a word's next posting goes, and sees to it that its chunks
// can be walked over.
func (p *postings) resume(w *word, records uint32, scratch []posting) ([]posting, error) {
	if w.tail == 0 {
		return scratch, nil
	}
	if w.tail&(pageSize-1)+w.size > pageSize || uint64(w.tail)+uint64(w.size) > uint64(p.end) {
		return nil, errDamaged
	}
	page := p.pages[w.tail>>pageBits][:w.tail&(pageSize-1)+w.size]
	at := int(w.tail&(pageSize-1)) + chunkHead
	for at < len(page) && page[at] != 0 {
		numbers := 1 + int(page[at]&1)
		for ; numbers > 0 && at < len(page); at++ {
			if page[at] < 128 {
				numbers--
			}
		}
	}
	if at >= len(page) {
		return nil, errDamaged
	}
	w.at = w.tail&^(pageSize-1) + uint32(at)
	base := binary.LittleEndian.Uint32(page[w.tail&(pageSize-1)+4:])
	scratch = p.decode(chunk{w.tail, base}, scratch[:0])
	if len(scratch) == 0 || scratch[len(scratch)-1].seq >= records {
		return nil, errDamaged
	}
	w.last = scratch[len(scratch)-1].seq
	for tail, newer := w.tail, records; tail != 0; {
		head := p.pages[tail>>pageBits][tail&(pageSize-1):]
		before, base := binary.LittleEndian.Uint32(head), binary.LittleEndian.Uint32(head[4:])
		if before >= tail || before%firstChunk != 0 || base >= newer {
			return nil, errDamaged
		}
		tail, newer = before, base
	}
	return scratch, nil
}

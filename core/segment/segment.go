// Package segment is the unit the log is stored in: a run of consecutive
// records framed as one value, checksummed, and replaced or deleted only as a
// whole.
//
// The records of a segment lie side by side as the elements of a bracketed
// list, with a table of where each one ends:
//
//	[record,record,record]
//
// Where the records are JSON texts, the list is a JSON array, so a reader
// takes a run of any length out of a segment with one parse and no copying.
// Where they are not, the separators cost a byte a record and mean nothing.
//
// Byte layout and its reasons: format.go and docs/format.md.
package segment

import (
	"encoding/binary"
	"math"

	"github.com/cespare/xxhash/v2"
)

// Seq is a record's place in the log: dense, from 0. None stands before the
// first record.
type Seq int64

// None is the newest seq of an empty log.
const None Seq = -1

// MaxSeq is the largest seq a log can hold: JavaScript counts exactly to it.
const MaxSeq Seq = 1<<53 - 1

// Segment is one decoded frame. It is immutable once a store has accepted it,
// so any number of readers may share its bytes.
type Segment struct {
	frame   []byte
	table   []byte // count × uint32: where in data each record ends
	data    []byte // "[" records joined by "," "]"
	first   Seq
	count   int
	deleted int
}

// First is the seq of the oldest record of the segment.
func (s *Segment) First() Seq { return s.first }

// Last is the seq of the newest record of the segment.
func (s *Segment) Last() Seq { return s.first + Seq(s.count) - 1 }

// Count is the number of records, at least 1.
func (s *Segment) Count() int { return s.count }

// Size is the number of bytes of the frame.
func (s *Segment) Size() int { return len(s.frame) }

// Bytes is the whole frame. The caller must not change it.
func (s *Segment) Bytes() []byte { return s.frame }

// Continues reports whether the commit that wrote this segment goes on in the
// next one, so that a store of files can tell a whole commit from a torn one.
func (s *Segment) Continues() bool {
	return binary.LittleEndian.Uint16(s.frame[offFlags:])&flagContinues != 0
}

// Record is the record with that seq, which must lie in the segment. The
// caller must not change the bytes.
func (s *Segment) Record(seq Seq) []byte {
	i := int(seq - s.first)
	return s.data[s.start(i):s.end(i)]
}

// Run is the records from one seq through another, both in the segment,
// joined by single commas and without the brackets.
func (s *Segment) Run(from, through Seq) []byte {
	return s.data[s.start(int(from-s.first)):s.end(int(through-s.first))]
}

// List is all records as they lie there: in brackets, joined by commas.
func (s *Segment) List() []byte { return s.data }

// Table is where each record ends within List, as little-endian uint32; the
// first begins at 1, and each other one byte behind the end of the one before.
// Where there are deleted records, theirs have the highest bit set.
func (s *Segment) Table() []byte { return s.table }

func (s *Segment) end(i int) int {
	return int(binary.LittleEndian.Uint32(s.table[i*4:]) &^ markDeleted)
}

func (s *Segment) marked(i int) bool { return s.table[i*4+3]&(markDeleted>>24) != 0 }

// Deleted is the number of records whose values are gone.
func (s *Segment) Deleted() int { return s.deleted }

// IsDeleted reports whether the value of the record with that seq, which must
// lie in the segment, is gone.
func (s *Segment) IsDeleted(seq Seq) bool { return s.deleted > 0 && s.marked(int(seq-s.first)) }

// Without builds the segment with some more of its records deleted, in the
// same place.
func (s *Segment) Without(seqs ...Seq) *Segment {
	gone := make([]bool, s.count)
	for _, seq := range seqs {
		gone[seq-s.first] = true
	}
	var b Builder
	for i := range gone {
		if gone[i] || s.marked(i) {
			b.AddDeleted()
		} else {
			b.Add(s.data[s.start(i):s.end(i)])
		}
	}
	without := b.Finish()
	without.Place(s.first, false)
	return without
}

func (s *Segment) start(i int) int {
	if i == 0 {
		return 1
	}
	return s.end(i-1) + 1
}

// Place gives the segment its seqs, and says whether its commit goes on in the
// segment behind it. Only the store that is about to write the segment calls
// it, and only while nobody else holds it: a segment is built without a place,
// since only the store knows, inside its own transaction, which seq comes next.
// It costs one checksum of the header; the records' is not touched.
func (s *Segment) Place(first Seq, continues bool) {
	s.first = first
	var flags uint16
	if s.deleted > 0 {
		flags |= flagDeleted
	}
	if continues {
		flags |= flagContinues
	}
	binary.LittleEndian.PutUint16(s.frame[offFlags:], flags)
	binary.LittleEndian.PutUint64(s.frame[offFirst:], uint64(first))
	binary.LittleEndian.PutUint64(s.frame[offHeaderSum:], xxhash.Sum64(s.frame[:offHeaderSum]))
}

// Stamp writes a number into the header by which the store that is about to
// write the segment can find this very commit again, 0 for none. It takes
// effect with the next Place. A segment with deleted records has no room for
// it; new commits have none of those.
func (s *Segment) Stamp(commit uint64) {
	if s.deleted > 0 {
		return
	}
	binary.LittleEndian.PutUint64(s.frame[offCommit:], commit)
}

// MaxRecord is the most bytes one record may have.
const MaxRecord = 256 << 20

// maxData keeps a segment's data addressable by its table, and a bit free there.
const maxData = math.MaxInt32

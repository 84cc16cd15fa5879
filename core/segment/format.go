package segment

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/cespare/xxhash/v2"
)

// A frame, all numbers little-endian:
//
//		 0        4      5      6        8                16       20       24
//		+--------+------+------+--------+----------------+--------+--------+
//		| "FLMS" | vers | hlen | flags  | first seq      | count  | data n |
//		+--------+------+------+--------+----------------+--------+--------+
//		 24               32               40               48
//		+----------------+----------------+----------------+
//		| payload sum    | commit         | header sum     |
//		+----------------+----------------+----------------+
//		 hlen × 8                     + count × 4            + data n
//		+----------------------------+----------------------+
//		| ends: count × uint32       | "[" r "," r "," r "]" |
//		+----------------------------+----------------------+
//
//	  - vers is Version. A reader that meets a larger one refuses it by name.
//	  - hlen is the header's length in units of 8 bytes: a later version may
//	    lengthen the header (the origin of the records, deletion marks,
//	    compression) and old checks still find the header's end.
//	  - flags bit 0: the commit goes on in the next frame. Bit 1: some records are
//	    deleted. Others: zero.
//	  - payload sum is XXH64 (seed 0) of the ends table and the data.
//	  - commit is 0, or what a store calls the commit by that wrote the frame, see
//	    Segment.Stamp; in a frame with deleted records it is their number.
//	  - header sum is XXH64 of the header's first 40 bytes, so that a segment
//	    can be placed and a damaged length be told from a damaged record without
//	    reading the payload.
//	  - ends[i] is where record i ends within data; record 0 begins at 1 and
//	    record i+1 one byte behind the end of record i. Its highest bit says that
//	    the record is deleted; "0" then stands in its place, which keeps a list of
//	    JSON texts one.
const (
	offVersion   = 4
	offHeaderLen = 5
	offFlags     = 6
	offFirst     = 8
	offCount     = 16
	offData      = 20
	offSum       = 24
	offCommit    = 32
	offHeaderSum = 40

	// HeaderSize is the length of the header this version writes.
	HeaderSize = 48

	// Version is the format this build writes and the newest it reads.
	Version = 1
)

const (
	flagContinues = 1 << 0
	flagDeleted   = 1 << 1
)

// markDeleted is set in the table for a deleted record.
const markDeleted = 1 << 31

var magic = [4]byte{'F', 'L', 'M', 'S'}

// Header is what the first HeaderSize bytes of a frame say.
type Header struct {
	First     Seq
	Count     int
	Size      int // of the whole frame
	Continues bool
	Commit    uint64 // see Segment.Stamp
	Deleted   int    // records
}

// Last is the seq of the newest record of the frame.
func (h Header) Last() Seq { return h.First + Seq(h.Count) - 1 }

// ReadHeader checks and reads the header at the start of b without looking at
// the payload, so that a store of files can step from frame to frame.
// ErrShort means that b ends before the header does.
func ReadHeader(b []byte) (Header, error) {
	if len(b) < HeaderSize {
		return Header{}, ErrShort
	}
	if !bytes.Equal(b[:4], magic[:]) {
		return Header{}, corrupt(None, "no segment begins here")
	}
	// In every version the header ends with the sum of what is before it, so
	// a damaged version is not taken for a newer one.
	n := int(b[offHeaderLen]) * 8
	if n < HeaderSize || n > len(b) || xxhash.Sum64(b[:n-8]) != binary.LittleEndian.Uint64(b[n-8:]) {
		return Header{}, corrupt(None, "the header's checksum is wrong")
	}
	if v := b[offVersion]; v > Version {
		return Header{}, &VersionError{Version: int(v)}
	}
	first := Seq(binary.LittleEndian.Uint64(b[offFirst:]))
	count := binary.LittleEndian.Uint32(b[offCount:])
	data := binary.LittleEndian.Uint32(b[offData:])
	switch {
	case b[offVersion] == 0 || n != HeaderSize:
		return Header{}, corrupt(first, "the header has an impossible version or length")
	case binary.LittleEndian.Uint16(b[offFlags:])&^(flagContinues|flagDeleted) != 0:
		return Header{}, corrupt(first, "the header has flags that this version has not")
	case first < 0 || first > MaxSeq-Seq(count):
		return Header{}, corrupt(None, "the first seq is out of range")
	case count == 0 || uint64(data) < uint64(count)+1:
		return Header{}, corrupt(first, "the counts in the header contradict each other")
	}
	commit, deleted := binary.LittleEndian.Uint64(b[offCommit:]), uint64(0)
	if binary.LittleEndian.Uint16(b[offFlags:])&flagDeleted != 0 {
		commit, deleted = 0, commit
		if deleted == 0 || deleted > uint64(count) {
			return Header{}, corrupt(first, "the counts in the header contradict each other")
		}
	}
	size := uint64(HeaderSize) + 4*uint64(count) + uint64(data)
	if size > maxData {
		return Header{}, corrupt(first, "the segment claims to be larger than a segment can be")
	}
	return Header{
		First:     first,
		Count:     int(count),
		Size:      int(size),
		Continues: binary.LittleEndian.Uint16(b[offFlags:])&flagContinues != 0,
		Commit:    commit,
		Deleted:   int(deleted),
	}, nil
}

// Decode checks a whole frame, which must be exactly b, and gives it as a
// segment that keeps b. The error is ErrShort, a *VersionError or a
// *CorruptError, whose First is set where the header could be trusted.
func Decode(b []byte) (*Segment, error) {
	h, err := ReadHeader(b)
	if err != nil {
		return nil, err
	}
	if len(b) < h.Size {
		return nil, ErrShort
	}
	if len(b) > h.Size {
		return nil, corrupt(h.First, "bytes follow the segment's end")
	}
	if xxhash.Sum64(b[HeaderSize:]) != binary.LittleEndian.Uint64(b[offSum:]) {
		return nil, corrupt(h.First, "the records' checksum is wrong").spanning(h)
	}
	s := open(b, h)
	if !s.tableHolds() {
		return nil, corrupt(h.First, "the table of records contradicts the data").spanning(h)
	}
	return s, nil
}

// DecodeAs decodes what a store has kept as the segment of these records: any
// damage is placed at them, in what the store calls name, also where the bytes are
// of another segment.
func DecodeAs(b []byte, first, last Seq, name string) (*Segment, error) {
	damaged := func(reason string) (*Segment, error) {
		return nil, &CorruptError{First: first, Last: last, Segment: name, Reason: reason}
	}
	s, err := Decode(b)
	var corrupt *CorruptError
	switch {
	case errors.As(err, &corrupt):
		return damaged(corrupt.Reason)
	case errors.Is(err, ErrShort):
		return damaged("the value is too short")
	case err != nil:
		return nil, err
	case s.first != first || s.Last() != last:
		return damaged("the value is another segment than its key says")
	}
	return s, nil
}

func open(frame []byte, h Header) *Segment {
	split := HeaderSize + 4*h.Count
	return &Segment{
		frame:   frame,
		table:   frame[HeaderSize:split:split],
		data:    frame[split:],
		first:   h.First,
		count:   h.Count,
		deleted: h.Deleted,
	}
}

// tableHolds checks what a checksum cannot: that whoever wrote the frame wrote
// a table that stays inside the data and marks the separators.
func (s *Segment) tableHolds() bool {
	n := len(s.data)
	if s.data[0] != '[' || s.data[n-1] != ']' || s.end(s.count-1) != n-1 {
		return false
	}
	start, deleted := 1, 0
	for i := 0; i < s.count; i++ {
		end := s.end(i)
		last := i == s.count-1
		if end < start || !last && (end >= n-1 || s.data[end] != ',') {
			return false
		}
		if s.marked(i) {
			deleted++
			if end != start+1 || s.data[start] != '0' {
				return false
			}
		}
		start = end + 1
	}
	return deleted == s.deleted
}

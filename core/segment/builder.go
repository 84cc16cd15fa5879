package segment

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// Builder collects records into a segment. Its zero value is empty and ready.
type Builder struct {
	ends []uint32 // as in the table
	data []byte   // "[" records, each followed by its separator

	deleted int
}

// Count is the number of records collected so far.
func (b *Builder) Count() int { return len(b.ends) }

// Size is the number of bytes that the frame would have now.
func (b *Builder) Size() int { return HeaderSize + 4*len(b.ends) + max(len(b.data), 1) }

// Add copies one record in.
func (b *Builder) Add(record []byte) {
	b.open()
	b.data = append(b.data, record...)
	b.ends = append(b.ends, uint32(len(b.data)))
	b.data = append(b.data, ',')
}

// AddDeleted puts a deleted record in, of which only the place is left.
func (b *Builder) AddDeleted() {
	b.Add([]byte{'0'})
	b.ends[len(b.ends)-1] |= markDeleted
	b.deleted++
}

// AddRun copies in records that are already joined by single separator bytes,
// whatever those are; lens says how long each record is, and the sum of them
// and of the separators between must be len(run), which the caller has checked.
func (b *Builder) AddRun(run []byte, lens []uint32) {
	b.open()
	b.data = append(b.data, run...)
	b.data = append(b.data, ',')
	end := uint32(len(b.data) - len(run) - 2)
	for _, n := range lens {
		end += n + 1
		b.ends = append(b.ends, end)
		b.data[end] = ','
	}
}

// AddSegment copies in all records of s, deleted ones too.
func (b *Builder) AddSegment(s *Segment) {
	b.open()
	base := uint32(len(b.data)) - 1
	b.data = append(b.data, s.data[1:]...)
	b.data[len(b.data)-1] = ','
	for i := 0; i < s.count; i++ {
		end := base + uint32(s.end(i))
		if s.marked(i) {
			end |= markDeleted
		}
		b.ends = append(b.ends, end)
	}
	b.deleted += s.deleted
}

// Finish gives what was collected as a segment without a place (see
// Segment.Place) and empties the builder, which keeps its memory for the next.
// There must be at least one record.
func (b *Builder) Finish() *Segment {
	frame := make([]byte, b.Size())
	copy(frame, magic[:])
	frame[offVersion] = Version
	frame[offHeaderLen] = HeaderSize / 8
	binary.LittleEndian.PutUint32(frame[offCount:], uint32(len(b.ends)))
	binary.LittleEndian.PutUint32(frame[offData:], uint32(len(b.data)))
	table := frame[HeaderSize:]
	for i, end := range b.ends {
		binary.LittleEndian.PutUint32(table[i*4:], end)
	}
	if b.deleted > 0 {
		binary.LittleEndian.PutUint64(frame[offCommit:], uint64(b.deleted))
	}
	b.data[len(b.data)-1] = ']'
	copy(table[4*len(b.ends):], b.data)
	binary.LittleEndian.PutUint64(frame[offSum:], xxhash.Sum64(frame[HeaderSize:]))
	s := open(frame, Header{Count: len(b.ends), Deleted: b.deleted})
	s.Place(0, false)
	b.ends, b.data, b.deleted = b.ends[:0], b.data[:0], 0
	if cap(b.data) > keepBuffer {
		b.data = nil
	}
	return s
}

// keepBuffer bounds the memory a builder holds on to between segments.
const keepBuffer = 1 << 20

func (b *Builder) open() {
	if len(b.data) == 0 {
		b.data = append(b.data, '[')
	}
}

package replica

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/cespare/xxhash/v2"

	"github.com/flumedb/flumedb-wasm/core/segment"
)

// A message is frames, one behind the other:
//
//	+------+------------+--------------+----------------+
//	| kind | n: uvarint | payload of n | XXH64 before   |
//	+------+------------+--------------+----------------+
//
// The first is frameStatus, the last frameEnd. docs/sync.md has the payloads.
const (
	frameStatus  = 'S'
	frameDeleted = 'D'
	frameRun     = 'R'
	frameEnd     = 'E'
)

// version is that of the protocol, the first byte of frameStatus.
const version = 1

// maxFrame bounds what a frame claims to be: the largest record, and room for
// what stands around it.
const maxFrame = segment.MaxRecord + 1<<20

// seal closes a frame that begins at start in b with its kind, and whose payload
// was written behind it.
func seal(kind byte, payload []byte) []byte {
	b := make([]byte, 0, 1+binary.MaxVarintLen32+len(payload)+8)
	b = append(b, kind)
	b = binary.AppendUvarint(b, uint64(len(payload)))
	b = append(b, payload...)
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
}

// frames cuts what comes in pieces into frames.
type frames struct{ held []byte }

// next takes the next frame out of what has come; ok is false where it is not
// whole yet.
func (f *frames) next() (kind byte, payload []byte, ok bool, err error) {
	if len(f.held) == 0 {
		return 0, nil, false, nil
	}
	n, width := binary.Uvarint(f.held[1:])
	switch {
	case width < 0 || n > maxFrame:
		return 0, nil, false, fmt.Errorf("%w: a frame claims to have %d bytes", ErrMessage, n)
	case width == 0:
		return 0, nil, false, nil
	}
	start := 1 + width
	end := start + int(n)
	if len(f.held) < end+8 {
		return 0, nil, false, nil
	}
	if xxhash.Sum64(f.held[:end]) != binary.LittleEndian.Uint64(f.held[end:]) {
		return 0, nil, false, fmt.Errorf("%w: a frame's checksum is wrong", ErrMessage)
	}
	kind, payload = f.held[0], f.held[start:end:end]
	f.held = f.held[end+8:]
	return kind, payload, true, nil
}

// reader reads a payload. What is missing sets bad, and reads as 0.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count is a number of things that have at least a byte each.
func (r *reader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.bad = true
		return 0
	}
	return int(n)
}

func (r *reader) uint64() uint64 {
	if len(r.b) < 8 {
		r.bad, r.b = true, nil
		return 0
	}
	v := binary.LittleEndian.Uint64(r.b)
	r.b = r.b[8:]
	return v
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

// end fails where something was missing, or is left.
func (r *reader) end(what string) error {
	if r.bad || len(r.b) > 0 {
		return fmt.Errorf("%w: the %s cannot be read", ErrMessage, what)
	}
	return nil
}

const (
	statusOnly = 1 << 0

	headOwn   = 1 << 0
	headCheck = 1 << 1
)

// encode writes frameStatus.
func (s *status) encode() []byte {
	le := binary.LittleEndian
	b := []byte{version, 0}
	if s.only {
		b[1] |= statusOnly
	}
	b = binary.AppendUvarint(b, uint64(len(s.heads)))
	for _, h := range s.heads {
		flags := byte(0)
		if h.own {
			flags |= headOwn
		}
		if h.check.known {
			flags |= headCheck
		}
		b = append(le.AppendUint64(b, uint64(h.origin)), flags)
		b = binary.AppendUvarint(b, h.next)
		b = binary.AppendUvarint(b, h.want)
		if h.check.known {
			b = le.AppendUint64(binary.AppendUvarint(b, h.check.place), h.check.sum)
		}
		b = le.AppendUint64(le.AppendUint64(b, h.digest), h.seen)
	}
	return seal(frameStatus, b)
}

// decodeStatus reads it.
func decodeStatus(payload []byte) (*status, error) {
	s, r := new(status), reader{b: payload}
	if v := r.byte(); v != version && !r.bad {
		return nil, fmt.Errorf("%w: it is of version %d of the protocol, and this is %d", ErrMessage, v, version)
	}
	s.only = r.byte()&statusOnly != 0
	for range r.count() {
		h := head{origin: Origin(r.uint64())}
		flags := r.byte()
		h.own = flags&headOwn != 0
		h.next, h.want = r.uvarint(), r.uvarint()
		if flags&headCheck != 0 {
			h.check = check{known: true, place: r.uvarint(), sum: r.uint64()}
		}
		h.digest, h.seen = r.uint64(), r.uint64()
		if n := len(s.heads); n > 0 && s.heads[n-1].origin >= h.origin || h.want > h.next || h.next > math.MaxInt64 {
			r.bad = true
		}
		s.heads = append(s.heads, h)
	}
	return s, r.end("status")
}

func encodeDeleted(id Origin, set []places) []byte {
	return seal(frameDeleted, appendPlaces(binary.LittleEndian.AppendUint64(nil, uint64(id)), set))
}

func decodeDeleted(payload []byte) (id Origin, set []places, err error) {
	r := reader{b: payload}
	id = Origin(r.uint64())
	end := uint64(0)
	for range r.count() {
		from := end + r.uvarint()
		to := from + r.uvarint()
		if from < end || to <= from || to > math.MaxInt64 {
			r.bad = true
			break
		}
		set = append(set, places{from, to})
		end = to
	}
	return id, set, r.end("set of deleted places")
}

// run is consecutive records of an origin on their way. The places from from to
// place are deleted; without records, it says only that.
type run struct {
	origin      Origin
	from, place uint64
	lens        []uint32
	bytes       []byte // joined by one byte each
}

func (r run) end() uint64 { return r.place + uint64(len(r.lens)) }

func (r run) encode() []byte {
	b := make([]byte, 0, len(r.bytes)+3*len(r.lens)+40)
	b = binary.LittleEndian.AppendUint64(b, uint64(r.origin))
	b = binary.AppendUvarint(b, r.from)
	b = binary.AppendUvarint(b, r.place-r.from)
	b = binary.AppendUvarint(b, uint64(len(r.lens)))
	for _, n := range r.lens {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return seal(frameRun, append(b, r.bytes...))
}

func decodeRun(payload []byte) (out run, err error) {
	r := reader{b: payload}
	out.origin = Origin(r.uint64())
	out.from = r.uvarint()
	out.place = out.from + r.uvarint()
	count := r.count()
	out.lens = make([]uint32, 0, count)
	size := uint64(max(0, count-1))
	for range count {
		n := r.uvarint()
		if n > segment.MaxRecord {
			r.bad = true
			break
		}
		out.lens = append(out.lens, uint32(n))
		size += n
	}
	if size != uint64(len(r.b)) || out.place < out.from || out.place > math.MaxInt64-uint64(count) || out.end() == out.from {
		r.bad = true
	}
	out.bytes, r.b = r.b, nil
	return out, r.end("run of records")
}

// without cuts the first n records off.
func (r run) without(n int) run {
	skip := 0
	for _, size := range r.lens[:n] {
		skip += int(size) + 1
	}
	r.place += uint64(n)
	r.from = max(r.from, r.place)
	r.bytes, r.lens = r.bytes[min(skip, len(r.bytes)):], r.lens[n:]
	return r
}

// records calls fn with each record.
func (r run) records(fn func(i int, record []byte) error) error {
	at := 0
	for i, n := range r.lens {
		if err := fn(i, r.bytes[at:at+int(n)]); err != nil {
			return err
		}
		at += int(n) + 1
	}
	return nil
}

// encodeEnd writes frameEnd: whether there is more to be had.
func encodeEnd(more bool) []byte {
	if more {
		return seal(frameEnd, []byte{1})
	}
	return seal(frameEnd, []byte{0})
}

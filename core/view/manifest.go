package view

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/cespare/xxhash/v2"

	"github.com/flumedb/flumedb-wasm/core"
)

// A view's checkpoint, all numbers little-endian:
//
//	 0        4      5          8                16               24           28            32
//	+--------+------+----------+----------------+----------------+------------+-------------+
//	| "FLMV" | vers | zero     | log id         | deletions      | parts' end | history n   |
//	+--------+------+----------+----------------+----------------+------------+-------------+
//	+--------+-----+--------+--------+-----+-----+
//	| past   | …   | state  | state? | …   | sum |
//	+--------+-----+--------+--------+-----+-----+
//
// each state in it:
//
//	+----------------+--------+--------+------+--------+---------+--------+---------+
//	| seq            | flags  | kind n | kind | vers n | version | opts n | options |
//	+----------------+--------+--------+------+--------+---------+--------+---------+
//	  int64            uint32   uint32
//	+--------+------+---------+---------------------+
//	| root n | root | parts n | parts: n × uint32   |
//	+--------+------+---------+---------------------+
//
// and each past state:
//
//	+----------------+--------+--------+----------------+---------+---------------------+
//	| seq            | part   | size   | sum            | parts n | parts: n × uint32   |
//	+----------------+--------+--------+----------------+---------+---------------------+
//	  int64            uint32   uint32   uint64           uint32
//
// log id is that of the log the state is of: seqs mean nothing in another.
// deletions is the log's count of them: where it has moved on, the states may
// hold what is deleted. The first state is the one that is fed; a second one is
// what answers reads while the first is being built. A state's flags tell
// whether it is of what a Map made of the records, and whether its root is in
// the checkpoint's body. root is what the view has saved; of one in the body,
// its size in four bytes and its XXH64 in eight. Roots stand in the body one
// behind the other, in the order of their states. parts are the numbers of the
// values beside the checkpoint that root refers to, or that were being written.
// Past states are earlier ones of the first state; each is in a part, as a
// checkpoint of one state that lists no parts and has no body, and needs the
// others that are listed. No part stood at parts' end or above when the
// checkpoint was written. sum is XXH64 of all before it.
const (
	manifestVersion = 2
	manifestHeader  = 32

	stateMapped = 1 << 0
	stateInBody = 1 << 1

	inBodySize = 12 // of what stands for a root that is in the body
)

var manifestMagic = [4]byte{'F', 'L', 'M', 'V'}

// kept is a state as it is stored.
type kept struct {
	seq           core.Seq
	kind, version string
	options, root []byte
	parts         []uint32
	deletions     uint64
	mapped        bool
	whole         bool    // root is needed as soon as the state is found
	body          *inBody // where root is, if it was not read
}

// inBody is a root in the body of a checkpoint.
type inBody struct {
	manifest   []byte // that says so
	start, end int
	sum        uint64
}

// in is the root, of a body that was read with a manifest. It is false where
// another manifest was, or the body is not what it has to be.
func (r *inBody) in(manifest, body []byte) ([]byte, bool) {
	if r.end > len(body) || !bytes.Equal(manifest, r.manifest) {
		return nil, false
	}
	root := body[r.start:r.end:r.end]
	return root, xxhash.Sum64(root) == r.sum
}

// manifest is a checkpoint taken apart.
type manifest struct {
	states  []kept
	history []past
	end     uint32 // no part stood there or above
}

// past is an earlier state that is kept, in a part of its own.
type past struct {
	seq   core.Seq
	ref   Ref
	size  uint32
	parts []uint32 // that it needs
}

// smallRoot is how many bytes of a state are read with the manifest though
// nobody may ask for them.
const smallRoot = 2 << 10

// encode makes a checkpoint, and the body that belongs to it, which is nil where
// bodies are not to be used or nothing is in it.
func (m manifest) encode(log core.State, bodies bool) (b, body []byte) {
	le := binary.LittleEndian
	b = append(b, manifestMagic[:]...)
	b = append(b, manifestVersion, 0, 0, 0)
	b = le.AppendUint64(b, log.ID)
	b = le.AppendUint64(b, log.Deletions)
	b = le.AppendUint32(b, m.end)
	b = le.AppendUint32(b, uint32(len(m.history)))
	for _, p := range m.history {
		b = le.AppendUint64(b, uint64(p.seq))
		b = le.AppendUint32(b, p.ref.ID)
		b = le.AppendUint32(b, p.size)
		b = le.AppendUint64(b, p.ref.Sum)
		b = appendParts(b, p.parts)
	}
	for _, k := range m.states {
		var flags uint32
		root := k.root
		if k.mapped {
			flags |= stateMapped
		}
		if bodies && !k.whole && len(root) > smallRoot {
			flags |= stateInBody
			if body == nil {
				body = root[:len(root):len(root)]
			} else {
				body = append(body, root...)
			}
			root = le.AppendUint64(le.AppendUint32(nil, uint32(len(root))), xxhash.Sum64(root))
		}
		b = le.AppendUint64(b, uint64(k.seq))
		b = le.AppendUint32(b, flags)
		for _, part := range [][]byte{[]byte(k.kind), []byte(k.version), k.options, root} {
			b = le.AppendUint32(b, uint32(len(part)))
			b = append(b, part...)
		}
		b = appendParts(b, k.parts)
	}
	return le.AppendUint64(b, xxhash.Sum64(b)), body
}

func appendParts(b []byte, ids []uint32) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(ids)))
	for _, id := range ids {
		b = binary.LittleEndian.AppendUint32(b, id)
	}
	return b
}

// takeParts reads what appendParts has written, and answers what is behind it.
func takeParts(b []byte) (ids []uint32, rest []byte, err error) {
	le := binary.LittleEndian
	if len(b) < 4 || uint64(le.Uint32(b)) > uint64(len(b)-4)/4 {
		return nil, nil, errDamaged
	}
	n := int(le.Uint32(b))
	ids = make([]uint32, n)
	for i := range ids {
		ids[i] = le.Uint32(b[4+4*i:])
		if ids[i] >= maxParts {
			return nil, nil, errDamaged
		}
	}
	return ids, b[4+4*n:], nil
}

var (
	errDamaged  = errors.New("the checkpoint is damaged")
	errOtherLog = errors.New("the checkpoint is of another log")
	errOther    = errors.New("another build wrote the checkpoint")
)

// readManifest takes a checkpoint apart. What it gives keeps b's memory.
func readManifest(b []byte, logID uint64) (m manifest, err error) {
	le := binary.LittleEndian
	whole, end := b, len(b)-8
	if end < manifestHeader || [4]byte(b) != manifestMagic || le.Uint64(b[end:]) != xxhash.Sum64(b[:end]) {
		return manifest{}, errDamaged
	}
	if b[4] != manifestVersion {
		return manifest{}, errOther
	}
	if le.Uint64(b[8:]) != logID {
		return manifest{}, errOtherLog
	}
	deletions, history := le.Uint64(b[16:]), le.Uint32(b[28:])
	m.end = le.Uint32(b[24:])
	b = b[manifestHeader:end]
	for range history {
		if len(b) < 24 {
			return manifest{}, errDamaged
		}
		p := past{seq: core.Seq(le.Uint64(b)), ref: Ref{le.Uint32(b[8:]), le.Uint64(b[16:])}, size: le.Uint32(b[12:])}
		if p.parts, b, err = takeParts(b[24:]); err != nil {
			return manifest{}, err
		}
		m.history = append(m.history, p)
	}
	bodyEnd := 0
	for len(b) > 0 {
		var k kept
		if k, b, err = takeState(b); err != nil {
			return manifest{}, err
		}
		k.deletions = deletions
		if k.body != nil {
			k.body.manifest = whole
			k.body.start = bodyEnd
			k.body.end += bodyEnd
			bodyEnd = k.body.end
		}
		m.states = append(m.states, k)
	}
	return m, nil
}

// takeState reads a state, and answers what is behind it. A body begins at 0.
func takeState(b []byte) (k kept, rest []byte, err error) {
	le := binary.LittleEndian
	if len(b) < 12 {
		return kept{}, nil, errDamaged
	}
	flags := le.Uint32(b[8:])
	k = kept{seq: core.Seq(le.Uint64(b)), mapped: flags&stateMapped != 0}
	b = b[12:]
	var parts [4][]byte
	for i := range parts {
		if len(b) < 4 || uint64(le.Uint32(b)) > uint64(len(b)-4) {
			return kept{}, nil, errDamaged
		}
		n := 4 + int(le.Uint32(b))
		parts[i], b = b[4:n:n], b[n:]
	}
	k.kind, k.version, k.options, k.root = string(parts[0]), string(parts[1]), parts[2], parts[3]
	if flags&stateInBody != 0 {
		if len(k.root) != inBodySize {
			return kept{}, nil, errDamaged
		}
		k.body = &inBody{end: int(le.Uint32(k.root)), sum: le.Uint64(k.root[4:])}
		k.root = nil
	}
	k.parts, rest, err = takeParts(b)
	return k, rest, err
}

// take has the states' roots that are in the body, which was read with the
// manifest.
func (m manifest) take(manifest, body []byte) error {
	for i, k := range m.states {
		if k.body == nil {
			continue
		}
		root, ok := k.body.in(manifest, body)
		if !ok {
			return errDamaged
		}
		m.states[i].root, m.states[i].body = root, nil
	}
	return nil
}

// bodySize is how many bytes of the states are in the body.
func (m manifest) bodySize() (n int) {
	for _, k := range m.states {
		if k.body != nil {
			n = k.body.end
		}
	}
	return n
}

// parts are the numbers of all parts that are needed.
func (m manifest) parts() (all []uint32) {
	for _, k := range m.states {
		all = append(all, k.parts...)
	}
	for _, p := range m.history {
		all = append(append(all, p.ref.ID), p.parts...)
	}
	return all
}

// PartsOf lists the parts that a stored checkpoint needs, for tests and tools
// that look for others.
func PartsOf(checkpoint []byte) ([]uint32, error) {
	if len(checkpoint) < manifestHeader {
		return nil, errDamaged
	}
	m, err := readManifest(checkpoint, binary.LittleEndian.Uint64(checkpoint[8:]))
	return m.parts(), err
}

// fits reports whether a stored state is of this kind, version and options, and
// has seen what a view mounted so would see.
func (k kept) fits(spec Spec) bool {
	return k.kind == spec.Kind.Name && k.version == spec.Version && string(k.options) == string(spec.Options) && k.mapped == (spec.Map != nil)
}

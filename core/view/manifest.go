package view

import (
	"encoding/binary"
	"errors"

	"github.com/cespare/xxhash/v2"

	"github.com/flumedb/flumedb-wasm/core"
)

// A view's checkpoint, all numbers little-endian:
//
//	 0        4      5          8                16               24           28            32
//	+--------+------+----------+----------------+----------------+------------+-------------+
//	| "FLMV" | vers | flags    | log id         | deletions      | parts' end | history n   |
//	+--------+------+----------+----------------+----------------+------------+-------------+
//	+--------+-----+--------+--------+-----+-----+
//	| past   | …   | state  | state? | …   | sum |
//	+--------+-----+--------+--------+-----+-----+
//
// each state in it:
//
//	+----------------+--------+------+--------+---------+--------+---------+
//	| seq            | kind n | kind | vers n | version | opts n | options |
//	+----------------+--------+------+--------+---------+--------+---------+
//	  int64            uint32
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
// flags, of which the first byte has some, tell whether the views see what a Map
// makes of the records. log id is that of the log the state is of: seqs mean
// nothing in another.
// deletions is the log's count of them: where it has moved on, the states may
// hold what is deleted. The first state is the one that is fed; a second one is
// what answers reads while the first is being built. root is what the view has
// saved; parts are the numbers of the values beside the checkpoint that root
// refers to, or that were being written. Past states are earlier ones of the
// first state; each is in a part, as a checkpoint of one state that lists no
// parts, and needs the others that are listed. No part stood at parts' end or
// above when the checkpoint was written. sum is XXH64 of all before it.
const (
	manifestVersion = 1
	manifestHeader  = 32

	manifestMapped = 1 << 0
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

func appendManifest(b []byte, log core.State, m manifest) []byte {
	start := len(b)
	le := binary.LittleEndian
	b = append(b, manifestMagic[:]...)
	var flags byte
	if m.states[0].mapped {
		flags |= manifestMapped
	}
	b = append(b, manifestVersion, flags, 0, 0)
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
		b = le.AppendUint64(b, uint64(k.seq))
		for _, part := range [][]byte{[]byte(k.kind), []byte(k.version), k.options, k.root} {
			b = le.AppendUint32(b, uint32(len(part)))
			b = append(b, part...)
		}
		b = appendParts(b, k.parts)
	}
	return le.AppendUint64(b, xxhash.Sum64(b[start:]))
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
	for i := range n {
		ids = append(ids, le.Uint32(b[4+4*i:]))
	}
	return ids, b[4+4*n:], nil
}

var (
	errDamaged  = errors.New("the checkpoint is damaged")
	errOtherLog = errors.New("the checkpoint is of another log")
	errNewer    = errors.New("a newer build wrote the checkpoint")
)

// readManifest takes a checkpoint apart. What it gives keeps b's memory.
func readManifest(b []byte, logID uint64) (m manifest, err error) {
	le := binary.LittleEndian
	end := len(b) - 8
	if end < manifestHeader || [4]byte(b) != manifestMagic || le.Uint64(b[end:]) != xxhash.Sum64(b[:end]) {
		return manifest{}, errDamaged
	}
	if b[4] != manifestVersion {
		return manifest{}, errNewer
	}
	if le.Uint64(b[8:]) != logID {
		return manifest{}, errOtherLog
	}
	deletions, history := le.Uint64(b[16:]), le.Uint32(b[28:])
	mapped := b[5]&manifestMapped != 0
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
	for len(b) > 0 {
		if len(b) < 8 {
			return manifest{}, errDamaged
		}
		k := kept{seq: core.Seq(le.Uint64(b)), deletions: deletions, mapped: mapped}
		b = b[8:]
		var parts [4][]byte
		for i := range parts {
			if len(b) < 4 || uint64(le.Uint32(b)) > uint64(len(b)-4) {
				return manifest{}, errDamaged
			}
			n := 4 + int(le.Uint32(b))
			parts[i], b = b[4:n:n], b[n:]
		}
		k.kind, k.version, k.options, k.root = string(parts[0]), string(parts[1]), parts[2], parts[3]
		if k.parts, b, err = takeParts(b); err != nil {
			return manifest{}, err
		}
		m.states = append(m.states, k)
	}
	return m, nil
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

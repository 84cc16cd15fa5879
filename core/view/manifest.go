package view

import (
	"encoding/binary"
	"errors"

	"github.com/cespare/xxhash/v2"

	"github.com/flumedb/flumedb-wasm/core"
)

// A view's checkpoint, all numbers little-endian:
//
//	 0        4      5          8                16               24
//	+--------+------+----------+----------------+----------------+--------+--------+-----+-----+
//	| "FLMV" | vers | flags    | log id         | deletions      | state  | state? | …   | sum |
//	+--------+------+----------+----------------+----------------+--------+--------+-----+-----+
//
// and each state in it:
//
//	+----------------+--------+------+--------+---------+--------+---------+
//	| seq            | kind n | kind | vers n | version | opts n | options |
//	+----------------+--------+------+--------+---------+--------+---------+
//	  int64            uint32
//	+--------+------+---------+---------------------+
//	| root n | root | parts n | parts: n × uint32   |
//	+--------+------+---------+---------------------+
//
// flags, of which the first byte has some, tell whether the views see what a Map
// makes of the records. log id is that of the log the state is of: seqs mean nothing in another.
// deletions is the log's count of them: where it has moved on, the states may
// hold what is deleted. The first state is the one that is fed; a second one is
// what answers reads while the first is being built. root is what the view has
// saved; parts are the numbers of the values beside the checkpoint that root
// refers to, or that were being written. sum is XXH64 of all before it.
const (
	manifestVersion = 1
	manifestHeader  = 24

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

func appendManifest(b []byte, log core.State, mapped bool, states []kept) []byte {
	start := len(b)
	b = append(b, manifestMagic[:]...)
	var flags byte
	if mapped {
		flags |= manifestMapped
	}
	b = append(b, manifestVersion, flags, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, log.ID)
	b = binary.LittleEndian.AppendUint64(b, log.Deletions)
	for _, k := range states {
		b = binary.LittleEndian.AppendUint64(b, uint64(k.seq))
		for _, part := range [][]byte{[]byte(k.kind), []byte(k.version), k.options, k.root} {
			b = binary.LittleEndian.AppendUint32(b, uint32(len(part)))
			b = append(b, part...)
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(len(k.parts)))
		for _, id := range k.parts {
			b = binary.LittleEndian.AppendUint32(b, id)
		}
	}
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b[start:]))
}

var (
	errDamaged  = errors.New("the checkpoint is damaged")
	errOtherLog = errors.New("the checkpoint is of another log")
	errNewer    = errors.New("a newer build wrote the checkpoint")
)

// readManifest gives the states, which keep b's memory.
func readManifest(b []byte, logID uint64) (states []kept, err error) {
	le := binary.LittleEndian
	end := len(b) - 8
	if end < manifestHeader || [4]byte(b) != manifestMagic || le.Uint64(b[end:]) != xxhash.Sum64(b[:end]) {
		return nil, errDamaged
	}
	if b[4] != manifestVersion {
		return nil, errNewer
	}
	if le.Uint64(b[8:]) != logID {
		return nil, errOtherLog
	}
	deletions, mapped := le.Uint64(b[16:]), b[5]&manifestMapped != 0
	for b = b[manifestHeader:end]; len(b) > 0; {
		if len(b) < 8 {
			return nil, errDamaged
		}
		k := kept{seq: core.Seq(le.Uint64(b)), deletions: deletions, mapped: mapped}
		b = b[8:]
		var parts [4][]byte
		for i := range parts {
			if len(b) < 4 || uint64(le.Uint32(b)) > uint64(len(b)-4) {
				return nil, errDamaged
			}
			n := 4 + int(le.Uint32(b))
			parts[i], b = b[4:n:n], b[n:]
		}
		k.kind, k.version, k.options, k.root = string(parts[0]), string(parts[1]), parts[2], parts[3]
		if len(b) < 4 || uint64(le.Uint32(b)) > uint64(len(b)-4)/4 {
			return nil, errDamaged
		}
		n := int(le.Uint32(b))
		for i := range n {
			k.parts = append(k.parts, le.Uint32(b[4+4*i:]))
		}
		b = b[4+4*n:]
		states = append(states, k)
	}
	return states, nil
}

// PartsOf lists the parts that a stored checkpoint needs, for tests and tools
// that look for others.
func PartsOf(checkpoint []byte) (parts []uint32, err error) {
	if len(checkpoint) < manifestHeader {
		return nil, errDamaged
	}
	states, err := readManifest(checkpoint, binary.LittleEndian.Uint64(checkpoint[8:]))
	for _, k := range states {
		parts = append(parts, k.parts...)
	}
	return parts, err
}

// fits reports whether a stored state is of this kind, version and options, and
// has seen what a view mounted so would see.
func (k kept) fits(spec Spec) bool {
	return k.kind == spec.Kind.Name && k.version == spec.Version && string(k.options) == string(spec.Options) && k.mapped == (spec.Map != nil)
}

package json

import (
	"math"

	"github.com/cespare/xxhash/v2"
)

// hashDepth is how deep into arrays and objects Hash looks. Values that differ
// only below hash alike; a hostile text costs no more than so many walks.
const hashDepth = 16

// Hash is a number that is the same for values that are Equal.
func Hash(v Value) uint64 { return hash(v, hashDepth) }

func hash(v Value, depth int) uint64 {
	kind := v.Kind()
	var h uint64
	switch kind {
	case Number:
		f, _ := v.Float()
		h = math.Float64bits(f + 0) // -0 equals 0
	case String:
		var scratch [128]byte
		text, _ := v.Text(scratch[:0])
		h = xxhash.Sum64(text)
	case Array:
		if depth == 0 {
			break
		}
		for items := v.Items(); ; {
			item, more := items.Next()
			if !more {
				break
			}
			h = mix(h + hash(item, depth-1))
		}
	case Object:
		if depth == 0 {
			break
		}
		for members := v.Members(); ; {
			name, value, more := members.Next()
			if !more {
				break
			}
			h += mix(hash(name, 0) + 3*hash(value, depth-1)) // in any order
		}
	}
	return mix(h + uint64(kind))
}

// mix spreads every bit over all.
func mix(h uint64) uint64 {
	h ^= h >> 32
	h *= 0xD6E8FEB86659FD93
	h ^= h >> 32
	h *= 0xD6E8FEB86659FD93
	return h ^ h>>32
}

package wire

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// ReadSeqs reads so many seqs:
//
//	count × float64, little-endian
func ReadSeqs(b []byte, count int) ([]core.Seq, error) {
	if count < 0 || len(b)/8 < count {
		return nil, fmt.Errorf("a message of %d bytes cannot hold %d seqs", len(b), count)
	}
	seqs := make([]core.Seq, count)
	for i := range seqs {
		f := math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
		if f != math.Trunc(f) || f < 0 || f > float64(segment.MaxSeq) {
			return nil, fmt.Errorf("seq %d of %d is no whole number that a seq can be: %w", i, count, core.ErrNotFound)
		}
		seqs[i] = core.Seq(f)
	}
	return seqs, nil
}

package core

import (
	"context"
	"errors"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Stats is what a log holds, without having been read.
type Stats struct {
	Records  int64 // with those that are deleted
	Deleted  int64
	Segments int
	Bytes    int64 // of those segments, with all that is stored around the records
}

// Stats asks the store how much it holds, of the records through Since. Those
// that cannot be read count too: only Verify knows which they are. Segments
// that are merged meanwhile may be counted as they were or as they are.
func (l *Log) Stats(ctx context.Context) (Stats, error) {
	head := l.Since()
	stats := Stats{Records: int64(head + 1)}
	for seq := Seq(0); seq <= head; {
		extents, err := l.store.Index(ctx, seq, indexPage)
		var damage *segment.CorruptError
		if errors.As(err, &damage) && damage.Last >= seq {
			seq = damage.Last + 1
			continue
		}
		if err != nil {
			return Stats{}, fmt.Errorf("stats at seq %d: %w", seq, err)
		}
		if len(extents) == 0 {
			break
		}
		for _, e := range extents {
			stats.Segments++
			stats.Deleted += int64(e.Deleted)
			stats.Bytes += int64(e.Size)
		}
		seq = extents[len(extents)-1].Last + 1
	}
	return stats, nil
}

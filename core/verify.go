package core

import (
	"context"
	"errors"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core/segment"
)

// Report is what a check of the whole log found.
type Report struct {
	Records  int64 // that can be read
	Segments int
	Bytes    int64                   // of those segments
	Damage   []*segment.CorruptError // in order of their seqs; empty is good
}

// verifyBudget is how much Verify reads at a time.
const verifyBudget = 1 << 20

// Verify reads the whole log from the store, not from the cache, and checks
// every checksum and that every seq from 0 to the head is there once. What is
// damaged is in the report; an error means that the check itself could not go
// on. progress, which may be nil, hears the newest seq checked.
func (l *Log) Verify(ctx context.Context, progress func(Seq)) (Report, error) {
	var report Report
	state, err := l.store.State(ctx)
	if err != nil {
		return report, fmt.Errorf("verify: %w", err)
	}
	for seq := Seq(0); seq <= state.Head; {
		segments, err := l.store.Read(ctx, seq, false, verifyBudget)
		var damage *segment.CorruptError
		if errors.As(err, &damage) && damage.Last >= seq {
			report.Damage = append(report.Damage, damage)
			seq = damage.Last + 1
			continue
		}
		if err != nil {
			return report, fmt.Errorf("verify at seq %d: %w", seq, err)
		}
		for _, s := range segments {
			if s.First() != seq {
				report.Damage = append(report.Damage, &segment.CorruptError{
					First: seq, Last: s.First() - 1,
					Reason: fmt.Sprintf("a segment with seq %d to %d stands where %d was to come", s.First(), s.Last(), seq),
				})
			}
			report.Records += int64(s.Count())
			report.Segments++
			report.Bytes += int64(s.Size())
			seq = s.Last() + 1
		}
		if progress != nil {
			progress(seq - 1)
		}
	}
	return report, nil
}

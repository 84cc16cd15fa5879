package view

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
)

// scanBytes is about how much is read at a time for a call.
const scanBytes = 1 << 20

// Scan reads the records from one seq through another, walking down if reverse
// says so, as the view sees them, until each answers false; deleted records, and
// those that the view's Map leaves out, are left out. It waits, and so is for
// functions that are awaited, and works in slices between which others get
// their turn.
func (c *Call) Scan(ctx context.Context, from, through core.Seq, reverse bool, each func(seq core.Seq, record json.Value) bool) error {
	began, work := time.Now(), 0
	var memory core.Memory
	rest := func() {
		if work = 0; time.Since(began) > c.m.set.opts.Slice {
			c.m.set.opts.Yield(ctx)
			began = time.Now()
		}
	}
	for reverse && from >= through || !reverse && from <= through {
		runs, err := c.m.set.log.Read(ctx, core.Range{From: from, Through: through, Reverse: reverse, Budget: scanBytes, Memory: &memory})
		if err != nil {
			return err
		}
		for _, run := range runs {
			n := int(run.Through - run.From + 1)
			if run.Deleted {
				n = 0
			}
			var mapped []json.Value
			if c.m.spec.Map != nil && n > 0 {
				if mapped, err = c.mapRun(ctx, run); err != nil {
					return err
				}
			}
			for i := range n {
				if reverse {
					i = n - 1 - i
				}
				seq := run.From + core.Seq(i)
				record := json.Value(nil)
				if c.m.spec.Map == nil {
					record = run.Record(seq)
				} else if record = mapped[i]; record == nil {
					continue
				}
				if !each(seq, record) {
					return nil
				}
				if work += len(record) + 64; work >= maxStride {
					if rest(); ctx.Err() != nil {
						return ctx.Err()
					}
				}
			}
			if from = run.Through + 1; reverse {
				from = run.From - 1
			}
		}
	}
	return nil
}

// Yield lets others run, if it is their turn. It is for functions that are
// awaited.
func (c *Call) Yield(ctx context.Context) { c.m.set.opts.Yield(ctx) }

// Seen is a record as the view sees it: false where it has to be awaited, nil
// where it is deleted or the view's Map has left it out.
func (c *Call) Seen(seq core.Seq) (json.Value, bool) {
	if r, ok := c.seen[seq]; ok {
		return r, true
	}
	if c.m.spec.Map == nil {
		if r, ok := c.m.set.log.Cached(seq); ok {
			return r, true
		}
	}
	if c.lacking == nil {
		c.Await(c.fetch)
	}
	c.lacking = append(c.lacking, seq)
	return nil, false
}

// Forget lets go of the records that had to be awaited.
func (c *Call) Forget() { clear(c.seen) }

// fetch gets the records that Seen has lacked.
func (c *Call) fetch(ctx context.Context) error {
	lacking := c.lacking
	c.lacking = nil
	slices.Sort(lacking)
	lacking = slices.Compact(lacking)
	if c.seen == nil {
		c.seen = map[core.Seq]json.Value{}
	}
	err := c.m.set.log.Pick(ctx, lacking, func(seq core.Seq, record []byte) { c.seen[seq] = record })
	if err != nil || c.m.spec.Map == nil {
		return err
	}
	for _, seq := range lacking {
		if c.seen[seq] == nil {
			continue
		}
		mapped, err := c.mapRecords(ctx, seq, [][]byte{c.seen[seq]})
		if err != nil {
			return err
		}
		c.seen[seq] = mapped[0]
	}
	return nil
}

// mapRun is what the view's Map makes of a run of records.
func (c *Call) mapRun(ctx context.Context, run core.Run) (mapped []json.Value, err error) {
	const most = 256
	for seq := run.From; seq <= run.Through; {
		var records [][]byte
		first := seq
		for ; seq <= run.Through && len(records) < most; seq++ {
			records = append(records, run.Record(seq))
		}
		texts, err := c.mapRecords(ctx, first, records)
		if err != nil {
			return nil, err
		}
		mapped = append(mapped, texts...)
	}
	return mapped, nil
}

// mapRecords is what the view's Map makes of consecutive records.
func (c *Call) mapRecords(ctx context.Context, first core.Seq, records [][]byte) ([]json.Value, error) {
	texts, err := c.m.spec.Map(ctx, first, records)
	if err == nil && len(texts) != len(records) {
		err = fmt.Errorf("the map answered for %d records of %d", len(texts), len(records))
	}
	if err != nil {
		return nil, &Error{View: c.m.spec.Name, Seq: first + core.Seq(len(texts)), Err: err}
	}
	return texts, nil
}

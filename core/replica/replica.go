package replica

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/cespare/xxhash/v2"

	"github.com/flumedb/flumedb-wasm/core"
)

// Replica is a log that is kept the same with others. Its methods may be called
// from any goroutine, and beside anything that is done with the log.
type Replica struct {
	log  *core.Log
	opts Options

	mu        sync.Mutex // guards what follows, also while the log is asked
	table     *table     // nil until it is first needed
	deletions uint64     // the log's count of which the table knows
	listed    bool       // the deleted records are known
	loaded    bool       // given is
	given     uint64     // see own.go
	compared  comparison
}

// New makes a replica of a log whose store is a core.NoteStore. It reads nothing
// yet.
func New(log *core.Log, opts Options) *Replica { return &Replica{log: log, opts: opts} }

// refresh learns what has been appended and deleted, here and by others. mu is
// held.
func (r *Replica) refresh(ctx context.Context) error {
	head, err := r.log.Refresh(ctx)
	if err != nil {
		return err
	}
	if r.table == nil {
		r.table = newTable(Origin(r.log.State().ID))
	}
	was := r.table.own
	const page = 1000
	for more := true; more; {
		notes, err := r.log.Notes(ctx, r.table.noted, page)
		if err != nil {
			return err
		}
		more = len(notes) == page
		for _, n := range notes {
			if n.Last > head {
				more = false
				break // made since; next time
			}
			if err := r.table.addNoted(n); err != nil {
				return fmt.Errorf("the note of seq %d: %w", n.First, err)
			}
			if n.Fork != 0 {
				r.listed = false // its places are others now
			}
		}
	}
	r.table.addOwn(head)
	if was != r.table.own || !r.loaded {
		if err := r.loadGiven(ctx); err != nil {
			return err
		}
		r.loaded, r.compared = true, comparison{}
	}
	return r.refreshDeletions(ctx)
}

// append appends records of another origin, which begin at a place that is the
// append appends records of other origins. It fails with core.ErrConflict
// where the table was not up to date, and then it is. mu is held.
func (r *Replica) append(ctx context.Context, notes []core.Note, run []byte, lens []uint32) error {
	_, err := r.log.AppendNoted(ctx, r.table.noted, notes, run, lens)
	switch {
	case err == nil:
		return r.refresh(ctx)
	case errors.Is(err, core.ErrConflict), errors.Is(err, core.ErrUncertain):
		if err := r.refresh(ctx); err != nil {
			return err
		}
		return core.ErrConflict
	}
	return err
}

// record reads the record at a place, nil where it is deleted or not here. mu is
// held.
func (r *Replica) record(ctx context.Context, h *history, place uint64) ([]byte, error) {
	seq := h.seqOf(r.table, place)
	if seq == core.None {
		return nil, nil
	}
	b, err := r.log.Get(ctx, seq)
	if errors.Is(err, core.ErrDeleted) {
		return nil, nil
	}
	if err == nil && b == nil {
		b = []byte{} // it is there, and empty
	}
	return b, err
}

func sumOf(record []byte) uint64 { return xxhash.Sum64(record) }

//go:build js && wasm

package idbstore

import (
	"context"
	"time"
)

// scratchName is a database that is there only while Reclaim deletes it.
const scratchName = "flumedb-wasm: room"

const (
	// reclaimPause is how long the browser is given for what Reclaim has begun.
	reclaimPause = 400 * time.Millisecond

	// reclaimMost is how long it may take to begin, since an append waits for it.
	reclaimMost = 5 * time.Second
)

// Reclaim implements core.Reclaimer. Where Chromium keeps its databases in
// LevelDB, what is deleted of small values, and of those written in the place of
// others, counts as used until it is compacted, which goes on only while more is
// written, and of a full origin nothing is. But it is compacted as well when a
// database has been deleted, together with what was written lately: any database
// will do. In other browsers this does nothing.
func (s *Store) Reclaim(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx) // WithTimeout would be 9 kB of the module
	defer time.AfterFunc(reclaimMost, cancel).Stop()
	defer cancel()
	scratch, err := connect(ctx, scratchName, true)
	if err != nil {
		return err
	}
	scratch.close()
	if err := Delete(ctx, scratchName); err != nil {
		return err
	}
	select {
	case <-time.After(reclaimPause):
	case <-ctx.Done():
	}
	return ctx.Err()
}

//go:build js && wasm

package idbstore

import (
	"context"
	"errors"
	"syscall/js"
)

// DropCheckpoints implements core.DropStore. Their sizes would take reading them.
func (s *Store) DropCheckpoints(ctx context.Context, keep func(name string) bool) (count int, bytes int64, err error) {
	err = s.do(ctx, func(c *connection) error {
		count = 0 // of a connection that was lost
		t, err := browser().begin(c, browser().checkpoints, browser().readwrite, s.durability())
		if err != nil {
			return hostError("dropping checkpoints", err)
		}
		var store, keys js.Value
		err = t.request(func() {
			store = t.objectStore.Invoke(t.js, t.checkpoints)
			keys = t.getAllKeys.Invoke(store)
		})
		if err == nil {
			keys, err = t.await(keys)
		}
		if err == nil {
			err = t.request(func() {
				for i := range keys.Length() {
					if key := keys.Index(i); key.Type() == js.TypeString && !keep(key.String()) {
						t.del.Invoke(store, key)
						t.del.Invoke(store, bodyKey(key.String()))
						count++
					}
				}
			})
		}
		// Dropping them a second time does no harm.
		return hostError("dropping checkpoints", errors.Join(err, t.end()))
	})
	return count, 0, err
}

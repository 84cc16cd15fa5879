package faultstore

import (
	"context"

	"github.com/flumedb/flumedb-wasm/core"
)

// DropCheckpoints implements core.DropStore; where the wrapped store does not,
// it finds none.
func (s *Store) DropCheckpoints(ctx context.Context, keep func(name string) bool) (count int, bytes int64, err error) {
	err = s.do(ctx, func() error {
		if inner, ok := s.inner.(core.DropStore); ok {
			count, bytes, err = inner.DropCheckpoints(ctx, keep)
		}
		return err
	})
	return count, bytes, err
}

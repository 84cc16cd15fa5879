//go:build js && wasm

package jsbridge

import (
	"context"
	"errors"

	"github.com/flumedb/flumedb-wasm/core"
)

func openFiles(ctx context.Context, dir string, strict bool) (core.Store, error) {
	return nil, errors.New("not yet")
}

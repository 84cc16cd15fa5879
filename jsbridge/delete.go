//go:build js && wasm

package jsbridge

import (
	"context"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/jsbridge/wire"
)

func deleteRecords(handle, request uint32, count int) {
	defer ReleaseStaging()
	log, ok := Opened(handle, request)
	if !ok {
		return
	}
	seqs, err := wire.ReadSeqs(staging, count)
	Start(request, func(ctx context.Context) (Answer, error) {
		if err != nil {
			return Answer{}, err
		}
		return Answer{}, log.Delete(ctx, seqs...)
	})
}

func compact(handle, request uint32) {
	log, ok := Opened(handle, request)
	if !ok {
		return
	}
	Start(request, func(ctx context.Context) (Answer, error) {
		total := float64(log.Since() + 1)
		freed, err := log.Compact(ctx, func(seq core.Seq) {
			progress(request, float64(seq+1), total)
		})
		return Answer{A: float64(freed)}, err
	})
}

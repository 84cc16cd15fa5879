//go:build js && wasm

package jsbridge

import (
	"context"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/jsbridge/wire"
)

func refresh(handle, request uint32) {
	log, ok := opened(handle, request)
	if !ok {
		return
	}
	start(request, func(ctx context.Context) (answer, error) {
		seq, err := log.Refresh(ctx)
		return answer{a: float64(seq)}, err
	})
}

func checkpoint(handle, request uint32, name string) {
	log, ok := opened(handle, request)
	if !ok {
		return
	}
	start(request, func(ctx context.Context) (answer, error) {
		value, err := log.Checkpoint(ctx, name)
		if value == nil {
			return answer{}, err
		}
		return answer{a: 1, data: value}, err
	})
}

func setCheckpoint(handle, request uint32, name string, value []byte, keep bool) {
	defer releaseStaging()
	log, ok := opened(handle, request)
	if !ok {
		return
	}
	var kept []byte // of our own: the staging buffer is used again
	if keep {
		kept = append([]byte{}, value...)
	}
	start(request, func(ctx context.Context) (answer, error) {
		return answer{}, log.SetCheckpoint(ctx, name, kept)
	})
}

func verify(handle, request uint32) {
	log, ok := opened(handle, request)
	if !ok {
		return
	}
	start(request, func(ctx context.Context) (answer, error) {
		total := float64(log.Since() + 1)
		report, err := log.Verify(ctx, func(seq core.Seq) {
			progress(request, float64(seq+1), total)
		})
		return answer{data: wire.Report(report)}, err
	})
}

func stats(handle, request uint32) {
	log, ok := opened(handle, request)
	if !ok {
		return
	}
	start(request, func(ctx context.Context) (answer, error) {
		stats, err := log.Stats(ctx)
		return answer{data: wire.Stats(stats)}, err
	})
}

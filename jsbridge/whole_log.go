//go:build js && wasm

package jsbridge

import (
	"context"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/jsbridge/wire"
)

func refresh(handle, request uint32) {
	log, ok := Opened(handle, request)
	if !ok {
		return
	}
	Start(request, func(ctx context.Context) (Answer, error) {
		seq, err := log.Refresh(ctx)
		return Answer{A: float64(seq)}, err
	})
}

func checkpoint(handle, request uint32, name string) {
	log, ok := Opened(handle, request)
	if !ok {
		return
	}
	Start(request, func(ctx context.Context) (Answer, error) {
		value, err := log.Checkpoint(ctx, name)
		if value == nil {
			return Answer{}, err
		}
		return Answer{A: 1, Data: value}, err
	})
}

func setCheckpoint(handle, request uint32, name string, value []byte, keep bool) {
	defer ReleaseStaging()
	log, ok := Opened(handle, request)
	if !ok {
		return
	}
	var kept []byte // of our own: the staging buffer is used again
	if keep {
		kept = append([]byte{}, value...)
	}
	Start(request, func(ctx context.Context) (Answer, error) {
		return Answer{}, log.SetCheckpoint(ctx, name, kept)
	})
}

func verify(handle, request uint32) {
	log, ok := Opened(handle, request)
	if !ok {
		return
	}
	Start(request, func(ctx context.Context) (Answer, error) {
		total := float64(log.Since() + 1)
		report, err := log.Verify(ctx, func(seq core.Seq) {
			progress(request, float64(seq+1), total)
		})
		return Answer{Data: wire.Report(report)}, err
	})
}

func stats(handle, request uint32) {
	log, ok := Opened(handle, request)
	if !ok {
		return
	}
	Start(request, func(ctx context.Context) (Answer, error) {
		stats, err := log.Stats(ctx)
		return Answer{Data: wire.Stats(stats)}, err
	})
}

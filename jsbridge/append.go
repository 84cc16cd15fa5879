//go:build js && wasm

package jsbridge

import (
	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/jsbridge/wire"
)

// lengths is kept to be used again.
var lengths []uint32

// parts are the batches of which parts have come, by their logs.
var parts = map[uint32]*partial{}

type partial struct {
	*core.Batch
	err error // of the first part that was refused
}

func appendRecords(handle, request uint32, count, size int, given bool) {
	defer ReleaseStaging()
	log, ok := Opened(handle, request)
	if !ok {
		return
	}
	message, err := wire.ReadAppend(staging, count, size, given, lengths)
	lengths = message.Lengths
	batch, begun := parts[handle]
	if !begun && request != 0 {
		if err == nil {
			err = log.Enqueue(message.Run, message.Lengths, answerAppend(request))
		}
	} else {
		if !begun {
			batch = &partial{Batch: log.NewBatch()}
			parts[handle] = batch
		}
		if err == nil {
			err = batch.Add(message.Run, message.Lengths)
		}
		if batch.err == nil {
			batch.err = err
		}
		if request == 0 {
			return
		}
		delete(parts, handle)
		if err = batch.err; err == nil {
			err = batch.Enqueue(answerAppend(request))
		}
	}
	if err != nil {
		Refuse(request, err)
	}
}

func answerAppend(request uint32) func(core.Seq, error) {
	return func(seq core.Seq, err error) {
		if err != nil {
			Refuse(request, err)
			return
		}
		settle(request, float64(seq), 0, nil, 0)
	}
}

func commit(handle uint32) {
	if log, ok := logs[handle]; ok {
		log.Commit()
	}
}

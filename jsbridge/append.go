//go:build js && wasm

package jsbridge

import (
	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/jsbridge/wire"
)

// lengths is kept to be used again.
var lengths []uint32

func appendRecords(handle, request uint32, count, size int, given bool) {
	defer releaseStaging()
	log, ok := opened(handle, request)
	if !ok {
		return
	}
	message, err := wire.ReadAppend(staging, count, size, given, lengths)
	if err == nil {
		lengths = message.Lengths
		err = log.Enqueue(message.Run, message.Lengths, func(seq core.Seq, err error) {
			if err != nil {
				refuse(request, err)
				return
			}
			settle(request, float64(seq), 0, nil, 0)
		})
	}
	if err != nil {
		refuse(request, err)
	}
}

func commit(handle uint32) {
	if log, ok := logs[handle]; ok {
		log.Commit()
	}
}

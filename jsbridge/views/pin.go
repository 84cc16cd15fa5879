//go:build js && wasm

package views

import (
	"context"
	"encoding/binary"
	"fmt"
	"unsafe"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/view"
	"github.com/flumedb/flumedb-wasm/jsbridge"
)

// pins are the views that are held together, by the requests that have asked
// for that.
var pins = map[uint32]*view.Pin{}

// pin holds views of a log at one seq; ids are their handles, a uint32 each.
func pin(handle, request uint32, ids []byte) {
	set := sets[handle]
	var held []*view.Mounted
	for ; len(ids) >= 4; ids = ids[4:] {
		v, ok := views[binary.LittleEndian.Uint32(ids)]
		if !ok || set == nil {
			jsbridge.Refuse(request, fmt.Errorf("the view is %w", core.ErrClosed))
			return
		}
		held = append(held, v)
	}
	jsbridge.Start(request, func(ctx context.Context) (jsbridge.Answer, error) {
		p, err := set.Pin(ctx, held)
		if err != nil {
			return jsbridge.Answer{}, err
		}
		pins[request] = p
		return jsbridge.Answer{A: float64(p.Since())}, nil
	})
}

func unpin(id uint32) {
	if p, ok := pins[id]; ok {
		delete(pins, id)
		go p.Release() // which may have to wait for a view that is at work
	}
}

func pinnedCall(id, index, request uint32, method, args []byte) unsafe.Pointer {
	p, ok := pins[id]
	if !ok {
		jsbridge.Start(request, func(context.Context) (jsbridge.Answer, error) {
			return jsbridge.Answer{}, fmt.Errorf("the read is %w", core.ErrClosed)
		})
		return nil
	}
	atOnce = p.Call(int(index), string(method), args)
	return answerCall(request, args)
}

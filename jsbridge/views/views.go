//go:build js && wasm

// Package views lets the wrapper mount views that run in the module. It is for
// js/wasm.
package views

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
	"unsafe"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/view"
	"github.com/flumedb/flumedb-wasm/jsbridge"
	"github.com/flumedb/flumedb-wasm/jsbridge/weblock"
)

// kinds are the kinds of views that the module has, by their names.
var kinds = map[string]view.Kind{}

// Serve has the module mount views of these kinds. It is to be called before
// jsbridge.Serve.
func Serve(of ...view.Kind) {
	for _, kind := range of {
		kinds[kind.Name] = kind
	}
	jsbridge.BeforeClose(closeViews)
	jsbridge.AddCode(view.ErrOption, "INVALID_OPTION")
	jsbridge.AddCode(view.ErrReplay, "REPLAY")
	jsbridge.AddCode(view.ErrStopped, "VIEW")
}

// sets are the views of the open logs, by the logs' handles; views are all of
// them, by the requests that have mounted them.
var (
	sets        = map[uint32]*view.Set{}
	views       = map[uint32]*view.Mounted{}
	viewHandles = map[*view.Mounted]uint32{}
)

// Flags of a view's mount and of what is told of it.
const (
	flagMapped = 1 << 0 // the wrapper makes of each record what the view sees
	flagStale  = 1 << 0 // an old state answers reads that do not wait
)

func mount(handle, request uint32, name, version, kindName, options string, flags, history uint32) {
	log, ok := jsbridge.Opened(handle, request)
	if !ok {
		return
	}
	kind, ok := kinds[kindName]
	if !ok {
		jsbridge.Refuse(request, view.Invalid("this module has no views of the kind %q", kindName))
		return
	}
	set, ok := sets[handle]
	if !ok {
		set = view.Open(log, view.Options{
			Yield: yieldToHost,
			Sleep: sleepInHost,
			Moved: tellView,
			Claim: weblock.Claim(log),
			Warn:  func(err error) { jsbridge.Warn(handle, err.Error()) },
		})
		sets[handle] = set
	}
	id := request
	spec := view.Spec{Name: name, Version: version, Kind: kind, Options: json.Value(options), History: int(history)}
	if flags&flagMapped != 0 {
		spec.Map = func(ctx context.Context, first core.Seq, records [][]byte) ([]json.Value, error) {
			return mapInHost(ctx, id, first, records)
		}
	}
	queue := queues[set]
	queues[set] = append(queue, mounting{request, spec})
	if len(queue) == 0 {
		jsbridge.Go(func() { mountQueued(set) })
	}
}

// queues are the views that are to be mounted. One goroutine mounts all that
// there are when it has its turn: their states are read in one go.
var queues = map[*view.Set][]mounting{}

type mounting struct {
	request uint32
	spec    view.Spec
}

func mountQueued(set *view.Set) {
	queue := queues[set]
	delete(queues, set)
	specs := make([]view.Spec, len(queue))
	for i, m := range queue {
		specs[i] = m.spec
	}
	mounted, errs := set.MountAll(context.Background(), specs)
	for i, m := range queue {
		if errs[i] != nil {
			jsbridge.Refuse(m.request, errs[i])
			continue
		}
		views[m.request], viewHandles[mounted[i]] = mounted[i], m.request
		tellView(mounted[i])
		jsbridge.Settle(m.request, jsbridge.Answer{})
	}
}

// tellView tells the wrapper where a view stands.
func tellView(v *view.Mounted) {
	id, ok := viewHandles[v]
	if !ok {
		return
	}
	st := v.Status()
	var flags uint32
	if st.Stale {
		flags |= flagStale
	}
	moved(id, float64(st.Since), flags, float64(st.Bytes))
	if st.Err != nil {
		code, place := jsbridge.Describe(st.Err)
		stopped(id, code, st.Err.Error(), place.Segment, float64(place.First), float64(place.Last))
	}
}

// atOnce is the call that exportCall has answered last without waiting, and is
// used for the next one again.
var atOnce = new(view.Pending)

func call(id, request uint32, method, args []byte, loaded bool) unsafe.Pointer {
	v, ok := views[id]
	if !ok {
		// Later: the wrapper does not expect an answer yet.
		jsbridge.Start(request, func(context.Context) (jsbridge.Answer, error) {
			return jsbridge.Answer{}, fmt.Errorf("the view is %w", core.ErrClosed)
		})
		return nil
	}
	if string(method) != atOnce.Method {
		atOnce.Method = string(method)
	}
	atOnce.Begin(v, atOnce.Method, args, loaded)
	return answerCall(request, args)
}

// answerCall answers the call that atOnce is, at once or later.
func answerCall(request uint32, args []byte) unsafe.Pointer {
	err := atOnce.TryNow()
	if err == nil {
		return jsbridge.Got(jsbridge.Text(atOnce.Out))
	}
	p := atOnce
	p.Args = append(json.Value{}, args...) // the staging buffer is used again
	atOnce = new(view.Pending)             // what is awaited belongs to the one before
	jsbridge.Start(request, func(ctx context.Context) (jsbridge.Answer, error) {
		for errors.Is(err, view.ErrAwait) {
			if err = p.Await(ctx); err == nil {
				err = p.Try()
			}
		}
		stale := 0.0
		if p.Stale() {
			stale = 1
		}
		return jsbridge.Answer{A: float64(p.Since()), B: stale, Data: jsbridge.Text(p.Out)}, err
	})
	return nil
}

func callAt(id, request uint32, method, args []byte, seq, maxReplay float64) unsafe.Pointer {
	v, ok := views[id]
	if !ok {
		return call(id, request, method, args, false) // which refuses it
	}
	past := v.At(core.Seq(seq), view.AtOptions{MaxReplay: int(maxReplay)})
	if p, ok := past.Call(string(method), args); ok && p.TryNow() == nil {
		atOnce = p
		return jsbridge.Got(jsbridge.Text(p.Out))
	}
	name, own := string(method), append(json.Value{}, args...) // the staging buffer is used again
	jsbridge.Start(request, func(ctx context.Context) (jsbridge.Answer, error) {
		answer, err := past.Read(ctx, name, own)
		return jsbridge.Answer{A: seq, Data: jsbridge.Text(answer)}, err
	})
	return nil
}

func rebuild(id, request uint32) {
	v, ok := views[id]
	if !ok {
		jsbridge.Refuse(request, fmt.Errorf("the view is %w", core.ErrClosed))
		return
	}
	jsbridge.Start(request, func(context.Context) (jsbridge.Answer, error) { return jsbridge.Answer{}, v.Rebuild() })
}

func unmount(id, request uint32) {
	v, ok := views[id]
	delete(views, id)
	delete(viewHandles, v)
	jsbridge.Start(request, func(ctx context.Context) (jsbridge.Answer, error) {
		if !ok {
			return jsbridge.Answer{}, nil
		}
		return jsbridge.Answer{}, v.Unmount(ctx, false)
	})
}

// closeViews stops the views of a log, which is about to be closed.
func closeViews(ctx context.Context, handle uint32) error {
	set, ok := sets[handle]
	if !ok {
		return nil
	}
	delete(sets, handle)
	err := set.Close(ctx)
	for _, v := range set.Views() {
		delete(views, viewHandles[v])
		delete(viewHandles, v)
	}
	return err
}

// waiting are the goroutines that have asked the host for a turn, by number.
var (
	waiting  = map[uint32]chan struct{}{}
	lastTurn uint32
)

// yieldToHost returns in a later task of the host.
func yieldToHost(ctx context.Context) { sleepInHost(ctx, 0) }

// sleepInHost returns in a task of the host some time later. A timer of Go's
// would be set anew at every call from JavaScript, and keep Node from ending.
func sleepInHost(ctx context.Context, d time.Duration) {
	lastTurn++
	id, granted := lastTurn, make(chan struct{})
	waiting[id] = granted
	askTurn(id, float64(d.Milliseconds()))
	select {
	case <-granted:
	case <-ctx.Done():
		delete(waiting, id)
	}
}

func grantTurn(id uint32) {
	if granted, ok := waiting[id]; ok {
		delete(waiting, id)
		close(granted)
	}
}

// batches are what the wrapper has been asked to map, by number.
var (
	batches   = map[uint32]chan mappedBatch{}
	lastBatch uint32
)

type mappedBatch struct {
	texts []json.Value
	err   error
}

// mapInHost has the wrapper map records.
func mapInHost(ctx context.Context, id uint32, first core.Seq, records [][]byte) ([]json.Value, error) {
	data := []byte{'['}
	var ends []uint32
	for i, r := range records {
		if i > 0 {
			data = append(data, ',')
		}
		data = append(data, r...)
		ends = append(ends, uint32(len(data)))
	}
	data = append(data, ']')
	lastBatch++
	batch, answer := lastBatch, make(chan mappedBatch, 1)
	batches[batch] = answer
	mapRecords(id, batch, float64(first), uint32(len(records)), jsbridge.Pointer(data), uint32(len(data)), jsbridge.Pointer(ends))
	select {
	case m := <-answer:
		return m.texts, m.err
	case <-ctx.Done():
		delete(batches, batch)
		return nil, ctx.Err()
	}
}

// absent is the length of what is nothing.
const absent = math.MaxUint32

// takeMapped takes the wrapper's answer: for each record a length, then all
// texts, then, if it failed, why.
func takeMapped(batch, count, size, errSize uint32) {
	defer jsbridge.ReleaseStaging()
	answer, ok := batches[batch]
	delete(batches, batch)
	if !ok {
		return
	}
	all := append([]byte{}, jsbridge.Staged(4*count+size+errSize)...)
	lengths, text := all[:4*count], all[4*count:4*count+size]
	m := mappedBatch{texts: make([]json.Value, count)}
	for i := range m.texts {
		n := binary.LittleEndian.Uint32(lengths[4*i:])
		if n == absent {
			continue
		}
		m.texts[i], text = text[:n:n], text[n:]
	}
	if errSize > 0 {
		m.err = &hostError{string(all[4*count+size:])}
	}
	answer <- m
}

// hostError is what a function of the wrapper's user has thrown.
type hostError struct{ message string }

func (e *hostError) Error() string { return e.message }

//go:build js && wasm

package jsbridge

import (
	"context"
	"unsafe"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/jsbridge/wire"
)

// Flags of a read.
const (
	flagReverse = 1 << 0
	flagNoCache = 1 << 1
	flagEnds    = 1 << 2 // the wrapper needs to know where each record ends
)

// gotSize is the size of the record that get answered last.
var gotSize uint32

// nothing is the address of an empty record, which must not be nil.
var nothing [1]byte

// Got is the address of an answer that is given at once; exportSize gives its
// size.
func Got(data []byte) unsafe.Pointer {
	gotSize = uint32(len(data))
	if len(data) == 0 {
		return unsafe.Pointer(&nothing)
	}
	return Pointer(data)
}

func get(handle, request uint32, seq core.Seq) unsafe.Pointer {
	log, ok := Opened(handle, request)
	if !ok {
		return nil
	}
	if record, ok := log.Cached(seq); ok {
		return Got(record)
	}
	Start(request, func(ctx context.Context) (Answer, error) {
		record, err := log.Get(ctx, seq)
		return Answer{Data: record}, err
	})
	return nil
}

func read(handle, request uint32, from, through core.Seq, budget int, flags uint32) {
	log, ok := Opened(handle, request)
	if !ok {
		return
	}
	Start(request, func(ctx context.Context) (Answer, error) {
		r := core.Range{From: from, Through: through, Budget: budget, Reverse: flags&flagReverse != 0, NoCache: flags&flagNoCache != 0}
		runs, err := log.Read(ctx, r)
		if err != nil {
			return Answer{}, err
		}
		handOver(request, runs, r.Reverse, flags&flagEnds != 0)
		next := runs[len(runs)-1].Through + 1
		if r.Reverse {
			next = runs[len(runs)-1].From - 1
		}
		return Answer{A: float64(next)}, nil
	})
}

// smallRun is below what a run is joined with its neighbours: each that is
// handed over costs the wrapper a decoding and a parse of its own.
const smallRun = 32 << 10

// handOver gives runs to the wrapper. Whole large segments go straight from
// their memory. Small neighbours are joined first, except walking down, where
// they come in another order than their records.
func handOver(request uint32, runs []core.Run, reverse, ends bool) {
	var joined wire.List
	for _, r := range runs {
		if r.Deleted {
			handOverList(request, &joined)
			continue
		}
		whole := r.From == r.First() && r.Through == r.Last()
		if whole && (reverse || r.Size() >= smallRun) {
			handOverList(request, &joined)
			list, table := r.List(), Pointer(r.Table())
			if !ends {
				list, table = Text(list), nil
			}
			records(request, float64(r.From), uint32(r.Count()), Pointer(list), uint32(len(list)), table)
			continue
		}
		joined.Add(r, ends)
		if reverse || len(joined.Data) >= 4*smallRun {
			handOverList(request, &joined)
		}
	}
	handOverList(request, &joined)
}

func handOverList(request uint32, l *wire.List) {
	if l.Count == 0 {
		return
	}
	list, table := l.Data, unsafe.Pointer(unsafe.SliceData(l.Ends))
	if len(l.Ends) == 0 {
		list, table = Text(list), nil
	}
	records(request, float64(l.First), uint32(l.Count), Pointer(list), uint32(len(list)), table)
	l.Reset()
}

// Text is JSON as the wrapper gets it that makes a string of it: at once, since
// the memory is used again for the next.
func Text(list []byte) []byte {
	const most = 1 << 20 // that is kept
	b := wire.ASCII(escaped[:0], list)
	if len(list) > 0 && &b[0] != &list[0] && cap(b) <= most {
		escaped = b[:0]
	}
	return b
}

var escaped []byte

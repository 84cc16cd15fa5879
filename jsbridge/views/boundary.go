//go:build js && wasm

package views

import (
	"unsafe"

	"github.com/flumedb/flumedb-wasm/jsbridge"
)

// What crosses for views, under the rules of package jsbridge; the twin is
// npm/src/boundary.ts.

// moved tells where a view stands: its since, flags of views.go, and how many
// bytes it keeps in the store.
//
//go:wasmimport flumedb moved
func moved(view uint32, since float64, flags uint32, bytes float64)

// stopped tells that a view has stopped, and why; the rest is as for fail.
//
//go:wasmimport flumedb stopped
func stopped(view uint32, code, message, segment string, first, last float64)

// askTurn asks for exportTurn to be called in a later task, after so many
// milliseconds; 0 is as soon as others have had their turn.
//
//go:wasmimport flumedb turn
func askTurn(turn uint32, delay float64)

// mapRecords asks the wrapper to make of records what a view is to see of
// them; they are as in records. It answers with exportMapped, by the number of
// the batch.
//
//go:wasmimport flumedb map
func mapRecords(view, batch uint32, first float64, count uint32, data unsafe.Pointer, size uint32, ends unsafe.Pointer)

// exportMount mounts a view of a kind on a log, together with those that are
// mounted before goroutines run. From then on the view goes by the request's
// number. It settles when the view's state is loaded. history is how many past
// states are kept.
//
//go:wasmexport flumedb_mount
func exportMount(log, request, nameSize, versionSize, kindSize, optionsSize, flags, history uint32) {
	p := jsbridge.Staged(nameSize + versionSize + kindSize + optionsSize)
	mount(log, request, p.Take(nameSize), p.Take(versionSize), p.Take(kindSize), p.Take(optionsSize), flags, history)
}

// exportCall calls a method of a view; the arguments are a JSON array. If
// nothing has to be waited for, the answer, which is JSON, is that of
// exportGet's kind, with its seq and staleness from the next two. If not, the
// request is settled with seq, staleness and answer. With loaded an old state
// answers while another is being built.
//
//go:wasmexport flumedb_call
func exportCall(view, request, methodSize, argsSize, loaded uint32) unsafe.Pointer {
	p := jsbridge.Staged(methodSize + argsSize)
	return call(view, request, p[:methodSize], p[methodSize:], loaded != 0)
}

//go:wasmexport flumedb_call_since
func exportCallSince() float64 { return float64(atOnce.Since()) }

//go:wasmexport flumedb_call_stale
func exportCallStale() uint32 {
	if atOnce.Stale() {
		return 1
	}
	return 0
}

// exportCallAt is exportCall for the view as of a past seq. Of records that have
// to be replayed there may be no more than maxReplay, if that is not negative.
//
//go:wasmexport flumedb_call_at
func exportCallAt(view, request, methodSize, argsSize uint32, seq, maxReplay float64) unsafe.Pointer {
	p := jsbridge.Staged(methodSize + argsSize)
	return callAt(view, request, p[:methodSize], p[methodSize:], seq, maxReplay)
}

// exportPin holds so many views of a log, whose handles are staged as uint32,
// where they stand, once that is one seq and not before that of the log's
// newest record. It settles with that seq, and from then on is known by the
// request's number. Until exportUnpin no view of the log is fed.
//
//go:wasmexport flumedb_pin
func exportPin(log, request, count uint32) {
	pin(log, request, append([]byte{}, jsbridge.Staged(4*count)...))
}

// exportPinnedCall is exportCall for the view with this index among those that
// are held.
//
//go:wasmexport flumedb_pinned_call
func exportPinnedCall(pin, index, request, methodSize, argsSize uint32) unsafe.Pointer {
	p := jsbridge.Staged(methodSize + argsSize)
	return pinnedCall(pin, index, request, p[:methodSize], p[methodSize:])
}

// exportUnpin lets views go on.
//
//go:wasmexport flumedb_unpin
func exportUnpin(pin uint32) { unpin(pin) }

// exportMapped answers mapRecords with a length for each record of which
// something was made, or with all bits set, then the texts, then, if a record
// failed, why; there are then as many lengths as there are records before it.
//
//go:wasmexport flumedb_mapped
func exportMapped(batch, count, size, errorSize uint32) { takeMapped(batch, count, size, errorSize) }

// exportTurn grants a turn that was asked for.
//
//go:wasmexport flumedb_turn
func exportTurn(turn uint32) { grantTurn(turn) }

// exportRebuild has a view built again. It settles at once.
//
//go:wasmexport flumedb_rebuild
func exportRebuild(view, request uint32) { rebuild(view, request) }

// exportUnmount stops a view. It settles when its state is stored.
//
//go:wasmexport flumedb_unmount
func exportUnmount(view, request uint32) { unmount(view, request) }

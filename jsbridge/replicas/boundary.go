//go:build js && wasm

// Package replicas lets a log be kept the same with others: its exports make and
// take in the messages of core/replica, which the wrapper carries over the network.
package replicas

import (
	"bytes"

	"github.com/flumedb/flumedb-wasm/jsbridge"
)

// What crosses, under the rules of package jsbridge; the twin is
// npm/src/boundary.ts.

// exportSync begins a session with another replica, which goes by the request's
// number. With json set, records have to be valid JSON.
//
//go:wasmexport flumedb_sync
func exportSync(log, request, json uint32) { begin(log, request, json != 0) }

// exportSyncMessage makes the next message, of about budget bytes. It settles with
// it.
//
//go:wasmexport flumedb_sync_message
func exportSyncMessage(session, request, budget uint32) { message(session, request, int(budget)) }

// exportSyncTake takes in a piece of the answer. It settles with how many records
// have come in this session, and how many are known to be missing.
//
//go:wasmexport flumedb_sync_take
func exportSyncTake(session, request, size uint32) {
	take(session, request, bytes.Clone(jsbridge.Staged(size)))
}

// exportSyncFinish is for the end of the answer. It settles with how far the
// session is, in JSON.
//
//go:wasmexport flumedb_sync_finish
func exportSyncFinish(session, request uint32) { finish(session, request) }

// exportSyncRestart forgets what the other replica has said, after an exchange that
// has failed. Records that had come are kept.
//
//go:wasmexport flumedb_sync_restart
func exportSyncRestart(session, request uint32) { restart(session, request) }

// exportSyncEnd ends a session.
//
//go:wasmexport flumedb_sync_end
func exportSyncEnd(session uint32) { delete(sessions, session) }

//go:build js && wasm

package jsbridge

import "unsafe"

// Protocol is the version of what this file declares. A wrapper and a module
// of different protocols, or of different builds, refuse each other.
const Protocol = 4

// build names the sources that this module was built from: 12 hexadecimal
// digits, set by the linker. The wrapper knows its own.
var build = "0"

// Imports, offered by npm/src/boundary.ts.

// settle answers a request; data is of use until it returns.
//
//go:wasmimport flumedb settle
func settle(request uint32, a, b float64, data unsafe.Pointer, size uint32)

// fail answers a request with an error. first and last are the seqs it
// concerns, -1 where it concerns none.
//
//go:wasmimport flumedb fail
func fail(request uint32, code, message, segment string, first, last float64)

// records hands over part of a read's answer, before the request is settled:
// count records from the seq first on, in brackets and joined by commas. ends,
// if not nil, is where each of them ends in data, as uint32.
//
//go:wasmimport flumedb records
func records(request uint32, first float64, count uint32, data unsafe.Pointer, size uint32, ends unsafe.Pointer)

// since tells that a log's newest seq has moved.
//
//go:wasmimport flumedb since
func since(log uint32, seq float64)

// progress tells how far a long request has come.
//
//go:wasmimport flumedb progress
func progress(request uint32, done, total float64)

// warn tells of a failure in the background that harms no data.
//
//go:wasmimport flumedb warn
func warn(log uint32, message string)

// health tells how a log stands with its store, by core.Condition and core.Step;
// what is wrong is told as by fail, with an empty code where nothing is.
//
//go:wasmimport flumedb health
func health(log uint32, condition, step string, freed float64, code, message string, first, last float64)

// Exports, called by npm/src/boundary.ts. Those of views are in package views,
// so that a module can do without. Strings and bytes are passed in the
// staging buffer, one behind the other, by their lengths.

//go:wasmexport flumedb_protocol
func exportProtocol() uint32 { return Protocol }

//go:wasmexport flumedb_build
func exportBuild() float64 { return buildNumber() }

// exportStage gives the staging buffer, at least size bytes long. It moves
// when it grows, and the next export that reads it may give it up.
//
//go:wasmexport flumedb_stage
func exportStage(size uint32) unsafe.Pointer { return stage(int(size)) }

// exportOpen opens a log; kind is one of open.go's. It settles with
// the log's handle and its newest seq.
//
//go:wasmexport flumedb_open
func exportOpen(request, kind, nameSize, strict uint32) {
	openLog(request, kind, Staged(nameSize).text(), strict != 0)
}

// exportAppend takes records for the next commit, all or none. If lengths is
// not 0, the staging buffer holds a uint32 for each record's length and then
// the records joined by one byte each; if it is 0, only the records, joined by
// line feeds, of which they themselves have none. It settles with the newest
// one's seq. A request of 0 is part of a batch, which goes on with the next call
// and ends with the one that has a request.
//
//go:wasmexport flumedb_append
func exportAppend(log, request, count, size, lengths uint32) {
	appendRecords(log, request, int(count), int(size), lengths != 0)
}

// exportCommit has what was appended committed.
//
//go:wasmexport flumedb_commit
func exportCommit(log uint32) { commit(log) }

// exportGet reads a record. If it is in memory, it is the answer: its address,
// and flumedb_size its size, until Go runs again. If not, the answer is nil,
// and the request is settled with the record.
//
//go:wasmexport flumedb_get
func exportGet(log, request uint32, seq float64) unsafe.Pointer {
	return get(log, request, toSeq(seq))
}

//go:wasmexport flumedb_size
func exportSize() uint32 { return gotSize }

// exportRead reads records from one seq through another as far as budget bytes
// go. flags are those of read.go. It settles with the seq at which to read on.
//
//go:wasmexport flumedb_read
func exportRead(log, request uint32, from, through float64, budget, flags uint32) {
	read(log, request, toSeq(from), toSeq(through), int(budget), flags)
}

// exportRefresh looks for what others have appended. It settles with the
// newest seq.
//
//go:wasmexport flumedb_refresh
func exportRefresh(log, request uint32) { refresh(log, request) }

// exportVerify checks the whole log. It settles with a report in JSON.
//
//go:wasmexport flumedb_verify
func exportVerify(log, request uint32) { verify(log, request) }

// exportDelete deletes the records of so many seqs, float64 each in the staging
// buffer.
//
//go:wasmexport flumedb_delete
func exportDelete(log, request, count uint32) { deleteRecords(log, request, int(count)) }

// exportCompact makes full segments of small ones. It settles with the bytes
// that the log has become smaller by.
//
//go:wasmexport flumedb_compact
func exportCompact(log, request uint32) { compact(log, request) }

// exportStats asks how much the log holds. It settles with that in JSON.
//
//go:wasmexport flumedb_stats
func exportStats(log, request uint32) { stats(log, request) }

// exportCheckpoint reads a checkpoint. It settles with 1 and its bytes, or 0.
//
//go:wasmexport flumedb_checkpoint
func exportCheckpoint(log, request, nameSize uint32) {
	checkpoint(log, request, Staged(nameSize).text())
}

// exportSetCheckpoint writes a checkpoint, or deletes it where keep is 0.
//
//go:wasmexport flumedb_set_checkpoint
func exportSetCheckpoint(log, request, nameSize, valueSize, keep uint32) {
	parts := Staged(nameSize + valueSize)
	setCheckpoint(log, request, string(parts[:nameSize]), parts[nameSize:], keep != 0)
}

// exportClose closes a log once all that was appended is answered.
//
//go:wasmexport flumedb_close
func exportClose(log, request uint32) { closeLog(log, request) }

// exportCancel gives up a request, which then fails unless it is done already.
//
//go:wasmexport flumedb_cancel
func exportCancel(request uint32) { cancel(request) }

//go:build js && wasm

// Package idbstore is a core.Store in IndexedDB, for pages, workers and
// service workers.
//
// # Layout
//
// One database a log, of IndexedDB version 1 for ever: what changes in later
// formats is inside the data, since an IndexedDB upgrade must wait for every
// other tab. It has three object stores without key paths or indexes:
//
//	segments     [last, first, size] -> Uint8Array, a frame of package segment
//	meta         "state" -> Uint8Array, see stateRow
//	checkpoints  name -> Uint8Array
//
// The last seq leads a segment's key because then the segment that holds a
// seq is the first one at or behind it, which one request finds. First and
// size are there so that keys alone, which are cheap to list, plan reads by
// bytes, and name what is lost where a value is damaged.
//
// # Several writers
//
// Tabs and workers share a database. An append writes its segments for the
// place where this store believes the log ends, and in the same transaction
// compares the state row with what it believes; where another writer was
// faster, it takes the place that the row gives, still inside the transaction,
// so nobody starves and no lock is needed. IndexedDB runs transactions that
// write one after the other.
//
// # What goes through go-indexeddb
//
// go-indexeddb opens, upgrades and deletes databases, reads single rows, and
// names errors. Appending, reading segments, and everything else that writes
// works on the same IDBDatabase through functions bound once (hot.go): it
// saves most of a commit's time on our side, and go-indexeddb answers a
// transaction that the browser aborted without a reason as a success.
package idbstore

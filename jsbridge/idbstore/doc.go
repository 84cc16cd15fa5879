//go:build js && wasm

// Package idbstore is a core.Store in IndexedDB, for pages, workers and
// service workers.
//
// # Layout
//
// One database a log, of IndexedDB version 1 for ever: what changes in later
// formats is inside the data, since an IndexedDB upgrade must wait for every
// other tab. It has four object stores without key paths or indexes:
//
//	segments     [last, first, size] -> Uint8Array, a frame of package segment
//	tail         number by the key generator -> Uint8Array, a small frame
//	meta         "state" -> Uint8Array, see settled
//	checkpoints  name -> Uint8Array; [3, name] -> its body
//
// In segments the last seq leads the key because then the segment that holds a
// seq is the first one at or behind it, which one request finds. First and
// size are there so that keys alone, which are cheap to list, plan reads by
// bytes, and name what is lost where a value is damaged.
//
// # Several writers
//
// Tabs and workers share a database, and IndexedDB runs transactions that write
// one after the other. A small commit is one put into the tail, which costs
// what any put costs: nothing is read first. Its place follows from how many
// records the rows before it hold; the key that it got tells whether those are
// the rows that its writer knows.
//
// A larger commit goes where it will stay, and takes along what is in the tail.
// It is written for the place where this store believes the log ends, and the
// same transaction compares the state row and the tail with what is believed;
// where another writer was faster, it takes the place that it finds, still
// inside the transaction. So nobody starves and no lock is needed.
//
// # What goes through go-indexeddb
//
// go-indexeddb opens, upgrades and deletes databases, and
// names errors. Appending, reading segments, and everything else that writes
// works on the same IDBDatabase through functions bound once (hot.go): it
// saves most of a commit's time on our side, and go-indexeddb answers a
// transaction that the browser aborted without a reason as a success.
package idbstore

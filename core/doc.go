// Package core is an append-only log with views that stream it, on any store
// that can keep a run of bytes: the database behind the npm package
// flumedb-wasm, and a Go library in its own right.
//
//	log, err := core.Open(ctx, store, core.Options{})
//	seq, err := log.Append(ctx, []byte(`{"hello":"world"}`))
//	record, err := log.Get(ctx, seq)
//
// # Promises
//
// A record's seq is its place in the log: dense, from 0. An append is durable,
// in the sense its store was opened with, when it is answered; appends are
// answered in the order they were made, after Since has moved, and the records
// of one append are all there or none. Whatever cannot be stored is refused
// before anything is written.
//
// # How it works
//
// Appends that arrive while a commit is under way make up the next commit
// (group commit), so one append waits for one store write and a thousand at
// once wait for one too. A commit adds segments and never rewrites one; stores
// that read large values much faster than small ones have small neighbours
// merged behind the writers' backs. Reads come from a bounded cache of
// segments or from the store, by range.
//
// The package runs on every platform, and imports nothing that needs a
// particular one.
package core

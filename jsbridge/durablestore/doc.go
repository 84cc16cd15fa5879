//go:build js && wasm

// Package durablestore keeps a log in the SQLite storage of a Cloudflare Durable
// Object, of which the host lets one exist at a time, wherever it is asked for.
//
// A segment is a row, and a commit one transaction. The storage answers at once
// and writes later: a commit is acknowledged when the host says that it has
// written (storage.sync), so that no stream tells of what a crash could undo.
// Nothing of the log is kept in memory here, since asking costs microseconds; so
// stores may be opened on the same storage as one likes.
//
// The host allows values of 2 MB: what is larger is cut into pieces. The tables
// are in schema.go and docs/format.md.
package durablestore

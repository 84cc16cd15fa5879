// Package lsm is an ordered map of byte keys to seqs that outgrows memory: what
// is new is in memory, sorted; what has gathered there is written to the store
// as a sorted run, in parts that never change; and runs of like size are merged
// in the background. It is what views that are indexes stand on, see
// view.Storing.
//
// A key has the seq it was put with last. There are no pointers to each entry,
// so that the garbage collector has nothing to do with how many there are.
//
// Byte layout: block.go, tree.go and docs/format.md.
package lsm

//go:build js && wasm

package jsbridge

import (
	"runtime"
	"runtime/debug"
)

// paceCollector sets how often the garbage collector runs.
//
// Most of the heap is segments' bytes, which the collector does not look into:
// collecting often is cheap, and memory once grown never shrinks. But the first
// collection is not: the engine compiles the collector's code as it is called,
// which takes 10 to 30 ms of a page or process that has just begun. So it waits
// until there are 8 MB, which many never have.
func paceCollector() {
	const first, later = 200, 30 // of at least 4 MB
	debug.SetGCPercent(first)
	type sentinel struct{ pointer *int } // with one it is collected by itself
	runtime.SetFinalizer(&sentinel{new(int)}, func(*sentinel) { debug.SetGCPercent(later) })
}

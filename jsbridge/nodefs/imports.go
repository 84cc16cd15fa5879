//go:build js && wasm

package nodefs

import "unsafe"

// The host's functions, under the module name "files"; npm/src/host-node.ts is
// their twin. Folders and files are numbers; what fails answers a negative one,
// and message then says why.

//go:wasmimport files folder
func hostFolder(path string) int32

//go:wasmimport files lock
func hostLock(dir int32) int32

//go:wasmimport files unlock
func hostUnlock(dir int32) int32

// hostList writes the names, joined by line feeds, if there is room for them,
// and answers how much they need.
//
//go:wasmimport files list
func hostList(dir int32, data unsafe.Pointer, size uint32) int32

//go:wasmimport files open
func hostOpen(dir int32, name string, create uint32) int32

//go:wasmimport files rename
func hostRename(dir int32, from, to string) int32

//go:wasmimport files remove
func hostRemove(dir int32, name string) int32

//go:wasmimport files syncFolder
func hostSyncFolder(dir int32) int32

//go:wasmimport files read
func hostRead(file int32, data unsafe.Pointer, size uint32, at float64) int32

//go:wasmimport files write
func hostWrite(file int32, data unsafe.Pointer, size uint32, at float64) int32

//go:wasmimport files size
func hostSize(file int32) float64

//go:wasmimport files truncate
func hostTruncate(file int32, size float64) int32

//go:wasmimport files sync
func hostSync(file int32) int32

//go:wasmimport files close
func hostClose(file int32) int32

//go:wasmimport files message
func hostMessage(data unsafe.Pointer, size uint32) int32

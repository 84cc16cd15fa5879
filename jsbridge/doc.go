// Package jsbridge is where Go and JavaScript meet: the functions that the npm
// package calls, those it has to offer, and stores on JavaScript hosts. All of
// it but this comment is for js/wasm.
//
// boundary.go declares every function that crosses; npm/src/boundary.ts is its
// twin. The rules of the crossing, and why they are what they are, stand in
// docs/protocol.md; in short:
//
//   - An export never waits. It changes state, or starts a goroutine; the
//     caller then lets goroutines run by resuming the scheduler.
//   - An import never calls back into Go. It takes what it is given, copies
//     what it needs of the memory, and acts on it once Go has returned.
//   - What takes time is a request: it carries a number that the caller has
//     chosen, and is answered once, by settle or by fail.
package jsbridge

//go:build js && wasm

package jsbridge

// maxIdle is how many goroutines wait for work that comes later: as many as
// there are requests at a time where pages read and write.
const maxIdle = 8

// idle are the goroutines that wait for work.
var idle []chan func()

// Go runs fn in a goroutine that may have run others before. A new one begins
// with a small stack, which is copied several times until it is large enough for
// a request's work: a tenth of what it takes to open a log and its views.
func Go(fn func()) {
	if n := len(idle); n > 0 {
		idle[n-1] <- fn
		idle = idle[:n-1]
		return
	}
	go func() {
		work := make(chan func(), 1)
		for {
			fn()
			if len(idle) == maxIdle {
				return
			}
			idle = append(idle, work)
			fn = <-work
		}
	}()
}

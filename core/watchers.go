package core

import "sync"

// watchers are those who are to be told of something. The mutex of what they
// watch guards them.
type watchers[F any] struct {
	fns  map[int]F
	next int
}

// add has fn among them until stop is called.
func (w *watchers[F]) add(guard *sync.Mutex, fn F) (stop func()) {
	guard.Lock()
	defer guard.Unlock()
	if w.fns == nil {
		w.fns = map[int]F{}
	}
	id := w.next
	w.next++
	w.fns[id] = fn
	return func() {
		guard.Lock()
		defer guard.Unlock()
		delete(w.fns, id)
	}
}

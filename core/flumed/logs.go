//go:build !js

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/httpapi"
)

// logs are the logs that are open, by their names. One is opened when a request
// is for it, once, and closed when there was none for it for some time.
type logs struct {
	open func(name string) (*database, error)
	most int // that are open at once
	warn func(error)

	mu     sync.Mutex
	byName map[string]*entry
	closed bool
}

// entry is a log that is being opened, open, or being closed. db and err are read
// behind opened, all else under logs.mu.
type entry struct {
	name   string
	opened chan struct{} // closed when db or err is set
	db     *database
	err    error
	users  int           // requests that have it
	since  time.Time     // from when on there are none
	gone   chan struct{} // not nil once it is being closed; closed when it is
}

func newLogs(most int, open func(name string) (*database, error), warn func(error)) *logs {
	return &logs{open: open, most: most, warn: warn, byName: map[string]*entry{}}
}

// use gives the database of a name until release is called.
func (l *logs) use(ctx context.Context, name string) (db *database, release func(), err error) {
	for {
		e, wait, err := l.claim(name)
		if err != nil {
			return nil, nil, err
		}
		if e != nil {
			wait = e.opened
		}
		select {
		case <-wait:
		case <-ctx.Done():
			if e != nil {
				l.release(e) // it is opened all the same, for others and the next time
			}
			return nil, nil, ctx.Err()
		}
		switch {
		case e == nil:
			continue
		case e.err != nil:
			return nil, nil, e.err
		}
		return e.db, func() { l.release(e) }, nil
	}
}

// claim finds the entry of a name, or makes it and has it opened. Where that has
// to wait until a log is closed, it gives what to wait for.
func (l *logs) claim(name string) (e *entry, wait <-chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, nil, fmt.Errorf("the server is %w", core.ErrClosed)
	}
	if e = l.byName[name]; e != nil {
		if e.gone != nil {
			return nil, e.gone, nil
		}
		e.users++
		return e, nil, nil
	}
	if len(l.byName) >= l.most {
		longest := l.longestIdle()
		if longest == nil {
			return nil, nil, fmt.Errorf("%d logs are in use, which is as many as may be: %w", l.most, httpapi.ErrBusy)
		}
		return nil, l.close(longest), nil
	}
	e = &entry{name: name, opened: make(chan struct{}), users: 1, since: time.Now()}
	l.byName[name] = e
	go func() {
		defer close(e.opened)
		e.db, e.err = l.open(name)
		l.mu.Lock()
		defer l.mu.Unlock()
		switch {
		case e.err != nil:
			l.forget(e) // the next request tries again
		case l.closed:
			e.db.handler.Close()
		}
	}()
	return e, nil, nil
}

// forget takes an entry out, if it is the one of its name. mu is held.
func (l *logs) forget(e *entry) {
	if l.byName[e.name] == e {
		delete(l.byName, e.name)
	}
}

func (l *logs) release(e *entry) {
	l.mu.Lock()
	e.users--
	e.since = time.Now()
	l.mu.Unlock()
}

// longestIdle is the log that nobody has asked for longest, or one that is being
// closed already.
func (l *logs) longestIdle() (longest *entry) {
	for _, e := range l.byName {
		if e.gone != nil {
			return e
		}
		if e.users == 0 && (longest == nil || e.since.Before(longest.since)) {
			longest = e
		}
	}
	return longest
}

// close has a log closed that nobody uses, if it is not being closed already. mu
// is held.
func (l *logs) close(e *entry) (gone <-chan struct{}) {
	if e.gone == nil {
		e.gone = make(chan struct{})
		go func() {
			<-e.opened
			if e.err == nil {
				if err := e.db.close(); err != nil {
					l.warn(fmt.Errorf("closing %s: %w", e.name, err))
				}
			}
			l.mu.Lock()
			l.forget(e)
			l.mu.Unlock()
			close(e.gone)
		}()
	}
	return e.gone
}

// closeIdle closes the logs that nobody has asked for that long.
func (l *logs) closeIdle(idle time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.byName {
		if e.users == 0 && time.Since(e.since) >= idle {
			l.close(e)
		}
	}
}

// endStreams ends the live streams of all logs, and has no more opened.
func (l *logs) endStreams() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, e := range l.byName {
		select {
		case <-e.opened:
			if e.err == nil {
				e.db.handler.Close()
			}
		default: // done where it is opened
		}
	}
}

// closeAll closes all logs, behind endStreams, when no request is left.
func (l *logs) closeAll() {
	l.mu.Lock()
	var all []*entry
	for _, e := range l.byName {
		all = append(all, e)
	}
	l.mu.Unlock()
	for _, e := range all {
		l.mu.Lock()
		gone := l.close(e)
		l.mu.Unlock()
		<-gone
	}
}

// database is a log with its views, and what answers requests from it.
type database struct {
	handler *httpapi.Handler
	closers []func(context.Context) error // in order
}

func (d *database) close() (err error) {
	d.handler.Close()
	for _, closer := range d.closers {
		err = errors.Join(err, closer(context.Background()))
	}
	return err
}

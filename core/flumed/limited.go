//go:build !js

package main

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// limited is a listener of which at most so many connections are open: others are
// told so and closed, so that they do not take the files that the logs need.
type limited struct {
	net.Listener
	most int64
	open atomic.Int64
}

// full is small enough for the buffer of any socket: writing it does not wait.
const full = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Type: application/problem+json\r\n\r\n" +
	`{"title":"Service Unavailable","status":503,"code":"BUSY","detail":"too many connections are open"}`

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.open.Add(1) <= l.most {
			return &counted{Conn: conn, closed: sync.OnceFunc(func() { l.open.Add(-1) })}, nil
		}
		l.open.Add(-1)
		conn.SetWriteDeadline(time.Now().Add(time.Second))
		conn.Write([]byte(full))
		conn.Close()
	}
}

// counted is a connection that counts until it is closed.
type counted struct {
	net.Conn
	closed func()
}

// Close implements net.Conn.
func (c *counted) Close() error {
	c.closed()
	return c.Conn.Close()
}

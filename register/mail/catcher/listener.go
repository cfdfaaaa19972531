package catcher

import (
	"net"
	"sync"
)

// listener tracks its open connections, so that they can be closed.
type listener struct {
	net.Listener

	mu     sync.Mutex
	open   map[*conn]bool
	closed chan struct{} // closed when a connection closes
	total  int           // connections so far
	down   bool
}

// conn is a connection that its listener tracks.
type conn struct {
	net.Conn
	listener *listener
}

func newListener(inner net.Listener) *listener {
	return &listener{Listener: inner, open: map[*conn]bool{}, closed: make(chan struct{})}
}

// Accept implements net.Listener. While the listener is down it closes what it accepts.
func (l *listener) Accept() (net.Conn, error) {
	for {
		inner, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}

		if c := l.track(inner); c != nil {
			return c, nil
		}
		inner.Close()
	}
}

// track counts a connection, and returns it unless the listener is down.
func (l *listener) track(inner net.Conn) *conn {
	l.mu.Lock()
	defer l.mu.Unlock()

	l.total++
	if l.down {
		return nil
	}

	c := &conn{Conn: inner, listener: l}
	l.open[c] = true

	return c
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.listener.untrack(c)
	return c.Conn.Close()
}

func (l *listener) untrack(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()

	if !l.open[c] {
		return
	}

	delete(l.open, c)
	close(l.closed)
	l.closed = make(chan struct{})
}

// closeConnections closes the network connections. The server notices, and closes each conn.
func (l *listener) closeConnections() {
	l.mu.Lock()
	defer l.mu.Unlock()

	for c := range l.open {
		c.Conn.Close()
	}
}

func (l *listener) setDown(down bool) {
	l.mu.Lock()
	l.down = down
	l.mu.Unlock()

	if down {
		l.closeConnections()
	}
}

// nextClose returns a channel that is closed when a connection closes, and the number of those that are open.
func (l *listener) nextClose() (closed <-chan struct{}, open int) {
	l.mu.Lock()
	defer l.mu.Unlock()

	return l.closed, len(l.open)
}

func (l *listener) count() (total, open int) {
	l.mu.Lock()
	defer l.mu.Unlock()

	return l.total, len(l.open)
}

package registertest

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"
)

// Log collects what is logged. It is safe for concurrent use.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
	// changed is closed at the next Write; nil if no one waits for it.
	changed chan struct{}
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}

	return l.text.Write(p)
}

// Wait waits until the log contains a text. It fails the test if that takes longer than a minute.
func (l *Log) Wait(t testing.TB, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		found, changed := l.contains(text)
		if found {
			return
		}

		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("the log does not contain %q", text)
		}
	}
}

// contains reports whether the log contains a text, and returns a channel that is closed when more is logged.
func (l *Log) contains(text string) (found bool, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed == nil {
		l.changed = make(chan struct{})
	}

	return strings.Contains(l.text.String(), text), l.changed
}

// String returns everything that was logged.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()

	return l.text.String()
}

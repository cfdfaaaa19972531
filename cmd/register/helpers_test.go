package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"central.consent/dar/register/rules"
)

// The tests set variables of the process, so they do not run in parallel.

// patience bounds every wait for something that happens elsewhere.
const patience = 20 * time.Second

// set gives the process valid settings on a fresh SQLite file, with the given changes. It returns the path of the file.
func set(t *testing.T, change map[string]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "register.db")
	settings := map[string]string{
		"REGISTER_DATABASE":         path,
		"REGISTER_KEYS":             rules.GenerateKey("a"),
		"REGISTER_LISTEN":           "127.0.0.1:0",
		"REGISTER_METRICS_LISTEN":   "127.0.0.1:0",
		"REGISTER_ADMIN_LISTEN":     "",
		"REGISTER_ADMIN_STRICT":     "",
		"REGISTER_PUBLIC_URL":       "",
		"REGISTER_REIDENTIFICATION": "",
		"REGISTER_SMTP":             "smtp+plain://localhost:1025",
		"REGISTER_MAIL_FROM":        "",
		"REGISTER_DKIM_DOMAIN":      "",
		"REGISTER_DKIM_SELECTOR":    "",
		"REGISTER_DKIM_KEY":         "",
		"REGISTER_DKIM_KEY_FILE":    "",
	}
	maps.Copy(settings, change)
	for name, value := range settings {
		t.Setenv(name, value)
	}

	return path
}

func try(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), args, &out, io.Discard)

	return out.String(), err
}

func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, err := try(t, args...)
	if err != nil {
		t.Fatalf("register %s: %v", strings.Join(args, " "), err)
	}

	return out
}

func refused(t *testing.T, want string, args ...string) {
	t.Helper()
	if _, err := try(t, args...); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("register %s: %v, want %q", strings.Join(args, " "), err, want)
	}
}

// addAccount opens an account and returns its secret.
func addAccount(t *testing.T, id, role, name string, more ...string) string {
	t.Helper()
	args := append([]string{"account", "add", "--id", id, "--role", role, "--display-name", name}, more...)
	return secretIn(mustRun(t, args...))
}

// secretIn finds the secret in what a command printed.
func secretIn(out string) string {
	_, after, _ := strings.Cut(out, "secret-key  ")
	secret, _, _ := strings.Cut(after, "\n")

	return secret
}

// dkimKey is a private key in PEM.
func dkimKey(t *testing.T) string {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}

	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}

	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// logBuffer is a log that a test reads while it is written.
type logBuffer struct {
	mu      sync.Mutex
	text    bytes.Buffer
	written chan struct{} // closed by the next write
}

func newLogBuffer() *logBuffer { return &logBuffer{written: make(chan struct{})} }

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.written)
	b.written = make(chan struct{})

	return b.text.Write(p)
}

// line returns the fields of the line with this message, or nil and a channel that is closed when more is written.
func (b *logBuffer) line(message string) (map[string]any, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for line := range strings.Lines(b.text.String()) {
		var fields map[string]any
		if json.Unmarshal([]byte(line), &fields) == nil && fields["msg"] == message {
			return fields, nil
		}
	}

	return nil, b.written
}

// serving runs the program until stop, which returns how it ended. Started is the line that it logged.
func serving(t *testing.T, log *logBuffer) (started map[string]any, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, []string{"serve"}, io.Discard, log) }()
	stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(patience):
			return errors.New("it does not stop")
		}
	})
	t.Cleanup(func() { _ = stop() })

	deadline := time.After(patience)
	for {
		line, more := log.line("the register serves")
		if line != nil {
			return line, stop
		}

		select {
		case <-more:
		case <-deadline:
			t.Fatal("it does not start")
		case err := <-ended:
			ended <- err
			t.Fatalf("it ended: %v", err)
		}
	}
}

// eventually polls until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for !holds() {
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

package registerclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestImportAccessRecords(t *testing.T) {
	t.Parallel()
	response := testdata(t, "import-access-records.json")
	f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) { w.Write(response) })
	line, err := json.Marshal(decode[ImportLine](t, "import-line.request.json"))
	if err != nil {
		t.Fatal(err)
	}

	sameJSON(t, "line", line, testdata(t, "import-line.request.json"))

	lines := &closeable{Reader: bytes.NewReader(append(line, '\n'))}
	got, err := f.client(t).ImportAccessRecords(WithRequestID(t.Context(), "req-42"), lines)
	if err != nil {
		t.Fatal(err)
	}

	encoded, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}

	sameJSON(t, "response", encoded, response)

	sent := f.received()[0]
	if sent.method != "POST" || sent.target != "/v1/access-records/batch" || sent.body != string(line)+"\n" {
		t.Errorf("sent %s %s %q", sent.method, sent.target, sent.body)
	}
	for name, want := range map[string]string{
		"Content-Type":  "application/x-ndjson",
		"Authorization": "Bearer " + testBearer,
		"X-Request-Id":  "req-42",
	} {
		if got := sent.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}

	if lines.closed {
		t.Error("the reader was closed, which the caller does")
	}
}

// closeable records whether it was closed.
type closeable struct {
	io.Reader

	closed bool
}

func (c *closeable) Close() error { c.closed = true; return nil }

// An import may take as long as its context allows, longer than the timeout of other calls.
func TestImportOutlastsTheTimeout(t *testing.T) {
	t.Parallel()
	f := newFakeRegister(t, respondEmptyObject)
	const timeout = 300 * time.Millisecond
	c := f.client(t, func(o *Options) {
		o.Timeout = timeout
		o.HTTP = &http.Client{Timeout: timeout}
	})
	if _, err := c.ImportAccessRecords(t.Context(), &slowReader{wait: 2 * timeout}); err != nil {
		t.Error(err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	_, err := c.ImportAccessRecords(ctx, &slowReader{wait: time.Minute, end: ctx.Done()})
	if !isOnly(err, ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want ErrUnavailable for the deadline", err)
	}
}

// slowReader ends after a while, without a byte.
type slowReader struct {
	wait time.Duration
	end  <-chan struct{}
}

func (s *slowReader) Read([]byte) (int, error) {
	select {
	case <-time.After(s.wait):
	case <-s.end:
	}

	return 0, io.EOF
}

func TestImportWithUnreadableLines(t *testing.T) {
	t.Parallel()
	f := newFakeRegister(t, respondEmptyObject)
	_, err := f.client(t).ImportAccessRecords(t.Context(), io.MultiReader(strings.NewReader("{}\n"), brokenReader{}))
	if !isOnly(err, ErrUnavailable) || !strings.Contains(err.Error(), "the lines cannot be read") ||
		strings.Contains(err.Error(), "canary") {
		t.Errorf("%v, want that the lines cannot be read", err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("canary") }

func TestImportForgetsARefusedToken(t *testing.T) {
	t.Parallel()
	f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Request-Id") == "refused" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}

		io.WriteString(w, "{}")
	})
	c := f.client(t)
	_, err := c.ImportAccessRecords(WithRequestID(t.Context(), "refused"), strings.NewReader("{}"))
	if !isOnly(err, ErrUnauthorized) {
		t.Errorf("%v, want ErrUnauthorized", err)
	}
	if _, err := c.ImportAccessRecords(t.Context(), strings.NewReader("{}")); err != nil {
		t.Error(err)
	}

	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tokens != 2 || len(f.requests) != 2 {
		t.Errorf("%d tokens for %d imports, want 2 for 2", f.tokens, len(f.requests))
	}
}

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

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "{}") })
	c := f.client(t)
	for _, key := range []string{"", "two words", "line\nbreak", strings.Repeat("x", 256), "\u00e9"} {
		_, err := c.CreateAccessRecord(WithIdempotencyKey(t.Context(), key), AccessRecord{})
		if !isOnly(err, ErrInvalid) || len(f.sent()) != 0 {
			t.Errorf("%q: %v and %d requests, want ErrInvalid and none", key, err, len(f.sent()))
		}
	}

	for _, key := range []string{"k", strings.Repeat("~", 255)} {
		if _, err := c.CreateAccessRecord(WithIdempotencyKey(t.Context(), key), AccessRecord{}); err != nil {
			t.Fatal(err)
		}

		sent := f.sent()
		if got := sent[len(sent)-1].header.Get("Idempotency-Key"); got != key {
			t.Errorf("sent %q, want %q", got, key)
		}
	}

	before := len(f.sent())
	ctx := WithIdempotencyKey(t.Context(), "key-1")
	if _, err := c.ReadSelf(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ReplaceReturnURLs(ctx, ReplaceReturnURLsRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ImportAccessRecords(ctx, strings.NewReader("")); err != nil {
		t.Fatal(err)
	}
	for _, sent := range f.sent()[before:] {
		if got := sent.header["Idempotency-Key"]; got != nil {
			t.Errorf("%s %s carries the key", sent.method, sent.target)
		}
	}
}

func TestImportAccessRecords(t *testing.T) {
	t.Parallel()
	f := newFakeRegister(
		t,
		func(w http.ResponseWriter, r *http.Request) { w.Write(testdata(t, "import-access-records.json")) },
	)
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

	back, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}

	sameJSON(t, "answer", back, testdata(t, "import-access-records.json"))
	sent := f.sent()[0]
	if sent.method != "POST" || sent.target != "/v1/access-records/batch" || sent.body != string(line)+"\n" {
		t.Errorf("sent %s %s %q", sent.method, sent.target, sent.body)
	}
	for name, want := range map[string]string{"Content-Type": "application/x-ndjson", "Authorization": "Bearer " + testBearer, "X-Request-Id": "req-42"} {
		if got := sent.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}

	if lines.closed {
		t.Error("the lines were closed, which are the caller's")
	}
}

type closeable struct {
	io.Reader
	closed bool
}

func (c *closeable) Close() error { c.closed = true; return nil }

// The client's timeout is for calls that answer at once; an import may take as long as its context lasts.
func TestImportOutlastsTheTimeout(t *testing.T) {
	t.Parallel()
	f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "{}") })
	const timeout = 300 * time.Millisecond
	c := f.client(t, func(o *Options) { o.Timeout, o.HTTP = timeout, &http.Client{Timeout: timeout} })
	if _, err := c.ImportAccessRecords(t.Context(), &slow{wait: 2 * timeout}); err != nil {
		t.Error(err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	if _, err := c.ImportAccessRecords(
		ctx,
		&slow{wait: time.Minute, end: ctx.Done()},
	); !isOnly(err, ErrUnavailable) ||
		!errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want ErrUnavailable for the deadline", err)
	}
}

// slow ends after a while, without a byte.
type slow struct {
	wait time.Duration
	end  <-chan struct{}
}

func (s *slow) Read([]byte) (int, error) {
	select {
	case <-time.After(s.wait):
	case <-s.end:
	}
	return 0, io.EOF
}

func TestImportOfLinesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "{}") })
	_, err := f.client(t).ImportAccessRecords(t.Context(), io.MultiReader(strings.NewReader("{}\n"), broken{}))
	if !isOnly(err, ErrUnavailable) || !strings.Contains(err.Error(), "the lines cannot be read") ||
		strings.Contains(err.Error(), "canary") {
		t.Errorf("%v, want that the lines cannot be read", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("canary") }

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
	if _, err := c.ImportAccessRecords(
		WithRequestID(t.Context(), "refused"),
		strings.NewReader("{}"),
	); !isOnly(
		err,
		ErrUnauthorized,
	) {
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

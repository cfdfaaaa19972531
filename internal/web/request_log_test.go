package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
)

// TestLogRequests protects the keys of the line, their units, and that neither the address nor the text of a refusal
// is in it.
func TestLogRequests(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	var measured time.Duration
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	e := echo.New()
	e.Pre(LogRequests(RequestLog{
		Logger: slog.New(slog.NewJSONHandler(&b, nil)),
		Clock: func() time.Time {
			now = now.Add(1500 * time.Microsecond)
			return now
		},
		Begin: func(c echo.Context, entry *LogEntry) {
			entry.TransactionID = "tid_1"
			entry.RequestID = RequestID(c.Request())
		},
		Done: func(_ echo.Context, duration time.Duration) { measured = duration },
	}))
	e.GET("/meter/:mpxn", func(c echo.Context) error {
		EntryOf(c).Account = "portal_ops"
		return c.NoContent(http.StatusNoContent)
	})
	e.GET("/refused", func(echo.Context) error { return echo.NewHTTPError(http.StatusConflict, "a canary") })
	e.GET("/broken", func(echo.Context) error { return errors.New("the cause") })
	e.GET("/gone", func(echo.Context) error { return fmt.Errorf("read: %w", context.Canceled) })
	e.GET("/set", func(c echo.Context) error {
		EntryOf(c).Err = errors.New("set on the way")
		return errors.New("returned")
	})

	line := func(method, route string, status int, more map[string]any) map[string]any {
		l := map[string]any{
			"level": "INFO", "msg": "request", "method": method, "route": route, "status": float64(status),
			"duration-ms": 1.0, "transaction-id": "tid_1",
		}
		maps.Copy(l, more)

		return l
	}
	for _, test := range []struct {
		path string
		id   string
		want map[string]any
	}{
		{"/meter/1234567890123", "r-1", line("GET", "/meter/:mpxn", 204,
			map[string]any{"account": "portal_ops", "request-id": "r-1"})},
		{"/refused", "not visible", line("GET", "/refused", 409, nil)},
		{"/broken", strings.Repeat("a", 129), line("GET", "/broken", 500,
			map[string]any{"level": "ERROR", "error": "the cause"})},
		{"/gone", "", line("GET", "/gone", 500, map[string]any{"error": "read: context canceled"})},
		{"/set", "", line("GET", "/set", 500, map[string]any{"level": "ERROR", "error": "set on the way"})},
	} {
		b.Reset()
		header := http.Header{}
		if test.id != "" {
			header.Set("X-Request-ID", test.id)
		}
		send(e, http.MethodGet, test.path, header)

		var got map[string]any
		if err := json.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatalf("%s: %v\n%s", test.path, err, b.String())
		}
		delete(got, "time")
		if !maps.Equal(got, test.want) {
			t.Errorf("%s:\ngot  %v\nwant %v", test.path, got, test.want)
		}
		if measured != 1500*time.Microsecond {
			t.Errorf("%s: measured %v", test.path, measured)
		}
	}
}

func TestLogRequestsDescribes(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	e := echo.New()
	e.Use(LogRequests(RequestLog{
		Logger:   slog.New(slog.NewJSONHandler(&b, nil)),
		Describe: func(status int, _ error) string { return fmt.Sprintf("kind %d", status) },
	}))
	send(e, http.MethodGet, "/nothing", nil)
	if !strings.Contains(b.String(), `"error":"kind 404"`) {
		t.Errorf("logged %s", b.String())
	}
}

// A handler may ask for the entry although no middleware logs, as in a test.
func TestEntryOfWithoutLog(t *testing.T) {
	t.Parallel()
	c := echo.New().NewContext(httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder())
	EntryOf(c).Account = "a"
	if got := EntryOf(c).Account; got != "a" {
		t.Errorf("account %q", got)
	}
}

package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// RequestLog says how LogRequests logs.
type RequestLog struct {
	// Logger gets one line for each request; nil for slog.Default.
	Logger *slog.Logger
	// Clock measures how long a request takes; nil for time.Now.
	Clock func() time.Time
	// Begin fills the entry before the request is handled, with its ids; may be nil.
	Begin func(c echo.Context, entry *LogEntry)
	// Describe returns what the line says about a failed request, which must hold nothing personal. If it is nil the
	// text of the error is logged for status 500 and above, and nothing below: there the text may quote the caller.
	Describe func(status int, err error) string
	// Done is called after the response, with the time it took, for metrics; may be nil.
	Done func(c echo.Context, duration time.Duration)
}

// LogEntry is what a request adds to its log line on the way. Empty fields are left out.
type LogEntry struct {
	// RequestID joins the logs of both programs: the portal makes it and the register is told.
	RequestID string
	// TransactionID is the register's own id of the request.
	TransactionID string
	// Account is the account that called.
	Account string
	// Err is why the request failed: the error that the handler returns, unless it is set before.
	Err error
}

const entryKey = "web.log-entry"

// EntryOf returns the log entry of the request. A request outside LogRequests gets one that is logged nowhere.
func EntryOf(c echo.Context) *LogEntry {
	if entry, ok := c.Get(entryKey).(*LogEntry); ok {
		return entry
	}

	entry := new(LogEntry)
	c.Set(entryKey, entry)

	return entry
}

// LogRequests returns middleware that writes one line for each request, with these keys: method, route (the pattern and
// never the address, which can name a meter point), status, duration-ms (whole milliseconds), request-id,
// transaction-id, account and error. It passes the error that a handler returns to echo's HTTPErrorHandler, so that
// the status is known, and returns nil.
//
// The level is ERROR for status 500 and above, unless the client went away, and INFO otherwise.
func LogRequests(options RequestLog) echo.MiddlewareFunc {
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	if options.Clock == nil {
		options.Clock = time.Now
	}
	if options.Describe == nil {
		options.Describe = describeInternal
	}

	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			began := options.Clock()
			entry := EntryOf(c)
			if options.Begin != nil {
				options.Begin(c, entry)
			}

			if err := next(c); err != nil {
				c.Error(err)
				if entry.Err == nil {
					entry.Err = err
				}
			}

			duration := options.Clock().Sub(began)
			if options.Done != nil {
				options.Done(c, duration)
			}

			options.log(c, entry, duration)

			return nil
		}
	}
}

func describeInternal(status int, err error) string {
	if status < http.StatusInternalServerError {
		return ""
	}
	return err.Error()
}

func (options RequestLog) log(c echo.Context, entry *LogEntry, duration time.Duration) {
	status := c.Response().Status
	level := slog.LevelInfo
	if status >= http.StatusInternalServerError && !errors.Is(entry.Err, context.Canceled) {
		level = slog.LevelError
	}

	attributes := []slog.Attr{
		slog.String("method", c.Request().Method),
		slog.String("route", c.Path()),
		slog.Int("status", status),
		slog.Int64("duration-ms", duration.Milliseconds()),
	}
	add := func(key, value string) {
		if value != "" {
			attributes = append(attributes, slog.String(key, value))
		}
	}
	add("request-id", entry.RequestID)
	add("transaction-id", entry.TransactionID)
	add("account", entry.Account)
	if entry.Err != nil {
		add("error", options.Describe(status, entry.Err))
	}

	options.Logger.LogAttrs(c.Request().Context(), level, "request", attributes...)
}

// maxRequestID is how many characters a caller's request id may have.
const maxRequestID = 128

// RequestID returns the caller's own id of a request, from X-Request-ID. It returns "" if there is none, or one that
// is not 1 to 128 characters of visible ASCII.
func RequestID(r *http.Request) string {
	id := r.Header.Get(echo.HeaderXRequestID)
	if len(id) > maxRequestID || !IsVisibleASCII(id) {
		return ""
	}

	return id
}

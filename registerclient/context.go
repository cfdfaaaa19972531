package registerclient

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	maxRequestID      = 128
	maxIdempotencyKey = 255
	// maxAdviser is the length of an adviser's name in characters.
	maxAdviser = 60

	// keyedRetries is how often a POST with an Idempotency-Key may be sent again.
	keyedRetries = 2
)

type requestIDKey struct{}

// WithRequestID makes calls with this context send id as X-Request-ID, which joins the logs of both programs. An id
// that is longer than 128 characters, or is not visible ASCII, is not sent.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// requestID returns the id to send with a request; empty for none.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	if !visibleASCII(id) || len(id) > maxRequestID {
		return ""
	}

	return id
}

type adviserKey struct{}

// WithAdviser makes readings and withdrawals with a customer's token name the person at the portal who makes them for
// the customer, in X-DAR-Adviser. The name stands in the register's audit log, and the household can read it in
// Readings. It has 1 to 60 characters on one line; with any other name the call is not sent and fails with ErrInvalid.
// Only portals may send it.
func WithAdviser(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, adviserKey{}, name)
}

// escapeAdviser returns a name as it stands in the header: in UTF-8, with what is not visible ASCII or a space, and
// the percent sign, percent-encoded. It returns false if the name is not one.
func escapeAdviser(name string) (string, bool) {
	if strings.TrimSpace(name) == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxAdviser {
		return "", false
	}

	var escaped strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case c < ' ' || c == 0x7f:
			return "", false
		case c > '~' || c == '%':
			fmt.Fprintf(&escaped, "%%%02X", c)
		default:
			escaped.WriteByte(c)
		}
	}

	return strings.TrimSpace(escaped.String()), true
}

type idempotencyKey struct{}

// WithIdempotencyKey makes POSTs, and readings with a customer's token, send key as Idempotency-Key. The register
// processes such a request once, and responds to a repetition as to the first request. The POST is sent again, at most
// twice, after a network failure or a 502, 503 or 504.
//
// A key has 1 to 255 characters of visible ASCII; with any other the POST is not sent and fails with ErrInvalid. It is
// valid for one request and for 24 hours; with another request it is refused with ErrUnprocessable.
// ImportAccessRecords does not send it.
func WithIdempotencyKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, idempotencyKey{}, key)
}

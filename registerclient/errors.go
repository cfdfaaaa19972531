package registerclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// What went wrong, for errors.Is. Each stands for a status, which is what callers should rely on.
var (
	ErrInvalid       = errors.New("register: invalid request")     // 400
	ErrUnauthorized  = errors.New("register: not authenticated")   // 401
	ErrForbidden     = errors.New("register: not allowed")         // 403
	ErrNotFound      = errors.New("register: not found")           // 404
	ErrConflict      = errors.New("register: conflict")            // 409
	ErrUnprocessable = errors.New("register: cannot be processed") // 422
	ErrTooMany       = errors.New("register: too many requests")   // 429
	// ErrUnavailable is no answer (network failure or timeout), 502, 503 or 504.
	ErrUnavailable = errors.New("register: unavailable")
	// ErrInternal is every other refusal, and an answer that cannot be understood.
	ErrInternal = errors.New("register: internal error")
)

// Error is every failure of a call. Its text is fit for a log: no meter point, e-mail address, token or
// words of the register.
type Error struct {
	// Op is what was asked: list access records.
	Op string
	// Status is the HTTP status; 0 where no answer came.
	Status int
	// Code, Message and Field are those of the first detail. Message is the register's and may quote input:
	// neither log it nor show it.
	Code, Message, Field string
	// RetryAfter is how long the register asks to wait; 0 where it does not say.
	RetryAfter time.Duration
	// TransactionID finds the refusal in the register's log; may be empty.
	TransactionID string
	// Details is all that was wrong, in the register's order.
	Details []ErrorDetail

	// reason says why there is no usable answer, in this package's words.
	reason string
	// cause is context.Canceled or context.DeadlineExceeded where the context ended, otherwise nil.
	cause error
}

// The parts of an answer that may stand in an error's text have to look like what the API describes. A word
// of a field's path has at most one digit, as addressLine1: a meter point or a token does not pass for one.
var (
	codeShape        = regexp.MustCompile(`^[A-Z]{3,4}[0-9]{3}$`)
	transactionShape = regexp.MustCompile(`^tid_[0-9a-zA-Z]{1,64}$`)
	fieldShape       = regexp.MustCompile(
		`^[a-zA-Z-]{1,40}[0-9]?((\.[a-zA-Z-]{1,40}[0-9]?)|(\[[0-9]{1,3}\])|(\.[0-9]{1,3})){0,12}$`,
	)
)

// Error says what was asked and how it failed.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("register: ")
	if e.Op != "" {
		b.WriteString(e.Op + ": ")
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, "status %d", e.Status)
	} else {
		b.WriteString("no answer")
	}

	if codeShape.MatchString(e.Code) {
		b.WriteString(" " + e.Code)
	}
	if fieldShape.MatchString(e.Field) {
		b.WriteString(" in " + e.Field)
	}
	if e.reason != "" {
		b.WriteString(": " + e.reason)
	}
	if transactionShape.MatchString(e.TransactionID) {
		b.WriteString(" (" + e.TransactionID + ")")
	}

	return b.String()
}

// Is matches the error that stands for the status. A caller who gave up is no failure of the register, and
// matches only context.Canceled.
func (e *Error) Is(target error) bool {
	switch e.Status {
	case 0:
		return target == ErrUnavailable && e.cause != context.Canceled
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return target == ErrUnavailable
	case http.StatusBadRequest:
		return target == ErrInvalid
	case http.StatusUnauthorized:
		return target == ErrUnauthorized
	case http.StatusForbidden:
		return target == ErrForbidden
	case http.StatusNotFound:
		return target == ErrNotFound
	case http.StatusConflict:
		return target == ErrConflict
	case http.StatusUnprocessableEntity:
		return target == ErrUnprocessable
	case http.StatusTooManyRequests:
		return target == ErrTooMany
	default:
		return target == ErrInternal
	}
}

// Unwrap gives context.Canceled or context.DeadlineExceeded where the context ended.
func (e *Error) Unwrap() error { return e.cause }

// Names reports whether a field of the request is among what was wrong.
func (e *Error) Names(field string) bool {
	return slices.ContainsFunc(e.Details, func(d ErrorDetail) bool { return d.Field == field })
}

// during is the same failure, met on the way to another operation.
func (e *Error) during(op string) *Error {
	met := *e
	met.Op = op + ": " + e.Op
	return &met
}

// decodeError reads the published envelope. A body that is none gives an Error with the status alone.
func decodeError(op string, status int, body []byte) *Error {
	e := &Error{Op: op, Status: status}
	var envelope ErrorResponse
	if len(body) > maxAnswer || json.Unmarshal(body, &envelope) != nil {
		return e
	}

	e.TransactionID = envelope.Response.TransactionID
	e.Details = envelope.Errors
	if len(e.Details) > 0 {
		first := e.Details[0]
		e.Code, e.Message, e.Field = first.Code, first.Message, first.Field
	}

	return e
}

// networkError keeps of err what is safe to show. The text of a *url.Error holds the address, and with it the
// meter point and the token; other errors of net/http quote what the other side sent.
func networkError(ctx context.Context, op string, err error) *Error {
	e := &Error{Op: op}
	var (
		netErr  *net.OpError
		dnsErr  *net.DNSError
		errno   syscall.Errno
		timeout interface{ Timeout() bool }
	)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		e.cause, e.reason = context.Canceled, "the caller gave up"
	case ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout():
		e.cause, e.reason = context.DeadlineExceeded, "timeout"
	case errors.As(err, &dnsErr):
		e.reason = "the host's name is not found"
	case errors.As(err, &errno):
		e.reason = errno.Error()
	case errors.As(err, &netErr):
		e.reason = netErr.Op + " failed"
	default:
		e.reason = "the connection broke or did not speak HTTP"
	}

	return e
}

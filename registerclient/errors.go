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

// The kinds of errors, for errors.Is. Each stands for a status.
var (
	ErrInvalid       = errors.New("register: invalid request")     // 400
	ErrUnauthorized  = errors.New("register: not authenticated")   // 401
	ErrForbidden     = errors.New("register: not allowed")         // 403
	ErrNotFound      = errors.New("register: not found")           // 404
	ErrConflict      = errors.New("register: conflict")            // 409
	ErrUnprocessable = errors.New("register: cannot be processed") // 422
	ErrTooMany       = errors.New("register: too many requests")   // 429
	// ErrUnavailable is a network failure, a timeout, 502, 503 or 504.
	ErrUnavailable = errors.New("register: unavailable")
	// ErrInternal is any other status, and a response that cannot be decoded.
	ErrInternal = errors.New("register: internal error")
)

// Error is a failure of a call. Its text can be logged: it holds no meter point, email address or token, and no message
// of the register.
type Error struct {
	// Op is the name of the operation, such as "list access records".
	Op string
	// Status is the HTTP status; 0 if there was no response.
	Status int
	// Code, Message and Field are those of the first detail. Message may quote input: do not log it, and do not show
	// it.
	Code, Message, Field string
	// RetryAfter is how long the register asks to wait; 0 if it does not say.
	RetryAfter time.Duration
	// Approval is the key of the approval that the request waits for; empty if it waits for none (WithApproval).
	Approval string
	// TransactionID finds the request in the register's log. It may be empty.
	TransactionID string
	// Details lists all mistakes in the request, in the register's order.
	Details []ErrorDetail

	// reason says why there is no usable response, in words of this package.
	reason string
	// cause is context.Canceled or context.DeadlineExceeded if the context ended, and otherwise nil.
	cause error
}

// The shapes of what an error's text may quote from a response. A word in the path of a field has at most one digit,
// such as addressLine1, so that no meter point and no token has this shape.
var (
	codeShape        = regexp.MustCompile(`^[A-Z]{3,4}[0-9]{3}$`)
	transactionShape = regexp.MustCompile(`^tid_[0-9a-zA-Z]{1,64}$`)
	fieldShape       = regexp.MustCompile(
		`^[a-zA-Z-]{1,40}[0-9]?((\.[a-zA-Z-]{1,40}[0-9]?)|(\[[0-9]{1,3}\])|(\.[0-9]{1,3})){0,12}$`,
	)
)

// Error names the operation and says how it failed.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("register: ")
	if e.Op != "" {
		b.WriteString(e.Op + ": ")
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, "status %d", e.Status)
	} else {
		b.WriteString("no response")
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

// Is reports whether target is the error that stands for the status. If the caller gave up, the register did not fail,
// and the error matches context.Canceled only.
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

// Unwrap returns context.Canceled or context.DeadlineExceeded if the context ended.
func (e *Error) Unwrap() error { return e.cause }

// Names reports whether a mistake in this field is among the details.
func (e *Error) Names(field string) bool {
	return slices.ContainsFunc(e.Details, func(d ErrorDetail) bool { return d.Field == field })
}

// during returns the error of an operation that failed because of e.
func (e *Error) during(op string) *Error {
	outer := *e
	outer.Op = op + ": " + e.Op

	return &outer
}

// decodeError decodes the body of an error response. If it is not an ErrorResponse, the Error has the status alone.
func decodeError(op string, status int, body []byte) *Error {
	e := &Error{Op: op, Status: status}
	var envelope ErrorResponse
	if len(body) > maxResponse || json.Unmarshal(body, &envelope) != nil {
		return e
	}

	e.TransactionID = envelope.Response.TransactionID
	e.Details = envelope.Errors
	if len(e.Details) > 0 {
		first := e.Details[0]
		e.Code = first.Code
		e.Message = first.Message
		e.Field = first.Field
	}

	return e
}

// networkError keeps the part of err that can be logged. The text of a *url.Error holds the address, and so the meter
// point and the token; other errors of net/http quote what the server sent.
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
		e.cause = context.Canceled
		e.reason = "the caller gave up"
	case ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout():
		e.cause = context.DeadlineExceeded
		e.reason = "timeout"
	case errors.As(err, &dnsErr):
		e.reason = "the host name cannot be resolved"
	case errors.As(err, &errno):
		e.reason = errno.Error()
	case errors.As(err, &netErr):
		e.reason = netErr.Op + " failed"
	default:
		e.reason = "the connection broke or the server does not speak HTTP"
	}

	return e
}

package registerclient

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// firstBackoff is the wait before the first retry. It doubles with each further one.
	firstBackoff = 100 * time.Millisecond
	// longestBackoff is the longest Retry-After that the client waits for, because a customer waits as well.
	longestBackoff = 2 * time.Second
)

// operation is one operation of the API with its arguments.
type operation struct {
	// name says in errors and logs what was asked.
	name   string
	method string
	// path is below the base URL. Identifiers in it are escaped by segment.
	path  string
	query url.Values
	body  any
	// authorization replaces the bearer token unless it is nil; empty for an operation without credentials.
	authorization *string
	// retries is how often the request may be sent again after a network failure or a 502, 503 or 504.
	retries int
	// empty says that a successful response has no body.
	empty bool
	// keyed says that a GET may have an Idempotency-Key, as every POST may.
	keyed bool
	// once keeps net/http from sending the request again over a new connection.
	once bool

	// byCustomer says that the call is made with the authority of a customer, in whose presence an adviser may be.
	byCustomer bool

	// key is the Idempotency-Key, adviser the X-DAR-Adviser, and encoded the body as JSON. They are set by prepare.
	key     string
	adviser string
	encoded []byte
}

// send is perform for callers outside the package. Every error is an *Error.
func send[T any](ctx context.Context, c *Client, op operation) (*T, error) {
	response, err := perform[T](ctx, c, op)
	if err != nil {
		return nil, err
	}

	return response, nil
}

// perform sends the request of an operation and decodes the response. It sends the request again if the operation
// allows that.
func perform[T any](ctx context.Context, c *Client, op operation) (*T, *Error) {
	if err := op.prepare(ctx); err != nil {
		return nil, err
	}

	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()

	refused := "" // the token that the register has refused
	for sent := 0; ; {
		token, authorization, err := c.authorize(ctx, op, refused)
		if err != nil {
			return nil, err
		}

		response := new(T)
		if err = c.attempt(ctx, op, authorization, response); err == nil {
			return response, nil
		}

		// The register does nothing before it returns 401, so even a call that must not be repeated is sent again.
		if err.Status == http.StatusUnauthorized && token != "" && refused == "" {
			refused = token
			continue
		}
		if sent == op.retries || !c.waitToRetry(ctx, op, sent, err) {
			return nil, err
		}

		sent++
	}
}

// prepare encodes the body and checks what can be checked before the request is sent.
func (op *operation) prepare(ctx context.Context) *Error {
	if op.body != nil {
		encoded, err := json.Marshal(op.body)
		if err != nil {
			return op.invalid("the request cannot be encoded") // err may quote a value
		}

		op.encoded = encoded
	}

	if strings.Contains(op.path, refusedSegment) {
		return op.invalid("an identifier is empty, too long or not an identifier")
	}

	if approval, _ := ctx.Value(approvalKey{}).(string); approval != "" && op.method == http.MethodGet {
		op.retries = 0 // the first attempt may have used it
		op.once = true
	}
	if name, given := ctx.Value(adviserKey{}).(string); given && op.byCustomer {
		escaped, ok := escapeAdviser(name)
		if !ok {
			return op.invalid("the name of the adviser is not 1 to 60 characters on one line")
		}

		op.adviser = escaped
	}

	key, given := ctx.Value(idempotencyKey{}).(string)
	if !given || op.method != http.MethodPost && !op.keyed {
		return nil
	}
	if !visibleASCII(key) || len(key) > maxIdempotencyKey {
		return op.invalid("the Idempotency-Key is not 1 to 255 characters of visible ASCII")
	}

	op.key = key
	op.retries = keyedRetries

	return nil
}

// invalid returns the error of a request that cannot be sent.
func (op *operation) invalid(reason string) *Error {
	return &Error{Op: op.name, Status: http.StatusBadRequest, reason: reason}
}

// authorize returns the Authorization header of a request, and the bearer token in it if there is one. The token is
// not the one that the register has refused.
func (c *Client) authorize(ctx context.Context, op operation, refused string) (token, header string, err *Error) {
	if op.authorization != nil {
		return "", *op.authorization, nil
	}

	token, err = c.tokens.bearer(ctx, refused)
	if err != nil {
		return "", "", err.during(op.name)
	}

	return token, "Bearer " + token, nil
}

// waitToRetry waits before a request that has failed with err is sent again. It returns false if it must not be sent
// again.
func (c *Client) waitToRetry(ctx context.Context, op operation, sent int, err *Error) bool {
	if !errors.Is(err, ErrUnavailable) || ctx.Err() != nil {
		return false
	}

	wait := err.RetryAfter
	if wait == 0 {
		wait = c.backoff<<sent + rand.N(c.backoff)
	}
	if wait > longestBackoff {
		return false
	}

	c.logger.WarnContext(ctx, "retry call to register", "operation", op.name, "status", err.Status, "error", err)
	select {
	case <-time.After(wait):
		return true
	case <-ctx.Done():
		return false
	}
}

// refusedSegment is never a result of url.PathEscape.
const refusedSegment = "\x00"

// segment escapes an identifier for a path. An identifier that would change the path makes prepare fail.
func segment(id string) string {
	const longest = 512
	if id == "" || id == "." || id == ".." || len(id) > longest {
		return refusedSegment
	}

	return url.PathEscape(id)
}

// visibleASCII reports whether s is not empty and consists of visible ASCII characters.
func visibleASCII(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}

	return s != ""
}

// setIf sets a query parameter unless its value is empty.
func setIf[S ~string](query url.Values, name string, value S) {
	if value != "" {
		query.Set(name, string(value))
	}
}

// setLimit sets the largest number of rows in the response unless it is 0.
func setLimit(query url.Values, limit int) {
	if limit != 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
}

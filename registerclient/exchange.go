package registerclient

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	userAgent = "dar-registerclient/1"

	// maxResponse is far more than the longest list of a meter point, in bytes. A longer response is an error.
	maxResponse = 32 << 20
)

// attempt sends a request once and decodes its response.
func (c *Client) attempt(ctx context.Context, op operation, authorization string, response any) *Error {
	var body io.Reader
	mediaType := ""
	switch {
	case op.encoded != nil:
		body = bytes.NewReader(op.encoded)
		mediaType = "application/json"
	case op.once:
		// net/http repeats a GET by itself if a kept connection breaks, but not with a body that it cannot rewind. This
		// body is empty, and nothing of it is sent.
		body = io.MultiReader()
	}

	return c.exchange(ctx, c.http, op, body, mediaType, authorization, response)
}

// exchange sends one request with httpClient and decodes its response. The body has mediaType unless that is empty.
func (c *Client) exchange(
	ctx context.Context,
	httpClient *http.Client,
	op operation,
	body io.Reader,
	mediaType, authorization string,
	response any,
) *Error {
	request, err := c.newRequest(ctx, op, body)
	if err != nil {
		return op.invalid("the request cannot be made")
	}
	if mediaType != "" {
		request.Header.Set("Content-Type", mediaType)
	}
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}

	resp, err := httpClient.Do(request)
	if err != nil {
		return networkError(ctx, op.name, err)
	}
	defer resp.Body.Close()

	data, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	if err != nil {
		return networkError(ctx, op.name, err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		refusal := decodeError(op.name, resp.StatusCode, data)
		refusal.RetryAfter = c.retryAfter(resp.Header)
		refusal.Approval = resp.Header.Get(headerApproval)

		return refusal
	}

	return op.decode(resp.StatusCode, data, response)
}

// newRequest returns a request with the headers that do not depend on the body and the credentials.
func (c *Client) newRequest(ctx context.Context, op operation, body io.Reader) (*http.Request, error) {
	address := c.base + op.path
	if len(op.query) > 0 {
		address += "?" + op.query.Encode()
	}

	request, err := http.NewRequestWithContext(ctx, op.method, address, body)
	if err != nil {
		return nil, err
	}

	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", userAgent)
	if op.key != "" {
		request.Header.Set("Idempotency-Key", op.key)
	}
	if op.adviser != "" {
		request.Header.Set("X-DAR-Adviser", op.adviser)
	}
	if id := requestID(ctx); id != "" {
		request.Header.Set("X-Request-ID", id)
	}
	if strings.HasPrefix(op.path, "/admin/") {
		setAdministrator(ctx, request.Header)
	}

	return request, nil
}

// decode decodes the body of a successful response.
func (op *operation) decode(status int, data []byte, response any) *Error {
	switch {
	case len(data) > maxResponse:
		return &Error{Op: op.name, Status: status, reason: "the response is too long"}
	case op.empty && len(data) == 0:
		return nil
	case op.empty || json.Unmarshal(data, response) != nil:
		return &Error{Op: op.name, Status: status, reason: "the response is not what the API describes"}
	}

	return nil
}

// retryAfter reads both forms of the Retry-After header (RFC 9110, 10.2.3).
func (c *Client) retryAfter(header http.Header) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(c.tokens.clock()))
	}

	return 0
}

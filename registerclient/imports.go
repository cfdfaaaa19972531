package registerclient

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
)

// ImportAccessRecords registers many access records at once. Each line of lines is one ImportLine as JSON, at most
// 256 KiB long; all lines together are at most 64 MiB. A line with a mistake is not an error: the response lists it.
//
// The request is streamed and never sent again. Ctx alone limits how long it takes, Options.Timeout does not. The
// caller can repeat a failed import as a whole, because a line that was imported before changes nothing. Lines is not
// closed, and may still be read for a moment after a failure. It returns ErrUnauthorized if the bearer token ended
// early, after which the next call fetches another one, and status 413 if lines is too long.
func (c *Client) ImportAccessRecords(ctx context.Context, lines io.Reader) (*ImportResponse, error) {
	op := operation{name: "import access records", method: http.MethodPost, path: "/access-records/batch"}

	tokenCtx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	token, err := c.tokens.bearer(tokenCtx, "")
	if err != nil {
		return nil, err.during(op.name)
	}

	unlimited := *c.http
	unlimited.Timeout = 0
	source := &watchedReader{from: lines}
	response := new(ImportResponse)
	err = c.exchange(ctx, &unlimited, op, source, "application/x-ndjson", "Bearer "+token, response)
	if err == nil {
		return response, nil
	}

	switch {
	case err.Status == http.StatusUnauthorized:
		c.tokens.forget(token)
	case err.Status == 0 && ctx.Err() == nil && source.failed.Load():
		err.reason = "the lines cannot be read"
	}

	return nil, err
}

// watchedReader records whether its source has failed. It hides the source's Close method, which is the caller's to
// call, and its type, from which net/http would learn how to send it again.
type watchedReader struct {
	from   io.Reader
	failed atomic.Bool
}

// Read implements io.Reader.
func (w *watchedReader) Read(p []byte) (int, error) {
	n, err := w.from.Read(p)
	if err != nil && err != io.EOF {
		w.failed.Store(true)
	}

	return n, err
}

package api

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

const (
	importPath = "/access-records/batch"
	// importIdle is how long an import may wait for its next line.
	importIdle = 30 * time.Second
	// maxImport is how many bytes an import over HTTP may hold.
	maxImport = 64 << 20
)

// IsImport reports whether a request is an import, before it is routed. An import has limits of its own for its size
// and its time.
func IsImport(c echo.Context) bool {
	return c.Request().Method == http.MethodPost && c.Request().URL.Path == BasePath+importPath
}

// importAccessRecords is POST /access-records/batch.
func (a *API) importAccessRecords(c echo.Context) error {
	request := c.Request()
	media, _, err := mime.ParseMediaType(request.Header.Get(echo.HeaderContentType))
	if err != nil || media != "application/x-ndjson" {
		return unsupportedMedia("Send the lines as Content-Type: application/x-ndjson.")
	}
	if request.ContentLength > maxImport {
		return importTooLarge()
	}

	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}

	body := newImportBody(c)
	defer body.extendWriteDeadline()
	if key != "" {
		return a.importOnce(c, body, key)
	}

	response, err := a.importLines(c, body)
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, response)
}

// importLines imports the lines of a body and leaves time to send the response.
func (a *API) importLines(c echo.Context, body *importBody) (registerclient.ImportResponse, error) {
	response, err := a.rules.Import(c.Request().Context(), caller(c), body, nil)
	if err != nil {
		return response, readRefusal(err)
	}

	response.Response = a.metadata(c)
	body.extendWriteDeadline()

	return response, nil
}

// importOnce imports for an Idempotency-Key. An import takes many transactions, so importOnce looks the key up before
// the first line and claims it, with the response, after the last one. Two concurrent imports with one key both read
// their lines; the import reference of each line keeps it from being registered twice.
func (a *API) importOnce(c echo.Context, body *importBody, key string) error {
	ctx := c.Request().Context()
	request := rules.IdempotentRequest{AccountID: caller(c).AccountID, Key: key}
	used, err := a.rules.IsKeyUsed(ctx, request.AccountID, key)
	if err != nil {
		return err
	}
	if used {
		return a.replayImport(c, body, request)
	}

	response, err := a.importLines(c, body)
	if err != nil {
		return err
	}

	request.Hash = body.hash.Sum(nil)
	err = a.store.Transact(ctx, func(tx *store.Tx) error {
		if claimErr := a.rules.ClaimKey(ctx, tx, request); claimErr != nil {
			return claimErr
		}

		return a.rules.KeepResponse(ctx, tx, request, rules.Response{Status: http.StatusOK, Body: response})
	})
	if errors.Is(err, rules.ErrRepeated) {
		return a.replay(c, request)
	}
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, response)
}

// replayImport reads the whole body, to compare it with the first one, and sends the response to the first request with
// this key again.
func (a *API) replayImport(c echo.Context, body *importBody, request rules.IdempotentRequest) error {
	if _, err := io.Copy(io.Discard, body); err != nil {
		return readRefusal(fmt.Errorf("%w: %w", rules.ErrUnreadable, err))
	}

	body.extendWriteDeadline()
	request.Hash = body.hash.Sum(nil)

	return a.replay(c, request)
}

func importTooLarge() *rules.Error {
	return tooLarge("The body is larger than 64 MiB. Send the import in smaller parts.")
}

// readRefusal returns the refusal for a body that could not be read, and every other error as it is.
func readRefusal(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return importTooLarge()
	}
	if errors.Is(err, rules.ErrUnreadable) {
		return rules.Invalid("",
			"The body could not be read to its end. Some lines may have been imported; send the whole body again.")
	}

	return err
}

// importBody reads and hashes the body of an import, up to the size limit. Each line that arrives extends the deadline
// of the next one: a large import may take longer than other requests, but a client that stalls is cut off.
type importBody struct {
	from    io.Reader
	control *http.ResponseController
	hash    hash.Hash
	// lineArrived is true if the last read held the end of a line.
	lineArrived bool
}

func newImportBody(c echo.Context) *importBody {
	// The writer of the connection: echo may reuse its own for another request before the goroutine that reads the body
	// has ended.
	request := c.Request()
	writer := c.Response().Writer
	body := &importBody{
		from:        http.MaxBytesReader(writer, request.Body, maxImport),
		control:     http.NewResponseController(writer),
		hash:        sha256.New(),
		lineArrived: true,
	}
	fmt.Fprintf(body.hash, "%s\n%s\n", request.Method, request.URL.Path)

	return body
}

// Read implements io.Reader.
func (b *importBody) Read(p []byte) (int, error) {
	if b.lineArrived {
		// Some servers, as a test's recorder, have no deadlines.
		_ = b.control.SetReadDeadline(time.Now().Add(importIdle))
	}

	n, err := b.from.Read(p)
	b.hash.Write(p[:n])
	b.lineArrived = bytes.IndexByte(p[:n], '\n') >= 0

	return n, err
}

// extendWriteDeadline leaves time to send the response.
func (b *importBody) extendWriteDeadline() {
	_ = b.control.SetWriteDeadline(time.Now().Add(importIdle))
}

package api

import (
	"context"
	"errors"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
)

const (
	headerIdempotencyKey = "Idempotency-Key"
	headerReplayed       = "Idempotency-Replayed"
	// maxKeyLength is the length of an Idempotency-Key in characters.
	maxKeyLength = 255
)

// write makes a change in one transaction and sends its response. If the caller sent an Idempotency-Key, the response
// is stored in the same transaction; a repetition within 24 hours gets the stored response and changes nothing
// (docs/decisions.md, Idempotency). A refused change leaves no trace, and its key stays unused.
func (a *API) write(c echo.Context, change func(ctx context.Context, tx *store.Tx) (rules.Response, error)) error {
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}

	var response rules.Response
	ctx := c.Request().Context()
	request := rules.IdempotentRequest{AccountID: caller(c).AccountID, Key: key, Hash: requestHash(c)}
	err = a.store.Transact(ctx, func(tx *store.Tx) (err error) {
		if key == "" {
			response, err = change(ctx, tx)

			return err
		}

		if err := a.rules.ClaimKey(ctx, tx, request); err != nil {
			return err
		}
		if response, err = change(ctx, tx); err != nil {
			return err
		}

		return a.rules.KeepResponse(ctx, tx, request, response)
	})
	if errors.Is(err, rules.ErrRepeated) {
		return a.replay(c, request)
	}
	if err != nil {
		return err
	}

	return send(c, response)
}

// idempotencyKey returns the request's Idempotency-Key; empty if it has none.
func idempotencyKey(c echo.Context) (string, error) {
	keys := c.Request().Header.Values(headerIdempotencyKey)
	if len(keys) == 0 {
		return "", nil
	}
	if len(keys) > 1 || !web.IsVisibleASCII(keys[0]) || len(keys[0]) > maxKeyLength {
		return "", rules.Invalid(headerIdempotencyKey, "must be given once, with 1 to 255 visible ASCII characters.")
	}

	return keys[0], nil
}

func send(c echo.Context, response rules.Response) error {
	if response.Location != "" {
		c.Response().Header().Set(echo.HeaderLocation, response.Location)
	}

	return c.JSON(response.Status, response.Body)
}

// replay sends the response to the first request with this key again.
func (a *API) replay(c echo.Context, request rules.IdempotentRequest) error {
	kept, err := a.rules.FindResponse(c.Request().Context(), request)
	if err != nil {
		return err
	}

	if kept.Location != "" {
		c.Response().Header().Set(echo.HeaderLocation, kept.Location)
	}
	c.Response().Header().Set(headerReplayed, "true")

	return sendJSON(c, kept.Status, kept.Body)
}

// sendJSON sends a response that was encoded before, byte for byte as c.JSON sends it.
func sendJSON(c echo.Context, status int, text []byte) error {
	return c.JSONBlob(status, append(text, '\n'))
}

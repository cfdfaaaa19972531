package api

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/rules"
)

// bodyKey is the key of the echo context under which a request's body is kept as it was received.
const bodyKey = "api.body"

// withBody makes a handler that decodes the JSON body strictly before it calls handle.
func withBody[T any](handle func(c echo.Context, in T) error) echo.HandlerFunc {
	return withBodyInto(func() (zero T) { return zero }, handle)
}

// withBodyInto is withBody for a body that is decoded into a value other than its zero value.
func withBodyInto[T any](unread func() T, handle func(c echo.Context, in T) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		in := unread()
		if err := readBody(c, &in); err != nil {
			return err
		}

		return handle(c, in)
	}
}

// withOptionalBody is withBody for a body that a request may leave out, whose zero value handle gets then. Such a
// request needs no content type.
func withOptionalBody[T any](handle func(c echo.Context, in T) error) echo.HandlerFunc {
	read := withBody(handle)

	return func(c echo.Context) error {
		sent := c.Request().Body
		body := bufio.NewReader(sent)
		if _, err := body.Peek(1); errors.Is(err, io.EOF) {
			var none T

			return handle(c, none)
		}

		c.Request().Body = struct {
			io.Reader
			io.Closer
		}{body, sent}

		return read(c)
	}
}

// readBody decodes a JSON body strictly and keeps its bytes for requestHash.
func readBody(c echo.Context, into any) error {
	media, parameters, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if err != nil || media != echo.MIMEApplicationJSON {
		return unsupportedMedia("Send the body as Content-Type: application/json.")
	}
	if charset, ok := parameters["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return unsupportedMedia("Send the body in UTF-8 (RFC 8259).")
	}

	body, err := io.ReadAll(c.Request().Body)
	if err != nil {
		if tooLarge, ok := errors.AsType[*echo.HTTPError](
			err,
		); ok &&
			tooLarge.Code == http.StatusRequestEntityTooLarge {
			return tooLarge
		}

		return rules.Invalid("", "The body could not be read to its end.")
	}

	c.Set(bodyKey, body)

	return rules.DecodeJSON("body", body, into)
}

func unsupportedMedia(message string) *rules.Error {
	return &rules.Error{Kind: rules.KindUnsupportedMediaType, Code: rules.CodeValidation, Message: message}
}

// requestHash distinguishes requests by method, path and body.
func requestHash(c echo.Context) []byte {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%s\n", c.Request().Method, c.Request().URL.Path)

	body, _ := c.Get(bodyKey).([]byte) // none if the operation takes no body
	sum.Write(body)

	return sum.Sum(nil)
}

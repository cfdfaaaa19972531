package handlers

import (
	"context"
	"errors"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
)

const (
	// maxForm is far above the longest form; bytes.
	maxForm = 64 << 10
	// requestTime bounds the longest request, a poll that finds a confirmation: it calls the register twice.
	requestTime = 25 * time.Second
)

// readForm bounds the request's time and size, and reads its form into PostForm.
func (p *portal) readForm(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx, cancel := context.WithTimeout(c.Request().Context(), requestTime)
		defer cancel()

		r := c.Request().WithContext(ctx)
		r.Body = http.MaxBytesReader(c.Response(), r.Body, maxForm)
		c.SetRequest(r)
		if r.Method != http.MethodPost {
			return next(c)
		}

		if !hasForm(r) {
			return echo.ErrUnsupportedMediaType
		}

		if err := r.ParseForm(); err != nil {
			if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
				return echo.ErrStatusRequestEntityTooLarge
			}
			return errEscape // the text of err quotes what was sent
		}

		for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
			if len(r.PostForm[name]) > 1 && !p.mayRepeat(c, name) {
				return &repeatedError{Field: name}
			}
		}

		return next(c)
	}
}

// hasForm reports whether the body is what HTML forms send, or nothing at all.
func hasForm(r *http.Request) bool {
	header := r.Header.Get("Content-Type")
	if header == "" {
		return r.ContentLength == 0
	}

	media, parameters, err := mime.ParseMediaType(header)
	if err != nil || media != "application/x-www-form-urlencoded" {
		return false
	}

	charset, ok := parameters["charset"]

	return !ok || strings.EqualFold(charset, "utf-8")
}

// mayRepeat reports whether the handler itself deals with a field that was sent more than once. What a customer types
// or chooses is asked for again on its own page.
func (p *portal) mayRepeat(c echo.Context, field string) bool {
	switch strings.TrimPrefix(c.Path(), p.Base) {
	case "/meter":
		return field == "number"
	case "/prove":
		return field == "method"
	case "/records/several":
		return field == "record"
	default:
		return false
	}
}

// ownsForm reports whether the posted form came from a page of this session.
func (v *visit) ownsForm(r *http.Request) bool {
	return web.IsMaskOf(r.PostForm.Get("token"), v.FormToken)
}

// singleValue returns the value of a query parameter; empty unless it comes exactly once.
func singleValue(c echo.Context, name string) string {
	values := c.QueryParams()[name]
	if len(values) != 1 {
		return ""
	}

	return values[0]
}

// maxEcho is how much of a text is given back to the customer who typed it; characters.
const maxEcho = 60

// echoed returns a text that a customer typed, fit to be given back: valid characters, and a bounded number of them.
func echoed(typed string) string {
	runes := []rune(strings.ToValidUTF8(typed, ""))
	return string(runes[:min(len(runes), maxEcho)])
}

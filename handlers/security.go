package handlers

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/registerclient"
)

const (
	// maxForm is far above the longest form; bytes.
	maxForm = 64 << 10
	// requestTime bounds the longest request, a poll that finds a confirmation: two calls of the register.
	requestTime = 25 * time.Second

	contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; " +
		"connect-src 'self'; form-action 'self' " + neutralOrigin + "; base-uri 'none'; frame-ancestors 'none'; " +
		"require-trusted-types-for 'script'; trusted-types default"

	permissionsPolicy = "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), " +
		"display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), hid=(), " +
		"identity-credentials-get=(), idle-detection=(), magnetometer=(), microphone=(), midi=(), payment=(), " +
		"picture-in-picture=(), publickey-credentials-create=(), publickey-credentials-get=(), " +
		"screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()"
)

// allowPasskeyForm lets the forms of a page lead on to the register's passkey page, which some browsers hold to the same
// rule as the form's own address (Content Security Policy 3, 6.4.2).
func (p *portal) allowPasskeyForm(c echo.Context) {
	if p.PasskeyOrigin != "" {
		c.Response().Header().Set("Content-Security-Policy",
			strings.Replace(p.contentSecurityPolicy(), "form-action 'self'", "form-action 'self' "+p.PasskeyOrigin, 1))
	}
}

// contentSecurityPolicy lets the embedded pages be framed by the listed origins alone: every ancestor must be one of them,
// not only the nearest (Content Security Policy 3, 6.4.2).
func (p *portal) contentSecurityPolicy() string {
	if p.part != partEmbed {
		return contentSecurityPolicy
	}
	return strings.Replace(
		contentSecurityPolicy,
		"frame-ancestors 'none'",
		"frame-ancestors "+strings.Join(p.FramingOrigins, " "),
		1,
	)
}

// isStatic says that a request is for static.Handler, which compresses and caches on its own.
func isStatic(c echo.Context) bool {
	return strings.HasPrefix(c.Request().URL.Path, base(c)+"/static/")
}

// setHeaders sends what every answer carries, errors included (OWASP ASVS 5.0, V3.4 browser security headers).
func (p *portal) setHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", p.contentSecurityPolicy())
		if !isStatic(c) { // for documents alone, and half a kilobyte on each of their files
			h.Set("Permissions-Policy", permissionsPolicy)
		}

		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		if p.part != partEmbed { // it knows no list of origins
			h.Set("X-Frame-Options", "DENY")
		}

		// Not no-referrer: it makes browsers send "Origin: null" with our own forms, and those without
		// Sec-Fetch-Site (iOS up to 16.3) could then not be told from another site. Nobody else gets one.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if p.Secure {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}

		return next(c)
	}
}

// checkOrigin refuses every form that another site sent.
func (p *portal) checkOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	var protection http.CrossOriginProtection
	return func(c echo.Context) error {
		if err := protection.Check(c.Request()); err != nil {
			return fmt.Errorf("%w: %w", errForbidden, err)
		}
		return next(c)
	}
}

// refuseOptions answers OPTIONS as any other method that a page does not take. Echo would answer 204; no other site
// may call here, which is what OPTIONS asks.
func refuseOptions(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if allowed, ok := c.Get(echo.ContextKeyHeaderAllow).(string); ok {
			c.Set(echo.ContextKeyHeaderAllow, strings.TrimPrefix(allowed, "OPTIONS, "))
			if c.Request().Method == http.MethodOptions {
				return echo.MethodNotAllowedHandler(c)
			}
		}

		return next(c)
	}
}

// readForm bounds the request's time and size, and reads its form: handlers find it in PostForm.
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
		if !sendsForm(r) {
			return echo.ErrUnsupportedMediaType
		}

		if err := r.ParseForm(); err != nil {
			if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
				return echo.ErrStatusRequestEntityTooLarge
			}
			return errEscape // the cause quotes what was sent
		}

		for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
			// What a customer types or chooses is asked for again, on its own page; see answersTwice.
			if len(r.PostForm[name]) > 1 && !answersTwice(c, name) {
				return &repeatedError{Field: name}
			}
		}

		return next(c)
	}
}

// sendsForm reports whether the body is what HTML forms send, or nothing at all.
func sendsForm(r *http.Request) bool {
	header := r.Header.Get("Content-Type")
	if header == "" {
		return r.ContentLength == 0
	}

	media, parameters, err := mime.ParseMediaType(header)
	charset, ok := parameters["charset"]
	return err == nil && media == "application/x-www-form-urlencoded" && (!ok || strings.EqualFold(charset, "utf-8"))
}

// answersTwice says that the page which takes a field answers itself where the field was sent twice.
func answersTwice(c echo.Context, field string) bool {
	return c.Path() == base(c)+"/records/several" && field == "record" ||
		c.Path() == base(c)+"/meter" && field == "number" ||
		c.Path() == base(c)+"/prove" && field == "method"
}

// recoverPanic turns a panic into an error, whose stack goes to the log.
func (p *portal) recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch cause := recover().(type) {
			case nil:
			case error:
				if cause == http.ErrAbortHandler {
					panic(cause)
				}
				err = fmt.Errorf("panic: %w\n%s", cause, debug.Stack())
			default:
				err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
			}
		}()

		return next(c)
	}
}

// logRequest writes one line a request. It names the route and not the address, and no header, form value
// or peer: nothing that could tell who the customer is.
func (p *portal) logRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		// Short enough to be read out over a telephone: 50 random bits, in letters and digits that are not mixed up.
		id := rand.Text()[:10]
		c.Set(requestIDKey, id)
		c.Response().Header().Set("X-Request-ID", id)
		c.SetRequest(c.Request().WithContext(registerclient.WithRequestID(c.Request().Context(), id)))

		err := next(c)
		if err != nil {
			c.Error(err)
		}

		p.Logger.LogAttrs(c.Request().Context(), level(c.Response().Status), "request", append(errorAttrs(err),
			slog.String("method", c.Request().Method),
			slog.String("route", c.Path()),
			slog.Int("status", c.Response().Status),
			slog.Int64("ms", time.Since(began).Milliseconds()),
			slog.String("request-id", id),
		)...)
		return nil
	}
}

// ownsForm reports whether the posted form came from a page of this very session.
func (v *visit) ownsForm(r *http.Request) bool {
	return subtle.ConstantTimeCompare([]byte(r.PostForm.Get("token")), []byte(v.FormToken)) == 1
}

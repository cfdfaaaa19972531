package handlers

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// What handlers answer with, besides the errors of echo and of registerclient.
var (
	errSessionEnded = errors.New("there is no such session, or it has ended")
	errForbidden    = errors.New("the form is not of this session")
	errEscape       = errors.New("the form or the address is not escaped well")
	// errWithdrawalRefused is the register's no to a withdrawal, and errWithdrawalFailed no answer to it.
	errWithdrawalRefused = errors.New("withdrawal refused")
	errWithdrawalFailed  = errors.New("withdrawal failed")
	// errNoDownload is an adviser who would take a customer's list away.
	errNoDownload = errors.New("nothing is downloaded while helping a customer")
	// errTicket is a ticket from a frame that was used, is too old, or never was.
	errTicket = errors.New("there is no such ticket, or it is used up")
)

// repeatedError is a form that holds one field more than once: which of them counts would be a guess. Field is
// the sender's own text.
type repeatedError struct{ Field string }

func (*repeatedError) Error() string { return "the form has a field twice" }

// outcome is what one kind of failure looks like to the customer.
type outcome struct {
	is     error
	status int
	// kind is the page, as in views.ErrorPage, and what the log calls it.
	kind string
}

// A browser that went away gets no page; the log says so, with the status that nginx made customary.
const (
	statusGone = 499
	kindGone   = "gone"
)

// kindTooOften is a limit, of the portal or the register, that the customer must wait for.
const kindTooOften = "too-often"

// outcomes is searched from the top: the first that an error is, counts. What is not here is internal.
var outcomes = []outcome{
	{errSessionEnded, http.StatusForbidden, "session-ended"},
	{errForbidden, http.StatusForbidden, "forbidden"},
	{errEscape, http.StatusBadRequest, "escape"},
	{errWithdrawalRefused, http.StatusConflict, "withdraw-failed"},
	{errWithdrawalFailed, http.StatusServiceUnavailable, "withdraw-failed"},
	{errNoDownload, http.StatusForbidden, "no-download"},
	{errTicket, http.StatusGone, "ticket"},
	{errStale, http.StatusServiceUnavailable, "busy"},
	{registerclient.ErrConflict, http.StatusConflict, "conflict"},
	{registerclient.ErrTooMany, http.StatusTooManyRequests, kindTooOften},
	{registerclient.ErrUnavailable, http.StatusServiceUnavailable, "unavailable"},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, "unavailable"},
	{context.Canceled, statusGone, kindGone},
}

// classify tells what a failure looks like from outside.
func classify(err error) outcome {
	for _, o := range outcomes {
		if errors.Is(err, o.is) {
			return o
		}
	}

	o := outcome{status: http.StatusInternalServerError, kind: "internal"}
	if refused := (*echo.HTTPError)(nil); errors.As(err, &refused) {
		o.status = refused.Code
	}
	if repeated := (*repeatedError)(nil); errors.As(err, &repeated) {
		o.status, o.kind = http.StatusBadRequest, "repeated"
		return o
	}
	if limited := (*tooOftenError)(nil); errors.As(err, &limited) {
		o.status, o.kind = http.StatusTooManyRequests, kindTooOften
		return o
	}

	switch {
	case o.status == http.StatusRequestEntityTooLarge:
		o.kind = "too-long"
	case o.status == http.StatusUnsupportedMediaType:
		o.kind = "media"
	case o.status == http.StatusNotFound:
		o.kind = "not-found"
	case o.status == http.StatusMethodNotAllowed:
		o.kind = "method"
	case o.status < http.StatusInternalServerError:
		o.kind = "invalid"
	}

	return o
}

// retryAfter is how many seconds a browser or a monitor should leave a busy register alone.
const retryAfter = 30 * time.Second

// waitAfter is how long to wait before it can be tried again.
func waitAfter(err error) time.Duration {
	if limited := (*tooOftenError)(nil); errors.As(err, &limited) {
		return limited.Wait
	}
	if refused := (*registerclient.Error)(nil); errors.As(err, &refused) && refused.RetryAfter > 0 {
		return refused.RetryAfter
	}

	return retryAfter
}

// answerError is the one place that answers a failure: a page in plain words, with a reference by which the
// log can be searched. Nothing of the error itself is shown.
func (p *portal) answerError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}

	o := classify(err)
	if o.kind == kindGone {
		c.Response().WriteHeader(o.status)
		return
	}

	wait := int(math.Ceil(waitAfter(err).Seconds()))
	if o.status == http.StatusServiceUnavailable || o.kind == kindTooOften {
		c.Response().Header().Set("Retry-After", strconv.Itoa(wait))
	}
	if c.Request().Header.Get("HX-Request") != "" && o.kind == "session-ended" {
		// A part of a page cannot tell this, a whole page can: the browser is sent to one.
		redirectHTMX(c, "/records")
		return
	}

	// The request's time may be what has run out.
	uncancel(c)
	v, _ := p.find(c) // also an error page lets the customer sign out
	page := views.ErrorPage{Page: p.page(c, v), Kind: o.kind}
	if repeated := (*repeatedError)(nil); errors.As(err, &repeated) {
		page.Field = shown(repeated.Field)
	}
	if o.kind == kindTooOften {
		page.WaitSeconds = wait
		page.Waiting = v != nil && v.Reading == nil && v.Challenge != nil && v.Challenge.State == views.WaitingPending
		page.Proving = v != nil && v.Reading == nil && !page.Waiting
	}

	// The address of a failure may hold anything that somebody typed.
	page.Path = ""
	if c.Path() == base(c)+"/meter" && (o.status >= http.StatusInternalServerError || o.kind == kindTooOften) {
		// The number that was typed in vain is not typed again for the sake of the language.
		page.Resend = resend(c)
	}
	if o.status >= http.StatusInternalServerError || o.status == http.StatusConflict {
		page.Reference = c.Get(requestIDKey).(string)
	}
	if err := render(c, o.status, views.Error(page)); err != nil {
		p.Logger.ErrorContext(c.Request().Context(), "error page", "cause", err)
		c.Response().WriteHeader(http.StatusInternalServerError)
	}
}

const requestIDKey = "request-id"

// level is for whoever is woken by it: what a visitor did wrong is nobody's fault here.
func level(status int) slog.Level {
	switch {
	case status >= http.StatusInternalServerError:
		return slog.LevelError
	default:
		return slog.LevelInfo
	}
}

// errorAttrs tells the log what the page does not. The text of an *registerclient.Error holds nothing
// personal; those of echo quote the request, and are left out.
func errorAttrs(err error) []slog.Attr {
	if err == nil {
		return nil
	}

	o := classify(err)
	attrs := []slog.Attr{slog.String("error", o.kind)}
	if refused := (*echo.HTTPError)(nil); !errors.As(err, &refused) {
		attrs = append(attrs, slog.String("cause", err.Error()))
	}

	return attrs
}

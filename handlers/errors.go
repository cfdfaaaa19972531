package handlers

import (
	"context"
	"errors"
	"math"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/handlers/portaldb"
	"central.consent/dar/internal/web"
	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// What handlers return, beside the errors of echo, portaldb and registerclient.
var (
	errSessionEnded = errors.New("there is no such session, or it has ended")
	errForbidden    = errors.New("the form does not belong to this session")
	errEscape       = errors.New("the form or the address is not escaped correctly")
	// errWithdrawalRefused means that the register refused a withdrawal; errWithdrawalFailed that it did not answer.
	errWithdrawalRefused = errors.New("withdrawal refused")
	errWithdrawalFailed  = errors.New("withdrawal failed")
	// errNoDownload is for an adviser who tries to download a customer's list.
	errNoDownload = errors.New("adviser pages have no downloads")
	// errTicket is for a ticket from a frame that was used, has expired or never existed.
	errTicket = errors.New("no such ticket, or it was used already")
)

// repeatedError is returned for a form that holds one field more than once: it is not clear which of them counts. Field
// is the sender's own text.
type repeatedError struct{ Field string }

func (*repeatedError) Error() string { return "the form has a field twice" }

// tooOftenError is returned if a limit of the portal is reached. Wait is how long until the request can be repeated.
type tooOftenError struct{ Wait time.Duration }

func (*tooOftenError) Error() string { return "a limit of the portal is reached" }

// failure is what one kind of error looks like to the customer.
type failure struct {
	err    error
	status int
	// kind names the page, as in views.ErrorPage. The log names it too.
	kind string
}

// A browser that went away gets no page. The log has the status that nginx introduced for this.
const (
	statusGone = 499
	kindGone   = "gone"
)

const (
	kindSessionEnded = "session-ended"
	// kindTooOften is a limit of the portal or the register.
	kindTooOften = "too-often"
)

// failures is searched from the top: the first entry counts that the error is. An error that is not here is internal.
var failures = []failure{
	{errSessionEnded, http.StatusForbidden, kindSessionEnded},
	{errForbidden, http.StatusForbidden, "forbidden"},
	{errEscape, http.StatusBadRequest, "escape"},
	{errWithdrawalRefused, http.StatusConflict, "withdraw-failed"},
	{errWithdrawalFailed, http.StatusServiceUnavailable, "withdraw-failed"},
	{errNoDownload, http.StatusForbidden, "no-download"},
	{errTicket, http.StatusGone, "ticket"},
	{portaldb.ErrChanged, http.StatusServiceUnavailable, "busy"},
	{registerclient.ErrConflict, http.StatusConflict, "conflict"},
	{registerclient.ErrTooMany, http.StatusTooManyRequests, kindTooOften},
	{registerclient.ErrUnavailable, http.StatusServiceUnavailable, "unavailable"},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, "unavailable"},
	{context.Canceled, statusGone, kindGone},
}

// classify returns what an error looks like from outside.
func classify(err error) failure {
	for _, f := range failures {
		if errors.Is(err, f.err) {
			return f
		}
	}

	if repeated := (*repeatedError)(nil); errors.As(err, &repeated) {
		return failure{err: err, status: http.StatusBadRequest, kind: "repeated"}
	}
	if tooOften := (*tooOftenError)(nil); errors.As(err, &tooOften) {
		return failure{err: err, status: http.StatusTooManyRequests, kind: kindTooOften}
	}
	if refused := (*echo.HTTPError)(nil); errors.As(err, &refused) {
		return failure{err: err, status: refused.Code, kind: kindOfStatus(refused.Code)}
	}

	return failure{err: err, status: http.StatusInternalServerError, kind: "internal"}
}

// kindOfStatus returns the page for an error that is only known by its status.
func kindOfStatus(status int) string {
	switch {
	case status == http.StatusRequestEntityTooLarge:
		return "too-long"
	case status == http.StatusUnsupportedMediaType:
		return "media"
	case status == http.StatusNotFound:
		return "not-found"
	case status == http.StatusMethodNotAllowed:
		return "method"
	case status < http.StatusInternalServerError:
		return "invalid"
	default:
		return "internal"
	}
}

// retryAfter is how long a browser or a monitor should leave a busy register alone.
const retryAfter = 30 * time.Second

// waitAfter returns how long to wait before a request is repeated.
func waitAfter(err error) time.Duration {
	if tooOften := (*tooOftenError)(nil); errors.As(err, &tooOften) {
		return tooOften.Wait
	}
	if refused := (*registerclient.Error)(nil); errors.As(err, &refused) && refused.RetryAfter > 0 {
		return refused.RetryAfter
	}

	return retryAfter
}

// sendError answers every failed request, in this one place: with a page in plain words, and with a reference by which
// the log can be searched. It shows nothing of the error itself.
func (p *portal) sendError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}

	f := classify(err)
	if f.kind == kindGone {
		c.Response().WriteHeader(f.status)
		return
	}

	if f.status == http.StatusServiceUnavailable || f.kind == kindTooOften {
		web.SetRetryAfter(c.Response().Header(), waitAfter(err))
	}
	if f.kind == kindSessionEnded && fromScript(c) {
		// A part of a page has no room for this: the browser is sent to a whole page.
		p.redirectScript(c, "/records")
		return
	}

	ignoreCancel(c) // the request's time may be what has run out
	page := p.errorPage(c, err, f)
	if renderErr := web.Render(c, f.status, views.Error(page)); renderErr != nil {
		p.Logger.ErrorContext(c.Request().Context(), "the error page failed", "error", renderErr)
		c.Response().WriteHeader(http.StatusInternalServerError)
	}
}

func (p *portal) errorPage(c echo.Context, err error, f failure) views.ErrorPage {
	v, _ := p.findVisit(c) // an error page, too, lets the customer sign out
	page := views.ErrorPage{Page: p.page(c, v), Kind: f.kind}
	page.Path = "" // the address of a failed request may hold anything
	if repeated := (*repeatedError)(nil); errors.As(err, &repeated) {
		page.Field = echoed(repeated.Field)
	}

	if f.kind == kindTooOften {
		page.WaitSeconds = int(math.Ceil(waitAfter(err).Seconds()))
		page.Waiting = v != nil && v.isPending()
		page.Proving = v != nil && v.Reading == nil && !page.Waiting
	}

	internal := f.status >= http.StatusInternalServerError
	if c.Path() == p.Base+"/meter" && (internal || f.kind == kindTooOften) {
		// The customer need not type the number again for the sake of the language.
		page.Resend = p.resendForm(c)
	}
	if internal || f.status == http.StatusConflict {
		page.Reference = web.EntryOf(c).RequestID
	}

	return page
}

// ignoreCancel lets a request go on to its end if the browser goes away: what it began at the register must be
// remembered here.
func ignoreCancel(c echo.Context) {
	c.SetRequest(c.Request().WithContext(context.WithoutCancel(c.Request().Context())))
}

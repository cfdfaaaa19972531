package id

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/register/rules"
)

// SendError sends an error as a page in the customer's language. status and refusal are the error as the API would send
// it. A script gets a sentence as JSON.
func (p *Pages) SendError(c echo.Context, err error, status int, refusal *rules.Error) {
	if errors.Is(err, rules.ErrEnded) {
		status = http.StatusGone
	}

	reason, path := endOf(c, err, status, refusal.Kind)
	model := EndPage{Page: p.page(c, "", path), Reason: reason}
	if status >= http.StatusInternalServerError {
		model.Reference = web.EntryOf(c).TransactionID
	}

	var failure error
	if isStep(c) {
		key := "id.passkey.failed"
		if refusal.Kind == rules.KindTooMany {
			key = "id.passkey.busy"
		}
		failure = c.JSON(status, stepResponse{Error: model.Text.T(key)})
	} else {
		failure = web.Render(c, status, End(model))
	}

	if failure != nil {
		p.logger.ErrorContext(c.Request().Context(), "send an error page", slog.Any("error", failure))
	}
}

// endOf returns how an error ends a challenge, and the page on which it does.
func endOf(c echo.Context, err error, status int, kind rules.Kind) (Reason, string) {
	reason := EndFailed
	switch {
	case errors.Is(err, rules.ErrEnded):
		reason = EndDead
	case kind == rules.KindTooMany:
		reason = EndBusy
	case kind == rules.KindNotFound:
		reason = EndNotFound
	case status < http.StatusInternalServerError:
		reason = EndRefused
	}

	path := pathLink
	dead := EndDead
	switch requested := c.Request().URL.Path; {
	case strings.HasPrefix(requested, pathPasskeys+"/"):
		path = pathAssert
		dead = EndPasskeyDead
	case requested == pathLetter, strings.HasPrefix(requested, pathLetter+"/"):
		path = pathLetter
		dead = EndLetterDead
	case requested == pathContacts, strings.HasPrefix(requested, pathContacts+"/"):
		path = pathContacts
		dead = EndContactsDead
	}
	if reason == EndDead {
		reason = dead
	}

	return reason, path
}

// isStep reports whether the script of a passkey page sent the request.
func isStep(c echo.Context) bool {
	path := c.Request().URL.Path

	return c.Request().Method == http.MethodPost &&
		(strings.HasSuffix(path, optionsSuffix) || strings.HasSuffix(path, finishSuffix))
}

// pageOfForm returns the page that a form stands on.
func pageOfForm(c echo.Context) string { return strings.TrimSuffix(c.Path(), declineSuffix) }

// showEnd makes the handler of a page on which a challenge ends.
func (p *Pages) showEnd(path string, reason Reason) echo.HandlerFunc {
	return func(c echo.Context) error {
		href, err := p.contactsHref(c)
		if err != nil {
			return err
		}

		return web.Render(c, http.StatusOK, End(EndPage{
			Page: p.page(c, "", path), Reason: reason, ContactsHref: href,
		}))
	}
}

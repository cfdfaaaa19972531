package id

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/passkey"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/views/i18n"
)

const (
	// maxCeremonyBody is the size of a browser's response, in bytes. An attestation with many certificates has some 10
	// KB.
	maxCeremonyBody = 64 << 10
	// maxPasskeyName is how many characters the name of a passkey may have.
	maxPasskeyName = 50
)

// stepRequest is what the script of a passkey page sends.
type stepRequest struct {
	Form string `json:"form"`
	// Code is the match code, if it is typed on this page.
	Code string `json:"code"`
	// Name is the name of a new passkey.
	Name string `json:"name"`
	// Credential is the browser's response, in the last step.
	Credential jsontext.Value `json:"credential"`
}

// stepResponse is what the script gets: the options for the browser, the next page, or a sentence for the customer.
type stepResponse struct {
	PublicKey jsontext.Value `json:"publicKey,omitempty"`
	Location  string         `json:"location,omitempty"`
	Error     string         `json:"error,omitempty"`
}

// correctable is a mistake that the customer can correct, in a sentence of their language.
type correctable string

// Error returns the sentence.
func (m correctable) Error() string { return string(m) }

var (
	errStepMalformed = fmt.Errorf("%w: the request is malformed", passkey.ErrRefused)
	errStepForeign   = fmt.Errorf("%w: the request is not from the page of this challenge", passkey.ErrRefused)
)

// isRefusal reports whether an error is a refused step, which is audited and counted and told without a cause.
func isRefusal(err error) bool {
	return errors.Is(err, passkey.ErrRefused) || errors.Is(err, rules.ErrEnded) || errors.Is(err, rules.ErrMailed)
}

// step makes the handler of one step of a ceremony. Every refusal looks alike; only a mistake of the customer's is
// told.
func (p *Pages) step(
	permit func(echo.Context) (rules.Permission, error),
	handle func(echo.Context, rules.Permission, stepRequest) (stepResponse, error),
) echo.HandlerFunc {
	return func(c echo.Context) error {
		permission, err := permit(c)
		if err != nil {
			return p.refuseStep(c, permission, err)
		}

		in, err := readStep(c)
		if err != nil {
			return p.refuseStep(c, permission, err)
		}
		if !isOwnForm(in.Form, permission.Secret) {
			return p.refuseStep(c, permission, errStepForeign)
		}

		response, err := handle(c, permission, in)
		if err != nil {
			return p.refuseStep(c, permission, err)
		}

		return c.JSON(http.StatusOK, response)
	}
}

// readStep decodes what the script of a passkey page sends.
func readStep(c echo.Context) (stepRequest, error) {
	var in stepRequest
	media, parameters, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if err != nil || media != echo.MIMEApplicationJSON {
		return in, errStepMalformed
	}
	if charset, ok := parameters["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return in, errStepMalformed
	}

	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, maxCeremonyBody))
	if err != nil {
		return in, errStepMalformed
	}
	if err := rules.DecodeJSON("body", body, &in); err != nil {
		return in, errStepMalformed
	}

	return in, nil
}

// refuseStep audits and counts a refused step, and tells the customer that it failed.
func (p *Pages) refuseStep(c echo.Context, permission rules.Permission, err error) error {
	if mistake, ok := errors.AsType[correctable](err); ok {
		return c.JSON(http.StatusUnprocessableEntity, stepResponse{Error: mistake.Error()})
	}
	if !isRefusal(err) {
		return err
	}

	ctx := c.Request().Context()
	if permission.Found.Challenge != "" {
		if err := p.rules.AuditRefusal(ctx, permission.Found, err); err != nil {
			return err
		}
	}
	if err := p.rules.CountFailure(ctx, c.RealIP()); err != nil {
		return err
	}

	text := p.page(c, permission.Found.Language, pathAssert).Text

	return c.JSON(http.StatusUnprocessableEntity, stepResponse{Error: text.T("id.passkey.refused")})
}

func (p *Pages) beginAssertion(
	c echo.Context, permission rules.Permission, in stepRequest,
) (stepResponse, error) {
	options, err := p.rules.BeginAssertion(c.Request().Context(), permission, in.Code)
	if err != nil {
		return p.codeMistake(c, permission, err)
	}

	return stepResponse{PublicKey: options}, nil
}

func (p *Pages) finishAssertion(
	c echo.Context, permission rules.Permission, in stepRequest,
) (stepResponse, error) {
	result, err := p.rules.FinishAssertion(c.Request().Context(), permission, in.Code, in.Credential)
	if err != nil {
		return p.codeMistake(c, permission, err)
	}

	p.forgetSecret(c, store.SessionSecret)
	p.keepSecret(c, store.VisitSecret, result.Ticket, rules.TicketLife)
	if result.Asks {
		return stepResponse{Location: pathContactsNew}, nil
	}

	return stepResponse{Location: cmp.Or(result.ReturnTo, pathShown)}, nil
}

func (p *Pages) beginEnrolment(
	c echo.Context, permission rules.Permission, in stepRequest,
) (stepResponse, error) {
	text := p.page(c, permission.Found.Language, pathEnrol).Text
	if _, err := readName(text, in.Name); err != nil {
		return stepResponse{}, err
	}

	meter := mail.MeterOf(permission.Found.MPxN)
	key := "id.passkey.account.electricity"
	if meter.Gas {
		key = "id.passkey.account.gas"
	}

	options, err := p.rules.BeginEnrolment(
		c.Request().Context(), permission, in.Code, text.T(key, "Ending", meter.Ending),
	)
	if err != nil {
		return p.codeMistake(c, permission, err)
	}

	return stepResponse{PublicKey: options}, nil
}

func (p *Pages) finishEnrolment(
	c echo.Context, permission rules.Permission, in stepRequest,
) (stepResponse, error) {
	text := p.page(c, permission.Found.Language, pathEnrol).Text
	name, err := readName(text, in.Name)
	if err != nil {
		return stepResponse{}, err
	}

	device := deviceOf(c.Request().UserAgent())
	nameOf := func(created passkey.Passkey) string {
		if name == "" || name == text.T(deviceKey(device)) {
			return text.T(deviceKey(deviceWith(created, device)))
		}

		return name
	}

	result, err := p.rules.FinishEnrolment(c.Request().Context(), permission, in.Code, in.Credential, nameOf)
	if err != nil {
		return p.codeMistake(c, permission, err)
	}

	p.forgetSecret(c, store.SessionSecret)
	p.forgetSecret(c, store.EnrolSecret)

	return stepResponse{Location: cmp.Or(result.ReturnTo, pathEnrolled)}, nil
}

// codeMistake turns a mistake in the match code into a sentence, or into the last page if no attempt is left. It
// returns other errors as they are.
func (p *Pages) codeMistake(c echo.Context, permission rules.Permission, err error) (stepResponse, error) {
	text := p.page(c, permission.Found.Language, pathAssert).Text
	switch {
	case errors.Is(err, rules.ErrCodeMissing):
		return stepResponse{}, correctable(text.T(mistakeEmptyCode))
	case errors.Is(err, rules.ErrCodeMalformed):
		return stepResponse{}, correctable(text.T(mistakeMalformedCode))
	case !errors.Is(err, rules.ErrCodeWrong):
		return stepResponse{}, err
	}

	ctx := c.Request().Context()
	if err := p.rules.CountFailure(ctx, c.RealIP()); err != nil {
		return stepResponse{}, err
	}

	left, err := p.rules.AttemptsLeft(ctx, permission)
	if errors.Is(err, rules.ErrEnded) {
		p.forgetSecret(c, store.SessionSecret)

		return stepResponse{Location: pathPasskeyStopped}, nil
	}
	if err != nil {
		return stepResponse{}, err
	}

	return stepResponse{}, correctable(text.N(mistakeWrongCode, left))
}

// readName returns the name that a customer gives a passkey, without needless spaces.
func readName(text *i18n.Printer, name string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	if utf8.RuneCountInString(name) > maxPasskeyName || !rules.Legible(name) {
		return "", correctable(text.T("id.passkey.error.name"))
	}

	return name, nil
}

package id

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/register/mail"
	"central.consent/dar/register/rules"
)

// The text keys of what can be wrong with the answer to a letter. mistakeForm and mistakeWrongCode are those of a link.
const (
	mistakeEmptyLetterCode     = "id.letter.error.empty"
	mistakeMalformedLetterCode = "id.letter.error.form-of-code"
)

// answerEnds are the pages that follow an answer, and pathsOfEnds their addresses.
var (
	answerEnds = map[rules.LetterKind]map[bool]Reason{
		rules.LetterAddition: {true: EndLetterYes, false: EndLetterNo},
		rules.LetterRemoval:  {false: EndLetterKept},
		rules.LetterReading:  {false: EndLetterFrozen},
		rules.LetterTenancy:  {true: EndLetterHere},
	}
	pathsOfEnds = map[Reason]string{
		EndLetterYes:    pathLetter + "/confirmed",
		EndLetterNo:     pathLetter + "/stopped",
		EndLetterKept:   pathLetter + "/kept",
		EndLetterFrozen: pathLetter + "/frozen",
		EndLetterHere:   pathLetter + "/here",
	}
)

// showLetter is the page behind a letter that can be answered. Like showLink it changes nothing, and the first visit
// moves the secret from the address into a cookie.
func (p *Pages) showLetter(c echo.Context) error {
	if c.QueryParams().Has("token") {
		p.keepSecret(c, letterSecret, c.QueryParam("token"), letterVisit)

		return c.Redirect(http.StatusSeeOther, pathLetter)
	}

	opened, err := p.openLetter(c)
	if err != nil {
		return err
	}

	return web.Render(c, http.StatusOK, Letter(p.letterPage(c, opened)))
}

// openLetter returns the letter whose secret the browser holds.
func (p *Pages) openLetter(c echo.Context) (rules.OpenedLetter, error) {
	opened, err := p.rules.OpenLetter(c.Request().Context(), p.secretOf(c, letterSecret))

	return opened, p.countEnded(c, err)
}

func (p *Pages) letterPage(c echo.Context, opened rules.OpenedLetter) LetterPage {
	meter := mail.MeterOf(opened.MPxN)

	return LetterPage{
		Page:        p.page(c, "", pathLetter),
		Kind:        opened.Kind,
		FormToken:   formToken(opened.Secret),
		Org:         opened.Org,
		Passkey:     opened.Passkey,
		Contact:     opened.Address,
		Gas:         meter.Gas,
		MeterEnding: meter.Ending,
		Written:     opened.Written,
		OpenUntil:   opened.OpenUntil,
		At:          opened.At,
		TriesLeft:   opened.TriesLeft,
	}
}

// renderLetterMistake shows the page of a letter again, with what was wrong with its form.
func (p *Pages) renderLetterMistake(
	c echo.Context, status int, opened rules.OpenedLetter, mistake string,
) error {
	model := p.letterPage(c, opened)
	model.Mistake = mistake

	return web.Render(c, status, Letter(model))
}

// postLetter makes the handler of one of the two answers to a letter.
func (p *Pages) postLetter(yes bool) echo.HandlerFunc {
	return func(c echo.Context) error {
		opened, err := p.openLetter(c)
		if err != nil {
			return err
		}
		if !isOwnForm(c.FormValue("form"), opened.Secret) {
			return p.renderLetterMistake(c, http.StatusForbidden, opened, mistakeForm)
		}

		err = p.rules.AnswerLetter(c.Request().Context(), opened.Secret, rules.LetterAnswer{
			Yes: yes, Code: c.FormValue("code"),
		})
		switch {
		case errors.Is(err, rules.ErrCodeMissing):
			return p.renderLetterMistake(c, http.StatusUnprocessableEntity, opened, mistakeEmptyLetterCode)
		case errors.Is(err, rules.ErrCodeMalformed):
			return p.renderLetterMistake(c, http.StatusUnprocessableEntity, opened, mistakeMalformedLetterCode)
		case errors.Is(err, rules.ErrCodeWrong):
			return p.showWrongLetterCode(c, opened)
		case errors.Is(err, rules.ErrEnded):
			// The letter was answered elsewhere a moment ago: the page tells its state.
			return c.Redirect(http.StatusSeeOther, pathLetter)
		case err != nil:
			return err
		}

		p.forgetSecret(c, letterSecret)

		return c.Redirect(http.StatusSeeOther, pathsOfEnds[answerEnds[opened.Kind][yes]])
	}
}

// showWrongLetterCode shows the page again after a wrong code, or the end of the letter.
func (p *Pages) showWrongLetterCode(c echo.Context, opened rules.OpenedLetter) error {
	ctx := c.Request().Context()
	if err := p.rules.CountFailure(ctx, c.RealIP()); err != nil {
		return err
	}

	again, err := p.rules.OpenLetter(ctx, opened.Secret)
	if errors.Is(err, rules.ErrEnded) {
		end := EndPage{Page: p.page(c, "", pathLetter), Reason: EndLetterWrongCode}

		return web.Render(c, http.StatusGone, End(end))
	}
	if err != nil {
		return err
	}

	return p.renderLetterMistake(c, http.StatusUnprocessableEntity, again, mistakeWrongCode)
}

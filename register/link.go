package register

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/idpages"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// enrolLife is how long after a confirmation a passkey can be enrolled on its strength.
const enrolLife = 10 * time.Minute

// showLink is the page behind a mailed link. It changes nothing, however often and by whomever it is opened. The first
// time the secret is moved from the address into a cookie.
func (s *Register) showLink(c echo.Context) error {
	if c.QueryParams().Has("token") {
		s.keepSecret(c, store.LinkSecret, cut(c.QueryParam("token")), linkLife)
		return c.Redirect(http.StatusSeeOther, pathLink)
	}

	secret, found, account, err := s.openedBy(c, store.LinkSecret)
	if err != nil {
		return s.dead(c, err)
	}

	page := s.linkPage(c, secret, found, account)
	if neverSaysByHand(c) {
		page.ShownCode = shownCode(secret, found)
	}

	return s.renderLink(c, http.StatusOK, page, found)
}

// cut bounds what a cookie is set to.
func cut(secret string) string { return secret[:min(len(secret), 100)] }

// dead counts a link that opens nothing towards the limit of its address.
func (s *Register) dead(c echo.Context, err error) error {
	if !errors.Is(err, errDeadLink) {
		return err
	}
	if _, limited := s.hit(c.Request().Context(), failuresFrom(c)); limited != nil {
		return limited
	}

	return err
}

// shownCode is the code that the page itself shows, to be typed into it: a script that only presses buttons does not
// get past it. It is made from the link's secret, which the register does not keep. It is empty if the challenge has a
// match code, which does the same.
func shownCode(secret string, found store.Reidentification) string {
	if found.MatchCode != nil {
		return ""
	}
	return codeFrom(hashToken("shown code " + secret)[:4])
}

// linkPage is the page behind a mailed link. It shows a code to be typed if the challenge has been softly declined.
func (s *Register) linkPage(
	c echo.Context,
	secret string,
	found store.Reidentification,
	account store.Account,
) idpages.LinkPage {
	page := idpages.LinkPage{
		Page: s.page(
			c,
			found.Language,
			pathLink,
		),
		Asking:    asking(found, account),
		FormToken: formToken(secret),
		Purpose:   idpages.PurposeList,
		MatchCode: found.MatchCode != nil,
		Declined:  found.SoftDeclinedAt != nil,
		TriesLeft: store.WrongCodes - found.WrongCodes,
	}
	if page.Declined {
		page.ShownCode = shownCode(secret, found)
	}

	switch {
	case found.Method == string(registerclient.MethodPasskeyRegister):
		page.Purpose = idpages.PurposePasskey
	case account.Role == string(registerclient.RoleDataUser):
		page.Purpose = idpages.PurposeCustomer
	}

	return page
}

func (s *Register) renderLink(
	c echo.Context,
	status int,
	page idpages.LinkPage,
	found store.Reidentification,
) error {
	s.allowForm(c, found.RedirectURL)
	return renderPage(c, status, idpages.Link(page))
}

// renderMistake shows the page again with what was wrong with its form.
func (s *Register) renderMistake(
	c echo.Context,
	status int,
	secret string,
	found store.Reidentification,
	account store.Account,
	mistake string,
) error {
	page := s.linkPage(c, secret, found, account)
	page.Mistake = mistake
	if !sentByHand(c) {
		page.ShownCode = shownCode(secret, found)
	}

	return s.renderLink(c, status, page, found)
}

var matchCodeForm = regexp.MustCompile(`^[` + matchAlphabet + `]{4}$`)

// readMatchCode reads a code as people type it: in small letters, with spaces, with a dash.
func readMatchCode(text string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(text))
}

// codeMistake is the key of what makes a text no match code at all; empty where it is one.
func codeMistake(code string) string {
	switch {
	case code == "":
		return "id.link.error.empty"
	case !matchCodeForm.MatchString(code):
		return "id.link.error.form-of-code"
	}

	return ""
}

// postLink is the customer's yes (docs/decisions.md, A click is not a confirmation, Match code). A text that has not the
// form of a code is not a try.
func (s *Register) postLink(c echo.Context) error {
	secret, found, account, err := s.openedBy(c, store.LinkSecret)
	if err != nil {
		return s.dead(c, err)
	}
	if !ownsForm(c, secret) {
		return s.renderMistake(c, http.StatusForbidden, secret, found, account, "id.link.error.form")
	}

	want := codeToType(c, secret, found)
	code := ""
	if want != "" {
		code = readMatchCode(c.FormValue("code"))
		if mistake := codeMistake(code); mistake != "" {
			if mistake == "id.link.error.empty" && found.MatchCode == nil {
				mistake = "id.link.error.shown"
			}
			return s.renderMistake(c, http.StatusUnprocessableEntity, secret, found, account, mistake)
		}
	}

	if subtle.ConstantTimeCompare([]byte(code), []byte(want)) != 1 {
		return s.refuseCode(c, secret, found, account)
	}

	ticket := newSecret()
	yes := store.LinkAnswer{
		LinkHash:   found.LinkHash,
		Code:       code,
		TypedShown: found.MatchCode == nil && want != "",
		EnrolHash:  hashToken(ticket),
	}
	confirmed, err := s.confirmByLink(c.Request().Context(), found, yes)
	if err != nil {
		return err
	}
	if !confirmed {
		// The challenge was answered elsewhere a moment ago: the page says how it stands.
		return c.Redirect(http.StatusSeeOther, pathLink)
	}

	s.keepSecret(c, store.LinkSecret, "", 0)

	return s.goOnFromLink(c, found, ticket)
}

// codeToType is the code without which a yes confirms nothing; empty if a press of the button is enough.
func codeToType(c echo.Context, secret string, found store.Reidentification) string {
	switch {
	case found.MatchCode != nil:
		return *found.MatchCode
	case !sentByHand(c) || found.SoftDeclinedAt != nil:
		return shownCode(secret, found)
	}

	return ""
}

// goOnFromLink sends a customer who has confirmed by a link on their way.
func (s *Register) goOnFromLink(c echo.Context, found store.Reidentification, ticket string) error {
	if enrols := found.Method == string(registerclient.MethodPasskeyRegister); found.RedirectURL == nil || enrols {
		s.keepSecret(c, store.EnrolSecret, ticket, enrolLife)
		if enrols {
			return c.Redirect(http.StatusSeeOther, pathEnrol)
		}
		return c.Redirect(http.StatusSeeOther, pathConfirmed)
	}

	location, err := s.wayBack(found, "dar-reid-token", nil)
	if err != nil {
		return err
	}

	return c.Redirect(http.StatusSeeOther, location)
}

func (s *Register) confirmByLink(
	ctx context.Context,
	found store.Reidentification,
	yes store.LinkAnswer,
) (confirmed bool, err error) {
	err = s.store.Transact(ctx, func(tx *store.Tx) (err error) {
		confirmed, err = tx.ConfirmByLink(ctx, yes, s.now())
		if confirmed {
			tx.Audit(s.challengeEvent(found, auditReidentifyConfirmed))
		}
		return err
	})

	return confirmed, err
}

// challengeEvent is what the audit log is told of a customer's answer.
func (s *Register) challengeEvent(found store.Reidentification, eventType string) store.AuditEvent {
	return s.event(found.AccountID, eventType, found.MPxN, "", map[string]any{"method": found.Method, "by": "customer"})
}

// countWrongCode notes a wrong code if the challenge is still open.
func (s *Register) countWrongCode(
	ctx context.Context,
	tx *store.Tx,
	found store.Reidentification,
	now time.Time,
) error {
	counted, err := tx.CountWrongCode(ctx, found.Challenge, now)
	if counted {
		tx.Audit(s.challengeEvent(found, auditReidentifyWrongCode))
	}
	return err
}

// refuseCode counts a wrong code, and shows the page again or the end of the challenge.
func (s *Register) refuseCode(
	c echo.Context,
	secret string,
	found store.Reidentification,
	account store.Account,
) error {
	ctx := c.Request().Context()
	err := s.store.Transact(ctx, func(tx *store.Tx) error { return s.countWrongCode(ctx, tx, found, s.now()) })
	if err != nil {
		return err
	}
	if _, err = s.hit(ctx, failuresFrom(c)); err != nil {
		return err
	}

	found, err = s.store.FindOpenChallenge(ctx, store.LinkSecret, found.LinkHash, s.now())
	if errors.Is(err, store.ErrNotFound) {
		page := idpages.EndPage{Page: s.page(c, "", pathLink), Reason: idpages.EndWrongCode}
		return renderPage(c, http.StatusGone, idpages.End(page))
	}
	if err != nil {
		return err
	}

	return s.renderMistake(c, http.StatusUnprocessableEntity, secret, found, account, "id.link.error.code")
}

// wayBack is the address that the account gave, with the token in this parameter and what else it gets.
func (s *Register) wayBack(found store.Reidentification, parameter string, also map[string]string) (string, error) {
	token, err := s.keys.open(found.KeyID, found.SealedToken, placeOfToken(found.Challenge))
	if err != nil {
		return "", fmt.Errorf("read a token: %w", err)
	}

	query := map[string]string{parameter: string(token)}
	maps.Copy(query, also)
	return withQuery(*found.RedirectURL, query), nil
}

// withQuery adds parameters to an address that may have some.
func withQuery(address string, parameters map[string]string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address // it was checked when it was registered
	}

	query := u.Query()
	for name, value := range parameters {
		query.Set(name, value)
	}

	u.RawQuery = query.Encode()
	return u.String()
}

// postDecline is the customer's "this wasn't me". It is final if the browser says that a person pressed the button.
// Otherwise it counts until the right code is typed, and the browser keeps the link's secret for that.
func (s *Register) postDecline(c echo.Context) error {
	secret, found, account, err := s.openedBy(c, store.LinkSecret)
	if err != nil {
		return s.dead(c, err)
	}
	if !ownsForm(c, secret) {
		return s.renderMistake(c, http.StatusForbidden, secret, found, account, "id.link.error.form")
	}

	final := sentByHand(c)
	if err := s.decline(c.Request().Context(), found, final); err != nil {
		return err
	}

	if final {
		s.keepSecret(c, store.LinkSecret, "", 0)
	}

	return c.Redirect(http.StatusSeeOther, pathDeclined)
}

// decline notes that the customer declined a challenge, for good or until the right code is typed.
func (s *Register) decline(ctx context.Context, found store.Reidentification, final bool) error {
	return s.store.Transact(ctx, func(tx *store.Tx) error {
		decline := tx.SoftDecline
		if final {
			decline = tx.Decline
		}

		declined, err := decline(ctx, found.Challenge, s.now())
		if declined {
			tx.Audit(s.challengeEvent(found, auditReidentifyDeclined))
		}

		return err
	})
}

// showConfirmed tells a customer who has confirmed where to go on, and offers a passkey for the next time.
func (s *Register) showConfirmed(c echo.Context) error {
	found, account, err := s.enrolment(c)
	if err != nil {
		return s.dead(c, err)
	}

	return renderPage(c, http.StatusOK, idpages.Confirmed(idpages.ConfirmedPage{
		Page: s.page(c, found.Language, pathConfirmed), Org: account.DisplayName, PasskeyHref: pathEnrol,
	}))
}

// enrolment finds the challenge on whose strength the browser may enrol a passkey; errDeadLink where there is none.
func (s *Register) enrolment(c echo.Context) (store.Reidentification, store.Account, error) {
	ctx, now := c.Request().Context(), s.now()
	found, err := s.store.FindEnrolment(ctx, hashToken(s.heldSecret(c, store.EnrolSecret)), now.Add(-enrolLife), now)
	if errors.Is(err, store.ErrNotFound) {
		err = errDeadLink
	}
	if err != nil {
		return found, store.Account{}, err
	}

	account, err := s.store.FindAccount(ctx, found.AccountID)
	return found, account, err
}

// showDeclined follows a decline. If the browser still holds the link, the page says how to take the decline back.
func (s *Register) showDeclined(c echo.Context) error {
	reason := idpages.EndDeclined
	_, found, _, err := s.openedBy(c, store.LinkSecret)
	switch {
	case err == nil && found.SoftDeclinedAt != nil:
		reason = idpages.EndSoftDeclined
	case err != nil && !errors.Is(err, errDeadLink):
		return err
	}

	page := idpages.EndPage{Page: s.page(c, "", pathDeclined), Reason: reason}

	return renderPage(c, http.StatusOK, idpages.End(page))
}

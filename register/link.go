package register

import (
	"context"
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

	return s.renderLink(c, http.StatusOK, secret, found, account, "")
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

func (s *Register) renderLink(
	c echo.Context,
	status int,
	secret string,
	found store.Reidentification,
	account store.Account,
	mistake string,
) error {
	s.allowForm(c, found.RedirectURL)
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
		Mistake:   mistake,
		TriesLeft: store.MaxWrongCodes - found.WrongCodes,
	}
	switch {
	case found.Method == string(registerclient.MethodPasskeyRegister):
		page.Purpose = idpages.PurposePasskey
	case account.Role == string(registerclient.RoleDataUser):
		page.Purpose = idpages.PurposeCustomer
	}

	return renderPage(c, status, idpages.Link(page))
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

// postLink is the customer's yes (docs/decisions.md, A click is not a confirmation, Match code). A code that is no code
// is not a try: only a person who was told a wrong one, or guesses, uses one up.
func (s *Register) postLink(c echo.Context) error {
	secret, found, account, err := s.openedBy(c, store.LinkSecret)
	if err != nil {
		return s.dead(c, err)
	}
	if !ownsForm(c, secret) {
		return s.renderLink(c, http.StatusForbidden, secret, found, account, "id.link.error.form")
	}

	code := ""
	if found.MatchCode != nil {
		code = readMatchCode(c.FormValue("code"))
		if mistake := codeMistake(code); mistake != "" {
			return s.renderLink(c, http.StatusUnprocessableEntity, secret, found, account, mistake)
		}
	}

	ticket := newSecret()
	confirmed := false
	err = s.store.Transact(c.Request().Context(), func(tx *store.Tx) (err error) {
		ctx, now := c.Request().Context(), s.now()
		if confirmed, err = tx.ConfirmByLink(ctx, found.LinkHash, code, hashToken(ticket), now); err != nil {
			return err
		}
		if confirmed {
			tx.Audit(s.challengeEvent(found, auditReidentifyConfirmed))
			return nil
		}

		return s.countWrongCode(ctx, tx, found, now)
	})
	if err != nil {
		return err
	}

	if !confirmed {
		if _, err := s.hit(c.Request().Context(), failuresFrom(c)); err != nil {
			return err
		}
		return s.refuseCode(c, secret, account)
	}

	s.keepSecret(c, store.LinkSecret, "", 0)
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

// challengeEvent is what the audit log is told of a customer's answer.
func (s *Register) challengeEvent(found store.Reidentification, eventType string) store.AuditEvent {
	return s.event(found.AccountID, eventType, found.MPxN, "", map[string]any{"method": found.Method, "by": "customer"})
}

// countWrongCode notes a wrong code, where the challenge is still open.
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

// refuseCode shows the page again after a wrong code, or the end of the challenge.
func (s *Register) refuseCode(c echo.Context, secret string, account store.Account) error {
	found, err := s.store.FindOpenChallenge(c.Request().Context(), store.LinkSecret, hashToken(secret), s.now())
	if errors.Is(err, store.ErrNotFound) {
		page := idpages.EndPage{Page: s.page(c, "", pathLink), Reason: idpages.EndWrongCode}
		return renderPage(c, http.StatusGone, idpages.End(page))
	}
	if err != nil {
		return err
	}

	return s.renderLink(c, http.StatusUnprocessableEntity, secret, found, account, "id.link.error.code")
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

// postDecline is the customer's "this wasn't me".
func (s *Register) postDecline(c echo.Context) error {
	secret, found, account, err := s.openedBy(c, store.LinkSecret)
	if err != nil {
		return s.dead(c, err)
	}
	if !ownsForm(c, secret) {
		return s.renderLink(c, http.StatusForbidden, secret, found, account, "id.link.error.form")
	}
	if err := s.decline(c.Request().Context(), found); err != nil {
		return err
	}

	s.keepSecret(c, store.LinkSecret, "", 0)
	return c.Redirect(http.StatusSeeOther, pathDeclined)
}

func (s *Register) decline(ctx context.Context, found store.Reidentification) error {
	return s.store.Transact(ctx, func(tx *store.Tx) error {
		declined, err := tx.Decline(ctx, found.Challenge, s.now())
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

func (s *Register) showDeclined(c echo.Context) error {
	return renderPage(
		c,
		http.StatusOK,
		idpages.End(idpages.EndPage{Page: s.page(c, "", pathDeclined), Reason: idpages.EndDeclined}),
	)
}

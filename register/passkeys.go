package register

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"

	"central.consent/dar/register/idpages"
	"central.consent/dar/register/mail"
	"central.consent/dar/register/passkey"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
	"central.consent/dar/views/i18n"
)

// Where a customer goes after a passkey, unless the account that asks has given an address of its own.
const (
	pathPasskeys        = idPath + "/passkey"
	pathShown           = pathPasskeys + "/confirmed"
	pathEnrolled        = pathPasskeys + "/added"
	pathPasskeyDeclined = pathPasskeys + "/declined"
	pathPasskeyStopped  = pathPasskeys + "/stopped"
)

const (
	kindAssert, kindEnrol = "assert", "register" // of store.Ceremony
	// ceremonyBody is the most that a browser's answer may hold, in bytes. An attestation of many certificates has some 10 KB.
	ceremonyBody = 64 << 10
	// passkeyName is how many characters the name of a passkey may have.
	passkeyName = 50
)

// openPasskeys lets a page use what passkeys need, one of the browser's two functions, and nothing else that runs.
func (s *Register) openPasskeys(c echo.Context, function string) {
	h := c.Response().Header()
	h.Set(echo.HeaderContentSecurityPolicy, pagePolicy+"; form-action 'self'; script-src 'self'; connect-src 'self'; "+
		"require-trusted-types-for 'script'; trusted-types 'none'")
	policy := permissions
	for _, other := range []string{"create", "get"} {
		allowed := "()"
		if other == function {
			allowed = "(self)"
		}
		policy += ", publickey-credentials-" + other + "=" + allowed
	}

	h.Set("Permissions-Policy", policy)
}

// turn is a browser's leave to use a passkey, or to make one.
type turn struct {
	kind string
	// secret is what the browser holds of the challenge found.
	secret  string
	found   store.Reidentification
	account store.Account
	// confirmed says that the customer followed a mailed link a moment ago, for which the browser holds a ticket.
	// Otherwise the passkey itself confirms.
	confirmed bool
	// until is when the leave ends.
	until time.Time
}

// typesCode reports whether the customer types the match code here: where the browser does not go back to the page that
// asks, which would show that it is the same one (docs/decisions.md, Match code).
func (t turn) typesCode() bool {
	return !t.confirmed && t.found.MatchCode != nil && t.found.RedirectURL == nil
}

func (s *Register) assertTurn(c echo.Context) (turn, error) {
	secret, found, account, err := s.openedBy(c, store.SessionSecret)
	if err == nil && found.Method != string(registerclient.MethodPasskeyAssert) {
		err = errDeadLink
	}
	return turn{kind: kindAssert, secret: secret, found: found, account: account, until: found.ConfirmBy.Time()}, err
}

// errMailed is a challenge to enrol that waits for its mailed link: the page alone proves nothing.
var errMailed = errors.New("the challenge waits for its mailed link")

// enrolTurn is the leave to make a passkey. It is given to two alone (docs/decisions.md, Enrolling a passkey): whoever
// has just followed a mailed link, and whom a Data User sends here for a record of its own.
func (s *Register) enrolTurn(c echo.Context) (turn, error) {
	secret, found, account, err := s.openedBy(c, store.SessionSecret)
	if err == nil && found.Method == string(registerclient.MethodPasskeyRegister) {
		if found.LinkHash != nil || !found.OwnRecord {
			return turn{found: found}, errMailed
		}
		return turn{kind: kindEnrol, secret: secret, found: found, account: account, until: found.ConfirmBy.Time()}, nil
	}

	if err != nil && !errors.Is(err, errDeadLink) {
		return turn{}, err
	}
	if found, account, err = s.enrolment(c); err != nil {
		return turn{}, err
	}

	return turn{
		kind: kindEnrol, secret: s.heldSecret(c, store.EnrolSecret), found: found, account: account, confirmed: true,
		until: found.ConfirmedAt.Time().Add(enrolLife),
	}, nil
}

// showAssert is the page on which the customer shows a passkey. As showLink it changes nothing.
func (s *Register) showAssert(c echo.Context) error {
	if c.QueryParams().Has("session") {
		s.keepSecret(c, store.SessionSecret, cut(c.QueryParam("session")), passkeyLife)
		return c.Redirect(http.StatusSeeOther, pathAssert)
	}

	t, err := s.assertTurn(c)
	if err != nil {
		return s.dead(c, err)
	}

	s.openPasskeys(c, "get")
	page := idpages.AssertPage{
		Page: s.page(
			c,
			t.found.Language,
			pathAssert,
		),
		Asking:    asking(t.found, t.account),
		FormToken: formToken(t.secret),
		Purpose:   idpages.PurposeList,
		MatchCode: t.typesCode(),
		BackHref:  cancelled(t.found),
	}
	if t.account.Role == string(registerclient.RoleDataUser) {
		page.Purpose = idpages.PurposeCustomer
	}

	return renderPage(c, http.StatusOK, idpages.Assert(page))
}

// asking is what the pages of a challenge tell of it.
func asking(found store.Reidentification, account store.Account) idpages.Asking {
	meter := mail.MeterOf(found.MPxN)
	return idpages.Asking{
		Org:         account.DisplayName,
		Gas:         meter.Gas,
		MeterEnding: meter.Ending,
		Asked:       found.IssuedAt.Time(),
		Expires:     found.ConfirmBy.Time(),
	}
}

// cancelled is where a customer goes on without a passkey; empty where the account that asks gave no address.
func cancelled(found store.Reidentification) string {
	if found.RedirectURL == nil {
		return ""
	}
	return withQuery(*found.RedirectURL, map[string]string{"dar-action": "cancelled"})
}

// showEnrol is the page on which the customer makes a passkey.
func (s *Register) showEnrol(c echo.Context) error {
	if c.QueryParams().Has("session") {
		s.keepSecret(c, store.SessionSecret, cut(c.QueryParam("session")), passkeyLife)
		return c.Redirect(http.StatusSeeOther, pathEnrol)
	}

	t, err := s.enrolTurn(c)
	if errors.Is(err, errMailed) {
		return renderPage(
			c,
			http.StatusOK,
			idpages.End(idpages.EndPage{Page: s.page(c, t.found.Language, pathEnrol), Reason: idpages.EndMailed}),
		)
	}
	if err != nil {
		return s.dead(c, err)
	}

	there, err := s.occupants(c.Request().Context(), s.store, t.found.MPxN)
	if err != nil {
		return err
	}

	s.openPasskeys(c, "create")
	page := idpages.EnrolPage{
		Page: s.page(
			c,
			t.found.Language,
			pathEnrol,
		),
		Asking:    asking(t.found, t.account),
		FormToken: formToken(t.secret),
		Confirmed: t.confirmed,
		MatchCode: t.typesCode(),
		BackHref:  cancelled(t.found),
	}
	page.Name = page.Text.T("id.passkey.device." + deviceOf(c.Request().UserAgent()))
	if t.confirmed {
		// Without a passkey the customer has confirmed all the same.
		if page.BackHref, err = s.afterTicket(t.found, pathConfirmed); err != nil {
			return err
		}
	}

	for _, has := range there.passkeys {
		page.Passkeys = append(page.Passkeys, idpages.Passkey{Name: has.Name, Added: has.RegisteredAt.Time()})
	}

	return renderPage(c, http.StatusOK, idpages.Enrol(page))
}

// postPasskeyDecline is the customer's "this wasn't me" on either page. It is final in every browser: the address of
// these pages is never mailed, so no mail scanner comes here.
func (s *Register) postPasskeyDecline(c echo.Context) error {
	secret, found, _, err := s.openedBy(c, store.SessionSecret)
	if err != nil {
		return s.dead(c, err)
	}
	if !ownsForm(c, secret) {
		return c.Redirect(http.StatusSeeOther, pageOf(c)) // where the question stands as it is now
	}
	if err := s.decline(c.Request().Context(), found, true); err != nil {
		return err
	}

	s.keepSecret(c, store.SessionSecret, "", 0)
	return c.Redirect(http.StatusSeeOther, pathPasskeyDeclined)
}

// stepRequest is what the script of a passkey page sends.
type stepRequest struct {
	Form string `json:"form"`
	// Code is the match code, where it is typed.
	Code string `json:"code"`
	// Name is what a new passkey is to be called.
	Name string `json:"name"`
	// Credential is the browser's answer, to finish with.
	Credential jsontext.Value `json:"credential"`
}

// stepAnswer is what it gets: the question for the browser, the way on, or what the customer is told.
type stepAnswer struct {
	PublicKey jsontext.Value `json:"publicKey,omitempty"`
	Location  string         `json:"location,omitempty"`
	Error     string         `json:"error,omitempty"`
}

// mistake is what a customer can put right, in their own words.
type mistake string

func (m mistake) Error() string { return string(m) }

func refusedFor(why string) error { return fmt.Errorf("%w: %s", passkey.ErrRefused, why) }

// step makes a handler of one step of a ceremony. Whatever is not right is refused alike, counted and noted; only what
// the customer typed is told by itself.
func (s *Register) step(
	leave func(echo.Context) (turn, error),
	take func(echo.Context, turn, stepRequest) (stepAnswer, error),
) echo.HandlerFunc {
	return func(c echo.Context) error {
		t, err := leave(c)
		if err != nil {
			return s.refuseStep(c, t, err)
		}

		var in stepRequest
		c.Request().Body = http.MaxBytesReader(c.Response(), c.Request().Body, ceremonyBody)
		if err := decode(c, &in); err != nil {
			return s.refuseStep(c, t, refusedFor("the request is malformed"))
		}
		if subtle.ConstantTimeCompare([]byte(in.Form), []byte(formToken(t.secret))) != 1 {
			return s.refuseStep(c, t, refusedFor("the request is not from the page of this challenge"))
		}

		answer, err := take(c, t, in)
		if err != nil {
			return s.refuseStep(c, t, err)
		}

		return c.JSON(http.StatusOK, answer)
	}
}

func (s *Register) refuseStep(c echo.Context, t turn, err error) error {
	if typed, ok := errors.AsType[mistake](err); ok {
		return c.JSON(http.StatusUnprocessableEntity, stepAnswer{Error: typed.Error()})
	}
	if !errors.Is(err, passkey.ErrRefused) && !errors.Is(err, errDeadLink) && !errors.Is(err, errMailed) {
		return err
	}

	if t.found.Challenge != "" {
		event := s.event(
			t.found.AccountID,
			auditCredentialRefused,
			t.found.MPxN,
			"",
			map[string]any{"method": t.found.Method, "by": "customer", "why": err.Error()},
		)
		if err := s.audit(c.Request().Context(), event); err != nil {
			return err
		}
	}

	if _, err := s.hit(c.Request().Context(), failuresFrom(c)); err != nil {
		return err
	}

	text := s.page(c, t.found.Language, pathAssert).Text
	return c.JSON(http.StatusUnprocessableEntity, stepAnswer{Error: text.T("id.passkey.refused")})
}

// question keeps a ceremony for its end, and answers what the browser is asked.
func (s *Register) question(
	c echo.Context,
	t turn,
	ask func(life time.Duration) (passkey.Ceremony, error),
) (stepAnswer, error) {
	ctx, now := c.Request().Context(), s.now()
	life := min(passkeyLife, t.until.Sub(now))
	asked, err := ask(life)
	if err != nil {
		return stepAnswer{}, err
	}

	var wait time.Duration
	err = s.store.Transact(ctx, func(tx *store.Tx) (err error) {
		wait, err = tx.Hit(
			ctx,
			store.Limit{Bucket: "ceremony " + t.found.Challenge, Most: ceremoniesOfChallenge, Within: perChallenge},
			s.clock(),
		)
		if err != nil || wait > 0 {
			return err
		}

		return tx.InsertCeremony(ctx, store.Ceremony{
			ChallengeHash: hashToken(
				asked.Challenge,
			),
			TokenHash: t.found.TokenHash,
			Kind:      t.kind,
			Session:   asked.Session,
			ExpiresAt: store.Millis(now.Add(life)),
		}, now)
	})
	if err == nil && wait > 0 {
		err = refusedFor("the browser was asked too often")
	}

	return stepAnswer{PublicKey: jsontext.Value(asked.Options)}, err
}

// taken ends the ceremony that an answer belongs to: it works once, on whichever replica, and for its own challenge.
func (s *Register) taken(ctx context.Context, t turn, answer []byte) (passkey.Ceremony, error) {
	challenge := passkey.ChallengeOf(answer)
	kept, err := s.store.TakeCeremony(ctx, hashToken(challenge), t.found.TokenHash, t.kind, s.now())
	if errors.Is(err, store.ErrNotFound) {
		err = refusedFor("nobody asked for this answer, or not any more")
	}

	return passkey.Ceremony{Challenge: challenge, Session: kept.Session}, err
}

func (s *Register) beginAssertion(c echo.Context, t turn, in stepRequest) (stepAnswer, error) {
	if stopped, err := s.checkCode(c, t, in.Code); err != nil || stopped.Location != "" {
		return stopped, err
	}
	return s.question(c, t, s.passkeys.BeginAssertion)
}

// finishAssertion takes a passkey that is shown. It confirms where its person is on record at the meter point today.
func (s *Register) finishAssertion(c echo.Context, t turn, in stepRequest) (stepAnswer, error) {
	ctx := c.Request().Context()
	if err := formOfCode(s.page(c, t.found.Language, pathAssert).Text, t, in.Code); err != nil {
		return stepAnswer{}, err
	}

	asked, err := s.taken(ctx, t, in.Credential)
	if err != nil {
		return stepAnswer{}, err
	}

	there, err := s.mayShow(ctx, s.store, t.found)
	if err != nil {
		return stepAnswer{}, err
	}

	var shown store.Credential
	used, err := s.passkeys.FinishAssertion(asked, in.Credential, func(id, userHandle []byte) (passkey.Passkey, bool) {
		i := slices.IndexFunc(there, func(has store.Credential) bool {
			return slices.Equal(has.WebAuthnID, id) && slices.Equal(has.UserHandle, userHandle)
		})
		if i < 0 {
			return passkey.Passkey{}, false
		}

		shown = there[i]
		return passkeyOf(shown), true
	})
	if err != nil {
		return stepAnswer{}, err
	}

	var answer stepAnswer
	wrong := false
	copied := false
	err = s.store.Transact(ctx, func(tx *store.Tx) (err error) {
		// What was found above may have gone since, with its person.
		there, err := s.mayShow(ctx, tx, t.found)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(
			there,
			func(has store.Credential) bool { return has.CredentialID == shown.CredentialID },
		) {
			return refusedFor("its person has gone")
		}

		counted, err := tx.UseCredential(ctx, shown.CredentialID, used.SignCount, used.Flags, s.now())
		if err != nil {
			return err
		}
		if !counted {
			copied = true
			return s.forgetCopied(ctx, tx, t.found, shown)
		}

		tx.Audit(s.credentialEvent(t.found, shown, auditCredentialUsed))
		answer.Location, wrong, err = s.confirmByPasskey(ctx, tx, t, in.Code, pathShown)
		return err
	})
	if copied {
		err = refusedFor("its counter says that there is a copy")
	}
	if err != nil {
		return stepAnswer{}, err
	}
	if wrong {
		return s.wrongCode(c, t)
	}

	s.keepSecret(c, store.SessionSecret, "", 0)
	return answer, nil
}

// forgetCopied forgets a passkey of which there is a copy: nobody can say which of the two is the customer's, and the
// one that is behind would only have to try until it has caught up.
func (s *Register) forgetCopied(
	ctx context.Context,
	tx *store.Tx,
	found store.Reidentification,
	credential store.Credential,
) error {
	if _, err := tx.DeleteCredential(ctx, credential.IR, credential.CredentialID); err != nil {
		return err
	}

	tx.Audit(s.credentialEvent(found, credential, auditCredentialRemoved))
	record, err := tx.FindIdentityRecord(ctx, credential.IR)
	if err != nil {
		return err
	}

	return s.tellOfPasskey(ctx, tx, record, credential, found.Language, mail.PasskeyRemoved)
}

// mayShow lists the passkeys that confirm a challenge: those of all who are on record at the meter point, or of the one
// record that its own Data User asks by.
func (s *Register) mayShow(
	ctx context.Context,
	from occupantReader,
	found store.Reidentification,
) ([]store.Credential, error) {
	there, err := s.occupants(ctx, from, found.MPxN)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(
		there.passkeys,
		func(has store.Credential) bool { return found.OwnRecord && has.IR != found.IR },
	), nil
}

func passkeyOf(c store.Credential) passkey.Passkey {
	return passkey.Passkey{
		ID:         c.WebAuthnID,
		UserHandle: c.UserHandle,
		PublicKey:  c.PublicKey,
		AAGUID:     c.AAGUID,
		SignCount:  c.SignCount,
		Flags:      c.Flags,
		Transports: c.Transports.V,
	}
}

// confirmByPasskey confirms an open challenge, and answers where the browser goes on to: here where the account that asks
// gave no address. Where it is to come back to where it started, that page completes the challenge. Wrong says that the
// typed code is; then it is counted and nothing is confirmed.
func (s *Register) confirmByPasskey(
	ctx context.Context,
	tx *store.Tx,
	t turn,
	typed, here string,
) (location string, wrong bool, err error) {
	now := s.now()
	found, err := tx.FindOpenChallenge(ctx, store.SessionSecret, t.found.SessionHash, now)
	if errors.Is(err, store.ErrNotFound) {
		err = refusedFor("the challenge has ended")
	}
	if err != nil {
		return "", false, err
	}
	if t.typesCode() && !isCode(typed, found) {
		return "", true, s.countWrongCode(ctx, tx, found, now)
	}

	var completion []byte
	back := map[string]string{}
	if found.MatchCode != nil && !t.typesCode() {
		code := newSecret()
		completion, back["dar-completion-code"] = hashToken(code), code
	}

	confirmed, err := tx.ConfirmByPasskey(ctx, found.Challenge, completion, now)
	if err != nil {
		return "", false, err
	}
	if !confirmed {
		return "", false, refusedFor("the challenge has ended")
	}
	if completion == nil {
		tx.Audit(s.challengeEvent(found, auditReidentifyConfirmed))
	}
	if found.RedirectURL == nil {
		return here, false, nil
	}

	location, err = s.wayBack(found, "dar-passkey-token", back)
	return location, false, err
}

func isCode(typed string, found store.Reidentification) bool {
	return subtle.ConstantTimeCompare([]byte(readMatchCode(typed)), []byte(*found.MatchCode)) == 1
}

// formOfCode refuses a typed code that is none, which is not a try.
func formOfCode(text *i18n.Printer, t turn, typed string) error {
	if !t.typesCode() {
		return nil
	}
	if key := codeMistake(readMatchCode(typed)); key != "" {
		return mistake(text.T(key))
	}

	return nil
}

// checkCode looks at the typed code before the device asks for a finger. What counts is looked at again in the end.
func (s *Register) checkCode(c echo.Context, t turn, typed string) (stepAnswer, error) {
	if err := formOfCode(s.page(c, t.found.Language, pathAssert).Text, t, typed); err != nil {
		return stepAnswer{}, err
	}
	if !t.typesCode() || isCode(typed, t.found) {
		return stepAnswer{}, nil
	}

	ctx := c.Request().Context()
	err := s.store.Transact(ctx, func(tx *store.Tx) error { return s.countWrongCode(ctx, tx, t.found, s.now()) })
	if err != nil {
		return stepAnswer{}, err
	}

	return s.wrongCode(c, t)
}

// wrongCode tells the customer that the code was wrong, or that it was so once too often.
func (s *Register) wrongCode(c echo.Context, t turn) (stepAnswer, error) {
	ctx := c.Request().Context()
	if _, err := s.hit(ctx, failuresFrom(c)); err != nil {
		return stepAnswer{}, err
	}

	found, err := s.store.FindOpenChallenge(ctx, store.SessionSecret, t.found.SessionHash, s.now())
	if errors.Is(err, store.ErrNotFound) {
		s.keepSecret(c, store.SessionSecret, "", 0)
		return stepAnswer{Location: pathPasskeyStopped}, nil
	}
	if err != nil {
		return stepAnswer{}, err
	}

	return stepAnswer{}, mistake(
		s.page(c, found.Language, pathAssert).Text.N("id.link.error.code", store.WrongCodes-found.WrongCodes),
	)
}

// readName reads the name that a customer gives a passkey.
func readName(text *i18n.Printer, name string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	if utf8.RuneCountInString(name) > passkeyName || !allLegible(name) {
		return "", mistake(text.T("id.passkey.error.name"))
	}
	return name, nil
}

func (s *Register) beginEnrolment(c echo.Context, t turn, in stepRequest) (stepAnswer, error) {
	text := s.page(c, t.found.Language, pathEnrol).Text
	if _, err := readName(text, in.Name); err != nil {
		return stepAnswer{}, err
	}
	if stopped, err := s.checkCode(c, t, in.Code); err != nil || stopped.Location != "" {
		return stopped, err
	}

	there, err := s.occupants(c.Request().Context(), s.store, t.found.MPxN)
	if err != nil {
		return stepAnswer{}, err
	}

	has := make([]passkey.Passkey, len(there.passkeys))
	for i, credential := range there.passkeys {
		has[i] = passkeyOf(credential)
	}

	name := text.T("id.passkey.account."+meterWord(t.found.MPxN), "Ending", mail.MeterOf(t.found.MPxN).Ending)
	return s.question(c, t, func(life time.Duration) (passkey.Ceremony, error) {
		return s.passkeys.BeginEnrolment(there.userHandle(), name, has, life)
	})
}

func meterWord(mpxn string) string {
	if mail.MeterOf(mpxn).Gas {
		return "gas"
	}
	return "electricity"
}

// userHandle is the one under which a person's authenticators keep their passkeys. Without a passkey it is a new one.
func (o occupants) userHandle() []byte {
	if len(o.passkeys) > 0 {
		return o.passkeys[0].UserHandle
	}

	handle := make([]byte, 32)
	rand.Read(handle)
	return handle
}

// finishEnrolment keeps a passkey that was made, and tells everybody on record of it.
func (s *Register) finishEnrolment(c echo.Context, t turn, in stepRequest) (stepAnswer, error) {
	ctx := c.Request().Context()
	text := s.page(c, t.found.Language, pathEnrol).Text
	name, err := readName(text, in.Name)
	if err != nil {
		return stepAnswer{}, err
	}
	if err := formOfCode(text, t, in.Code); err != nil {
		return stepAnswer{}, err
	}

	asked, err := s.taken(ctx, t, in.Credential)
	if err != nil {
		return stepAnswer{}, err
	}

	made, err := s.passkeys.FinishEnrolment(asked, in.Credential)
	if err != nil {
		return stepAnswer{}, err
	}
	if suggested := deviceOf(c.Request().UserAgent()); name == "" || name == text.T("id.passkey.device."+suggested) {
		name = text.T("id.passkey.device." + deviceWith(made, suggested))
	}

	credential := store.Credential{
		CredentialID: newID(
			"cred",
		),
		IR:           t.found.IR,
		WebAuthnID:   made.ID,
		UserHandle:   made.UserHandle,
		PublicKey:    made.PublicKey,
		AAGUID:       made.AAGUID,
		SignCount:    made.SignCount,
		Flags:        made.Flags,
		Name:         name,
		Transports:   store.JSON[[]string]{V: made.Transports},
		RegisteredAt: store.Millis(s.now()),
	}
	var answer stepAnswer
	wrong := false
	err = s.store.Transact(ctx, func(tx *store.Tx) (err error) {
		answer.Location, wrong, err = s.enrol(ctx, tx, t, credential, in.Code)
		return err
	})
	if errors.Is(err, store.ErrConflict) {
		err = refusedFor("it is known already")
	}
	if err != nil {
		return stepAnswer{}, err
	}
	if wrong {
		return s.wrongCode(c, t)
	}

	s.keepSecret(c, store.SessionSecret, "", 0)
	s.keepSecret(c, store.EnrolSecret, "", 0)
	return answer, nil
}

// enrol keeps a passkey under the identity record of its challenge, as long as its person lives there. The ticket for
// it is spent, or the challenge is confirmed by it.
func (s *Register) enrol(
	ctx context.Context,
	tx *store.Tx,
	t turn,
	credential store.Credential,
	typed string,
) (location string, wrong bool, err error) {
	record, err := tx.FindIdentityRecord(ctx, credential.IR)
	if err != nil {
		return "", false, err
	}

	now := s.now()
	since, err := tx.TenancySince(ctx, t.found.MPxN, now)
	if err != nil {
		return "", false, err
	}

	answers, err := tx.CanAnswer(ctx, record.IR, now)
	if err != nil {
		return "", false, err
	}
	if !answers || *record.MoveInDate < since {
		return "", false, refusedFor("its person has gone")
	}

	if t.confirmed {
		if location, err = s.spendTicket(ctx, tx, t.found); err != nil {
			return "", false, err
		}
	} else if location, wrong, err = s.confirmByPasskey(ctx, tx, t, typed, pathEnrolled); err != nil || wrong {
		return "", wrong, err
	}

	if err := tx.InsertCredential(ctx, credential); err != nil {
		return "", false, err
	}

	tx.Audit(s.credentialEvent(t.found, credential, auditCredentialCreated))
	return location, false, s.tellOfPasskey(ctx, tx, record, credential, t.found.Language, mail.PasskeyAdded)
}

func (s *Register) spendTicket(
	ctx context.Context,
	tx *store.Tx,
	found store.Reidentification,
) (location string, err error) {
	spent, err := tx.EndEnrolment(ctx, found.Challenge)
	if err != nil {
		return "", err
	}
	if !spent {
		return "", refusedFor("the ticket has been used")
	}

	return s.afterTicket(found, pathEnrolled)
}

// afterTicket is where a customer who has confirmed goes from the page that offers a passkey: back to whoever asked for
// one to be made, else here.
func (s *Register) afterTicket(found store.Reidentification, here string) (string, error) {
	if found.Method == string(registerclient.MethodPasskeyRegister) && found.RedirectURL != nil {
		return s.wayBack(found, "dar-passkey-token", nil)
	}
	return here, nil
}

// credentialEvent is what the audit log is told of a passkey.
func (s *Register) credentialEvent(
	found store.Reidentification,
	credential store.Credential,
	eventType string,
) store.AuditEvent {
	return s.event(
		found.AccountID,
		eventType,
		found.MPxN,
		"",
		map[string]any{
			"method":     found.Method,
			"by":         "customer",
			"ir":         credential.IR,
			"credential": credential.CredentialID,
		},
	)
}

// tellOfPasskey writes to everybody on record with the person whose passkey came or went: one of them may know that it
// was somebody else. An earlier occupant's passkey is told to that occupant alone. A person who is still to move in, or
// is on record with a Data User that is suspended or terminated, gets no letter.
func (s *Register) tellOfPasskey(
	ctx context.Context,
	tx *store.Tx,
	record store.IdentityRecord,
	credential store.Credential,
	language string,
	letter func(mail.PasskeyDetails) mail.Message,
) error {
	there, err := s.occupants(ctx, tx, *record.MPxN)
	if err != nil {
		return err
	}

	records := there.records
	if !slices.ContainsFunc(records, func(r store.IdentityRecord) bool { return r.IR == record.IR }) {
		answers, err := tx.CanAnswer(ctx, record.IR, s.now())
		if err != nil || !answers {
			return err
		}

		records = []store.IdentityRecord{record}
	}

	told := map[string]bool{}
	for _, r := range records {
		if r.SealedEmail == nil {
			continue
		}

		email, err := s.emailOf(r)
		if err != nil {
			return err
		}
		if told[strings.ToLower(email)] {
			continue
		}

		told[strings.ToLower(email)] = true
		err = s.queueMail(ctx, tx, "passkey", email, nil, letter(mail.PasskeyDetails{
			Language: language, Meter: mail.MeterOf(*record.MPxN), Device: credential.Name, At: s.now(),
		}))
		if err != nil {
			return err
		}
	}

	return nil
}

// devices are told apart by what their browsers say of themselves, in this order: an Android phone says Linux as well.
var devices = []struct{ mark, device string }{
	{
		"iPhone",
		"iphone",
	},
	{"iPad", "ipad"},
	{"Android", "android"},
	{"CrOS", "chromebook"},
	{"Windows", "windows"},
	{"Macintosh", "mac"},
	{"Linux", "linux"},
}

// deviceOf is the key of what a browser runs on, as people call it.
func deviceOf(userAgent string) string {
	for _, known := range devices {
		if strings.Contains(userAgent, known.mark) {
			if known.device == "android" && !strings.Contains(userAgent, "Mobile") {
				return "tablet"
			}
			return known.device
		}
	}

	return "other"
}

// deviceWith is the key of where a passkey is that a browser on this device had made.
func deviceWith(made passkey.Passkey, device string) string {
	within := slices.Contains(made.Transports, "internal") || slices.Contains(made.Transports, "hybrid")
	switch {
	case len(made.Transports) > 0 && !within:
		return "key"
	case made.Elsewhere && slices.Contains(made.Transports, "hybrid"):
		return "phone" // which read a code off this device's screen
	}

	return device
}

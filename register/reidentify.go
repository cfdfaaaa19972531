package register

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
	"central.consent/dar/views/i18n"
)

// The lives of a challenge (docs/decisions.md, Token times).
const (
	linkLife    = 15 * time.Minute
	passkeyLife = 5 * time.Minute
	// returnLife is how long a browser may take from the passkey back to the page that asked for it.
	returnLife = time.Minute
	// tokenLife is how long after its issue a confirmed token can be used.
	tokenLife = time.Hour
)

// Challenge is one request to a customer to confirm who they are.
type Challenge struct {
	// Account asks; its display name is what the customer is told.
	Account store.Account
	MPxN    string
	Method  registerclient.Method
	// Record is the identity record that answers.
	Record store.IdentityRecord
	// Own says that Record alone can answer: its own Data User asks.
	Own bool
	// Mailed says that the customer gets a link.
	Mailed bool
	// ReturnURL is where the customer goes afterwards; nil for the register's own last page.
	ReturnURL *string
	// MatchCode says that the customer must type a code which only the starting page shows.
	MatchCode bool
	// Language is "en", "cy" or empty.
	Language string
}

// reidentify is POST /identity-records/reidentify.
func (s *Register) reidentify(c echo.Context) error {
	var in registerclient.ReidentifyRequest
	if err := knownQuery(c); err != nil {
		return err
	}
	if err := decode(c, &in); err != nil {
		return err
	}

	account := caller(c)
	var k checks
	mpxn, err := meterPoint("mpxn", in.MPxN)
	if err != nil {
		k.wrong = append(k.wrong, refusals(err)...)
	}

	returnURL := k.asking(account, in.Method, in.RedirectURL, in.PasskeyReturnURL, in.Language)
	if err := k.err(); err != nil {
		return err
	}
	if err := s.limitStarts(c); err != nil {
		return err
	}

	return s.post(c, func(ctx context.Context, tx *store.Tx) (answer, error) {
		occupants, err := s.occupants(ctx, tx, mpxn)
		if err != nil {
			return answer{}, err
		}

		record, err := occupants.answering(in.Method)
		if err != nil {
			return answer{}, err
		}

		return s.ask(c, tx, Challenge{
			Account:   account,
			MPxN:      mpxn,
			Method:    in.Method,
			Record:    *record,
			Mailed:    in.Method != registerclient.MethodPasskeyAssert,
			ReturnURL: returnURL,
			MatchCode: in.MatchCode,
			Language:  in.Language,
		})
	})
}

// asking checks by which method a customer is to be asked, and answers where they go afterwards: the return URL of
// that method, which must be registered.
func (k *checks) asking(
	account store.Account,
	method registerclient.Method,
	redirectURL, passkeyReturnURL *string,
	language string,
) *string {
	if language != "" {
		oneOf(k, "language", language, i18n.Languages()...)
	}

	known := []registerclient.Method{
		registerclient.MethodMagicLink,
		registerclient.MethodPasskeyAssert,
		registerclient.MethodPasskeyRegister,
	}
	oneOf(k, "method", method, known...)
	if !slices.Contains(known, method) {
		return nil // which return URL belongs to it cannot be told
	}

	used := passkeyReturnURL
	usedField := "passkey-return-url"
	unused := redirectURL
	unusedField := "redirect-url"
	if method == registerclient.MethodMagicLink {
		used, usedField, unused, unusedField = unused, unusedField, used, usedField
	}
	if unused != nil {
		k.add(unusedField, "does not belong to this method.")
	}
	if used != nil && !slices.Contains(account.ReturnURLs.V, *used) {
		k.add(usedField, "is not one of the account's registered return URLs.")
	}

	return used
}

// ask starts a challenge and answers what the account that asks is told of it.
func (s *Register) ask(c echo.Context, tx *store.Tx, challenge Challenge) (answer, error) {
	body, err := s.start(c.Request().Context(), tx, challenge)
	if err != nil {
		return answer{}, err
	}

	body.Response = s.metadata(c)
	return answer{status: http.StatusOK, body: body}, nil
}

// reidentifyOwn is POST /identity-records/{ir}/re-identify: by one record that the caller owns. Its passkeys can be
// enrolled without a mailed link, for the caller answers for the customer (docs/decisions.md, Enrolling a passkey).
func (s *Register) reidentifyOwn(c echo.Context) error {
	var in registerclient.ReidentifyOwnRequest
	if err := knownQuery(c); err != nil {
		return err
	}
	if err := decode(c, &in); err != nil {
		return err
	}

	account := caller(c)
	var k checks
	returnURL := k.asking(account, in.Method, in.RedirectURL, in.PasskeyReturnURL, in.Language)
	if err := k.err(); err != nil {
		return err
	}
	if err := s.limitStarts(c); err != nil {
		return err
	}

	return s.post(c, func(ctx context.Context, tx *store.Tx) (answer, error) {
		record, err := tx.FindOwnIdentityRecord(ctx, account.AccountID, c.Param("ir"))
		if err != nil {
			return answer{}, missing(err, noIdentityRecord())
		}
		if record.AnonymisedAt != nil {
			return answer{}, &Error{
				Kind:    Conflict,
				Code:    codeConflict,
				Message: "This identity record has been anonymised: nobody can be asked by it.",
			}
		}

		since, err := tx.TenancySince(ctx, *record.MPxN, s.now())
		if err != nil {
			return answer{}, err
		}
		if *record.MoveInDate < since {
			return answer{}, &Error{
				Kind:    Conflict,
				Code:    codeConflict,
				Message: "This identity record is an earlier occupant's, who can no longer confirm.",
			}
		}

		if *record.MoveInDate > store.LondonDay(s.now(), 0) {
			return answer{}, &Error{
				Kind:    Conflict,
				Code:    codeConflict,
				Message: "The move-in date of this identity record is still to come: it answers from that day.",
			}
		}

		if in.Method != registerclient.MethodPasskeyRegister {
			passkeys, err := tx.ListCredentials(ctx, []string{record.IR})
			if err != nil {
				return answer{}, err
			}
			if _, err := (occupants{[]store.IdentityRecord{record}, passkeys}).answering(in.Method); err != nil {
				return answer{}, err
			}
		}

		return s.ask(c, tx, Challenge{
			Account:   account,
			MPxN:      *record.MPxN,
			Method:    in.Method,
			Record:    record,
			Own:       true,
			Mailed:    in.Method == registerclient.MethodMagicLink,
			ReturnURL: returnURL,
			MatchCode: in.MatchCode,
			Language:  in.Language,
		})
	})
}

func placeOfToken(challenge string) string { return "reidentifications.sealed_token " + challenge }

// start records a challenge, and queues the mail that puts it to the customer. Every secret that it makes is kept only as
// a hash, but for the token-ref where the customer takes it back to the account, which is sealed. A stub asks nobody, and
// the challenge is confirmed at once.
func (s *Register) start(
	ctx context.Context,
	tx *store.Tx,
	challenge Challenge,
) (registerclient.ReidentifyResponse, error) {
	if !s.stub {
		if err := s.limitCustomer(ctx, tx, challenge); err != nil {
			return registerclient.ReidentifyResponse{}, err
		}
	}

	now, token, sealer := s.now(), newID("mlr"), s.keys.sealer()
	life := passkeyLife
	if challenge.Mailed {
		life = linkLife
	}

	row := store.Reidentification{
		Challenge: newID(
			"chl",
		),
		TokenHash:   hashToken(token),
		AccountID:   challenge.Account.AccountID,
		MPxN:        challenge.MPxN,
		IR:          challenge.Record.IR,
		Method:      string(challenge.Method),
		OwnRecord:   challenge.Own,
		RedirectURL: challenge.ReturnURL,
		Language:    challenge.Language,
		KeyID:       sealer.id,
		IssuedAt:    store.Millis(now),
		ConfirmBy:   store.Millis(now.Add(life)),
	}
	if challenge.ReturnURL != nil {
		row.SealedToken = sealer.sealed([]byte(token), placeOfToken(row.Challenge))
	}

	answer := registerclient.ReidentifyResponse{Method: challenge.Method}
	if challenge.MatchCode {
		answer.MatchCode = newMatchCode()
		row.MatchCode = &answer.MatchCode
	}

	if challenge.Method == registerclient.MethodMagicLink {
		email, err := s.emailOf(challenge.Record)
		if err != nil {
			return registerclient.ReidentifyResponse{}, err
		}

		answer.MagicLink = &registerclient.MagicLink{
			DispatchedTo: maskedEmail(
				email,
			),
			ExpiresAt:   now.Add(life),
			TokenRef:    token,
			RedirectURL: challenge.ReturnURL,
		}
	} else {
		page := pathAssert
		session := newID("pks")
		if challenge.Method == registerclient.MethodPasskeyRegister {
			page = pathEnrol
		}

		row.SessionHash = hashToken(session)
		answer.Passkey = &registerclient.PasskeyRedirect{
			RedirectURL: s.publicURL + page + "?session=" + session,
			TokenRef:    token,
			ExpiresAt:   now.Add(life),
			ReturnURL:   challenge.ReturnURL,
		}
	}

	switch {
	case s.stub:
		row.ConfirmedAt = &row.IssuedAt
	case challenge.Mailed:
		secret := newSecret()
		row.LinkHash = hashToken(secret)
		if err := s.mailLink(ctx, tx, challenge, secret, row); err != nil {
			return registerclient.ReidentifyResponse{}, err
		}
	}

	tx.Audit(s.event(row.AccountID, auditReidentifyStarted, row.MPxN, "", map[string]any{"method": row.Method}))
	return answer, tx.InsertReidentification(ctx, row)
}

// emailOf is the address of an identity record that has one.
func (s *Register) emailOf(record store.IdentityRecord) (string, error) {
	email, err := s.keys.open(record.KeyID, record.SealedEmail, placeOfEmail(record.IR))
	if err != nil {
		return "", fmt.Errorf("read the address of an identity record: %w", err)
	}
	return string(email), nil
}

// mailLink queues the letter with the link, whose worth ends with the challenge.
func (s *Register) mailLink(
	ctx context.Context,
	tx *store.Tx,
	challenge Challenge,
	secret string,
	row store.Reidentification,
) error {
	email, err := s.emailOf(challenge.Record)
	if err != nil {
		return err
	}

	purpose := mail.ShowList
	switch {
	case challenge.Method == registerclient.MethodPasskeyRegister:
		purpose = mail.SetUpPasskey
	case challenge.Account.Role == string(registerclient.RoleDataUser):
		purpose = mail.KnowCustomer
	}

	return s.queueMail(ctx, tx, subjectLink, email, new(row.ConfirmBy.Time()), mail.MagicLink(mail.LinkDetails{
		Language:  challenge.Language,
		Org:       challenge.Account.DisplayName,
		Purpose:   purpose,
		Meter:     mail.MeterOf(challenge.MPxN),
		Link:      s.publicURL + pathLink + "?token=" + secret,
		Asked:     row.IssuedAt.Time(),
		Expires:   row.ConfirmBy.Time(),
		MatchCode: challenge.MatchCode,
	}))
}

// matchAlphabet has 32 symbols that are not mistaken for each other when read aloud or copied.
const matchAlphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// newMatchCode makes the four characters that tie the starting page to the customer's own page.
func newMatchCode() string {
	random := make([]byte, 4)
	rand.Read(random)
	return codeFrom(random)
}

// codeFrom writes bytes in the match alphabet.
func codeFrom(random []byte) string {
	code := make([]byte, len(random))
	for i, b := range random {
		code[i] = matchAlphabet[int(b)%len(matchAlphabet)]
	}

	return string(code)
}

// reidentificationStatus is GET /identity-records/reidentify/{tokenRef}. A token that another account started
// answers as one that does not exist (docs/decisions.md, Scope of every read).
func (s *Register) reidentificationStatus(c echo.Context) error {
	if err := knownQuery(c); err != nil {
		return err
	}

	found, err := s.store.FindReidentification(
		c.Request().Context(),
		hashToken(c.Param("tokenRef")),
		caller(c).AccountID,
	)
	if err != nil {
		return missing(err, notFound("There is no such re-identification."))
	}

	return s.answerStatus(c, found)
}

// completeReidentification is POST /identity-records/reidentify/{tokenRef}/complete: the browser that showed a passkey has
// come back to where it was asked for it.
func (s *Register) completeReidentification(c echo.Context) error {
	var in registerclient.CompleteReidentificationRequest
	if err := knownQuery(c); err != nil {
		return err
	}
	if err := decode(c, &in); err != nil {
		return err
	}

	var k checks
	if k.required("completion-code", in.CompletionCode, 100); k.err() != nil {
		return k.err()
	}

	account := caller(c).AccountID
	token := hashToken(c.Param("tokenRef"))
	return s.post(c, func(ctx context.Context, tx *store.Tx) (answer, error) {
		found, err := tx.FindReidentification(ctx, token, account)
		if err != nil {
			return answer{}, missing(err, notFound("There is no such re-identification."))
		}

		now := s.now()
		code := hashToken(in.CompletionCode)
		done, err := tx.CompleteReidentification(ctx, token, account, code, now.Add(-returnLife), now)
		if err != nil {
			return answer{}, err
		}

		again := found.ConfirmedAt != nil && subtle.ConstantTimeCompare(found.CompletionHash, code) == 1
		if !done && !again {
			return answer{}, &Error{
				Kind:    Unprocessable,
				Code:    codeState,
				Field:   "completion-code",
				Message: "does not complete this challenge.",
			}
		}

		at := store.OptionalTime(found.ConfirmedAt)
		if done {
			at = &now
			tx.Audit(s.event(account, auditReidentifyConfirmed, found.MPxN, "", map[string]any{"method": found.Method}))
		}

		return answer{status: http.StatusOK, body: registerclient.ReidentifyStatusResponse{
			Response: s.metadata(
				c,
			),
			Method:      registerclient.Method(found.Method),
			Status:      registerclient.StatusConfirmed,
			ConfirmedAt: at,
		}}, nil
	})
}

// ownReidentificationStatus is GET /identity-records/{ir}/re-identify/{tokenRef}: of a challenge that the caller
// started on a record of its own.
func (s *Register) ownReidentificationStatus(c echo.Context) error {
	if err := knownQuery(c); err != nil {
		return err
	}

	ctx := c.Request().Context()
	account := caller(c).AccountID
	record, err := s.store.FindOwnIdentityRecord(ctx, account, c.Param("ir"))
	if err != nil {
		return missing(err, noIdentityRecord())
	}

	unknown := notFound("There is no such re-identification of this record.")
	found, err := s.store.FindReidentification(ctx, hashToken(c.Param("tokenRef")), account)
	if err != nil {
		return missing(err, unknown)
	}
	if found.IR != record.IR {
		return unknown
	}

	return s.answerStatus(c, found)
}

// answerStatus says how far a challenge has come. Where the record behind it can no longer answer for the people at
// the meter point, it has run out.
func (s *Register) answerStatus(c echo.Context, found store.Reidentification) error {
	answer := registerclient.ReidentifyStatusResponse{
		Response: s.metadata(c),
		Method:   registerclient.Method(found.Method),
	}
	now := s.now()
	outlived, err := s.store.FindOutlived(c.Request().Context(), found.TokenHash, now)
	if err != nil {
		return err
	}

	switch {
	case outlived.Anonymised || outlived.EarlierOccupant, outlived.CannotAnswer && found.ConfirmedAt == nil:
		answer.Status = registerclient.StatusExpired
	case found.SoftDeclinedAt != nil:
		answer.Status, answer.Reason = registerclient.StatusExpired, "declined"
	case found.BurntByCodes():
		answer.Status, answer.Reason = registerclient.StatusExpired, "wrong-code"
	case found.DeclinedAt != nil:
		answer.Status, answer.Reason = registerclient.StatusExpired, "declined"
	case found.ConfirmedAt != nil && now.Before(found.IssuedAt.Time().Add(tokenLife)):
		answer.Status, answer.ConfirmedAt = registerclient.StatusConfirmed, store.OptionalTime(found.ConfirmedAt)
	case found.ConfirmedAt == nil && found.AssertedAt == nil && now.Before(found.ConfirmBy.Time()),
		found.ConfirmedAt == nil && found.AssertedAt != nil && now.Before(found.AssertedAt.Time().Add(returnLife)):
		answer.Status = registerclient.StatusPending
	default:
		answer.Status = registerclient.StatusExpired
	}

	return c.JSON(http.StatusOK, answer)
}

// tokenFault says why a token that did not do its work did not. A token that is unknown, of another account
// or for another meter point answers in one way.
func (s *Register) tokenFault(ctx context.Context, tx *store.Tx, token string, accountID, mpxn string) error {
	refused := &Error{
		Kind:    Forbidden,
		Code:    codeRefused,
		Field:   "reidentification-token",
		Message: "does not open this meter point.",
	}
	found, err := tx.FindReidentification(ctx, hashToken(token), accountID)
	if err != nil {
		return missing(err, refused)
	}

	switch {
	case found.MPxN != mpxn:
	case found.DeclinedAt != nil || found.ConfirmedAt == nil:
		refused.Message = "has not been confirmed by the customer."
	case !s.now().Before(found.IssuedAt.Time().Add(tokenLife)):
		refused.Message = "was issued more than an hour ago."
	case found.ConsumedAt != nil:
		refused = &Error{
			Kind:    Conflict,
			Code:    codeConflict,
			Field:   refused.Field,
			Message: "has been used: each reading takes a new confirmation.",
		}
	}

	return refused
}

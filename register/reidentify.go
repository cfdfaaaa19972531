package register

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
	"github.com/labstack/echo/v4"
)

// The lives of a challenge (docs/decisions.md, Token times).
const (
	linkLife    = 15 * time.Minute
	passkeyLife = 5 * time.Minute
	// tokenLife is how long after its issue a confirmed token can be used.
	tokenLife = time.Hour
)

// Challenge is one request to a customer to confirm who they are.
type Challenge struct {
	// Account asks; its display name is what the customer is told.
	Account store.Account
	MPxN    string
	Method  registerclient.Method
	// IR is the identity record that answers.
	IR string
	// ReturnURL is where the customer goes afterwards; nil for the register's own last page.
	ReturnURL *string
	// MatchCode says that the customer must type a code which only the starting page shows.
	MatchCode bool
}

// Reidentification is how customers are asked. It is the one seam between what the register records of a
// challenge and what reaches the customer.
type Reidentification interface {
	// Ask puts the challenge to the customer, within the transaction that records it. It answers true where
	// the customer counts as confirmed at once.
	Ask(ctx context.Context, tx *store.Tx, challenge Challenge) (confirmed bool, err error)
	// Stubbed reports that nobody is really asked.
	Stubbed() bool
}

// Stub confirms everybody at once and asks nobody: for demonstrations on a loopback address.
type Stub struct{}

// Ask implements Reidentification.
func (Stub) Ask(context.Context, *store.Tx, Challenge) (bool, error) { return true, nil }

// Stubbed implements Reidentification.
func (Stub) Stubbed() bool { return true }

// Live asks the real customer. It does not yet: it refuses every challenge, and says so.
type Live struct{}

// Ask implements Reidentification.
func (Live) Ask(context.Context, *store.Tx, Challenge) (bool, error) {
	return false, &Error{Kind: NotImplemented, Code: codeUnclassified, Message: "This register cannot ask customers to confirm yet: it has no mail and no passkeys."}
}

// Stubbed implements Reidentification.
func (Live) Stubbed() bool { return false }

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
	oneOf(&k, "method", in.Method, registerclient.MethodMagicLink, registerclient.MethodPasskeyAssert, registerclient.MethodPasskeyRegister)
	returnURL := in.RedirectURL
	unused, unusedField := in.PasskeyReturnURL, "passkey-return-url"
	if in.Method != registerclient.MethodMagicLink {
		returnURL, unused, unusedField = in.PasskeyReturnURL, in.RedirectURL, "redirect-url"
	}
	if unused != nil {
		k.add(unusedField, "does not belong to this method.")
	}
	if returnURL != nil && !slices.Contains(account.ReturnURLs.V, *returnURL) {
		field := "redirect-url"
		if unusedField == field {
			field = "passkey-return-url"
		}
		k.add(field, "is not one of the account's registered return URLs.")
	}
	if err := k.err(); err != nil {
		return err
	}
	ctx := c.Request().Context()
	occupants, err := s.occupants(ctx, mpxn)
	if err != nil {
		return err
	}
	record, err := occupants.answering(in.Method)
	if err != nil {
		return err
	}
	var answer registerclient.ReidentifyResponse
	err = s.store.Transact(ctx, func(tx *store.Tx) error {
		answer, err = s.start(ctx, tx, Challenge{
			Account: account, MPxN: mpxn, Method: in.Method, IR: record.IR, ReturnURL: returnURL, MatchCode: in.MatchCode,
		})
		return err
	})
	if err != nil {
		return err
	}
	if answer.MagicLink != nil {
		email, err := s.keys.open(record.KeyID, record.SealedEmail, placeOfEmail(record.IR))
		if err != nil {
			return fmt.Errorf("read the address of an identity record: %w", err)
		}
		answer.MagicLink.DispatchedTo = maskedEmail(string(email))
	}
	answer.Response = s.metadata(c)
	return c.JSON(http.StatusOK, answer)
}

// start records a challenge and asks the customer. The token-ref that it answers is kept only as a hash.
func (s *Register) start(ctx context.Context, tx *store.Tx, challenge Challenge) (registerclient.ReidentifyResponse, error) {
	confirmed, err := s.reidentification.Ask(ctx, tx, challenge)
	if err != nil {
		return registerclient.ReidentifyResponse{}, fmt.Errorf("ask the customer to confirm: %w", err)
	}
	now, token := s.now(), newID("mlr")
	life := passkeyLife
	if challenge.Method == registerclient.MethodMagicLink {
		life = linkLife
	}
	row := store.Reidentification{
		TokenHash: hashToken(token), AccountID: challenge.Account.AccountID, MPxN: challenge.MPxN, IR: challenge.IR,
		Method: string(challenge.Method), RedirectURL: challenge.ReturnURL, IssuedAt: store.Millis(now), ConfirmBy: store.Millis(now.Add(life)),
	}
	if confirmed {
		row.ConfirmedAt = &row.IssuedAt
	}
	answer := registerclient.ReidentifyResponse{Method: challenge.Method}
	if challenge.MatchCode {
		answer.MatchCode = newMatchCode()
		row.MatchCode = &answer.MatchCode
	}
	if challenge.Method == registerclient.MethodMagicLink {
		answer.MagicLink = &registerclient.MagicLink{ExpiresAt: now.Add(life), TokenRef: token, RedirectURL: challenge.ReturnURL}
	} else {
		page := "/id/passkey/assert?session="
		if challenge.Method == registerclient.MethodPasskeyRegister {
			page = "/id/passkey/register?session="
		}
		answer.Passkey = &registerclient.PasskeyRedirect{
			RedirectURL: s.publicURL + page + newID("pks"), TokenRef: token, ExpiresAt: now.Add(life), ReturnURL: challenge.ReturnURL,
		}
	}
	return answer, tx.InsertReidentification(ctx, row)
}

// matchAlphabet has 32 symbols that are not mistaken for each other when read aloud or copied.
const matchAlphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// newMatchCode makes the four characters that tie the starting page to the customer's own page.
func newMatchCode() string {
	code := make([]byte, 4)
	rand.Read(code)
	for i := range code {
		code[i] = matchAlphabet[int(code[i])%len(matchAlphabet)]
	}
	return string(code)
}

// reidentificationStatus is GET /identity-records/reidentify/{tokenRef}. A token that another account started
// answers as one that does not exist (docs/decisions.md, Scope of every read).
func (s *Register) reidentificationStatus(c echo.Context) error {
	if err := knownQuery(c); err != nil {
		return err
	}
	ctx := c.Request().Context()
	found, err := s.store.FindReidentification(ctx, hashToken(c.Param("tokenRef")), caller(c).AccountID)
	if err != nil {
		return missing(err, notFound("There is no such re-identification."))
	}
	answer := registerclient.ReidentifyStatusResponse{Response: s.metadata(c), Method: registerclient.Method(found.Method)}
	now := s.now()
	switch {
	case found.DeclinedAt != nil:
		answer.Status, answer.Reason = registerclient.StatusExpired, "declined"
	case found.ConfirmedAt != nil && now.Before(found.IssuedAt.Time().Add(tokenLife)):
		answer.Status, answer.ConfirmedAt = registerclient.StatusConfirmed, store.OptionalTime(found.ConfirmedAt)
	case found.ConfirmedAt == nil && now.Before(found.ConfirmBy.Time()):
		answer.Status = registerclient.StatusPending
	default:
		answer.Status = registerclient.StatusExpired
	}
	return c.JSON(http.StatusOK, answer)
}

// tokenFault says why a token that did not do its work did not. A token that is unknown, of another account
// or for another meter point answers in one way.
func (s *Register) tokenFault(ctx context.Context, tx *store.Tx, token string, accountID, mpxn string) error {
	refused := &Error{Kind: Forbidden, Code: codeRefused, Field: "reidentification-token", Message: "does not open this meter point."}
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
		refused = &Error{Kind: Conflict, Code: codeConflict, Field: refused.Field, Message: "has been used: each reading takes a new confirmation."}
	}
	return refused
}

package rules

import (
	"context"
	"errors"

	"central.consent/dar/register/store"
)

// passkeyAnswer is the passkey with which a customer confirms.
type passkeyAnswer struct {
	// shown is the passkey that was shown; nil if one was enrolled.
	shown *store.Credential
	// typedCode is what the customer typed; empty if no code is typed on the passkey page.
	typedCode string
	// asks is true if the customer is asked something before the browser goes back.
	asks bool
}

// confirmByPasskey confirms an open challenge and returns the address to which the browser goes. If the browser is to
// return to the page from which it came, the challenge is completed only by the code that it brings back. If the
// customer is asked something before, ReturnFromVisit makes that code. It returns errCodeCounted if the typed code is
// wrong: the attempt is counted, and the transaction must be committed.
func (r *Rules) confirmByPasskey(
	ctx context.Context, tx *store.Tx, permission Permission, answer passkeyAnswer,
) (returnTo string, err error) {
	now := r.Now()
	found, err := tx.HoldOpenChallenge(ctx, store.SessionSecret, permission.Found.SessionHash, now)
	if errors.Is(err, store.ErrNotFound) {
		err = refuse("the challenge has ended")
	}
	if err != nil {
		return "", err
	}
	if err := r.checkTypedCode(ctx, tx, permission, found, answer.typedCode); err != nil {
		return "", err
	}

	if err := identifyPasskey(ctx, tx, &found, answer.shown); err != nil {
		return "", err
	}

	var completion []byte
	query := map[string]string{}
	if found.MatchCode != nil && !permission.TypesCode() {
		if answer.asks {
			asked, err := tx.AskAfterPasskey(ctx, found, now.Add(TicketLife), now)

			return "", endedUnless(asked, err)
		}

		code := NewSecret()
		completion = HashToken(code)
		query[completionParameter] = code
	}

	confirmed, err := tx.ConfirmByPasskey(ctx, found, completion, now)
	if err := endedUnless(confirmed, err); err != nil {
		return "", err
	}
	if completion == nil {
		tx.Audit(r.challengeEvent(found, auditReidentifyConfirmed))
		if err := r.recordConfirmation(ctx, tx, found); err != nil {
			return "", err
		}
	}
	if found.RedirectURL == nil {
		return "", nil
	}

	return r.returnAddress(found, passkeyTokenParameter, query)
}

// endedUnless refuses a passkey for a challenge that could not be changed, because it has ended.
func endedUnless(changed bool, err error) error {
	if err == nil && !changed {
		return refuse("the challenge has ended")
	}

	return err
}

// checkTypedCode checks the match code if it is typed on the passkey page. It returns errCodeCounted if it is wrong.
func (r *Rules) checkTypedCode(
	ctx context.Context, tx *store.Tx, permission Permission, found store.Reidentification, typed string,
) error {
	if !permission.TypesCode() {
		return nil
	}

	code, err := parseCode(typed)
	if err != nil {
		return err
	}
	if sameCode(code, *found.MatchCode) {
		return nil
	}
	if err := r.countWrongCode(ctx, tx, found); err != nil {
		return err
	}

	return errCodeCounted
}

// errCodeCounted reports that a wrong code was counted in the transaction, which must be committed.
var errCodeCounted = errors.New("a wrong code was counted")

// commitCounted runs a transaction that may count a wrong code: it commits the count and returns ErrCodeWrong.
func (r *Rules) commitCounted(ctx context.Context, change func(tx *store.Tx) error) error {
	wrong := false
	err := r.store.Transact(ctx, func(tx *store.Tx) error {
		err := change(tx)
		if errors.Is(err, errCodeCounted) {
			wrong = true

			return nil
		}

		return err
	})
	if err == nil && wrong {
		return ErrCodeWrong
	}

	return err
}

// identifyPasskey makes a challenge that of the contact and the identity record of the passkey that was shown; nil if
// none was.
func identifyPasskey(
	ctx context.Context, tx *store.Tx, found *store.Reidentification, shown *store.Credential,
) error {
	if shown == nil {
		return nil
	}

	contacts, err := tx.ListContactsOf(ctx, []string{shown.IR})
	if err != nil {
		return err
	}

	for _, c := range contacts {
		if c.CredentialID != nil && *c.CredentialID == shown.CredentialID {
			found.IR = c.IR
			found.Contact = &c.ID

			return nil
		}
	}

	return refuse("the passkey is no contact any more")
}

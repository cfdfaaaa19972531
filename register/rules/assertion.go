package rules

import (
	"context"
	"errors"
	"slices"

	"central.consent/dar/register/passkey"
	"central.consent/dar/register/store"
)

// BeginAssertion starts the ceremony in which the customer shows a passkey. It returns the options for the browser, as
// JSON, or the errors of CheckPasskeyCode.
func (r *Rules) BeginAssertion(ctx context.Context, permission Permission, typedCode string) ([]byte, error) {
	if err := r.CheckPasskeyCode(ctx, permission, typedCode); err != nil {
		return nil, err
	}

	return r.beginCeremony(ctx, permission, r.passkeys.BeginAssertion)
}

// StubbedAssertion returns the challenge of a passkey page that a stub has confirmed without it, and the address to
// which the customer goes back, empty if the account gave none. It returns ErrEnded if the register is no stub.
func (r *Rules) StubbedAssertion(
	ctx context.Context,
	session string,
) (found store.Reidentification, back string, err error) {
	if !r.stub {
		return found, "", ErrEnded
	}

	opened, err := r.OpenTicket(ctx, session)
	if err != nil {
		return found, "", err
	}
	if opened.Found.RedirectURL != nil {
		back, err = r.returnAddress(opened.Found, passkeyTokenParameter, nil)
	}

	return opened.Found, back, err
}

// FinishAssertion verifies the browser's response and confirms the challenge, if the person of the passkey is on record
// at the meter point today. It returns passkey.ErrRefused if it does not, and ErrCodeMissing, ErrCodeMalformed or
// ErrCodeWrong if the typed code is not right.
func (r *Rules) FinishAssertion(
	ctx context.Context, permission Permission, typedCode string, response []byte,
) (CeremonyResult, error) {
	if err := checkCodeForm(permission, typedCode); err != nil {
		return CeremonyResult{}, err
	}

	ceremony, err := r.takeCeremony(ctx, permission, response)
	if err != nil {
		return CeremonyResult{}, err
	}

	shown, used, err := r.verifyAssertion(ctx, permission.Found, ceremony, response)
	if err != nil {
		return CeremonyResult{}, err
	}

	var result CeremonyResult
	copied := false
	err = r.commitCounted(ctx, func(tx *store.Tx) error {
		h, err := r.holdHome(ctx, tx, permission.Found.MPxN)
		if err != nil {
			return err
		}

		// The passkey may have gone, with its person, since it was verified.
		present, err := confirmingIn(ctx, tx, h, permission.Found)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(
			present,
			func(p store.Credential) bool { return p.CredentialID == shown.CredentialID },
		) {
			return refuse("the person of the passkey has moved out")
		}

		if copied, err = r.checkCounter(ctx, tx, h, permission.Found, shown, used); err != nil || copied {
			return err
		}

		tx.Audit(r.credentialEvent(permission.Found, shown, auditCredentialUsed))
		result, err = r.beginPasskeyVisit(ctx, tx, h, permission, passkeyAnswer{shown: &shown, typedCode: typedCode})

		return err
	})
	if copied {
		err = errors.Join(err, refuse("the counter of the passkey shows that a copy exists"))
	}

	return result, err
}

// beginPasskeyVisit confirms a challenge by a passkey that was shown. If the passkey answers everybody, the browser
// gets a ticket to the page of the household's contacts.
func (r *Rules) beginPasskeyVisit(
	ctx context.Context, tx *store.Tx, h home, permission Permission, answer passkeyAnswer,
) (result CeremonyResult, err error) {
	i := slices.IndexFunc(h.contacts, func(c contact) bool {
		return c.isPasskey() && *c.CredentialID == answer.shown.CredentialID && h.answersEverybody(c)
	})
	visits := i >= 0
	answer.asks = visits && h.sideOf(h.contacts[i].MoveInDate).asksAtVisit()
	result.Asks = answer.asks
	if result.ReturnTo, err = r.confirmByPasskey(ctx, tx, permission, answer); err != nil || !visits {
		return result, err
	}

	result.Ticket = NewSecret()

	return result, tx.BeginVisit(ctx, permission.Found.Challenge, HashToken(result.Ticket), r.Now().Add(TicketLife))
}

// verifyAssertion verifies a response with the passkeys that can confirm the challenge. It returns the stored passkey
// and the passkey as it was used.
func (r *Rules) verifyAssertion(
	ctx context.Context, found store.Reidentification, ceremony passkey.Ceremony, response []byte,
) (shown store.Credential, used passkey.Passkey, err error) {
	present, err := r.confirmingPasskeys(ctx, r.store, found)
	if err != nil {
		return store.Credential{}, passkey.Passkey{}, err
	}

	used, err = r.passkeys.FinishAssertion(ceremony, response, func(id, userHandle []byte) (passkey.Passkey, bool) {
		i := slices.IndexFunc(present, func(p store.Credential) bool {
			return slices.Equal(p.WebAuthnID, id) && slices.Equal(p.UserHandle, userHandle)
		})
		if i < 0 {
			return passkey.Passkey{}, false
		}

		shown = present[i]

		return passkeyOf(shown), true
	})

	return shown, used, err
}

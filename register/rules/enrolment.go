package rules

import (
	"context"
	"errors"
	"slices"
	"time"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/passkey"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// ListPasskeys returns the passkeys that a browser with a permission to enrol one is told of: every passkey that stands
// on the confirming contact's side of a dispute. It is told of them only after a contact has confirmed that answers
// everybody. Other browsers are told of none: a Data User that starts an enrolment by a record of its own would
// otherwise read there which passkeys a customer has made in visits of their own.
func (r *Rules) ListPasskeys(ctx context.Context, permission Permission) ([]store.Credential, error) {
	found := permission.Found
	if !permission.Confirmed || found.OwnRecord || found.Contact == nil {
		return nil, nil
	}

	h, err := r.home(ctx, r.store, found.MPxN)
	if err != nil {
		return nil, err
	}

	visitor, ok := h.contact(*found.Contact)
	if !ok || !h.answersEverybody(visitor) {
		return nil, nil
	}

	passkeys, err := confirmingIn(ctx, r.store, h, found)
	side := h.sideOf(visitor.MoveInDate)

	return slices.DeleteFunc(
		passkeys,
		func(p store.Credential) bool { return !side.passkeyStands(p.CredentialID) },
	), err
}

// BeginEnrolment starts the ceremony in which the browser creates a passkey. accountName is what the authenticator
// calls the account. It returns the options for the browser, as JSON, or the errors of CheckPasskeyCode.
func (r *Rules) BeginEnrolment(
	ctx context.Context, permission Permission, typedCode, accountName string,
) ([]byte, error) {
	if err := r.CheckPasskeyCode(ctx, permission, typedCode); err != nil {
		return nil, err
	}

	known, err := r.ListPasskeys(ctx, permission)
	if err != nil {
		return nil, err
	}

	existing := make([]passkey.Passkey, len(known))
	for i, credential := range known {
		existing[i] = passkeyOf(credential)
	}

	return r.beginCeremony(ctx, permission, func(life time.Duration) (passkey.Ceremony, error) {
		return r.passkeys.BeginEnrolment(newUserHandle(known), accountName, existing, life)
	})
}

// FinishEnrolment verifies the browser's response, stores the passkey under the name that nameOf returns, and writes to
// the occupants. It returns passkey.ErrRefused if the passkey cannot be stored, and ErrCodeMissing, ErrCodeMalformed or
// ErrCodeWrong if the typed code is not right.
func (r *Rules) FinishEnrolment(
	ctx context.Context, permission Permission, typedCode string, response []byte,
	nameOf func(created passkey.Passkey) string,
) (CeremonyResult, error) {
	if err := checkCodeForm(permission, typedCode); err != nil {
		return CeremonyResult{}, err
	}

	ceremony, err := r.takeCeremony(ctx, permission, response)
	if err != nil {
		return CeremonyResult{}, err
	}

	created, err := r.passkeys.FinishEnrolment(ceremony, response)
	if err != nil {
		return CeremonyResult{}, err
	}

	credential := store.Credential{
		CredentialID: NewID("cred"),
		IR:           permission.Found.IR,
		WebAuthnID:   created.ID,
		UserHandle:   created.UserHandle,
		PublicKey:    created.PublicKey,
		AAGUID:       created.AAGUID,
		SignCount:    created.SignCount,
		Flags:        created.Flags,
		Name:         nameOf(created),
		Transports:   store.JSON[[]string]{V: created.Transports},
		RegisteredAt: store.Millis(r.Now()),
	}

	var result CeremonyResult
	err = r.commitCounted(ctx, func(tx *store.Tx) (err error) {
		result.ReturnTo, err = r.enrol(ctx, tx, permission, credential, typedCode)

		return err
	})
	if errors.Is(err, store.ErrConflict) {
		err = refuse("the passkey is known already")
	}

	return result, err
}

// enrol stores a passkey under the identity record of its challenge, if the person of the record lives at the meter
// point. It uses up the ticket, or confirms the challenge by the passkey.
func (r *Rules) enrol(
	ctx context.Context, tx *store.Tx, permission Permission, credential store.Credential, typedCode string,
) (returnTo string, err error) {
	found := permission.Found
	h, err := r.holdHome(ctx, tx, found.MPxN)
	if err != nil {
		return "", err
	}

	record, err := tx.HoldIdentityRecord(ctx, credential.IR)
	if err != nil {
		return "", err
	}

	confirms, err := tx.CanAnswer(ctx, record.IR, r.Now())
	if err != nil {
		return "", err
	}
	if !confirms || h.present.hasMovedOut(*record.MoveInDate) {
		return "", refuse("the person of the record has moved out")
	}

	if permission.Confirmed {
		returnTo, err = r.useTicket(ctx, tx, found)
	} else {
		returnTo, err = r.confirmByPasskey(ctx, tx, permission, passkeyAnswer{typedCode: typedCode})
	}
	if err != nil {
		return "", err
	}

	if err := tx.InsertCredential(ctx, credential); err != nil {
		return "", err
	}

	tx.Audit(r.credentialEvent(found, credential, auditCredentialCreated))
	added, err := r.addPasskey(ctx, tx, h, permission, record, credential)
	if err != nil {
		return "", err
	}

	stands := added.State == store.ContactStands

	return returnTo, r.queuePasskeyLetters(ctx, tx, h, record, credential, stands, found.Language, mail.PasskeyAdded)
}

// addPasskey adds the contact of a passkey that was enrolled, and returns it with its standing.
func (r *Rules) addPasskey(
	ctx context.Context, tx *store.Tx, h home, permission Permission, record store.IdentityRecord,
	credential store.Credential,
) (contact, error) {
	added, err := r.contactOfRecord(record, &credential)
	if err != nil {
		return contact{}, err
	}

	var by *contact
	if permission.Confirmed && permission.Found.Contact != nil {
		if visitor, ok := h.contact(*permission.Found.Contact); ok {
			by = &visitor
		}
	}

	return r.addContact(ctx, tx, h, added, by)
}

// useTicket uses up the ticket of a challenge.
func (r *Rules) useTicket(
	ctx context.Context,
	tx *store.Tx,
	found store.Reidentification,
) (returnTo string, err error) {
	used, err := tx.EndEnrolment(ctx, found.Challenge)
	if err != nil {
		return "", err
	}
	if !used {
		return "", refuse("the ticket has been used")
	}

	return r.TicketReturn(found)
}

// TicketReturn returns the address to which a confirmed customer goes from the page that offers a passkey: back to the
// account that asked for one to be enrolled. It is empty if the customer stays on the register's pages.
func (r *Rules) TicketReturn(found store.Reidentification) (string, error) {
	if found.Method == string(registerclient.MethodPasskeyRegister) && found.RedirectURL != nil {
		return r.returnAddress(found, passkeyTokenParameter, nil)
	}

	return "", nil
}

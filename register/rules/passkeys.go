package rules

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"central.consent/dar/register/passkey"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// The kinds of store.Ceremony.
const (
	ceremonyAssert = "assert"
	ceremonyEnrol  = "register"
)

// ErrMailed reports a challenge to enrol a passkey that waits for its mailed link: the page alone proves nothing.
var ErrMailed = errors.New("the challenge waits for its mailed link")

// Permission lets a browser show a passkey or enrol one.
type Permission struct {
	Opened

	// Confirmed is true if the customer has just followed a mailed link and the browser holds the ticket for it.
	// Otherwise the passkey itself confirms the challenge.
	Confirmed bool

	kind string
	// until is when the permission ends.
	until time.Time
}

// TypesCode reports whether the customer types the match code on the passkey page: if the browser does not return to
// the page that asks, which would prove that it is the same browser (docs/decisions.md, Match code).
func (p Permission) TypesCode() bool {
	return !p.Confirmed && p.Found.MatchCode != nil && p.Found.RedirectURL == nil
}

// PermitAssertion returns the permission of a browser to show a passkey, or ErrEnded.
func (r *Rules) PermitAssertion(ctx context.Context, session string) (Permission, error) {
	opened, err := r.Open(ctx, store.SessionSecret, session)
	if err == nil && opened.Found.Method != string(registerclient.MethodPasskeyAssert) {
		err = ErrEnded
	}

	return Permission{Opened: opened, kind: ceremonyAssert, until: opened.Found.ConfirmBy.Time()}, err
}

// PermitEnrolment returns the permission of a browser to enrol a passkey. It is given to two alone (docs/decisions.md,
// Enrolling a passkey): a browser that has just followed a mailed link, by its ticket, and a browser that a Data User
// sends here for a record of its own, by its session. It returns ErrEnded to others, and ErrMailed with the challenge
// if the session waits for its mailed link.
func (r *Rules) PermitEnrolment(ctx context.Context, session, ticket string) (Permission, error) {
	if r.stub && session != "" {
		ticket = session // the stub has confirmed the challenge already
	}

	opened, err := r.Open(ctx, store.SessionSecret, session)
	if err == nil && opened.Found.Method == string(registerclient.MethodPasskeyRegister) {
		if opened.Found.LinkHash != nil || !opened.Found.OwnRecord {
			return Permission{Opened: Opened{Found: opened.Found}}, ErrMailed
		}

		return Permission{Opened: opened, kind: ceremonyEnrol, until: opened.Found.ConfirmBy.Time()}, nil
	}
	if err != nil && !errors.Is(err, ErrEnded) {
		return Permission{}, err
	}

	opened, err = r.OpenTicket(ctx, ticket)
	if err != nil {
		return Permission{}, err
	}

	return Permission{
		Opened:    opened,
		Confirmed: true,
		kind:      ceremonyEnrol,
		until:     opened.Found.ConfirmedAt.Time().Add(TicketLife),
	}, nil
}

// CeremonyResult is the end of a ceremony.
type CeremonyResult struct {
	// ReturnTo is the address to which the browser goes; empty if the account that asks gave none.
	ReturnTo string
	// Ticket opens the page of the customer's own contacts; empty if none was given.
	Ticket string
	// Asks is true if that page has a question for the customer, and comes first.
	Asks bool
}

// refuse returns a passkey.ErrRefused with its cause, which the customer does not see.
func refuse(cause string) error { return fmt.Errorf("%w: %s", passkey.ErrRefused, cause) }

// AuditRefusal records that a step of a ceremony was refused.
func (r *Rules) AuditRefusal(ctx context.Context, found store.Reidentification, cause error) error {
	return r.recordAudit(ctx, r.auditEvent(found.AccountID, auditCredentialRefused, found.MPxN, "", map[string]any{
		"method": found.Method, "by": "customer", "why": cause.Error(),
	}))
}

// CheckPasskeyCode checks the typed match code before the device asks for a finger; the code is checked again when the
// ceremony ends. It returns nil if no code is typed here, and ErrCodeMissing, ErrCodeMalformed or ErrCodeWrong.
func (r *Rules) CheckPasskeyCode(ctx context.Context, permission Permission, typed string) error {
	if !permission.TypesCode() {
		return nil
	}

	code, err := parseCode(typed)
	if err != nil {
		return err
	}
	if !sameCode(code, *permission.Found.MatchCode) {
		return r.rejectCode(ctx, permission.Found)
	}

	return nil
}

// checkCodeForm refuses a typed text that is not a code.
func checkCodeForm(permission Permission, typed string) error {
	if !permission.TypesCode() {
		return nil
	}

	_, err := parseCode(typed)

	return err
}

// AttemptsLeft returns how many wrong codes the challenge of a permission still allows, or ErrEnded.
func (r *Rules) AttemptsLeft(ctx context.Context, permission Permission) (int, error) {
	found, err := r.store.FindOpenChallenge(ctx, store.SessionSecret, permission.Found.SessionHash, r.Now())
	if errors.Is(err, store.ErrNotFound) {
		return 0, ErrEnded
	}

	return store.MaxWrongCodes - found.WrongCodes, err
}

// beginCeremony stores a ceremony until its end, and returns the options for the browser.
func (r *Rules) beginCeremony(
	ctx context.Context, permission Permission, begin func(life time.Duration) (passkey.Ceremony, error),
) (options []byte, err error) {
	now := r.Now()
	life := min(PasskeyLife, permission.until.Sub(now))
	ceremony, err := begin(life)
	if err != nil {
		return nil, err
	}

	limit := store.Limit{
		Bucket: "ceremony " + permission.Found.Challenge, Most: ceremoniesPerChallenge, Within: challengeWindow,
	}
	err = r.store.Transact(ctx, func(tx *store.Tx) error {
		wait, err := tx.CountTowards(ctx, limit, r.clock())
		if err != nil {
			return err
		}
		if wait > 0 {
			return refuse("the browser was asked too often")
		}

		return tx.InsertCeremony(ctx, store.Ceremony{
			ChallengeHash: HashToken(ceremony.Challenge),
			TokenHash:     permission.Found.TokenHash,
			Kind:          permission.kind,
			Session:       ceremony.Session,
			ExpiresAt:     store.Millis(now.Add(life)),
		}, now)
	})
	if err != nil {
		return nil, err
	}

	return ceremony.Options, nil
}

// takeCeremony deletes and returns the ceremony that a browser's response belongs to: single use across replicas, and
// for its own challenge only.
func (r *Rules) takeCeremony(ctx context.Context, permission Permission, response []byte) (passkey.Ceremony, error) {
	challenge := passkey.ChallengeOf(response)
	ceremony, err := r.store.TakeCeremony(
		ctx, HashToken(challenge), permission.Found.TokenHash, permission.kind, r.Now(),
	)
	if errors.Is(err, store.ErrNotFound) {
		err = refuse("no ceremony waits for this response")
	}

	return passkey.Ceremony{Challenge: challenge, Session: ceremony.Session}, err
}

// passkeyOf returns a stored passkey as package passkey takes it.
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

// credentialEvent is a row of the audit log about a passkey.
func (r *Rules) credentialEvent(
	found store.Reidentification, credential store.Credential, eventType string,
) store.AuditEvent {
	return r.auditEvent(found.AccountID, eventType, found.MPxN, "", map[string]any{
		"method": found.Method, "by": "customer", "ir": credential.IR, "credential": credential.CredentialID,
	})
}

// recordConfirmation records that a contact has confirmed a challenge. Confirming the challenge of its own Data User by
// operation 8 counts for nothing (docs/decisions.md, Which person, 2).
func (r *Rules) recordConfirmation(ctx context.Context, tx *store.Tx, found store.Reidentification) error {
	if found.OwnRecord || found.Contact == nil {
		return nil
	}

	return tx.ConfirmContact(ctx, *found.Contact, r.Now())
}

// confirmingPasskeys returns the passkeys that confirm a challenge: those that stand at the meter point, or those of
// the one record by which its owner asks.
func (r *Rules) confirmingPasskeys(
	ctx context.Context, from occupantReader, found store.Reidentification,
) ([]store.Credential, error) {
	var h home
	if !found.OwnRecord {
		var err error
		if h, err = r.home(ctx, from, found.MPxN); err != nil {
			return nil, err
		}
	}

	return confirmingIn(ctx, from, h, found)
}

// confirmingIn is confirmingPasskeys for a home that has been read. A challenge by an own record needs none.
func confirmingIn(
	ctx context.Context, from occupantReader, h home, found store.Reidentification,
) ([]store.Credential, error) {
	if found.OwnRecord {
		return from.ListCredentials(ctx, []string{found.IR})
	}

	passkeys := h.passkeys()
	irs := make([]string, len(passkeys))
	answering := map[string]bool{}
	for i, c := range passkeys {
		irs[i] = c.IR
		answering[*c.CredentialID] = true
	}

	credentials, err := from.ListCredentials(ctx, irs)

	return slices.DeleteFunc(credentials, func(p store.Credential) bool { return !answering[p.CredentialID] }), err
}

// passkeyStands reports whether a passkey stands.
func (h home) passkeyStands(credentialID string) bool {
	return slices.ContainsFunc(h.contacts, func(c contact) bool {
		return c.CredentialID != nil && *c.CredentialID == credentialID && h.stands(c)
	})
}

// deletePasskey deletes a passkey and ends its contact. It returns false if there is no such passkey.
func (r *Rules) deletePasskey(
	ctx context.Context, tx *store.Tx, h home, credential store.Credential, by string,
) (bool, error) {
	deleted, err := tx.DeleteCredential(ctx, credential.IR, credential.CredentialID)
	if err != nil || !deleted {
		return false, err
	}

	for _, c := range h.contacts {
		if c.CredentialID != nil && *c.CredentialID == credential.CredentialID {
			return true, r.endContact(ctx, tx, h, c, endedRemoved, by)
		}
	}

	return true, nil
}

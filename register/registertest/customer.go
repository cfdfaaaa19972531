package registertest

import (
	"context"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
)

// Confirm confirms an open challenge, as a customer does.
func (r *Register) Confirm(t testing.TB, tokenRef string) {
	t.Helper()

	challenge := r.challengeOf(t, tokenRef)
	r.changeChallenge(t, func(tx *store.Tx) (bool, error) {
		confirmed, err := tx.ConfirmByPasskey(t.Context(), challenge, nil, r.Clock.Now())
		if err != nil || !confirmed || challenge.Contact == nil {
			return confirmed, err
		}

		return true, tx.ConfirmContact(t.Context(), *challenge.Contact, r.Clock.Now())
	})
}

// Decline declines an open challenge, as a customer does with "this wasn't me".
func (r *Register) Decline(t testing.TB, tokenRef string) {
	t.Helper()

	challenge := r.challengeOf(t, tokenRef)
	r.changeChallenge(t, func(tx *store.Tx) (bool, error) {
		return tx.Decline(t.Context(), challenge.Challenge, r.Clock.Now())
	})
}

// ShowPasskey shows a passkey for an open challenge, as a customer does. Their browser then returns with the
// completion code.
func (r *Register) ShowPasskey(t testing.TB, tokenRef, completionCode string) {
	t.Helper()

	challenge := r.challengeOf(t, tokenRef)
	code := sha256.Sum256([]byte(completionCode))
	r.changeChallenge(t, func(tx *store.Tx) (bool, error) {
		return tx.ConfirmByPasskey(t.Context(), challenge, code[:], r.Clock.Now())
	})
}

// AddPasskey adds a passkey to an identity record. No authenticator has it.
func (r *Register) AddPasskey(t testing.TB, ir string) {
	t.Helper()

	r.transact(t, func(tx *store.Tx) error {
		return InsertPasskey(t.Context(), tx, store.Credential{
			CredentialID: "cred_" + ir[3:],
			IR:           ir,
			WebAuthnID:   []byte(ir),
			UserHandle:   []byte(ir),
			PublicKey:    []byte{},
			AAGUID:       []byte{},
			Name:         "A key",
			Transports:   store.JSON[[]string]{V: []string{"internal"}},
			RegisteredAt: store.Millis(r.Clock.Now()),
		})
	})
}

// Stand makes the contacts of an identity record stand, as if a standing contact had said yes to them.
func (r *Register) Stand(t testing.TB, ir string) {
	t.Helper()

	r.transact(t, func(tx *store.Tx) error { return Stand(t.Context(), tx, ir, r.Clock.Now()) })
}

// Stand is Register.Stand in a transaction.
func Stand(ctx context.Context, tx *store.Tx, ir string, now time.Time) error {
	contacts, err := tx.ListContactsOf(ctx, []string{ir})
	if err != nil {
		return err
	}

	for _, c := range contacts {
		_, err := tx.SetStanding(ctx, c, c.Household, store.Standing{
			State: store.ContactStands, Since: store.Millis(now), Why: "said-yes", Household: c.Household,
		})
		if err != nil {
			return err
		}
	}

	return nil
}

// InsertPasskey inserts a passkey that stands.
func InsertPasskey(ctx context.Context, tx *store.Tx, credential store.Credential) error {
	record, err := tx.HoldIdentityRecord(ctx, credential.IR)
	if err != nil {
		return err
	}
	if err := tx.InsertCredential(ctx, credential); err != nil {
		return err
	}

	return tx.InsertContacts(ctx, []store.Contact{{
		ID:           rules.NewID("cnt"),
		IR:           record.IR,
		AccountID:    record.AccountID,
		MPxN:         *record.MPxN,
		CredentialID: &credential.CredentialID,
		KeyID:        record.KeyID,
		CreatedAt:    credential.RegisteredAt,
		Standing: store.Standing{
			State: store.ContactStands, Since: credential.RegisteredAt, Why: "confirmed-visit",
		},
	}})
}

// challengeOf returns the challenge with a token-ref. The store finds one only with the account that started it, so
// every account is tried.
func (r *Register) challengeOf(t testing.TB, tokenRef string) store.Reidentification {
	t.Helper()

	hash := sha256.Sum256([]byte(tokenRef))
	list, err := r.Store.ListAccounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	for _, account := range list {
		found, err := r.Store.FindReidentification(t.Context(), hash[:], account.AccountID)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}

		return found
	}

	t.Fatal("no challenge has this token")

	return store.Reidentification{}
}

// changeChallenge runs a change of an open challenge, and fails the test if the challenge is not open.
func (r *Register) changeChallenge(t testing.TB, change func(*store.Tx) (bool, error)) {
	t.Helper()

	r.transact(t, func(tx *store.Tx) error {
		ok, err := change(tx)
		if err == nil && !ok {
			err = errors.New("the challenge is not open")
		}

		return err
	})
}

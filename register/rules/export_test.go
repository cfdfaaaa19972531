package rules

import (
	"context"
	"slices"
	"strings"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// SealForTest seals a value with the ring's first key.
func SealForTest(ring *Keyring, value, place string) []byte {
	return ring.sealer().sealed([]byte(value), place)
}

// OpenForTest opens a sealed value.
func OpenForTest(ring *Keyring, id string, value []byte, place string) (string, error) {
	plain, err := ring.open(id, value, place)

	return string(plain), err
}

// WithdrawalDeliveryOf is withdrawalDeliveryOf.
var WithdrawalDeliveryOf = withdrawalDeliveryOf

// OrRefusal is orRefusal.
func OrRefusal(err error, refusal *Error) error { return orRefusal(err, refusal) }

// CutPage is cutPage.
func CutPage[T any](rows []T, page store.Page, position func(T) store.Position) ([]T, *store.Position) {
	return cutPage(rows, page, position)
}

// MaskedEmail is maskedEmail.
var MaskedEmail = maskedEmail

// SpellingsOf is spellingsOf.
var SpellingsOf = spellingsOf

// FormerHashForTest returns the hash by which older programs looked up an address, under the ring's first key.
func FormerHashForTest(ring *Keyring, email string) []byte {
	return ring.sealer().hash(strings.ToLower(email))
}

// WithQuery is withQuery.
var WithQuery = withQuery

// IsOutlived is isOutlived.
func (r *Rules) IsOutlived(ctx context.Context, tx *store.Tx, found store.Reidentification) (bool, error) {
	return r.isOutlived(ctx, tx, found)
}

// Announce is announce.
func (r *Rules) Announce(
	ctx context.Context, tx *store.Tx, accountID string, eventType registerclient.WebhookEventType, aks []string,
	payload any,
) (bool, error) {
	return r.announce(ctx, tx, accountID, eventType, aks, payload)
}

// ListStandingPasskeys lists the passkeys that answer everybody at a meter point.
func (r *Rules) ListStandingPasskeys(ctx context.Context, mpxn string) ([]store.Credential, error) {
	return r.confirmingPasskeys(ctx, r.store, store.Reidentification{MPxN: mpxn})
}

// WriteRemoval is writeRemoval for the first contact of an identity record.
func (r *Rules) WriteRemoval(ctx context.Context, tx *store.Tx, mpxn, ir string, at time.Time) error {
	h, err := r.holdHome(ctx, tx, mpxn)
	if err != nil {
		return err
	}

	i := slices.IndexFunc(h.contacts, func(c contact) bool { return c.IR == ir })

	return r.writeRemoval(ctx, tx, h.contacts[i:i+1], h.contacts[i], at)
}

// WriteTenancyTies is writeTenancyTies to every address of a meter point.
func (r *Rules) WriteTenancyTies(ctx context.Context, tx *store.Tx, mpxn string) error {
	h, err := r.holdHome(ctx, tx, mpxn)
	if err != nil {
		return err
	}

	return r.writeTenancyTies(ctx, tx, h.contacts)
}

// WorkingDaysBetween is workingDaysBetween.
var WorkingDaysBetween = workingDaysBetween

// OpenRecordForTest opens a value of a row of identity records with the record's own key.
func OpenRecordForTest(
	ctx context.Context, from *store.Store, ring *Keyring, row store.SealedRow, value int, place string,
) (string, error) {
	own, err := from.FindOwnKey(ctx, row.Key[0])
	if err != nil {
		return "", err
	}

	return OpenOwnForTest(ring, row.Key[0], own, row.Values[value], place)
}

// OpenOwnForTest opens a value with the key of an identity record.
func OpenOwnForTest(ring *Keyring, ir string, own store.OwnKey, value []byte, place string) (string, error) {
	plain, err := ring.openRecord(ir, own, "", value, place)

	return string(plain), err
}

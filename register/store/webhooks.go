package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Webhook is one subscription of an account to events.
type Webhook struct {
	WID              string         `db:"wid"`
	AccountID        string         `db:"account_id"`
	CallbackURL      string         `db:"callback_url"`
	NotifyDaysBefore int            `db:"notify_days_before"`
	EventTypes       JSON[[]string] `db:"event_types"`
	KeyID            string         `db:"key_id"`
	SealedAlertEmail []byte         `db:"sealed_alert_email"`
	SealedSecret     []byte         `db:"sealed_secret"`
	// SealedPrevious is the secret before the last rotation, which was at RotatedAt.
	SealedPrevious []byte  `db:"sealed_previous"`
	RotatedAt      *Millis `db:"rotated_at"`
	CreatedAt      Millis  `db:"created_at"`
	DeletedAt      *Millis `db:"deleted_at"`
}

const webhookColumns = `wid, account_id, callback_url, notify_days_before, event_types, key_id, sealed_alert_email,
	sealed_secret, sealed_previous, rotated_at, created_at, deleted_at`

// InsertWebhook adds a subscription; ErrConflict where the account has one for this address.
func (t *Tx) InsertWebhook(ctx context.Context, w Webhook) error {
	err := t.insert(
		ctx,
		`INSERT INTO webhooks (`+webhookColumns+`) VALUES (:wid, :account_id, :callback_url, :notify_days_before,
		:event_types, :key_id, :sealed_alert_email, :sealed_secret, :sealed_previous, :rotated_at, :created_at, :deleted_at)`,
		w,
	)
	if err != nil {
		return fmt.Errorf("insert webhook: %w", err)
	}

	return nil
}

// FindOwnWebhook finds an account's live subscription, which stays as it is until the transaction ends; ErrNotFound.
func (t *Tx) HoldOwnWebhook(ctx context.Context, accountID, wid string) (Webhook, error) {
	found, err := one[Webhook](ctx, t.tx, `SELECT `+webhookColumns+` FROM webhooks
		WHERE wid = ? AND account_id = ? AND deleted_at IS NULL`+t.lock(), wid, accountID)
	if err != nil {
		return Webhook{}, fmt.Errorf("find webhook: %w", err)
	}

	return found, nil
}

// FindWebhook finds a subscription by its key, a deleted one too, for what was queued for it; ErrNotFound.
func (s *Store) FindWebhook(ctx context.Context, wid string) (Webhook, error) {
	return findWebhook(ctx, s.read, wid)
}

// FindWebhook is the same within the transaction.
func (t *Tx) FindWebhook(ctx context.Context, wid string) (Webhook, error) {
	return findWebhook(ctx, t.tx, wid)
}

func findWebhook(ctx context.Context, q queryer, wid string) (Webhook, error) {
	found, err := one[Webhook](ctx, q, `SELECT `+webhookColumns+` FROM webhooks WHERE wid = ?`, wid)
	if err != nil {
		return Webhook{}, fmt.Errorf("find webhook: %w", err)
	}
	return found, nil
}

// UpdateWebhook writes what a subscription is now; ErrConflict where the account has another for this address.
func (t *Tx) UpdateWebhook(ctx context.Context, w Webhook) error {
	_, err := t.exec(ctx, `UPDATE webhooks SET callback_url = ?, notify_days_before = ?, event_types = ?, key_id = ?,
		sealed_alert_email = ?, sealed_secret = ?, sealed_previous = ?, rotated_at = ? WHERE wid = ?`, w.CallbackURL, w.NotifyDaysBefore,
		w.EventTypes, w.KeyID, w.SealedAlertEmail, w.SealedSecret, w.SealedPrevious, w.RotatedAt, w.WID)
	if err != nil {
		return fmt.Errorf("update webhook: %w", err)
	}

	return nil
}

// DeleteWebhook ends an account's subscription; ErrNotFound. What is queued for it is still tried.
func (t *Tx) DeleteWebhook(ctx context.Context, accountID, wid string, now time.Time) error {
	rows, err := t.exec(
		ctx,
		`UPDATE webhooks SET deleted_at = ? WHERE wid = ? AND account_id = ? AND deleted_at IS NULL`,
		Millis(now),
		wid,
		accountID,
	)
	if err == nil && rows == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("delete webhook: %w", err)
	}

	return nil
}

// ListWebhooks lists the live subscriptions of an account, the oldest first.
func (s *Store) ListWebhooks(ctx context.Context, accountID string) ([]Webhook, error) {
	return listWebhooks(ctx, s.read, accountID)
}

// ListWebhooks is the same within the transaction.
func (t *Tx) ListWebhooks(ctx context.Context, accountID string) ([]Webhook, error) {
	return listWebhooks(ctx, t.tx, accountID)
}

func listWebhooks(ctx context.Context, q queryer, accountID string) ([]Webhook, error) {
	found, err := all[Webhook](
		ctx,
		q,
		`SELECT `+webhookColumns+` FROM webhooks WHERE account_id = ? AND deleted_at IS NULL
		ORDER BY created_at, wid`,
		accountID,
	)
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}

	return found, nil
}

// OwnedWebhook is a subscription with its owner's DUID.
type OwnedWebhook struct {
	Webhook
	DUID string `db:"duid"`
}

// ListAllWebhooks lists the live subscriptions of every account, the oldest first.
func (s *Store) ListAllWebhooks(ctx context.Context) ([]OwnedWebhook, error) {
	found, err := all[OwnedWebhook](
		ctx,
		s.read,
		`SELECT w.*, a.duid FROM webhooks w JOIN accounts a ON a.account_id = w.account_id
		WHERE w.deleted_at IS NULL ORDER BY w.created_at, w.wid`,
	)
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}

	return found, nil
}

// ExpiringRecord is an access record that ends soon, and which subscription has not been told.
type ExpiringRecord struct {
	AK     string `db:"ak"`
	MPxN   string `db:"mpxn"`
	Expiry Millis `db:"expiry"`
}

// ListExpiring lists active consents of an account that end after now and not after until, whose end has not been
// announced to this subscription: the first to end first, limit at most.
func (s *Store) ListExpiring(
	ctx context.Context,
	accountID, wid string,
	now, until time.Time,
	limit int,
) ([]ExpiringRecord, error) {
	found, err := all[ExpiringRecord](
		ctx,
		s.read,
		`SELECT ak, mpxn, expiry FROM access_records r WHERE account_id = ? AND state = 'ACTIVE'
		AND expiry IS NOT NULL AND expiry > ? AND expiry <= ? AND legal_basis IN ('uk-consent', 'uk-explicit-consent')
		AND NOT EXISTS (SELECT 1 FROM expiry_notices n WHERE n.wid = ? AND n.ak = r.ak AND n.expiry = r.expiry)
		ORDER BY expiry LIMIT ?`,
		accountID,
		Millis(now),
		Millis(until),
		wid,
		limit,
	)
	if err != nil {
		return nil, fmt.Errorf("list expiring access records: %w", err)
	}

	return found, nil
}

// InsertExpiryAnnouncement records that the end of an access record is announced to a subscription. It answers false where
// it was before, by any replica, or where the record is not active with this end any more.
func (t *Tx) InsertExpiryAnnouncement(ctx context.Context, wid string, e ExpiringRecord) (bool, error) {
	rows, err := t.exec(ctx, `INSERT INTO expiry_notices (wid, ak, expiry) SELECT ?, ak, expiry FROM access_records
		WHERE ak = ? AND mpxn = ? AND expiry = ? AND state = 'ACTIVE' ON CONFLICT DO NOTHING`, wid, e.AK, e.MPxN, e.Expiry)
	if err != nil && !errors.Is(err, ErrConflict) {
		return false, fmt.Errorf("insert expiry notice: %w", err)
	}

	return rows == 1, nil
}

package store

import (
	"context"
	"fmt"
	"time"
)

// Webhook is a subscription of an account to events.
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

// InsertWebhook adds a webhook; ErrConflict if the account has one for this callback URL.
func (t *Tx) InsertWebhook(ctx context.Context, w Webhook) error {
	return t.insert(ctx, "insert webhook", `INSERT INTO webhooks (`+webhookColumns+`)
		VALUES (:wid, :account_id, :callback_url, :notify_days_before, :event_types, :key_id, :sealed_alert_email,
		:sealed_secret, :sealed_previous, :rotated_at, :created_at, :deleted_at)`, w)
}

// HoldOwnWebhook finds a webhook of an account that is not deleted, and locks it until the transaction ends;
// ErrNotFound.
func (t *Tx) HoldOwnWebhook(ctx context.Context, accountID, wid string) (Webhook, error) {
	return queryRow[Webhook](ctx, t.db, "hold webhook", `SELECT `+webhookColumns+` FROM webhooks
		WHERE wid = ? AND account_id = ? AND deleted_at IS NULL`+t.forUpdate(), wid, accountID)
}

// FindWebhook finds a webhook by its key, also a deleted one, which may have jobs in the outbox; ErrNotFound.
func (r reader) FindWebhook(ctx context.Context, wid string) (Webhook, error) {
	return queryRow[Webhook](ctx, r.db, "find webhook",
		`SELECT `+webhookColumns+` FROM webhooks WHERE wid = ?`, wid)
}

// UpdateWebhook stores the changed fields of a webhook; ErrConflict if the account has another webhook for this
// callback URL.
func (t *Tx) UpdateWebhook(ctx context.Context, w Webhook) error {
	_, err := t.exec(ctx, "update webhook", `UPDATE webhooks SET callback_url = ?, notify_days_before = ?,
		event_types = ?, key_id = ?, sealed_alert_email = ?, sealed_secret = ?, sealed_previous = ?, rotated_at = ?
		WHERE wid = ?`,
		w.CallbackURL, w.NotifyDaysBefore, w.EventTypes, w.KeyID, w.SealedAlertEmail, w.SealedSecret,
		w.SealedPrevious, w.RotatedAt, w.WID)

	return err
}

// DeleteWebhook marks a webhook of an account as deleted; ErrNotFound. Its jobs in the outbox are still attempted.
func (t *Tx) DeleteWebhook(ctx context.Context, accountID, wid string, now time.Time) error {
	deleted, err := t.execOne(ctx, "delete webhook", `UPDATE webhooks SET deleted_at = ?
		WHERE wid = ? AND account_id = ? AND deleted_at IS NULL`, Millis(now), wid, accountID)
	if err == nil && !deleted {
		err = fmt.Errorf("delete webhook: %w", ErrNotFound)
	}

	return err
}

// ListWebhooks lists the webhooks of an account that are not deleted, oldest first.
func (r reader) ListWebhooks(ctx context.Context, accountID string) ([]Webhook, error) {
	return queryRows[Webhook](ctx, r.db, "list webhooks of account", `SELECT `+webhookColumns+` FROM webhooks
		WHERE account_id = ? AND deleted_at IS NULL ORDER BY created_at, seq`, accountID)
}

// OwnedWebhook is a webhook with the DUID of its owner.
type OwnedWebhook struct {
	Webhook

	DUID string `db:"duid"`
}

// ListAllWebhooks lists the webhooks of all accounts that are not deleted, oldest first.
func (r reader) ListAllWebhooks(ctx context.Context) ([]OwnedWebhook, error) {
	return queryRows[OwnedWebhook](ctx, r.db, "list webhooks of all accounts",
		`SELECT `+webhookColumns+`,
			(SELECT duid FROM accounts a WHERE a.account_id = webhooks.account_id) AS duid
		FROM webhooks WHERE deleted_at IS NULL ORDER BY created_at, seq`)
}

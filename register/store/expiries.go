package store

import (
	"context"
	"errors"
	"time"
)

// ExpiringRecord is an access record that expires soon, which has not been announced to a webhook.
type ExpiringRecord struct {
	AK     string `db:"ak"`
	MPxN   string `db:"mpxn"`
	Expiry Millis `db:"expiry"`
}

// ListExpiring lists up to limit active consents of an account that expire after now and not after until, if the
// expiry has not been announced to this webhook: first to expire first.
func (r reader) ListExpiring(
	ctx context.Context,
	accountID, wid string,
	now, until time.Time,
	limit int,
) ([]ExpiringRecord, error) {
	// This spells activeRecord out, because the index on expiry needs the bound alone.
	return queryRows[ExpiringRecord](ctx, r.db, "list expiring access records",
		`SELECT ak, mpxn, expiry FROM access_records r
		WHERE account_id = ? AND state = 'ACTIVE' AND expiry IS NOT NULL AND expiry > ? AND expiry <= ?
		AND `+consentRecord+`
		AND NOT EXISTS (SELECT 1 FROM expiry_notices n WHERE n.wid = ? AND n.ak = r.ak AND n.expiry = r.expiry)
		ORDER BY expiry LIMIT ?`, accountID, Millis(now), Millis(until), wid, limit)
}

// InsertExpiryAnnouncement records that the expiry of an access record is announced to a webhook. It returns false if
// any replica has announced it before, or if the record is not active with this expiry any more.
func (t *Tx) InsertExpiryAnnouncement(ctx context.Context, wid string, e ExpiringRecord) (bool, error) {
	inserted, err := t.execOne(ctx, "insert expiry announcement",
		`INSERT INTO expiry_notices (wid, ak, expiry) SELECT ?, ak, expiry FROM access_records
		WHERE ak = ? AND mpxn = ? AND expiry = ? AND state = 'ACTIVE' ON CONFLICT DO NOTHING`,
		wid, e.AK, e.MPxN, e.Expiry)
	if errors.Is(err, ErrConflict) {
		return false, nil
	}

	return inserted, err
}

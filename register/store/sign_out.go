package store

import (
	"context"
	"time"
)

// SignOut ends what a challenge has opened in the customer's browser: the ticket to enrol a passkey and the visit to
// the customer's own page. A challenge that is not confirmed ends too. The token, and what it has read, stay as they
// are. It returns false if nothing was open.
func (t *Tx) SignOut(ctx context.Context, challenge string, now time.Time) (bool, error) {
	at := Millis(now)

	return t.execOne(ctx, "sign out of a challenge", `UPDATE reidentifications SET enrol_hash = NULL,
		visit_hash = NULL, visit_until = NULL, completion_hash = NULL,
		asserted_at = CASE WHEN confirmed_at IS NULL THEN NULL ELSE asserted_at END,
		confirm_by = CASE WHEN confirmed_at IS NULL AND confirm_by > ? THEN ? ELSE confirm_by END
		WHERE challenge = ? AND (enrol_hash IS NOT NULL OR visit_hash IS NOT NULL
		OR confirmed_at IS NULL AND declined_at IS NULL AND (confirm_by > ? OR asserted_at IS NOT NULL))`,
		at, at, challenge, at)
}

package rules

import (
	"context"

	"central.consent/dar/register/store"
)

// hasMovedOut reports whether the customer of a token no longer lives at its meter point.
func (r *Rules) hasMovedOut(ctx context.Context, tx *store.Tx, found store.Reidentification) (bool, error) {
	outlived, err := tx.FindOutlived(ctx, found.TokenHash, r.Now())

	return outlived.EarlierOccupant, err
}

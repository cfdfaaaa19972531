package rules

import (
	"context"

	"central.consent/dar/register/store"
)

// isOutlived reports whether the customer of a token no longer lives at its meter point, or can no longer answer there.
func (r *Rules) isOutlived(ctx context.Context, tx *store.Tx, found store.Reidentification) (bool, error) {
	outlived, err := tx.FindOutlived(ctx, found.TokenHash, r.Now())

	return outlived.EarlierOccupant || outlived.CannotAnswer, err
}

package rules

import (
	"context"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// SignOut ends what a challenge has opened in the customer's browser, because the customer has signed out where it was
// started (docs/decisions.md, Leaving fast): the ticket to enrol a passkey, the visit to the customer's own page, and
// the challenge itself if nobody has confirmed it. The authority to withdraw is not touched. It is idempotent, and
// returns the state of the challenge. It returns an *Error of KindNotFound if the token is unknown or another
// account's.
func (r *Rules) SignOut(
	ctx context.Context, tx *store.Tx, accountID, tokenRef string,
) (registerclient.ReidentifyStatusResponse, error) {
	token := HashToken(tokenRef)
	found, err := tx.FindReidentification(ctx, token, accountID)
	if err != nil {
		return registerclient.ReidentifyStatusResponse{}, orRefusal(err, noChallenge())
	}

	// The meter point is held before the challenge, as a confirmation does.
	if err := tx.HoldMeterPoint(ctx, found.MPxN); err != nil {
		return registerclient.ReidentifyStatusResponse{}, err
	}

	ended, err := tx.SignOut(ctx, found.Challenge, r.Now())
	if err != nil {
		return registerclient.ReidentifyStatusResponse{}, err
	}
	if ended {
		tx.Audit(r.auditEvent(accountID, auditReidentifySignedOut, found.MPxN, "", map[string]any{
			"method": found.Method,
		}))
	}

	if found, err = tx.FindReidentification(ctx, token, accountID); err != nil {
		return registerclient.ReidentifyStatusResponse{}, err
	}

	return r.statusOf(ctx, tx, found)
}

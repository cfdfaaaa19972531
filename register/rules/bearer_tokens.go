package rules

import (
	"context"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// bearerLife is how long a bearer token is valid (docs/decisions.md, Token times).
const bearerLife = 7200 * time.Second

// IssueBearerToken returns a bearer token for an active account. It refuses as CheckCredentials does.
func (r *Rules) IssueBearerToken(ctx context.Context, given Credentials) (registerclient.BearerToken, error) {
	account, err := r.CheckCredentials(ctx, given)
	if err != nil {
		return registerclient.BearerToken{}, err
	}

	token := NewSecret()
	now := r.Now()
	err = r.store.Transact(ctx, func(tx *store.Tx) error {
		inserted, err := tx.InsertBearerToken(ctx, HashToken(token), account, now, now.Add(bearerLife))
		if err == nil && !inserted {
			err = wrongCredentials()
		}

		return err
	})
	if err != nil {
		return registerclient.BearerToken{}, err
	}

	return registerclient.BearerToken{Token: token, Expires: int(bearerLife.Seconds())}, nil
}

// FindCaller returns the account that a bearer token belongs to, or an *Error of KindUnauthorized.
func (r *Rules) FindCaller(ctx context.Context, token string) (store.Account, error) {
	if token == "" {
		return store.Account{}, &Error{
			Kind:    KindUnauthorized,
			Code:    CodeNoBearer,
			Message: "Send a bearer token; GET /v1/auth/token issues one.",
		}
	}

	account, err := r.store.FindBearer(ctx, HashToken(token), r.clock())

	return account, orRefusal(err, &Error{
		Kind:    KindUnauthorized,
		Code:    CodeBadBearer,
		Message: "The bearer token is unknown or has expired.",
	})
}

package rules

import (
	"context"
	"errors"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// bearerLife is how long a bearer token is valid (docs/decisions.md, Token times).
const bearerLife = 7200 * time.Second

// IssueBearerToken returns a bearer token for an active account. It returns an *Error of KindUnauthorized if the
// account or its secret is wrong; an unknown account takes as long as a known one.
func (r *Rules) IssueBearerToken(ctx context.Context, accountID, secret string) (registerclient.BearerToken, error) {
	account := store.Account{}
	err := store.ErrNotFound
	if patternAccount.MatchString(accountID) {
		account, err = r.store.FindAccount(ctx, accountID)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return registerclient.BearerToken{}, err
	}

	exists := err == nil
	if !exists {
		account.SecretHash = r.unknownSecret
	}

	correct, err := r.checkSecret(ctx, secret, account.SecretHash)
	if err != nil {
		return registerclient.BearerToken{}, err
	}

	refused := &Error{
		Kind:    KindUnauthorized,
		Code:    CodeCredentials,
		Message: "The account id or its secret is wrong.",
	}
	if !correct || !exists || account.Status != accountActive {
		return registerclient.BearerToken{}, refused
	}

	token := NewSecret()
	now := r.Now()
	err = r.store.Transact(ctx, func(tx *store.Tx) error {
		inserted, err := tx.InsertBearerToken(ctx, HashToken(token), account, now, now.Add(bearerLife))
		if err == nil && !inserted {
			err = refused
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

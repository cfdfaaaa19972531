package rules

import (
	"context"
	"errors"

	"central.consent/dar/register/store"
)

// Credentials are an account id and its secret, as a client sent them.
type Credentials struct {
	AccountID string
	Secret    string
	// Address is the network address of the client. Wrong secrets are limited by account and address, so that a
	// stranger's guesses do not lock the account out.
	Address string
}

// limit returns the limit of wrong secrets. An id that no account can have is not stored.
func (c Credentials) limit() store.Limit {
	id := c.AccountID
	if !patternAccount.MatchString(id) {
		id = ""
	}

	return store.Limit{Bucket: "secret " + id + " " + c.Address, Most: wrongSecrets, Within: wrongSecretWindow}
}

// CheckCredentials returns the active account that the credentials belong to. It returns an *Error of KindUnauthorized
// if the account or its secret is wrong, and of KindTooMany after too many wrong secrets. An unknown account takes as
// long as a known one.
func (r *Rules) CheckCredentials(ctx context.Context, given Credentials) (store.Account, error) {
	limit := given.limit()
	if err := r.checkGuesses(ctx, limit); err != nil {
		return store.Account{}, err
	}

	account := store.Account{}
	err := store.ErrNotFound
	if patternAccount.MatchString(given.AccountID) {
		account, err = r.store.FindAccount(ctx, given.AccountID)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.Account{}, err
	}

	exists := err == nil
	if !exists {
		account.SecretHash = r.unknownSecret
	}

	correct, err := r.checkSecret(ctx, given.Secret, account.SecretHash)
	if err != nil {
		return store.Account{}, err
	}
	if correct && exists && account.Status == accountActive {
		// Again: of many guesses at once, none may succeed after the limit is reached.
		return account, r.checkGuesses(ctx, limit)
	}

	wait, err := r.countTowards(ctx, limit)
	if err == nil && wait > 0 {
		err = tooManySecrets(wait)
	}
	if err == nil {
		err = wrongCredentials()
	}

	return store.Account{}, err
}

// checkGuesses returns an *Error of KindTooMany while a limit of wrong secrets is reached.
func (r *Rules) checkGuesses(ctx context.Context, limit store.Limit) error {
	wait, err := r.store.LimitWait(ctx, limit, r.clock())
	if err == nil && wait > 0 {
		err = tooManySecrets(wait)
	}

	return err
}

// CheckCurrentSecret returns an *Error of KindUnauthorized unless given holds the secret of its account: a bearer token
// that was stolen must not change what its account rests on.
func (r *Rules) CheckCurrentSecret(ctx context.Context, given Credentials) error {
	if given.Secret == "" {
		return &Error{
			Kind: KindUnauthorized,
			Code: CodeBasicHeader,
			Message: "This needs the account's current secret: send it as current-secret in the body, " +
				"or use HTTP Basic authentication in place of the bearer token.",
		}
	}

	_, err := r.CheckCredentials(ctx, given)
	if refusal, ok := errors.AsType[*Error](err); ok && refusal.Code == CodeCredentials {
		return &Error{
			Kind:    KindUnauthorized,
			Code:    CodeCredentials,
			Field:   "current-secret",
			Message: "is not the current secret of this account.",
		}
	}

	return err
}

func wrongCredentials() *Error {
	return &Error{
		Kind:    KindUnauthorized,
		Code:    CodeCredentials,
		Message: "The account id or its secret is wrong.",
	}
}

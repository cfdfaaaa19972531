package rules

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"unicode/utf8"

	"central.consent/dar/internal/web/address"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

const (
	// minSecret is how many characters a chosen secret must have. A register on a loopback address accepts shorter
	// ones, for the demonstration's published secrets.
	minSecret = 32
	// longestAccountText is how many characters the display name and the reference of an account have at most.
	longestAccountText = 255
	// maxReturnURLs is how many return URLs an account may register.
	maxReturnURLs = 50
)

// NewAccount is an account that has been checked and not yet stored.
type NewAccount struct {
	row store.Account
	// reservedName says that the account is of the organisation that has the reserved name.
	reservedName bool
	// Secret is the secret that the register generated; empty if the caller chose one.
	Secret string
	// asked is the request, without its secret, as an approval keeps it.
	asked registerclient.CreateAccountRequest
}

// PrepareAccount checks a request for an account and hashes its secret. Call it before the transaction: hashing takes
// long. It returns Errors if the request is wrong.
func (r *Rules) PrepareAccount(ctx context.Context, in registerclient.CreateAccountRequest) (NewAccount, error) {
	if err := r.checkAccount(in); err != nil {
		return NewAccount{}, err
	}

	asked := in
	asked.SecretKey = ""
	generated := ""
	if in.SecretKey == "" {
		generated = NewSecret()
		in.SecretKey = generated
	}
	if in.DUID == "" {
		in.DUID = NewID("duid")
	}
	if in.DataTypes == nil && in.Role == registerclient.RoleDataUser {
		in.DataTypes = AllDataTypes
	}

	hash, err := r.hashSecret(ctx, in.SecretKey)
	if err != nil {
		return NewAccount{}, err
	}

	row := store.Account{
		AccountID:    in.AccountID,
		SecretHash:   hash,
		DUID:         in.DUID,
		DisplayName:  in.DisplayName,
		Role:         string(in.Role),
		Status:       accountActive,
		ContactURL:   in.ContactURL,
		DataTypes:    store.JSON[[]string]{V: stringsOf(in.DataTypes)},
		ReturnURLs:   store.JSON[[]string]{V: append([]string{}, in.ReturnURLs...)},
		RegisteredAt: store.Millis(r.Now()),
		FoldedName:   FoldName(in.DisplayName),
	}
	if in.OrganisationReference != "" {
		row.OrganisationReference = &in.OrganisationReference
	}

	return NewAccount{row: row, reservedName: in.ReservedName, Secret: generated, asked: asked}, nil
}

// AskForAccount returns the refusal of a request for an administrator's account that carries no approval, and stores
// that it waits for one.
func (r *Rules) AskForAccount(ctx context.Context, account NewAccount) error {
	request := administratorOf(ctx)
	if r.relaxed || account.row.Role != roleAdministrator || request.ApprovalID != "" {
		return nil
	}

	return r.askApproval(ctx, approvalFor(request, actionCreateAccount, account.asked))
}

// CreateAccount stores a new account. by is the administrator's account; empty for the register's own command. It
// returns an *Error of KindConflict if the id or the DUID is taken, of KindForbidden if a second administrator has not
// approved it, and of KindUnprocessable if the display name looks like that of another account, or is reserved.
func (r *Rules) CreateAccount(
	ctx context.Context, tx *store.Tx, account NewAccount, by string,
) (registerclient.Account, error) {
	if by != "" && !r.relaxed && account.row.Role == roleAdministrator {
		asked := approvalFor(administratorOf(ctx), actionCreateAccount, account.asked)
		if err := r.useApproval(ctx, tx, asked); err != nil {
			return registerclient.Account{}, err
		}
	}

	row := account.row
	if err := checkDisplayName(ctx, tx, row, account.reservedName); err != nil {
		return registerclient.Account{}, err
	}

	err := tx.InsertAccount(ctx, row)
	if errors.Is(err, store.ErrConflict) {
		return registerclient.Account{}, conflict("Another account has this account-id or this duid.")
	}
	if err != nil {
		return registerclient.Account{}, err
	}

	tx.Audit(r.auditEvent(by, auditAccountCreated, "", "", withReason(ctx, map[string]any{
		"account-id": row.AccountID, "role": row.Role,
	})))

	return AccountOf(row), nil
}

// AddAccount creates an account for the register's own command, in a transaction of its own. It returns the secret if
// the register generated it; the secret cannot be read again. Refusals are *Error and Errors.
func (r *Rules) AddAccount(
	ctx context.Context, in registerclient.CreateAccountRequest,
) (account registerclient.Account, secret string, err error) {
	prepared, err := r.PrepareAccount(ctx, in)
	if err != nil {
		return registerclient.Account{}, "", err
	}

	err = r.store.Transact(ctx, func(tx *store.Tx) (err error) {
		account, err = r.CreateAccount(ctx, tx, prepared, "")

		return err
	})

	return account, prepared.Secret, err
}

// checkAccount returns every mistake of a request for an account.
func (r *Rules) checkAccount(in registerclient.CreateAccountRequest) error {
	var k Checks
	k.pattern("account-id", in.AccountID, patternAccount,
		"must have 3 to 64 lower-case letters, digits, dashes and underscores.")
	if length := utf8.RuneCountInString(in.SecretKey); length > 0 && length < minSecret && !r.local {
		k.Add("secret-key", fmt.Sprintf(
			"must have at least %d characters; leave it out, and the register generates one.", minSecret))
	}
	k.text("secret-key", in.SecretKey, 255)
	if in.DUID != "" {
		k.pattern("duid", in.DUID, patternDUID,
			"must be duid_ and 24 hex digits; leave it out, and the register generates one.")
	}

	k.required("display-name", in.DisplayName, longestAccountText)
	OneOf(&k, "role", in.Role, registerclient.RoleDataUser, registerclient.RoleDataProvider, registerclient.RoleDCC,
		registerclient.RoleAdmin, registerclient.RolePortal)
	if in.ContactURL == "" && in.Role == registerclient.RoleDataUser {
		k.Add("contact-url", "is required for a Data User: the directory shows it.")
	}
	k.checkAccountDetails(in.ContactURL, in.OrganisationReference, in.DataTypes)
	r.checkReturnURLs(&k, in.ReturnURLs)

	return k.Err()
}

// checkReturnURLs checks the addresses to which customers may be sent back. Plain http is accepted if the register or
// the address itself is on a loopback address.
func (r *Rules) checkReturnURLs(k *Checks, returnURLs []string) {
	if len(returnURLs) > maxReturnURLs {
		k.Add("return-urls", fmt.Sprintf("must hold at most %d addresses.", maxReturnURLs))

		return
	}

	for i, returnURL := range returnURLs {
		field := fmt.Sprintf("return-urls[%d]", i)
		parsed, err := url.Parse(returnURL)
		switch {
		case err != nil || !webLink(returnURL):
			k.link(field, returnURL)
		case parsed.Scheme != "https" && !r.local && !address.IsLoopback(parsed.Hostname()):
			k.Add(field, "must be https: plain http is for loopback addresses only.")
		case slices.Contains(returnURLs[:i], returnURL):
			k.Add(field, "is named twice.")
		}
	}
}

// AccountOf returns an account as the API shows it.
func AccountOf(row store.Account) registerclient.Account {
	account := registerclient.Account{
		AccountID:    row.AccountID,
		DUID:         row.DUID,
		DisplayName:  row.DisplayName,
		Role:         registerclient.Role(row.Role),
		Status:       row.Status,
		ContactURL:   row.ContactURL,
		RegisteredAt: wireTime(row.RegisteredAt),
		SuspendedAt:  optionalWireTime(row.SuspendedAt),
		StatusCause:  (*registerclient.StatusCause)(row.StatusCause),
		DataTypes:    dataTypesOf(row.DataTypes.V),
		ReturnURLs:   append([]string{}, row.ReturnURLs.V...),
	}
	if row.OrganisationReference != nil {
		account.OrganisationReference = *row.OrganisationReference
	}

	return account
}

// dataTypesOf returns stored data types as the API shows them.
func dataTypesOf(stored []string) []registerclient.DataType {
	types := make([]registerclient.DataType, len(stored))
	for i, name := range stored {
		types[i] = registerclient.DataType(name)
	}

	return types
}

// stringsOf returns values of a string type as the strings that the store keeps.
func stringsOf[T ~string](values []T) []string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = string(value)
	}

	return texts
}

// CheckReturnURLs returns Errors if a list of return URLs is missing or one of them is wrong.
func (r *Rules) CheckReturnURLs(returnURLs []string) error {
	var k Checks
	if returnURLs == nil {
		k.Add("return-urls", "is required: a list, empty for none.")
	}
	r.checkReturnURLs(&k, returnURLs)

	return k.Err()
}

// ReplaceReturnURLs replaces an account's return URLs. It returns Errors if one is wrong.
func (r *Rules) ReplaceReturnURLs(
	ctx context.Context, account store.Account, returnURLs []string,
) (registerclient.Account, error) {
	if err := r.CheckReturnURLs(returnURLs); err != nil {
		return registerclient.Account{}, err
	}

	err := r.store.Transact(ctx, func(tx *store.Tx) error {
		if _, err := tx.ReplaceReturnURLs(ctx, account.AccountID, returnURLs); err != nil {
			return err
		}

		tx.Audit(r.auditEvent(account.AccountID, auditReturnURLsReplaced, "", "", map[string]any{
			"count": len(returnURLs),
		}))

		return nil
	})
	account.ReturnURLs.V = returnURLs

	return AccountOf(account), err
}

// NewSecretKey is a generated secret with its hash.
type NewSecretKey struct {
	Secret string
	hash   string
}

// PrepareSecret generates a secret and hashes it. Call it before the transaction: hashing takes long.
func (r *Rules) PrepareSecret(ctx context.Context) (NewSecretKey, error) {
	secret := NewSecret()
	hash, err := r.hashSecret(ctx, secret)

	return NewSecretKey{Secret: secret, hash: hash}, err
}

// ReplaceSecret gives an account a new secret and revokes its bearer tokens. by is the account that asked; empty for
// the register's own command. It returns an *Error of KindNotFound if there is no such account.
func (r *Rules) ReplaceSecret(
	ctx context.Context,
	tx *store.Tx,
	accountID string,
	secret NewSecretKey,
	by string,
) error {
	replaced, err := tx.ReplaceSecret(ctx, accountID, secret.hash)
	if err != nil {
		return err
	}
	if !replaced {
		return noAccount()
	}

	tx.Audit(r.auditEvent(by, auditSecretRotated, "", "", map[string]any{"account-id": accountID}))

	return tx.RevokeBearerTokens(ctx, accountID)
}

// RotateSecret is ReplaceSecret for the register's own command, in a transaction of its own. It returns the secret,
// which cannot be read again.
func (r *Rules) RotateSecret(ctx context.Context, accountID string) (string, error) {
	prepared, err := r.PrepareSecret(ctx)
	if err != nil {
		return "", err
	}

	err = r.store.Transact(ctx, func(tx *store.Tx) error {
		return r.ReplaceSecret(ctx, tx, accountID, prepared, "")
	})

	return prepared.Secret, err
}

// ListAccounts returns every account.
func (r *Rules) ListAccounts(ctx context.Context) ([]registerclient.Account, error) {
	rows, err := r.store.ListAccounts(ctx)
	if err != nil {
		return nil, err
	}

	accounts := make([]registerclient.Account, len(rows))
	for i, row := range rows {
		accounts[i] = AccountOf(row)
	}

	return accounts, nil
}

package register

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// shortestSecret is how long a secret that the administrator chose must be; one that the register makes has
// 256 random bits. On a loopback address a register takes the demonstration's published secrets.
const shortestSecret = 32

// mostReturnURLs is how many addresses an account may register.
const mostReturnURLs = 50

// createAccount is POST /admin/accounts.
func (s *Register) createAccount(c echo.Context) error {
	var in registerclient.CreateAccountRequest
	if err := knownQuery(c); err != nil {
		return err
	}
	if err := decode(c, &in); err != nil {
		return err
	}

	// The hash is made before the transaction: it takes long.
	row, made, err := s.newAccount(c.Request().Context(), in)
	if err != nil {
		return err
	}

	return s.post(c, func(ctx context.Context, tx *store.Tx) (answer, error) {
		if err := s.insertAccount(ctx, tx, row, caller(c).AccountID); err != nil {
			return answer{}, err
		}

		return answer{status: http.StatusCreated, body: registerclient.CreateAccountResponse{
			Response: s.metadata(c), Account: accountOf(row), SecretKey: made,
		}}, nil
	})
}

// AddAccount opens an account, as an administrator does over the API and the register's own command does for
// the first administrator. It answers the secret where the register made it, this once. Refusals are *Error
// and Errors: Conflict where the id or the DUID is taken.
func (s *Register) AddAccount(
	ctx context.Context,
	in registerclient.CreateAccountRequest,
) (registerclient.Account, string, error) {
	row, made, err := s.newAccount(ctx, in)
	if err != nil {
		return registerclient.Account{}, "", err
	}

	err = s.store.Transact(ctx, func(tx *store.Tx) error { return s.insertAccount(ctx, tx, row, "") })
	return accountOf(row), made, err
}

// newAccount is the account that in asks for, and its secret where the register made it.
func (s *Register) newAccount(
	ctx context.Context,
	in registerclient.CreateAccountRequest,
) (row store.Account, made string, err error) {
	if err := s.checkAccount(in); err != nil {
		return store.Account{}, "", err
	}
	if in.SecretKey == "" {
		made = newSecret()
		in.SecretKey = made
	}
	if in.DUID == "" {
		in.DUID = newID("duid")
	}
	if in.DataTypes == nil && in.Role == registerclient.RoleDataUser {
		in.DataTypes = allDataTypes
	}

	hash, err := s.hashed(ctx, in.SecretKey)
	if err != nil {
		return store.Account{}, "", err
	}

	row = store.Account{
		AccountID:    in.AccountID,
		SecretHash:   hash,
		DUID:         in.DUID,
		DisplayName:  in.DisplayName,
		Role:         string(in.Role),
		Status:       "active",
		ContactURL:   in.ContactURL,
		DataTypes:    store.JSON[[]string]{V: []string{}},
		ReturnURLs:   store.JSON[[]string]{V: in.ReturnURLs},
		RegisteredAt: store.Millis(s.now()),
	}
	if row.ReturnURLs.V == nil {
		row.ReturnURLs.V = []string{}
	}
	for _, t := range in.DataTypes {
		row.DataTypes.V = append(row.DataTypes.V, string(t))
	}
	if in.OrganisationReference != "" {
		row.OrganisationReference = &in.OrganisationReference
	}

	return row, made, nil
}

// hashed waits its turn: each hash takes 19 MiB.
func (s *Register) hashed(ctx context.Context, secret string) (string, error) {
	if err := s.hashing.Acquire(ctx, 1); err != nil {
		return "", fmt.Errorf("wait to hash a secret: %w", err)
	}
	defer s.hashing.Release(1)
	return hashSecret(secret), nil
}

func (s *Register) insertAccount(ctx context.Context, tx *store.Tx, row store.Account, by string) error {
	err := tx.InsertAccount(ctx, row)
	if errors.Is(err, store.ErrConflict) {
		return &Error{Kind: Conflict, Code: codeConflict, Message: "Another account has this account-id or this duid."}
	}

	tx.Audit(s.event(by, auditAccountCreated, "", "", map[string]any{"account-id": row.AccountID, "role": row.Role}))
	return err
}

func (s *Register) checkAccount(in registerclient.CreateAccountRequest) error {
	var k checks
	k.pattern(
		"account-id",
		in.AccountID,
		patternAccount,
		"must have 3 to 64 lower-case letters, digits, dashes and underscores.",
	)
	if n := utf8.RuneCountInString(in.SecretKey); n > 0 && n < shortestSecret && !s.local {
		k.add(
			"secret-key",
			fmt.Sprintf("must have at least %d characters; leave it out, and the register makes one.", shortestSecret),
		)
	}

	k.text("secret-key", in.SecretKey, 255)
	if in.DUID != "" {
		k.pattern(
			"duid",
			in.DUID,
			patternDUID,
			"must be duid_ and 24 hex digits; leave it out, and the register makes one.",
		)
	}

	k.required("display-name", in.DisplayName, 255)
	oneOf(
		&k,
		"role",
		in.Role,
		registerclient.RoleDataUser,
		registerclient.RoleDataProvider,
		registerclient.RoleDCC,
		registerclient.RoleAdmin,
		registerclient.RolePortal,
	)
	if in.ContactURL == "" && in.Role == registerclient.RoleDataUser {
		k.add("contact-url", "is required for a Data User: the directory tells it.")
	}

	k.optionalLink("contact-url", in.ContactURL)
	if in.DataTypes != nil {
		k.dataTypes("data-types", in.DataTypes)
	}
	if in.OrganisationReference != "" {
		k.optional("organisation-reference", &in.OrganisationReference, 255)
	}

	s.checkReturnURLs(&k, in.ReturnURLs)
	return k.err()
}

// checkReturnURLs checks where customers may be sent back to. Plain http is for a register on a loopback address, or
// for an address that is one itself.
func (s *Register) checkReturnURLs(k *checks, addresses []string) {
	if len(addresses) > mostReturnURLs {
		k.add("return-urls", fmt.Sprintf("must hold at most %d addresses.", mostReturnURLs))
		return
	}

	for i, address := range addresses {
		field := fmt.Sprintf("return-urls[%d]", i)
		parsed, err := url.Parse(address)
		switch {
		case err != nil || !webLink(address):
			k.link(field, address)
		case parsed.Scheme != "https" && !s.local && !loopback(parsed.Hostname()):
			k.add(field, "must be https: only a loopback address may do without.")
		case slices.Contains(addresses[:i], address):
			k.add(field, "is named twice.")
		}
	}
}

func accountOf(row store.Account) registerclient.Account {
	account := registerclient.Account{
		AccountID:    row.AccountID,
		DUID:         row.DUID,
		DisplayName:  row.DisplayName,
		Role:         registerclient.Role(row.Role),
		Status:       row.Status,
		ContactURL:   row.ContactURL,
		RegisteredAt: row.RegisteredAt.Time(),
		SuspendedAt:  store.OptionalTime(row.SuspendedAt),
		DataTypes:    dataTypesOf(row),
		ReturnURLs:   append([]string{}, row.ReturnURLs.V...),
	}
	if row.OrganisationReference != nil {
		account.OrganisationReference = *row.OrganisationReference
	}

	return account
}

func dataTypesOf(row store.Account) []registerclient.DataType {
	types := make([]registerclient.DataType, len(row.DataTypes.V))
	for i, t := range row.DataTypes.V {
		types[i] = registerclient.DataType(t)
	}
	return types
}

// readSelf is GET /self.
func (s *Register) readSelf(c echo.Context) error {
	if err := knownQuery(c); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, registerclient.AccountResponse{Response: s.metadata(c), Account: accountOf(caller(c))})
}

// replaceReturnURLs is PUT /self/return-urls.
func (s *Register) replaceReturnURLs(c echo.Context) error {
	var in registerclient.ReplaceReturnURLsRequest
	if err := knownQuery(c); err != nil {
		return err
	}
	if err := decode(c, &in); err != nil {
		return err
	}

	var k checks
	if in.ReturnURLs == nil {
		k.add("return-urls", "is required: a list, empty for none.")
	}

	s.checkReturnURLs(&k, in.ReturnURLs)
	if err := k.err(); err != nil {
		return err
	}

	ctx := c.Request().Context()
	account := caller(c)
	err := s.store.Transact(ctx, func(tx *store.Tx) error {
		if _, err := tx.ReplaceReturnURLs(ctx, account.AccountID, in.ReturnURLs); err != nil {
			return err
		}
		tx.Audit(
			s.event(account.AccountID, auditReturnURLsReplaced, "", "", map[string]any{"count": len(in.ReturnURLs)}),
		)
		return nil
	})
	if err != nil {
		return err
	}

	account.ReturnURLs.V = in.ReturnURLs
	return c.JSON(http.StatusOK, registerclient.AccountResponse{Response: s.metadata(c), Account: accountOf(account)})
}

// rotateSecret is POST /self/rotate-secret.
func (s *Register) rotateSecret(c echo.Context) error {
	if err := knownQuery(c); err != nil {
		return err
	}

	secret := newSecret()
	hash, err := s.hashed(c.Request().Context(), secret)
	if err != nil {
		return err
	}

	id := caller(c).AccountID
	return s.post(c, func(ctx context.Context, tx *store.Tx) (answer, error) {
		if err := s.replaceSecret(ctx, tx, id, hash, id); err != nil {
			return answer{}, err
		}
		return answer{
			status: http.StatusOK,
			body:   registerclient.RotateSecretResponse{Response: s.metadata(c), SecretKey: secret},
		}, nil
	})
}

// RotateSecret gives an account a new secret, as its owner does over the API; every bearer token that it has ends. It
// answers the secret, this once. *Error of kind NotFound where there is no such account.
func (s *Register) RotateSecret(ctx context.Context, accountID string) (string, error) {
	secret := newSecret()
	hash, err := s.hashed(ctx, secret)
	if err != nil {
		return "", err
	}

	err = s.store.Transact(ctx, func(tx *store.Tx) error { return s.replaceSecret(ctx, tx, accountID, hash, "") })
	return secret, err
}

func (s *Register) replaceSecret(ctx context.Context, tx *store.Tx, accountID, hash, by string) error {
	replaced, err := tx.ReplaceSecret(ctx, accountID, hash)
	if err != nil {
		return err
	}
	if !replaced {
		return notFound("There is no such account.")
	}

	tx.Audit(s.event(by, auditSecretRotated, "", "", map[string]any{"account-id": accountID}))
	return tx.RevokeBearerTokens(ctx, accountID)
}

// listAccounts is GET /admin/accounts.
func (s *Register) listAccounts(c echo.Context) error {
	if err := knownQuery(c); err != nil {
		return err
	}

	rows, err := s.store.ListAccounts(c.Request().Context())
	if err != nil {
		return err
	}

	accounts := make([]registerclient.Account, len(rows))
	for i, row := range rows {
		accounts[i] = accountOf(row)
	}

	return c.JSON(
		http.StatusOK,
		registerclient.ListAccountsResponse{Response: s.metadata(c), Accounts: accounts, Total: len(accounts)},
	)
}

// suspendAccount is POST /admin/accounts/{accountId}/suspend.
func (s *Register) suspendAccount(c echo.Context) error {
	return s.changeAccount(c, auditAccountSuspended, func(ctx context.Context, tx *store.Tx, id string) (bool, error) {
		return tx.SuspendAccount(ctx, id, s.now())
	})
}

// reactivateAccount is POST /admin/accounts/{accountId}/reactivate.
func (s *Register) reactivateAccount(c echo.Context) error {
	return s.changeAccount(
		c,
		auditAccountReactivated,
		func(ctx context.Context, tx *store.Tx, id string) (bool, error) {
			return tx.ReactivateAccount(ctx, id)
		},
	)
}

// terminateAccount is POST /admin/accounts/{accountId}/terminate.
func (s *Register) terminateAccount(c echo.Context) error {
	return s.changeAccount(c, auditAccountTerminated, func(ctx context.Context, tx *store.Tx, id string) (bool, error) {
		return tx.TerminateAccount(ctx, id, s.now())
	})
}

// changeAccount makes a change of an account's status; one that is so already stays so. An administrator cannot keep
// itself out, so that one is always left.
func (s *Register) changeAccount(
	c echo.Context,
	event string,
	change func(ctx context.Context, tx *store.Tx, id string) (bool, error),
) error {
	if err := knownQuery(c); err != nil {
		return err
	}

	id := c.Param("accountId")
	by := caller(c).AccountID
	unknown := notFound("There is no such account.")
	if !patternAccount.MatchString(id) {
		return unknown
	}
	if id == by && event != auditAccountReactivated {
		return &Error{
			Kind:    Conflict,
			Code:    codeConflict,
			Message: "An administrator cannot suspend or terminate its own account.",
		}
	}

	return s.post(c, func(ctx context.Context, tx *store.Tx) (answer, error) {
		changed, err := change(ctx, tx, id)
		if err != nil {
			return answer{}, err
		}

		account, err := tx.FindAccount(ctx, id)
		if err != nil {
			return answer{}, missing(err, unknown)
		}
		if !changed && account.Status == "terminated" && event != auditAccountTerminated {
			return answer{}, &Error{
				Kind:    Conflict,
				Code:    codeConflict,
				Message: "This account is terminated, which is for good.",
			}
		}

		if changed {
			tx.Audit(s.event(by, event, "", "", map[string]any{"account-id": id}))
			if err := tx.RevokeBearerTokens(ctx, id); err != nil {
				return answer{}, err
			}
		}

		return answer{
			status: http.StatusOK,
			body:   registerclient.AccountResponse{Response: s.metadata(c), Account: accountOf(account)},
		}, nil
	})
}

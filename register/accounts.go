package register

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"unicode/utf8"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
	"github.com/labstack/echo/v4"
)

// shortestSecret is how long a secret that the administrator chose must be; one that the register makes has
// 256 random bits. On a loopback address a register takes the demonstration's published secrets.
const shortestSecret = 32

// createAccount is POST /admin/accounts.
func (s *Register) createAccount(c echo.Context) error {
	var in registerclient.CreateAccountRequest
	if err := knownQuery(c); err != nil {
		return err
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	account, secret, err := s.AddAccount(c.Request().Context(), in)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, registerclient.CreateAccountResponse{Response: s.metadata(c), Account: account, SecretKey: secret})
}

// AddAccount opens an account, as an administrator does over the API and the register's own command does for
// the first administrator. It answers the secret where the register made it, this once. Refusals are *Error
// and Errors: Conflict where the id or the DUID is taken.
func (s *Register) AddAccount(ctx context.Context, in registerclient.CreateAccountRequest) (registerclient.Account, string, error) {
	if err := s.checkAccount(in); err != nil {
		return registerclient.Account{}, "", err
	}
	made := ""
	if in.SecretKey == "" {
		made = newSecret()
		in.SecretKey = made
	}
	if in.DUID == "" {
		in.DUID = newID("duid")
	}
	if err := s.hashing.Acquire(ctx, 1); err != nil {
		return registerclient.Account{}, "", fmt.Errorf("wait to hash a secret: %w", err)
	}
	hash := hashSecret(in.SecretKey)
	s.hashing.Release(1)
	row := store.Account{
		AccountID: in.AccountID, SecretHash: hash, DUID: in.DUID, DisplayName: in.DisplayName, Role: string(in.Role), Status: "active",
		ContactURL: in.ContactURL, DataTypes: store.JSON[[]string]{V: []string{}}, ReturnURLs: store.JSON[[]string]{V: in.ReturnURLs},
		RegisteredAt: store.Millis(s.now()),
	}
	for _, t := range in.DataTypes {
		row.DataTypes.V = append(row.DataTypes.V, string(t))
	}
	if in.OrganisationReference != "" {
		row.OrganisationReference = &in.OrganisationReference
	}
	err := s.store.Transact(ctx, func(tx *store.Tx) error { return tx.InsertAccount(ctx, row) })
	if errors.Is(err, store.ErrConflict) {
		err = &Error{Kind: Conflict, Code: codeConflict, Field: "account-id", Message: "or the duid is taken by another account."}
	}
	return accountOf(row), made, err
}

func (s *Register) checkAccount(in registerclient.CreateAccountRequest) error {
	var k checks
	k.pattern("account-id", in.AccountID, patternAccount, "must have 3 to 64 lower-case letters, digits, dashes and underscores.")
	if n := utf8.RuneCountInString(in.SecretKey); n > 0 && n < shortestSecret && !s.local {
		k.add("secret-key", fmt.Sprintf("must have at least %d characters; leave it out, and the register makes one.", shortestSecret))
	}
	k.text("secret-key", in.SecretKey, 255)
	if in.DUID != "" {
		k.pattern("duid", in.DUID, patternDUID, "must be duid_ and 24 hex digits; leave it out, and the register makes one.")
	}
	k.required("display-name", in.DisplayName, 255)
	oneOf(&k, "role", in.Role, registerclient.RoleDataUser, registerclient.RoleDataProvider, registerclient.RoleDCC, registerclient.RoleAdmin, registerclient.RolePortal)
	k.optionalLink("contact-url", in.ContactURL)
	if in.DataTypes != nil {
		k.dataTypes("data-types", in.DataTypes)
	}
	k.text("organisation-reference", in.OrganisationReference, 255)
	for i, address := range in.ReturnURLs {
		k.link(fmt.Sprintf("return-urls[%d]", i), address)
	}
	return k.err()
}

func accountOf(row store.Account) registerclient.Account {
	return registerclient.Account{
		AccountID: row.AccountID, DUID: row.DUID, DisplayName: row.DisplayName, Role: registerclient.Role(row.Role), Status: row.Status,
		ContactURL: row.ContactURL, RegisteredAt: row.RegisteredAt.Time(),
	}
}

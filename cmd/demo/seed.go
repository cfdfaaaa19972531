package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"central.consent/dar/cmd/internal/operators"
	"central.consent/dar/register"
	"central.consent/dar/register/rules"
	"central.consent/dar/registerclient"
)

// openAdministrator opens the one account that cannot be opened over the API, because that requires an administrator.
func openAdministrator(ctx context.Context, service *register.Register) error {
	_, _, err := service.Rules.AddAccount(ctx, administrator)
	if refused, ok := errors.AsType[*rules.Error](err); ok && refused.Kind == rules.KindConflict {
		return nil
	}

	return err
}

// seed writes the demonstration set through the API of a register at base. It is idempotent: what is there stays as it
// is.
func seed(ctx context.Context, base string, list []operators.Operator) error {
	api := base + "/v1"
	admin, err := clientOf(api, administrator)
	if err != nil {
		return err
	}

	accounts := []registerclient.CreateAccountRequest{dccAccount}
	for _, o := range list {
		accounts = append(accounts, portalAccount(o))
	}
	for _, c := range customers {
		accounts = append(accounts, c.account)
	}

	for _, account := range accounts {
		if _, err = admin.CreateAccount(ctx, account); err != nil && !errors.Is(err, registerclient.ErrConflict) {
			return fmt.Errorf("account %s: %w", account.AccountID, err)
		}
	}

	for _, o := range list {
		if err = seedReturnURL(ctx, api, portalAccount(o), base+o.Base+"/return"); err != nil {
			return fmt.Errorf("return URL of %s: %w", o.AccountID, err)
		}
	}

	// All identity records come before the first access record, as published.
	identities := make([]string, len(customers))
	for i, c := range customers {
		if identities[i], err = seedIdentity(ctx, api, c); err != nil {
			return fmt.Errorf("identity record of %s: %w", c.account.AccountID, err)
		}
	}

	for i, c := range customers {
		if err = seedAccess(ctx, api, c, identities[i]); err != nil {
			return fmt.Errorf("access record of %s: %w", c.account.AccountID, err)
		}
	}

	dcc, err := clientOf(api, dccAccount)
	if err != nil {
		return err
	}

	_, err = dcc.SubmitDiscoveredAccess(ctx, discovered)

	return err
}

// seedReturnURL registers the address to which passkey pages lead back. An earlier run may have used another port.
func seedReturnURL(ctx context.Context, api string, account registerclient.CreateAccountRequest, address string) error {
	client, err := clientOf(api, account)
	if err != nil {
		return err
	}

	self, err := client.ReadSelf(ctx)
	if err != nil || slices.Contains(self.Account.ReturnURLs, address) {
		return err
	}

	_, err = client.ReplaceReturnURLs(ctx, registerclient.ReplaceReturnURLsRequest{ReturnURLs: []string{address}})

	return err
}

func seedIdentity(ctx context.Context, api string, c customer) (string, error) {
	client, err := clientOf(api, c.account)
	if err != nil {
		return "", err
	}

	found, err := client.LookupIdentityRecords(ctx, registerclient.LookupIdentityRecordsQuery{MPxN: meterPoint})
	if err != nil {
		return "", err
	}
	if len(found.IdentityRecords) > 0 {
		return found.IdentityRecords[0].IR, nil
	}

	made, err := client.CreateIdentityRecord(ctx, c.identity)
	if err != nil {
		return "", err
	}

	return made.IR, nil
}

func seedAccess(ctx context.Context, api string, c customer, ir string) error {
	client, err := clientOf(api, c.account)
	if err != nil {
		return err
	}

	_, err = client.ListAccessRecords(ctx, meterPoint, registerclient.ListAccessRecordsQuery{})
	if !errors.Is(err, registerclient.ErrForbidden) { // forbidden: there is no record yet
		return err
	}

	record := c.access
	record.RecordMetadata.IdentityRecordRef = &ir
	_, err = client.CreateAccessRecord(ctx, record)

	return err
}

func clientOf(api string, account registerclient.CreateAccountRequest) (*registerclient.Client, error) {
	return registerclient.New(registerclient.Options{
		BaseURL:   api,
		AccountID: account.AccountID,
		SecretKey: account.SecretKey,
	})
}

// portalAccount is the account of an operator's portal. Its DUID is made from the account's id, as the published ones
// are.
func portalAccount(o operators.Operator) registerclient.CreateAccountRequest {
	name := strings.ReplaceAll(o.AccountID, "_", "")

	return registerclient.CreateAccountRequest{
		AccountID:   o.AccountID,
		SecretKey:   o.AccountSecret.Reveal(),
		Role:        registerclient.RolePortal,
		DisplayName: o.Brand.Name,
		DUID:        "duid_" + name + strings.Repeat("0", 21-len(name)),
		ContactURL:  o.Brand.ContactURL,
		// The demonstration's operators are its own.
		ReservedName: true,
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"central.consent/dar/cmd/internal/cli"
	"central.consent/dar/registerclient"
)

// accountTime bounds what is done to one account.
const accountTime = 30 * time.Second

// newAccount is what account add is given.
type newAccount struct {
	id          string
	role        string
	displayName string
	contactURL  string
	dataTypes   []string
	reference   string
	returnURLs  []string
	// reservedName says that the account is of the organisation that has the reserved name.
	reservedName bool
}

func accountAddCommand() *cobra.Command {
	var given newAccount
	command := &cobra.Command{
		Use:   "add",
		Short: "open an account and print its secret, once",
		Example: `register account add --id portal_ops --role portal --display-name "Citizens Advice" ` +
			`--reserved-name
  register account add --id bright_energy --role data_user --display-name "Bright Energy Ltd" ` +
			`--contact-url https://bright-energy.com/contact`,
		Args: cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runAccountAdd(c.Context(), given, c.OutOrStdout())
		},
	}

	flags := command.Flags()
	flags.StringVar(&given.id, "id", "",
		"the account's id: 3 to 64 lower-case letters, digits, dashes and underscores")
	flags.StringVar(&given.role, "role", "", "data_user, data_provider, dcc, admin or portal")
	flags.StringVar(&given.displayName, "display-name", "", "the name that customers are told")
	flags.StringVar(&given.contactURL, "contact-url", "", "where its customers reach it; required for a data_user")
	flags.StringSliceVar(&given.dataTypes, "data-types", nil,
		"the kinds of data that it works with, with commas between; all, for a data_user that names none")
	flags.StringVar(&given.reference, "organisation-reference", "", "its Smart Energy Code reference, as SEC-OU-00429")
	flags.StringSliceVar(&given.returnURLs, "return-urls", nil,
		"where customers may be sent back to, with commas between")

	flags.BoolVar(&given.reservedName, "reserved-name", false,
		"the account is of the regulator, operator or other body whose reserved name it gets")

	roles := []cobra.Completion{"data_user", "data_provider", "dcc", "admin", "portal"}
	_ = command.RegisterFlagCompletionFunc("role", cobra.FixedCompletions(roles, cobra.ShellCompDirectiveNoFileComp))

	return command
}

func runAccountAdd(ctx context.Context, given newAccount, out io.Writer) (err error) {
	_, service, db, err := open(ctx, io.Discard, false)
	if err != nil {
		return err
	}

	defer func() { err = errors.Join(err, db.Close()) }()
	ctx, cancel := context.WithTimeout(ctx, accountTime)
	defer cancel()

	request := registerclient.CreateAccountRequest{
		AccountID:             given.id,
		Role:                  registerclient.Role(given.role),
		DisplayName:           given.displayName,
		ContactURL:            given.contactURL,
		OrganisationReference: given.reference,
		ReturnURLs:            given.returnURLs,
		ReservedName:          given.reservedName,
	}
	for _, name := range given.dataTypes {
		request.DataTypes = append(request.DataTypes, registerclient.DataType(name))
	}

	account, secret, err := service.Rules.AddAccount(ctx, request)
	if err != nil {
		return fmt.Errorf("account add: %w", err)
	}

	fmt.Fprintf(out, "account-id  %s\nduid        %s\nrole        %s\nsecret-key  %s\n\n"+
		"The secret is not kept and cannot be shown again.\n",
		account.AccountID, account.DUID, account.Role, secret)

	return nil
}

func rotateSecretCommand() *cobra.Command {
	id := ""
	command := &cobra.Command{
		Use:     "rotate-secret",
		Short:   "replace an account's secret and print the new one, once",
		Example: "register account rotate-secret --id portal_ops",
		Args:    cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if id == "" {
				return errors.New("account rotate-secret needs --id")
			}
			return runRotateSecret(c.Context(), id, c.OutOrStdout())
		},
	}
	command.Flags().StringVar(&id, "id", "", "the account's id")

	return command
}

func runRotateSecret(ctx context.Context, id string, out io.Writer) (err error) {
	_, service, db, err := open(ctx, io.Discard, false)
	if err != nil {
		return err
	}

	defer func() { err = errors.Join(err, db.Close()) }()
	ctx, cancel := context.WithTimeout(ctx, accountTime)
	defer cancel()

	secret, err := service.Rules.RotateSecret(ctx, id)
	if err != nil {
		return fmt.Errorf("account rotate-secret: %w", err)
	}

	fmt.Fprintf(
		out,
		"account-id  %s\nsecret-key  %s\n\nThe old secret and every bearer token of the account have ended. "+
			"The new one is not kept and cannot be shown again.\n",
		id,
		secret,
	)

	return nil
}

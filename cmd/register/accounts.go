package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"central.consent/dar/registerclient"
)

// accountTime bounds what is done to one account.
const accountTime = 30 * time.Second

const accountExample = `register account add --id portal_ops --role portal --display-name "Citizens Advice"
  register account add --id bright_energy --role data_user --display-name "Bright Energy Ltd" --contact-url https://bright-energy.com/contact`

func runAccountAdd(ctx context.Context, set *flag.FlagSet, args []string, out, _ io.Writer) (err error) {
	id := set.String("id", "", "the account's id: 3 to 64 lower-case letters, digits, dashes and underscores")
	role := set.String("role", "", "data_user, data_provider, dcc, admin or portal")
	name := set.String("display-name", "", "the name that customers are told")
	contact := set.String("contact-url", "", "where its customers reach it; required for a data_user")
	types := set.String(
		"data-types",
		"",
		"the kinds of data that it works with, with commas between; all, for a data_user that names none",
	)
	reference := set.String("organisation-reference", "", "its Smart Energy Code reference, as SEC-OU-00429")
	returns := set.String("return-urls", "", "where customers may be sent back to, with commas between")
	if err := parse(set, args, 0); err != nil {
		return err
	}

	_, service, db, err := open(ctx, io.Discard, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	ctx, cancel := context.WithTimeout(ctx, accountTime)
	defer cancel()
	in := registerclient.CreateAccountRequest{
		AccountID:             *id,
		Role:                  registerclient.Role(*role),
		DisplayName:           *name,
		ContactURL:            *contact,
		OrganisationReference: *reference,
	}
	if *returns != "" {
		in.ReturnURLs = strings.Split(*returns, ",")
	}
	if *types != "" {
		for one := range strings.SplitSeq(*types, ",") {
			in.DataTypes = append(in.DataTypes, registerclient.DataType(one))
		}
	}

	account, secret, err := service.Rules.AddAccount(ctx, in)
	if err != nil {
		return fmt.Errorf("account add: %w", err)
	}

	fmt.Fprintf(
		out,
		"account-id  %s\nduid        %s\nrole        %s\nsecret-key  %s\n\nThe secret is not kept and cannot be shown again.\n",
		account.AccountID,
		account.DUID,
		account.Role,
		secret,
	)
	return nil
}

func runAccountRotateSecret(ctx context.Context, set *flag.FlagSet, args []string, out, _ io.Writer) (err error) {
	id := set.String("id", "", "the account's id")
	if err := parse(set, args, 0); err != nil {
		return err
	}
	if *id == "" {
		return errors.New("account rotate-secret needs --id")
	}

	_, service, db, err := open(ctx, io.Discard, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	ctx, cancel := context.WithTimeout(ctx, accountTime)
	defer cancel()
	secret, err := service.Rules.RotateSecret(ctx, *id)
	if err != nil {
		return fmt.Errorf("account rotate-secret: %w", err)
	}

	fmt.Fprintf(
		out,
		"account-id  %s\nsecret-key  %s\n\nThe old secret and every bearer token of the account have ended. The new one is not kept and cannot be shown again.\n",
		*id,
		secret,
	)
	return nil
}

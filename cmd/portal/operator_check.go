package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"central.consent/dar/cmd/internal/env"
	"central.consent/dar/cmd/internal/operators"
	"central.consent/dar/registerclient"
)

// connectTime bounds the trial of one account.
const connectTime = 20 * time.Second

func checkCommand() *cobra.Command {
	connect := false
	command := &cobra.Command{
		Use:     "check FILE",
		Short:   "look over a file of operators: tell every mistake, or what it says and its contrasts",
		Example: "portal operator check --connect /etc/portal/operators.toml",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("%s takes one file; try --help", c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return runCheck(c.Context(), args[0], connect, c.OutOrStdout())
		},
	}
	command.Flags().BoolVar(&connect, "connect", false,
		"also sign in to the register at PORTAL_REGISTER_URL with each account; changes nothing there")

	return command
}

// runCheck reports every mistake of a file, or what it says.
func runCheck(ctx context.Context, path string, connect bool, out io.Writer) error {
	list, err := operators.Load(path)
	if err != nil {
		return err
	}

	for _, o := range list {
		describe(out, o)
	}

	if connect {
		if err := tryAccounts(ctx, list, out); err != nil {
			return err
		}
	}

	fmt.Fprintf(out, "No mistakes. Operators: %d.\n", len(list))

	return nil
}

func describe(out io.Writer, o operators.Operator) {
	fmt.Fprintf(out, "%s: %s\n", o.Slug, o.Brand.Name)
	for _, host := range o.Hosts {
		fmt.Fprintf(out, "  address    %s%s\n", host, o.Base)
	}
	if len(o.Hosts) == 0 {
		fmt.Fprintf(out, "  address    %s on the host of PORTAL_PUBLIC_URL\n", o.Base)
	}

	fmt.Fprintf(out, "  account    %s\n  languages  %s\n", o.AccountID, strings.Join(o.Brand.Offered(), ", "))
	if len(o.Advisers) > 0 {
		fmt.Fprintf(out, "  advisers   %d, each with a code\n", len(o.Advisers))
	}
	if o.AdviserSecret.Reveal() != "" {
		fmt.Fprint(out, "  advisers   those who share a code, and are not named\n")
	}
	if logo := o.Brand.Logo; logo != nil {
		fmt.Fprintf(out, "  logo       served with %d x %d pixels\n", logo.Width, logo.Height)
	}
	for _, r := range o.Ratios {
		fmt.Fprintf(out, "  contrast   %8s  %-5s  %s on %s\n", r, r.Theme, r.Text, r.On)
	}
}

// tryAccounts signs in with each account.
func tryAccounts(ctx context.Context, list []operators.Operator, out io.Writer) error {
	var settings struct {
		RegisterURL string `env:"PORTAL_REGISTER_URL" envDefault:"https://api.central.consent/v1"`
	}
	if err := env.Load(&settings); err != nil {
		return err
	}

	var mistakes []error
	for _, o := range list {
		if err := tryAccount(ctx, settings.RegisterURL, o); err != nil {
			mistakes = append(mistakes, fmt.Errorf("operator %q: account-id: %w", o.Slug, err))
			continue
		}
		fmt.Fprintf(out, "%s: the register at %s knows the account %s.\n", o.Slug, settings.RegisterURL, o.AccountID)
	}

	return errors.Join(mistakes...)
}

// tryAccount asks about a meter point that does not exist: that requires the role portal and reveals nothing.
func tryAccount(ctx context.Context, address string, o operators.Operator) error {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()

	client, err := registerclient.New(registerclient.Options{
		BaseURL:   address,
		AccountID: o.AccountID,
		SecretKey: o.AccountSecret.Reveal(),
	})
	if err != nil {
		return err
	}

	_, err = client.IdentityRecordExists(ctx, "000000")
	switch {
	case errors.Is(err, registerclient.ErrUnauthorized):
		return fmt.Errorf(
			"the register at %s does not know the account %s, or account-secret-file holds another secret",
			address,
			o.AccountID,
		)
	case errors.Is(err, registerclient.ErrForbidden):
		return fmt.Errorf("the account %s is not of the role portal", o.AccountID)
	}

	return err
}

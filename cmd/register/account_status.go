package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"central.consent/dar/cmd/internal/cli"
	"central.consent/dar/register"
	"central.consent/dar/register/rules"
	"central.consent/dar/registerclient"
)

// onRegister opens the register's database, runs work on the register and closes it.
func onRegister(ctx context.Context, work func(ctx context.Context, service *register.Register) error) (err error) {
	_, service, db, err := open(ctx, io.Discard, false)
	if err != nil {
		return err
	}

	defer func() { err = errors.Join(err, db.Close()) }()
	ctx, cancel := context.WithTimeout(ctx, accountTime)
	defer cancel()

	return work(ctx, service)
}

// readAccounts returns every account. The reading is audited, without an account: the command acts for the host.
func readAccounts(ctx context.Context, service *register.Register) ([]registerclient.Account, error) {
	accounts, err := service.Rules.ListAccounts(ctx)
	if err != nil {
		return nil, err
	}

	looking := &rules.AdministratorRequest{At: "accounts"}

	return accounts, service.Rules.AuditLook(rules.WithAdministrator(ctx, looking))
}

func accountListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "list every account, the oldest first",
		Example: "register account list",
		Args:    cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return onRegister(c.Context(), func(ctx context.Context, service *register.Register) error {
				accounts, err := readAccounts(ctx, service)
				if err != nil {
					return fmt.Errorf("account list: %w", err)
				}

				return writeAccounts(c.OutOrStdout(), accounts)
			})
		},
	}
}

// writeAccounts writes accounts as a table.
func writeAccounts(out io.Writer, accounts []registerclient.Account) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "account-id\trole\tstatus\tcause\tregistered\tdisplay-name")
	for _, account := range accounts {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", account.AccountID, account.Role, account.Status,
			causeText(account), account.RegisteredAt.Format(time.DateOnly), account.DisplayName)
	}

	return table.Flush()
}

// causeText returns why an account is suspended or terminated; a dash if it is active.
func causeText(account registerclient.Account) string {
	if account.StatusCause == nil {
		return "-"
	}

	return string(*account.StatusCause)
}

// accountCommand is a command about one account, which --id names.
func accountCommand(
	name, short string, work func(ctx context.Context, service *register.Register, id string, out io.Writer) error,
) *cobra.Command {
	id := ""
	command := &cobra.Command{
		Use:     name,
		Short:   short,
		Example: "register account " + name + " --id bright_energy",
		Args:    cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if id == "" {
				return fmt.Errorf("account %s needs --id", name)
			}

			err := onRegister(c.Context(), func(ctx context.Context, service *register.Register) error {
				return work(ctx, service, id, c.OutOrStdout())
			})
			if err != nil {
				return fmt.Errorf("account %s: %w", name, err)
			}

			return nil
		},
	}
	command.Flags().StringVar(&id, "id", "", "the account's id")

	return command
}

func accountShowCommand() *cobra.Command {
	return accountCommand("show", "show all that is registered about an account, but for its secret",
		func(ctx context.Context, service *register.Register, id string, out io.Writer) error {
			accounts, err := readAccounts(ctx, service)
			if err != nil {
				return err
			}

			i := slices.IndexFunc(accounts, func(a registerclient.Account) bool { return a.AccountID == id })
			if i < 0 {
				return rules.NotFound("There is no such account.")
			}

			return writeAccount(out, accounts[i])
		})
}

// writeAccount writes an account, one member on each line.
func writeAccount(out io.Writer, account registerclient.Account) error {
	types := make([]string, len(account.DataTypes))
	for i, dataType := range account.DataTypes {
		types[i] = string(dataType)
	}

	suspended := "-"
	if account.SuspendedAt != nil {
		suspended = account.SuspendedAt.Format(time.RFC3339)
	}

	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, line := range [][2]string{
		{"account-id", account.AccountID},
		{"duid", account.DUID},
		{"display-name", account.DisplayName},
		{"role", string(account.Role)},
		{"status", account.Status},
		{"cause", causeText(account)},
		{"suspended-at", suspended},
		{"registered-at", account.RegisteredAt.Format(time.RFC3339)},
		{"contact-url", account.ContactURL},
		{"organisation-reference", account.OrganisationReference},
		{"data-types", strings.Join(types, " ")},
		{"return-urls", strings.Join(account.ReturnURLs, " ")},
	} {
		value := line[1]
		if value == "" {
			value = "-"
		}
		fmt.Fprintf(table, "%s\t%s\n", line[0], value)
	}

	return table.Flush()
}

func accountSuspendCommand() *cobra.Command {
	cause := ""
	command := accountCommand("suspend", "refuse an account until it is reactivated, and end its bearer tokens",
		func(ctx context.Context, service *register.Register, id string, out io.Writer) error {
			return changeStatus(ctx, service, rules.Suspend, id, cause, out)
		})
	command.Flags().StringVar(&cause, "cause", string(registerclient.CauseMisconduct),
		"failure: the contacts of its customers go on standing; misconduct: none of them does")

	causes := []cobra.Completion{string(registerclient.CauseFailure), string(registerclient.CauseMisconduct)}
	_ = command.RegisterFlagCompletionFunc(
		"cause", cobra.FixedCompletions(causes, cobra.ShellCompDirectiveNoFileComp))

	return command
}

func accountReactivateCommand() *cobra.Command {
	return accountCommand("reactivate", "let a suspended account in again",
		func(ctx context.Context, service *register.Register, id string, out io.Writer) error {
			return changeStatus(ctx, service, rules.Reactivate, id, "", out)
		})
}

// changeStatus changes the status of an account and writes it.
func changeStatus(
	ctx context.Context, service *register.Register, change rules.StatusChange, id, cause string, out io.Writer,
) error {
	account, err := service.Rules.ChangeStatusOnHost(ctx, change, id, registerclient.StatusCause(cause))
	if err != nil {
		return err
	}

	fmt.Fprintf(out, "account-id  %s\nstatus      %s\ncause       %s\n",
		account.AccountID, account.Status, causeText(account))

	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"central.consent/dar/cmd/internal/cli"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// maxListed is how many mistakes of an import the register lists.
const maxListed = 1000

func importCommand() *cobra.Command {
	account := ""
	command := &cobra.Command{
		Use:   "import --account ID FILE",
		Short: "register the records of a file of JSON Lines for an account",
		Long: `One line is one access record, with the identity record that it rests on:
  ` + importLine + `

It can be stopped and run again: what is registered already is passed over. It exits with 1 if a line was refused.`,
		Example: `register import --account bright_energy records.ndjson
  zcat records.ndjson.gz | register import --account bright_energy -`,
		Args: cli.MaxArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if account == "" || len(args) == 0 {
				return errors.New("register import needs --account and a file, or - for the standard input")
			}
			return runImport(c.Context(), account, args[0], c.OutOrStdout(), c.ErrOrStderr())
		},
		DisableFlagsInUseLine: true,
	}
	command.Flags().StringVar(&account, "account", "", "the Data User whose records they are")

	return command
}

// importLine is an example of a line.
const importLine = `{"import-reference":"crm-000001",` +
	`"identity-record":{"pii-principal":{"mpxn":"2312345678901","move-in-date":"2022-06-30"},` +
	`"expressed-by":"data-subject"},` +
	`"access-record":{"record-metadata":{"schema-version":"1.0","controller-arrangement":` +
	`{"arrangement-type":"sole","controllers":[{"name":"Northern Networks plc","role":"sole",` +
	`"contact-url":"https://northernnetworks.co.uk/contact"}]}},"notice":null,` +
	`"processing":{"legal-basis":"uk-public-task","purpose":"Statutory network safety and capacity monitoring",` +
	`"data-types":["HH-CONSUMPTION"]},` +
	`"access-event":{"state":"ACTIVE","registered-at":"2024-01-15T00:00:00Z","expiry":null}}}`

// runImport imports a file for an account; "-" is the standard input.
func runImport(ctx context.Context, id, path string, out, log io.Writer) error {
	file := os.Stdin
	if path != "-" {
		var err error
		if file, err = os.Open(path); err != nil {
			return err
		}
		defer file.Close()
	}

	var size int64 // 0 if it is unknown
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}

	_, service, db, err := open(ctx, io.Discard, false)
	if err != nil {
		return err
	}

	defer db.Close()
	account, err := store.New(db.Write, db.Read).FindAccount(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("there is no account %q", id)
	}
	if err != nil {
		return err
	}

	p := newProgress(log, size)
	result, err := service.Rules.Import(ctx, account, file, p.show)
	p.end()
	printImport(out, result)
	switch {
	case err != nil:
		return fmt.Errorf("the import broke off; what it registered stays, and it can be run again: %w", err)
	case result.Refused > 0:
		return fmt.Errorf("lines refused: %d", result.Refused)
	}

	return nil
}

func printImport(out io.Writer, result registerclient.ImportResponse) {
	fmt.Fprintf(out, "lines     %d\nimported  %d\nknown     %d\nrefused   %d\n",
		result.Lines, result.Imported, result.Known, result.Refused)
	for _, mistake := range result.Errors {
		fmt.Fprintf(out, "line %d: %s\n", mistake.Line, mistake.Message) // which begins with the field
	}

	if len(result.Errors) >= maxListed {
		fmt.Fprintln(out, "There may be more mistakes: mend these, and run the import again.")
	}
}

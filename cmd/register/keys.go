package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"central.consent/dar/cmd/internal/cli"
	"central.consent/dar/register/rules"
)

func keyCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "key ID",
		Short:   "make a key for REGISTER_KEYS, under an id of your choice",
		Example: "register key 2026a",
		Args:    cli.OneArg("an id, as 2026a"),
		RunE: func(c *cobra.Command, args []string) error {
			key := rules.GenerateKey(args[0])
			if _, err := rules.NewKeyring(key); err != nil {
				return err
			}

			_, err := fmt.Fprintln(c.OutOrStdout(), key)

			return err
		},
	}
}

func keysRotateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rotate",
		Short: "reseal with the first of REGISTER_KEYS what another key sealed, beside serving replicas",
		Long: `Make the new key with register key, put it before the old one in REGISTER_KEYS, and keep it. Restart
every replica with both, so that each can open what is sealed with either; then run this, and take the old key out.
The audit log is sealed with the new key, and its earlier keys stay in the database, wrapped with the new one.
It also brings the e-mail addresses that an older version stored to their normal form.`,
		Example: "REGISTER_KEYS=2026b:...,2026a:... register keys rotate",
		Args:    cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runKeysRotate(c.Context(), c.OutOrStdout(), c.ErrOrStderr())
		},
	}
}

func runKeysRotate(ctx context.Context, out, log io.Writer) (err error) {
	_, service, db, err := open(ctx, io.Discard, false)
	if err != nil {
		return err
	}

	defer func() { err = errors.Join(err, db.Close()) }()
	const reportEvery = 10_000
	reported := 0
	total, err := service.Rules.RotateKeys(ctx, func(done int) {
		if done-reported >= reportEvery {
			reported = done
			fmt.Fprintf(log, "%d rows so far\n", done)
		}
	})
	fmt.Fprintf(out, "%d rows were resealed with the first key.\n", total)
	if err != nil {
		return fmt.Errorf("keys rotate: %w", err)
	}

	fmt.Fprintln(out, "Nothing is sealed with another key any more: the others can leave REGISTER_KEYS, "+
		"unless a backup needs them.")

	return nil
}

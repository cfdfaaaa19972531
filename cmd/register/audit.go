package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"central.consent/dar/cmd/internal/cli"
	"central.consent/dar/cmd/internal/env"
	"central.consent/dar/migrations"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
)

// auditConfig is what audit verify needs: the rows are keyed.
type auditConfig struct {
	Database env.Secret `env:"REGISTER_DATABASE,required"`
	Keys     env.Secret `env:"REGISTER_KEYS,required"`
}

func auditVerifyCommand() *cobra.Command {
	checkpoint := ""
	command := &cobra.Command{
		Use:     "verify",
		Short:   "prove that no row of the audit log was altered, removed or added",
		Example: "register audit verify --checkpoint /mnt/elsewhere/audit.json",
		Args:    cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runAuditVerify(c.Context(), checkpoint, c.OutOrStdout())
		},
	}
	command.Flags().
		StringVar(&checkpoint, "checkpoint", "", "a file of the log's heads, made when missing: compared first, "+
			"and written when all is well. Keep it where the database's owner cannot write")

	return command
}

// runAuditVerify verifies the audit log against the heads in the checkpoint, which an earlier run wrote, and writes the
// new ones if all is well. The file protects only if those who can write the database cannot write it.
func runAuditVerify(ctx context.Context, checkpoint string, out io.Writer) (err error) {
	kept, err := readHeads(checkpoint)
	if err != nil {
		return err
	}

	data, db, err := openAuditLog(ctx)
	if err != nil {
		return err
	}

	defer func() { err = errors.Join(err, db.Close()) }()
	// The new heads are read before the log is, so that what is written to the file has been verified.
	heads, err := data.AuditHeads(ctx)
	if err != nil {
		return err
	}

	rows, err := data.VerifyAudit(ctx, append(kept, heads...))
	if fault, ok := errors.AsType[store.AuditFault](err); ok {
		return fmt.Errorf("the audit log is not what was written, after %d rows that are: %w", rows, fault)
	}
	if err != nil {
		return fmt.Errorf("verify the audit log of a database that is up to date: %w", err)
	}

	fmt.Fprintf(out, "%d rows read: none was altered or removed.\n", rows)
	if err := printSeal(ctx, data, out); err != nil || checkpoint == "" {
		return err
	}

	return writeHeads(checkpoint, heads)
}

// openAuditLog opens the database as it is, and a store that can verify its audit log. The caller closes the database.
func openAuditLog(ctx context.Context) (*store.Store, *migrations.DB, error) {
	var c auditConfig
	if err := env.Load(&c); err != nil {
		return nil, nil, err
	}

	keys, err := rules.NewKeyring(c.Keys.Reveal())
	if err != nil {
		return nil, nil, fmt.Errorf("REGISTER_KEYS: %w", err)
	}

	db, err := migrations.OpenAsIs(ctx, c.Database.Reveal())
	if err != nil {
		return nil, nil, err
	}

	data := store.New(db.Write, db.Read)
	data.UseAuditKeys(keys)

	return data, db, nil
}

// printSeal says how many rows have no key. An operator who sees another number or date than before knows that the log
// was written anew and sealed again.
func printSeal(ctx context.Context, data *store.Store, out io.Writer) error {
	seals, err := data.AuditSeals(ctx)
	if err != nil {
		return err
	}

	rows, err := seals[0].Rows()
	if err != nil {
		return err
	}

	fmt.Fprintf(out, "%d of them have no key: they are from before the log was sealed, at %s.\n",
		rows, seals[0].SealedAt.Time().Format(time.RFC3339))

	return nil
}

func readHeads(path string) ([]store.AuditHead, error) {
	if path == "" {
		return nil, nil
	}

	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the checkpoint: %w", err)
	}

	var heads []store.AuditHead
	if err := json.Unmarshal(text, &heads); err != nil {
		return nil, fmt.Errorf("read the checkpoint %s: %w", path, err)
	}

	return heads, nil
}

// writeHeads replaces the file in one step: a crash leaves the old file or the new one.
func writeHeads(path string, heads []store.AuditHead) (err error) {
	text, err := json.MarshalIndent(heads, "", "  ")
	if err != nil {
		return fmt.Errorf("write the checkpoint: %w", err)
	}

	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write the checkpoint: %w", err)
	}

	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("write the checkpoint: %w", err), os.Remove(file.Name()))
		}
	}()

	_, err = file.Write(append(text, '\n'))
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}

	return os.Rename(file.Name(), path)
}

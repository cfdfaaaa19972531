package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"central.consent/dar/cmd/internal/cli"
	"central.consent/dar/cmd/internal/env"
	"central.consent/dar/cmd/internal/serve"
	"central.consent/dar/migrations"
	"central.consent/dar/register"
	"central.consent/dar/register/store"
)

// databaseConfig is all that the commands need which use no key.
type databaseConfig struct {
	Database env.Secret `env:"REGISTER_DATABASE,required"`
}

// open reads the settings and opens the register on its database, brought up to date, with a sealed audit log and
// folded names. With mails, config.mail has to be closed. The register logs to log as a server does: a command that
// ends discards it and reports its results itself.
func open(ctx context.Context, log io.Writer, mails bool) (config, *register.Register, *migrations.DB, error) {
	c, o, err := load(mails)
	if err != nil {
		return c, nil, nil, err
	}

	db, err := migrations.Open(ctx, c.Database.Reveal(), migrations.Register)
	if err != nil {
		return c, nil, nil, err
	}

	o.Store = store.New(db.Write, db.Read)
	o.Logger = serve.Logger(log)
	service, err := register.New(o)
	if err != nil {
		return c, nil, nil, errors.Join(err, db.Close())
	}

	sealed, err := service.Rules.SealAudit(ctx)
	if err != nil {
		return c, nil, nil, errors.Join(err, db.Close())
	}
	if sealed {
		o.Logger.Info("the audit log is sealed: its rows are keyed from now on, and older programs are refused")
	}

	alike, err := service.Rules.FoldAccountNames(ctx)
	if err != nil {
		return c, nil, nil, errors.Join(err, db.Close())
	}
	for _, id := range alike {
		o.Logger.Warn("an account has a name that looks like another one: give it one that does not", "account", id)
	}

	return c, service, db, nil
}

func migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "migrate",
		Short:   "bring the database up to date and end",
		Example: "register migrate",
		Args:    cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runMigrate(c.Context(), c.OutOrStdout())
		},
	}
}

func runMigrate(ctx context.Context, out io.Writer) error {
	var c databaseConfig
	if err := env.Load(&c); err != nil {
		return err
	}

	db, err := migrations.Open(ctx, c.Database.Reveal(), migrations.Register)
	if err != nil {
		return err
	}

	fmt.Fprintln(out, "The database is up to date.")

	return db.Close()
}

func backupCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "backup FILE",
		Short:   "write a copy of the SQLite database to a new file, beside a serving replica",
		Example: "register backup /var/backups/register-monday.db",
		Args:    cli.OneArg("the path of a file that is not there yet"),
		RunE: func(c *cobra.Command, args []string) error {
			return runBackup(c.Context(), args[0], c.OutOrStdout())
		},
	}
}

// runBackup copies a SQLite database as it is at one moment. Sealed values are copied sealed: the copy is useless
// without the keys.
func runBackup(ctx context.Context, path string, out io.Writer) (err error) {
	var c databaseConfig
	if err := env.Load(&c); err != nil {
		return err
	}

	db, err := migrations.OpenAsIs(ctx, c.Database.Reveal())
	if err != nil {
		return err
	}

	defer func() { err = errors.Join(err, db.Close()) }()
	if db.Postgres {
		return errors.New("backup copies SQLite files; for PostgreSQL use pg_dump, or the backups of its operator")
	}

	size, err := copyDatabase(ctx, db, path)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: a backup does not write over a file", path)
	}
	if err != nil {
		return fmt.Errorf("make the backup: %w", err)
	}

	fmt.Fprintf(out, "%s: %d bytes. It opens with the keys of REGISTER_KEYS as they are now: "+
		"keep them too, elsewhere. "+
		"Keep the list of register erasures list beside it, and the copy for 35 days at most.\n", path, size)

	return nil
}

// copyDatabase writes a copy to a new file and returns its size in bytes. It reads the state of one moment and blocks
// no writer.
func copyDatabase(ctx context.Context, db *migrations.DB, path string) (int64, error) {
	// SQLite writes into an existing file only if it is empty: the mode is right from the first byte.
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	if err = file.Close(); err != nil {
		return 0, err
	}

	// The pool of readers may not create a file.
	if _, err = db.Write.ExecContext(ctx, `VACUUM INTO ?`, path); err != nil {
		return 0, errors.Join(err, os.Remove(path))
	}

	written, err := os.Stat(path)
	if err != nil {
		return 0, err
	}

	return written.Size(), nil
}

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// runBackup copies a SQLite database as it is at one moment. The copy holds what the database holds, sealed values as
// they are: it is worth nothing without the keys.
func runBackup(ctx context.Context, set *flag.FlagSet, args []string, out, _ io.Writer) (err error) {
	if err := parse(set, args, 1); err != nil {
		return err
	}
	if set.NArg() == 0 {
		return errors.New("register backup needs the path of a file that is not there yet")
	}

	path := set.Arg(0)
	db, err := openDatabase(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if db.Postgres {
		return errors.New("backup copies SQLite files; for PostgreSQL use pg_dump, or the backups of whoever runs it")
	}

	// SQLite writes into a file that is there only where it is empty: so the mode is right from the first byte.
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: a backup does not write over a file", path)
	}
	if err != nil {
		return fmt.Errorf("make the backup: %w", err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("make the backup: %w", err)
	}
	// It reads one moment's state, and nobody who writes has to wait; the readers' pool may not make a file.
	if _, err := db.Write.ExecContext(ctx, `VACUUM INTO ?`, path); err != nil {
		return fmt.Errorf("make the backup: %w", errors.Join(err, os.Remove(path)))
	}

	written, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("make the backup: %w", err)
	}

	fmt.Fprintf(
		out,
		"%s: %d bytes. It opens with the keys of REGISTER_KEYS as they are now: keep them too, elsewhere.\n",
		path,
		written.Size(),
	)
	return nil
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"central.consent/dar/register/store"
)

// runAuditVerify reads the audit log against the heads that an earlier run kept, and keeps the new ones where all is
// well. The file belongs where whoever can write the database cannot write.
func runAuditVerify(ctx context.Context, set *flag.FlagSet, args []string, out, _ io.Writer) (err error) {
	checkpoint := set.String(
		"checkpoint",
		"",
		"a file of the log's heads, made when missing: compared first, and written when all is well. Keep it where the database's owner cannot write",
	)
	if err := parse(set, args, 0); err != nil {
		return err
	}

	kept, err := readHeads(*checkpoint)
	if err != nil {
		return err
	}

	db, err := openDatabase(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	service := store.New(db.Write, db.Read)
	// The new heads are read before the log is: what is written to the file has been verified.
	heads, err := service.AuditHeads(ctx)
	if err != nil {
		return err
	}

	rows, err := service.VerifyAudit(ctx, append(kept, heads...))
	if fault, ok := errors.AsType[store.AuditFault](err); ok {
		return fmt.Errorf("the audit log is not what was written, after %d rows that are: %w", rows, fault)
	}
	if err != nil {
		return err
	}

	fmt.Fprintf(out, "%d rows read: none was altered or removed.\n", rows)
	if *checkpoint == "" {
		return nil
	}

	return writeHeads(*checkpoint, heads)
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

// writeHeads replaces the file whole: a crash leaves the old one or the new.
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

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"central.consent/dar/cmd/internal/cli"
	"central.consent/dar/cmd/internal/env"
	"central.consent/dar/migrations"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
)

// erasuresPerPage is how many erasures are read from the database at once.
const erasuresPerPage = 1000

func erasuresListCommand() *cobra.Command {
	since := ""
	command := &cobra.Command{
		Use:   "list",
		Short: "print the identity records that were anonymised, a line each",
		Long: `Keep the list beside the backups, and outside them: a backup that is restored brings back what was erased
since. Print it after each backup, and as often as an erasure must outlive the loss of the database: every hour.`,
		Example: "register erasures list --since 2026-05-01 > /mnt/elsewhere/erasures.txt",
		Args:    cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runErasuresList(c.Context(), since, c.OutOrStdout())
		},
	}
	command.Flags().StringVar(&since, "since", "", "a day, as 2026-05-01, or a time, as 2026-05-01T12:00:00Z: "+
		"only what was erased from then on")

	return command
}

// runErasuresList prints the erasures since a time, the oldest first.
func runErasuresList(ctx context.Context, since string, out io.Writer) (err error) {
	from, err := parseSince(since)
	if err != nil {
		return err
	}

	var c databaseConfig
	if err := env.Load(&c); err != nil {
		return err
	}

	db, err := migrations.OpenAsIs(ctx, c.Database.Reveal())
	if err != nil {
		return err
	}

	defer func() { err = errors.Join(err, db.Close()) }()
	data := store.New(db.Write, db.Read)
	if err := data.Ready(ctx); err != nil {
		return fmt.Errorf("list the erasures of a database that is up to date: %w", err)
	}

	var after store.Erasure
	for {
		page, err := data.ListErasures(ctx, from, after, erasuresPerPage)
		if err != nil || len(page) == 0 {
			return err
		}

		for _, erasure := range page {
			at := erasure.ErasedAt.Time().Format(time.RFC3339)
			if _, err := fmt.Fprintln(out, erasure.IR, at); err != nil {
				return err
			}
		}

		after = page[len(page)-1]
	}
}

// parseSince returns the time of a day in UTC or of an RFC 3339 time. Without one it is before all others.
func parseSince(text string) (time.Time, error) {
	if text == "" {
		return time.UnixMilli(0), nil
	}

	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, nil
	}

	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("--since %q is neither a day nor a time", text)
	}

	return at, nil
}

func erasuresReplayCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "replay FILE",
		Short: "anonymise again what a restored backup has brought back",
		Long: `Run it on a database that was restored from a backup, before a replica serves it, with the list that
erasures list printed. It can be run again: what is anonymised already is passed over.`,
		Example: "register erasures replay /mnt/elsewhere/erasures.txt",
		Args:    cli.OneArg("the list of erasures, or - for the standard input"),
		RunE: func(c *cobra.Command, args []string) error {
			return runErasuresReplay(c.Context(), args[0], c.InOrStdin(), c.OutOrStdout(), c.ErrOrStderr())
		},
	}
}

// runErasuresReplay anonymises the identity records of a list, and cleans the files of what it erased.
func runErasuresReplay(ctx context.Context, path string, in io.Reader, out, log io.Writer) (err error) {
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()

		in = file
	}

	erasures, err := readErasures(in)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}

	_, service, db, err := open(ctx, io.Discard, false)
	if err != nil {
		return err
	}

	defer func() { err = errors.Join(err, db.Close()) }()
	const reportEvery = 10_000
	reported := 0
	erased, err := service.Rules.ReplayErasures(ctx, erasures, func(done int) {
		if done-reported >= reportEvery {
			reported = done
			fmt.Fprintf(log, "%d erasures so far\n", done)
		}
	})
	fmt.Fprintf(out, "%d erasures read: %d identity records were anonymised again.\n", len(erasures), erased)
	if err != nil {
		return fmt.Errorf("erasures replay: %w", err)
	}

	data := store.New(db.Write, db.Read)
	if err := data.Clean(ctx); err != nil {
		return err
	}

	truncated, err := data.TruncateLog(ctx)
	if err == nil && !truncated {
		fmt.Fprintln(log, "Another program reads the database: its log is truncated when the register serves.")
	}

	return err
}

// readErasures reads the lines that erasures list prints.
func readErasures(in io.Reader) ([]store.Erasure, error) {
	var erasures []store.Erasure
	lines := bufio.NewScanner(in)
	for number := 1; lines.Scan(); number++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" {
			continue
		}

		ir, erasedAt, _ := strings.Cut(text, " ")
		at, err := parseErasedAt(erasedAt)
		if err != nil || !rules.IsKey(ir) {
			return nil, fmt.Errorf("line %d is not the key of an identity record and the time of its erasure", number)
		}

		erasures = append(erasures, store.Erasure{IR: ir, ErasedAt: at})
	}

	return erasures, lines.Err()
}

func parseErasedAt(text string) (store.Millis, error) {
	at, err := time.Parse(time.RFC3339, text)

	return store.Millis(at), err
}

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// mostMistakes is how many the register lists.
const mostMistakes = 1000

const importExample = `register import --account bright_energy records.ndjson
  zcat records.ndjson.gz | register import --account bright_energy -

One line is one access record, with the identity record that it rests on:
  {"import-reference":"crm-000001","identity-record":{"pii-principal":{"mpxn":"2312345678901","move-in-date":"2022-06-30"},"expressed-by":"data-subject"},"access-record":{"record-metadata":{"schema-version":"1.0","controller-arrangement":{"arrangement-type":"sole","controllers":[{"name":"Northern Networks plc","role":"sole","contact-url":"https://northernnetworks.co.uk/contact"}]}},"notice":null,"processing":{"legal-basis":"uk-public-task","purpose":"Statutory network safety and capacity monitoring","data-types":["HH-CONSUMPTION"]},"access-event":{"state":"ACTIVE","registered-at":"2024-01-15T00:00:00Z","expiry":null}}}

It can be stopped and run again: what is registered already is passed over. It exits with 1 where a line was refused.`

func runImport(ctx context.Context, set *flag.FlagSet, args []string, out, log io.Writer) error {
	id := set.String("account", "", "the Data User whose records they are")
	if err := parse(set, args, 1); err != nil {
		return err
	}
	if *id == "" || set.NArg() == 0 {
		return errors.New("register import needs --account and a file, or - for the standard input")
	}

	file := os.Stdin
	if name := set.Arg(0); name != "-" {
		var err error
		if file, err = os.Open(name); err != nil {
			return err
		}
		defer file.Close()
	}

	var size int64 // 0 where nothing tells it
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}

	_, service, db, err := open(ctx, io.Discard, false)
	if err != nil {
		return err
	}

	defer db.Close()
	account, err := store.New(db.Write, db.Read).FindAccount(ctx, *id)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("there is no account %q", *id)
	}
	if err != nil {
		return err
	}

	p := newProgress(log, size)
	told, err := service.Rules.Import(ctx, account, file, p.show)
	p.end()
	printImport(out, told)
	switch {
	case err != nil:
		return fmt.Errorf("the import broke off; what it registered stays, and it can be run again: %w", err)
	case told.Refused > 0:
		return fmt.Errorf("lines refused: %d", told.Refused)
	}

	return nil
}

func printImport(out io.Writer, told registerclient.ImportResponse) {
	fmt.Fprintf(
		out,
		"lines     %d\nimported  %d\nknown     %d\nrefused   %d\n",
		told.Lines,
		told.Imported,
		told.Known,
		told.Refused,
	)
	for _, wrong := range told.Errors {
		fmt.Fprintf(out, "line %d: %s\n", wrong.Line, wrong.Message) // which opens with the field
	}
	if len(told.Errors) >= mostMistakes {
		fmt.Fprintln(out, "There may be more mistakes: mend these, and run the import again.")
	}
}

// progress shows how far an import is: in one line that is written over on a terminal, else in a line every ten
// seconds.
type progress struct {
	out            io.Writer
	terminal       bool
	size           int64
	every          time.Duration
	started, shown time.Time
}

func newProgress(out io.Writer, size int64) *progress {
	p := &progress{out: out, size: size, every: 10 * time.Second, started: time.Now()}
	p.shown = p.started
	if file, ok := out.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.terminal, p.every = true, 200*time.Millisecond
		}
	}

	return p
}

func (p *progress) show(read int64, lines int) {
	now := time.Now()
	if now.Sub(p.shown) < p.every {
		return
	}

	p.shown = now
	text := progressText(read, p.size, lines, now.Sub(p.started))
	if p.terminal {
		fmt.Fprintf(p.out, "\r%s\x1b[K", text)
	} else {
		fmt.Fprintln(p.out, text)
	}
}

// end leaves the line that was written over.
func (p *progress) end() {
	if p.terminal && p.shown.After(p.started) {
		fmt.Fprintln(p.out)
	}
}

// progressText estimates by the bytes what is left, where the size is known.
func progressText(read, size int64, lines int, took time.Duration) string {
	text := fmt.Sprintf("%d lines, %.0f lines/s", lines, float64(lines)/took.Seconds())
	if size > 0 && read > 0 {
		left := time.Duration(float64(took) * float64(size-read) / float64(read)).Round(time.Second)
		text += fmt.Sprintf(", %d %%, %s left", 100*read/size, max(left, 0))
	}

	return text
}

package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-isatty"

	"central.consent/dar/cmd/internal/env"
	"central.consent/dar/cmd/internal/operators"
	"central.consent/dar/registerclient"
)

// connectTime bounds the trial of one account.
const connectTime = 20 * time.Second

// runOperatorCheck tells every mistake of a file, or what it says.
func runOperatorCheck(ctx context.Context, set *flag.FlagSet, args []string, _ *os.File, out, _ io.Writer) error {
	connect := set.Bool(
		"connect",
		false,
		"also sign in to the register at PORTAL_REGISTER_URL with each account; changes nothing there",
	)
	if err := set.Parse(args); err != nil {
		return fmt.Errorf("%s: %w", set.Name(), err)
	}

	path := set.Arg(0)
	if set.NArg() > 1 { // flags may also follow the file
		if err := set.Parse(set.Args()[1:]); err != nil {
			return fmt.Errorf("%s: %w", set.Name(), err)
		}
	}

	if path == "" || set.NArg() > 0 && set.Arg(0) != path {
		return fmt.Errorf("%s takes one file; try --help", set.Name())
	}

	all, err := operators.Load(path)
	if err != nil {
		return err
	}

	for _, o := range all {
		fmt.Fprintf(out, "%s: %s\n", o.Slug, o.Brand.Name)
		for _, host := range o.Hosts {
			fmt.Fprintf(out, "  address    %s%s\n", host, o.Base)
		}
		if len(o.Hosts) == 0 {
			fmt.Fprintf(out, "  address    %s on the host of PORTAL_PUBLIC_URL\n", o.Base)
		}

		fmt.Fprintf(out, "  account    %s\n  languages  %s\n", o.AccountID, strings.Join(o.Brand.Offered(), ", "))
		if logo := o.Brand.Logo; logo != nil {
			fmt.Fprintf(out, "  logo       served with %d x %d pixels\n", logo.Width, logo.Height)
		}
		for _, r := range o.Ratios {
			fmt.Fprintf(out, "  contrast   %8s  %-5s  %s on %s\n", r, r.Theme, r.Text, r.On)
		}
	}

	if *connect {
		if err := tryAccounts(ctx, all, out); err != nil {
			return err
		}
	}

	fmt.Fprintf(out, "No mistakes. Operators: %d.\n", len(all))
	return nil
}

// tryAccounts signs in with each account and asks of a meter point that nobody has: that takes the role portal, and
// tells nothing.
func tryAccounts(ctx context.Context, all []operators.Operator, out io.Writer) error {
	var settings struct {
		RegisterURL string `env:"PORTAL_REGISTER_URL" envDefault:"https://api.central.consent/v1"`
	}
	if err := env.Load(&settings); err != nil {
		return err
	}

	var mistakes []error
	for _, o := range all {
		if err := tryAccount(ctx, settings.RegisterURL, o); err != nil {
			mistakes = append(mistakes, fmt.Errorf("operator %q: account-id: %w", o.Slug, err))
			continue
		}
		fmt.Fprintf(out, "%s: the register at %s knows the account %s.\n", o.Slug, settings.RegisterURL, o.AccountID)
	}

	return errors.Join(mistakes...)
}

func tryAccount(ctx context.Context, address string, o operators.Operator) error {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	client, err := registerclient.New(
		registerclient.Options{BaseURL: address, AccountID: o.AccountID, SecretKey: o.AccountSecret.Reveal()},
	)
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

// runOperatorNew writes a file to begin with, and never over another. On a terminal it asks for what differs between
// operators; where a program runs it, it asks nothing.
func runOperatorNew(_ context.Context, set *flag.FlagSet, args []string, in *os.File, out, log io.Writer) (err error) {
	if err := set.Parse(args); err != nil {
		return fmt.Errorf("%s: %w", set.Name(), err)
	}
	if set.NArg() > 1 {
		return fmt.Errorf("%s does not take %q", set.Name(), set.Arg(1))
	}

	text := operators.Example
	if prompts, ok := log.(*os.File); ok && in != nil && isatty.IsTerminal(in.Fd()) && isatty.IsTerminal(prompts.Fd()) {
		text = fillIn(text, in, prompts)
	}

	path := set.Arg(0)
	if path == "" {
		_, err := io.WriteString(out, text)
		return err
	}

	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s: %s is there already, and is left as it is", set.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", set.Name(), err)
	}

	_, err = io.WriteString(file, text)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("%s: %w", set.Name(), err)
	}

	fmt.Fprintf(out, "%s is written. Fill it in, and then: portal operator check %s\n", path, path)
	return nil
}

// fillIn asks for the values that every operator has to change. An empty answer keeps the example's.
func fillIn(text string, in io.Reader, prompts io.Writer) string {
	lines := bufio.NewScanner(in)
	for _, one := range []struct{ question, key, value string }{
		{"Slug, in small letters", "slug", "my-operator"},
		{"Name, as customers know it", "name", "My Operator"},
		{"Host of its portal", "hosts", "energy.example.org"},
		{"Account at the register", "account-id", "my_operator"},
		{"File with the account's secret", "account-secret-file", "my-operator.secret"},
		{"Page on which customers get help", "contact-url", "https://www.example.org/contact"},
		{"Telephone for customers", "phone", "0800 000 0000"},
	} {
		fmt.Fprintf(prompts, "%s [%s]: ", one.question, one.value)
		answer := ""
		if lines.Scan() {
			answer = strings.TrimSpace(lines.Text())
		}

		text = fill(text, one.key, one.value, cmp.Or(answer, one.value))
	}

	return text
}

// fill puts a value in the place of the example's, in the one line that sets the key.
func fill(text, key, old, value string) string {
	var b strings.Builder
	for line := range strings.SplitAfterSeq(text, "\n") {
		if strings.HasPrefix(line, key+" = ") {
			line = strings.Replace(line, quote(old), quote(value), 1)
		}
		b.WriteString(line)
	}

	return b.String()
}

// quote is a text as TOML writes it.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}

	b.WriteByte('"')
	return b.String()
}

// Command register runs the Data Access Register and keeps its accounts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"central.consent/dar/cmd/internal/env"
	"central.consent/dar/cmd/internal/serve"
	"central.consent/dar/migrations"
	"central.consent/dar/register"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

const usage = `register - the Data Access Register: who has access to which meter point's data

Usage:
  register serve         bring the database up to date and serve the API under /v1
  register migrate       bring the database up to date and end
  register account add   open an account and print its secret, once
  register key ID        make a key for REGISTER_KEYS

Each takes --help. Settings come from the environment:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "register:", err)
			os.Exit(1)
		}
	}
}

func run(ctx context.Context, args []string, out, log io.Writer) error {
	command, rest := "", args
	if len(args) > 0 {
		command, rest = args[0], args[1:]
	}
	switch command {
	case "serve":
		return runServe(ctx, rest, log)
	case "migrate":
		return runMigrate(ctx, rest, out)
	case "account":
		if len(rest) > 0 && rest[0] == "add" {
			return runAccountAdd(ctx, rest[1:], out, log)
		}
		return errors.New("the account commands are: add")
	case "key":
		return runKey(rest, out)
	case "", "help", "-h", "-help", "--help":
		fmt.Fprint(out, usage)
		env.Usage(out, &config{})
		return nil
	}
	return fmt.Errorf("there is no command %q; try register --help", command)
}

// flags is a command's own flags; its help says what it does and shows an example.
func flags(name, what, example string) *flag.FlagSet {
	set := flag.NewFlagSet("register "+name, flag.ContinueOnError)
	set.Usage = func() {
		fmt.Fprintf(set.Output(), "register %s - %s\n\nExample:\n  %s\n", name, what, example)
		set.VisitAll(func(f *flag.Flag) { fmt.Fprintf(set.Output(), "\n  --%s\n      %s\n", f.Name, f.Usage) })
	}
	return set
}

// parse refuses words that no flag takes.
func parse(set *flag.FlagSet, args []string, most int) error {
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() > most {
		return fmt.Errorf("%s does not take %q", set.Name(), set.Arg(most))
	}
	return nil
}

// open reads the settings and opens the register on its database, brought up to date.
func open(ctx context.Context, log io.Writer) (config, *register.Register, *migrations.DB, error) {
	var c config
	if err := env.Load(&c); err != nil {
		return c, nil, nil, err
	}
	keys, keysErr := register.NewKeyring(c.Keys.Reveal())
	if keysErr != nil {
		keysErr = fmt.Errorf("REGISTER_KEYS: %w", keysErr)
	}
	asking, askingErr := c.reidentification()
	if err := errors.Join(keysErr, askingErr); err != nil {
		return c, nil, nil, err
	}
	db, err := migrations.Open(ctx, c.Database.Reveal(), migrations.Register)
	if err != nil {
		return c, nil, nil, err
	}
	service, err := register.New(register.Options{
		Store: store.New(db.Write, db.Read), Keys: keys, Reidentification: asking, PublicURL: c.PublicURL, Log: serve.Logger(log),
	})
	if err != nil {
		return c, nil, nil, errors.Join(err, db.Close())
	}
	return c, service, db, nil
}

func runServe(ctx context.Context, args []string, log io.Writer) error {
	set := flags("serve", "bring the database up to date and serve the API under /v1", "register serve")
	if err := parse(set, args, 0); err != nil {
		return err
	}
	c, service, db, err := open(ctx, log)
	if err != nil {
		return err
	}
	defer db.Close()
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen at REGISTER_LISTEN: %w", err)
	}
	logger := serve.Logger(log)
	logger.Info("the register serves", "address", listener.Addr().String(), "public-url", c.PublicURL, "reidentification", c.Reidentification)
	return serve.HTTP(ctx, listener, service, logger)
}

func runMigrate(ctx context.Context, args []string, out io.Writer) error {
	set := flags("migrate", "bring the database up to date and end", "register migrate")
	if err := parse(set, args, 0); err != nil {
		return err
	}
	_, _, db, err := open(ctx, io.Discard)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "The database is up to date.")
	return db.Close()
}

func runAccountAdd(ctx context.Context, args []string, out, log io.Writer) error {
	set := flags("account add", "open an account and print its secret, once",
		`register account add --id portal_ops --role portal --display-name "Citizens Advice"`)
	id := set.String("id", "", "the account's id: 3 to 64 lower-case letters, digits, dashes and underscores")
	role := set.String("role", "", "data_user, data_provider, dcc, admin or portal")
	name := set.String("display-name", "", "the name that customers are told")
	contact := set.String("contact-url", "", "where its customers reach it")
	reference := set.String("organisation-reference", "", "its Smart Energy Code reference, as SEC-OU-00429")
	returns := set.String("return-urls", "", "where customers may be sent back to, with commas between")
	if err := parse(set, args, 0); err != nil {
		return err
	}
	_, service, db, err := open(ctx, log)
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	in := registerclient.CreateAccountRequest{
		AccountID: *id, Role: registerclient.Role(*role), DisplayName: *name, ContactURL: *contact, OrganisationReference: *reference,
	}
	if *returns != "" {
		in.ReturnURLs = strings.Split(*returns, ",")
	}
	account, secret, err := service.AddAccount(ctx, in)
	if err != nil {
		return fmt.Errorf("account add: %w", err)
	}
	fmt.Fprintf(out, "account-id  %s\nduid        %s\nrole        %s\nsecret-key  %s\n\nThe secret is not kept and cannot be shown again.\n",
		account.AccountID, account.DUID, account.Role, secret)
	return nil
}

func runKey(args []string, out io.Writer) error {
	set := flags("key", "make a key for REGISTER_KEYS, under an id of your choice", "register key 2026a")
	if err := parse(set, args, 1); err != nil {
		return err
	}
	if set.NArg() == 0 {
		return errors.New("register key needs an id, as 2026a")
	}
	key := register.GenerateKey(set.Arg(0))
	if _, err := register.NewKeyring(key); err != nil {
		return err
	}
	fmt.Fprintln(out, key)
	return nil
}

// Command register runs the Data Access Register and keeps its accounts, its keys and its audit log.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"central.consent/dar/cmd/internal/env"
	"central.consent/dar/cmd/internal/serve"
	"central.consent/dar/migrations"
)

// command is one thing that the register's program does.
type command struct {
	name string // of one or two words
	what string
	run  func(ctx context.Context, set *flag.FlagSet, args []string, out, log io.Writer) error
	// example stands in the command's help.
	example string
}

var commands = []command{
	{"serve", "bring the database up to date and serve the API under /v1", runServe, "register serve"},
	{"migrate", "bring the database up to date and end", runMigrate, "register migrate"},
	{"account add", "open an account and print its secret, once", runAccountAdd, accountExample},
	{
		"account rotate-secret",
		"replace an account's secret and print the new one, once",
		runAccountRotateSecret,
		"register account rotate-secret --id portal_ops",
	},
	{
		"audit verify",
		"prove that no row of the audit log was altered or removed",
		runAuditVerify,
		"register audit verify --checkpoint /mnt/elsewhere/audit.json",
	},
	{"import", "register the records of a file of JSON Lines for an account", runImport, importExample},
	{"key", "make a key for REGISTER_KEYS, under an id of your choice", runKey, "register key 2026a"},
	{
		"keys rotate",
		"seal with the first of REGISTER_KEYS whatever another one sealed, beside serving replicas",
		runKeysRotate,
		keysExample,
	},
	{
		"backup",
		"write a copy of the SQLite database to a new file, beside a serving replica",
		runBackup,
		"register backup /var/backups/register-monday.db",
	},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "register:", err)
		os.Exit(1)
	}
}

// run runs the command that the arguments name. To be asked for help is no error.
func run(ctx context.Context, args []string, out, log io.Writer) error {
	if len(args) == 0 || asksHelp(args[0]) {
		usage(out)
		return nil
	}

	var siblings []string
	for _, c := range commands {
		words := strings.Fields(c.name)
		if words[0] != args[0] {
			continue
		}

		if len(words) == 2 {
			siblings = append(siblings, words[1])
			if len(args) < 2 || args[1] != words[1] {
				continue
			}
		}

		set := flag.NewFlagSet("register "+c.name, flag.ContinueOnError)
		set.SetOutput(io.Discard) // a mistake is told once, by main
		set.Usage = func() {}
		err := c.run(ctx, set, args[len(words):], out, log)
		if errors.Is(err, flag.ErrHelp) {
			help(c, set, out)
			return nil
		}

		return err
	}

	if siblings == nil {
		return fmt.Errorf("there is no command %q; try register --help", args[0])
	}

	known := fmt.Sprintf("the %s commands are: %s", args[0], strings.Join(siblings, ", "))
	if len(args) > 1 && asksHelp(args[1]) {
		fmt.Fprintln(out, known)
		return nil
	}

	return errors.New(known)
}

func asksHelp(word string) bool {
	return word == "help" || word == "-h" || word == "-help" || word == "--help"
}

func usage(out io.Writer) {
	fmt.Fprint(out, "register - the Data Access Register: who has access to which meter point's data\n\nUsage:\n")
	for _, c := range commands {
		fmt.Fprintf(out, "  register %-22s %s\n", c.name, c.what)
	}

	fmt.Fprint(
		out,
		"\nEach takes --help. Settings come from the environment. key needs none; migrate, audit verify and backup\nneed REGISTER_DATABASE alone; those of mail are for serve:\n",
	)
	env.Usage(out, &config{})
}

// help says what a command does, shows an example and lists its flags.
func help(c command, set *flag.FlagSet, out io.Writer) {
	fmt.Fprintf(out, "register %s - %s\n\nExample:\n  %s\n", c.name, c.what, c.example)
	set.VisitAll(func(f *flag.Flag) { fmt.Fprintf(out, "\n  --%s\n      %s\n", f.Name, f.Usage) })
	fmt.Fprint(out, "\nSettings come from the environment: register --help lists them, and who needs which.\n")
}

// parse refuses words that no flag takes.
func parse(set *flag.FlagSet, args []string, most int) error {
	if err := set.Parse(args); err != nil {
		return fmt.Errorf("%s: %w", set.Name(), err)
	}
	if set.NArg() > most {
		return fmt.Errorf("%s does not take %q", set.Name(), set.Arg(most))
	}

	return nil
}

func runServe(ctx context.Context, set *flag.FlagSet, args []string, _, log io.Writer) (err error) {
	if err := parse(set, args, 0); err != nil {
		return err
	}

	c, service, db, err := open(ctx, log, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	logger := serve.Logger(log)
	if c.mail != nil {
		defer func() { err = errors.Join(err, c.mail.Close()) }() // the worker has ended by then
	} else {
		logger.Warn("THERE IS NO MAIL SERVER: REGISTER_SMTP is not set, and whatever would be mailed is given up.")
	}

	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen at REGISTER_LISTEN: %w", err)
	}

	parts := []func(context.Context) error{
		func(ctx context.Context) error { return serve.HTTP(ctx, listener, service, logger) },
		func(ctx context.Context) error {
			service.Worker.Run(ctx)
			return nil
		},
	}
	metrics := "off"
	if c.MetricsListen != "off" {
		other, err := net.Listen("tcp", c.MetricsListen)
		if err != nil {
			return errors.Join(fmt.Errorf("listen at REGISTER_METRICS_LISTEN: %w", err), listener.Close())
		}

		metrics = other.Addr().String()
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", service.Metrics())
		parts = append(parts, func(ctx context.Context) error { return serve.HTTP(ctx, other, mux, logger) })
	}

	logger.Info(
		"the register serves",
		"address",
		listener.Addr().String(),
		"metrics",
		metrics,
		"public-url",
		c.PublicURL,
		"reidentification",
		c.Reidentification,
	)
	err = serve.Together(ctx, parts...)
	logger.Info("the register has stopped")

	return err
}

func runMigrate(ctx context.Context, set *flag.FlagSet, args []string, out, _ io.Writer) error {
	if err := parse(set, args, 0); err != nil {
		return err
	}

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

// Command portal runs transparency portals, one for each operator: customers name a meter point, prove that it is
// theirs, see who can read its data, and stop what they once permitted. It keeps sessions in a database of its own,
// and reaches the register over HTTP. Run it with --help for its commands and settings.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"central.consent/dar/cmd/internal/env"
	"central.consent/dar/cmd/internal/serve"
	"central.consent/dar/handlers"
	"central.consent/dar/handlers/portaldb"
	"central.consent/dar/migrations"
	"central.consent/dar/registerclient"
)

// command is one thing that the portal's program does besides serving.
type command struct {
	name string // of two words
	what string
	run  func(ctx context.Context, set *flag.FlagSet, args []string, in *os.File, out, log io.Writer) error
	// example stands in the command's help.
	example string
}

var commands = []command{
	{
		"operator check",
		"look over a file of operators: tell every mistake, or what it says and its contrasts",
		runOperatorCheck,
		"portal operator check --connect /etc/portal/operators.toml",
	},
	{"operator new", "write a file of operators to begin with, to a new file or to the standard output", runOperatorNew,
		"portal operator new /etc/portal/operators.toml"},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves where there is no argument, and else runs the command that the arguments name. To be asked for help is no
// error. Whatever is no command is a mistake, which must not pass for a start.
func run(ctx context.Context, args []string, in *os.File, out, log io.Writer) error {
	if len(args) == 0 {
		return runServe(ctx, log)
	}
	if asksHelp(args[0]) && len(args) == 1 {
		usage(out)
		return nil
	}

	for _, c := range commands {
		words := strings.Fields(c.name)
		if len(args) < 2 || args[0] != words[0] || args[1] != words[1] {
			continue
		}

		set := flag.NewFlagSet("portal "+c.name, flag.ContinueOnError)
		set.SetOutput(io.Discard) // a mistake is told once, by main
		set.Usage = func() {}
		err := c.run(ctx, set, args[2:], in, out, log)
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintf(out, "portal %s - %s\n\nExample:\n  %s\n", c.name, c.what, c.example)
			set.VisitAll(func(f *flag.Flag) { fmt.Fprintf(out, "\n  --%s\n      %s\n", f.Name, f.Usage) })
			return nil
		}

		return err
	}

	if args[0] == "operator" {
		const known = "the operator commands are: check, new"
		if len(args) == 2 && asksHelp(args[1]) {
			fmt.Fprintln(out, known)
			return nil
		}

		return errors.New("portal: " + known)
	}

	return fmt.Errorf("portal: there is no argument %q; try portal --help", args[len(args)-1])
}

func asksHelp(word string) bool {
	return word == "help" || word == "-h" || word == "-help" || word == "--help"
}

func usage(out io.Writer) {
	fmt.Fprint(out, "portal - who can read your smart meter, for the customers of one operator or of many\n\nUsage:\n")
	fmt.Fprintf(out, "  portal %-16s %s\n", "", "serve until it is stopped")
	for _, c := range commands {
		fmt.Fprintf(out, "  portal %-16s %s\n", c.name, c.what)
	}

	fmt.Fprint(out, "\nThe commands take --help. Settings are environment variables:\n")
	env.Usage(out, new(config))
}

// runServe serves until the context ends, and then lets the requests under way come to their end.
func runServe(ctx context.Context, log io.Writer) error {
	config, err := load()
	if err != nil {
		return err
	}

	logger := serve.Logger(log)
	db, err := migrations.Open(ctx, config.Database.Reveal(), migrations.Portal)
	if err != nil {
		return fmt.Errorf("PORTAL_DATABASE: %w", err)
	}

	defer db.Close()
	sites, err := newSites(config, db, logger)
	if err != nil {
		return err
	}
	if config.Demonstration {
		logger.Warn("this is a demonstration: nobody is really asked to confirm")
	}

	listener, err := net.Listen("tcp", config.Listen)
	if err != nil {
		return fmt.Errorf("PORTAL_LISTEN: %w", err)
	}

	logger.Info(
		"the portal listens",
		"address",
		listener.Addr().String(),
		"public",
		config.PublicURL,
		"operators",
		len(config.operators),
	)
	err = serve.HTTP(ctx, listener, sites, logger)
	logger.Info("the portal has stopped")

	return err
}

// newSites makes the portal of each operator, with the operator's own account at the register.
func newSites(config config, db *migrations.DB, logger *slog.Logger) (http.Handler, error) {
	var sites []handlers.Site
	for _, o := range config.operators {
		logger := logger
		if o.Slug != "" {
			logger = logger.With("operator", o.Slug)
		}

		register, err := registerclient.New(registerclient.Options{
			BaseURL: config.RegisterURL, AccountID: o.AccountID, SecretKey: o.AccountSecret.Reveal(), Logger: logger,
		})
		if err != nil {
			return nil, fmt.Errorf("PORTAL_REGISTER_URL, or the account %s and its secret: %w", o.AccountID, err)
		}

		portal, err := handlers.New(handlers.Options{
			Register:      register,
			DB:            portaldb.New(db.Write),
			SessionKey:    config.sessionKey,
			Operator:      o.Slug,
			Base:          o.Base,
			Brand:         o.Brand,
			Files:         o.Files,
			Demonstration: config.Demonstration,
			Secure:        config.secure,
			Logger:        logger,
			PublicURL: config.publicURL(
				o,
			),
			PasskeyOrigin:  config.PasskeyOrigin,
			ReturnURLs:     o.ReturnURLs,
			FramingOrigins: o.FramingOrigins,
			AdviserSecret:  o.AdviserSecret.Reveal(),
			Address:        config.address,
		})
		if err != nil {
			return nil, err
		}

		sites = append(sites, handlers.Site{Hosts: o.Hosts, Base: o.Base, Portal: portal})
	}

	return handlers.Sites(sites)
}

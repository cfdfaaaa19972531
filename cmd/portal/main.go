// Command portal runs an operator's transparency portal under /portal: customers name a meter point, prove
// that it is theirs, see who can read its data, and stop what they once permitted. It keeps sessions in a
// database of its own, and reaches the register over HTTP. Run it with --help for its settings.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"

	"central.consent/dar/cmd/internal/env"
	"central.consent/dar/cmd/internal/serve"
	"central.consent/dar/handlers"
	"central.consent/dar/migrations"
	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

func main() {
	if help, err := arguments(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "portal:", err)
		os.Exit(2)
	} else if help {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// arguments knows --help alone. Everything else is a mistake, which must not pass for a start.
func arguments(args []string, out io.Writer) (help bool, err error) {
	switch {
	case len(args) == 0:
		return false, nil
	case len(args) > 1 || args[0] != "--help" && args[0] != "-h":
		return false, fmt.Errorf("there is no argument %q; try portal --help", args[len(args)-1])
	}
	fmt.Fprint(out, "portal runs an operator's transparency portal. Its settings are environment variables:\n")
	env.Usage(out, new(config))
	return true, nil
}

// run serves until the context ends, and then lets the requests under way come to their end.
func run(ctx context.Context) error {
	config, err := load()
	if err != nil {
		return err
	}
	logger := serve.Logger(os.Stderr)
	register, err := registerclient.New(registerclient.Options{
		BaseURL: config.RegisterURL, AccountID: config.AccountID, SecretKey: config.AccountSecret.Reveal(), Logger: logger,
	})
	if err != nil {
		return fmt.Errorf("PORTAL_REGISTER_URL, PORTAL_ACCOUNT_ID or PORTAL_ACCOUNT_SECRET: %w", err)
	}
	db, err := migrations.Open(ctx, config.Database.Reveal(), migrations.Portal)
	if err != nil {
		return fmt.Errorf("PORTAL_DATABASE: %w", err)
	}
	defer db.Close()
	portal, err := handlers.New(handlers.Options{
		Register:      register,
		DB:            db.Write,
		SessionKey:    config.sessionKey,
		Brand:         views.Brand{Name: config.OperatorName, ContactURL: config.ContactURL, Phone: config.Phone},
		Demonstration: config.Demonstration,
		Secure:        config.secure,
		Logger:        logger,

		PublicURL:      config.PublicURL,
		PasskeyOrigin:  config.PasskeyOrigin,
		ReturnURLs:     config.ReturnURLs,
		TrustedProxies: config.proxies,
	})
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
	logger.Info("the portal listens", "address", listener.Addr().String(), "public", config.PublicURL)
	err = serve.HTTP(ctx, listener, portal, logger)
	logger.Info("the portal has stopped")
	return err
}

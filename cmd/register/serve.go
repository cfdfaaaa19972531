package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"

	"github.com/spf13/cobra"

	"central.consent/dar/cmd/internal/cli"
	"central.consent/dar/cmd/internal/serve"
)

func serveCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "serve",
		Short:   "bring the database up to date and serve the API under /v1",
		Example: "register serve",
		Args:    cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runServe(c.Context(), c.ErrOrStderr())
		},
	}
}

// runServe serves until the context ends, and then lets requests and workers finish.
func runServe(ctx context.Context, log io.Writer) (err error) {
	c, service, db, err := open(ctx, log, true)
	if err != nil {
		return err
	}

	defer func() { err = errors.Join(err, db.Close()) }()
	logger := serve.Logger(log)
	if c.mail != nil {
		defer func() { err = errors.Join(err, c.mail.Close()) }() // the worker has ended by then
	} else {
		logger.Warn("THERE IS NO MAIL SERVER: REGISTER_SMTP is not set, and mail that is due is given up.")
	}

	at := listeners{logger: logger}
	address, err := at.add("REGISTER_LISTEN", c.Listen, service)
	if err != nil {
		return err
	}

	metrics := "off"
	if c.MetricsListen != "off" {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", service.Metrics())
		if metrics, err = at.add("REGISTER_METRICS_LISTEN", c.MetricsListen, mux); err != nil {
			return err
		}
	}

	administration := address
	if c.AdminListen != "" {
		administration, err = at.add("REGISTER_ADMIN_LISTEN", c.AdminListen, service.Administration())
		if err != nil {
			return err
		}
	}
	if !c.AdminStrict {
		logger.Warn("ADMINISTRATION IS RELAXED: administrators read without a reason and act without a second one. " +
			"For demonstrations only.")
	}

	logger.Info("the register serves",
		"address", address,
		"metrics", metrics,
		"administration", administration,
		"public-url", c.PublicURL,
		"reidentification", c.Reidentification,
	)
	err = serve.Together(ctx, append(at.parts, func(ctx context.Context) error {
		service.Worker.Run(ctx)
		return nil
	})...)
	logger.Info("the register has stopped")

	return err
}

// listeners are the open listeners of the program, and the parts of it that serve them.
type listeners struct {
	logger *slog.Logger
	open   []net.Listener
	parts  []func(context.Context) error
}

// add opens a listener at the address of a setting, and returns its address. If it cannot, it closes all.
func (l *listeners) add(setting, address string, handler http.Handler) (string, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		err = fmt.Errorf("listen at %s: %w", setting, err)
		for _, open := range l.open {
			err = errors.Join(err, open.Close())
		}

		return "", err
	}

	l.open = append(l.open, listener)
	l.parts = append(l.parts, func(ctx context.Context) error {
		return serve.HTTP(ctx, listener, handler, l.logger)
	})

	return listener.Addr().String(), nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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
		metricsListener, listenErr := net.Listen("tcp", c.MetricsListen)
		if listenErr != nil {
			return errors.Join(fmt.Errorf("listen at REGISTER_METRICS_LISTEN: %w", listenErr), listener.Close())
		}

		metrics = metricsListener.Addr().String()
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", service.Metrics())
		parts = append(parts, func(ctx context.Context) error {
			return serve.HTTP(ctx, metricsListener, mux, logger)
		})
	}

	logger.Info("the register serves",
		"address", listener.Addr().String(),
		"metrics", metrics,
		"public-url", c.PublicURL,
		"reidentification", c.Reidentification,
	)
	err = serve.Together(ctx, parts...)
	logger.Info("the register has stopped")

	return err
}

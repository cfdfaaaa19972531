package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"

	"central.consent/dar/cmd/internal/operators"
	"central.consent/dar/cmd/internal/serve"
	"central.consent/dar/handlers"
	"central.consent/dar/handlers/portaldb"
	"central.consent/dar/migrations"
	"central.consent/dar/registerclient"
)

// runServe serves until the context ends, and then lets the requests under way finish.
func runServe(ctx context.Context, log io.Writer) error {
	c, err := load()
	if err != nil {
		return err
	}

	logger := serve.Logger(log)
	db, err := migrations.Open(ctx, c.Database.Reveal(), migrations.Portal)
	if err != nil {
		return fmt.Errorf("PORTAL_DATABASE: %w", err)
	}

	defer db.Close()
	sites, err := newSites(c, db, logger)
	if err != nil {
		return err
	}
	if c.Demonstration {
		logger.Warn("this is a demonstration: nobody is really asked to confirm")
	}

	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("PORTAL_LISTEN: %w", err)
	}

	logger.Info("the portal listens",
		"address", listener.Addr().String(),
		"public", c.PublicURL,
		"operators", len(c.operators),
	)
	err = serve.HTTP(ctx, listener, sites, logger)
	logger.Info("the portal has stopped")

	return err
}

// newSites makes the portal of each operator.
func newSites(c config, db *migrations.DB, logger *slog.Logger) (http.Handler, error) {
	var sites []handlers.Site
	for _, o := range c.operators {
		own := logger
		if o.Slug != "" {
			own = logger.With("operator", o.Slug)
		}

		portal, err := newPortal(c, o, db, own)
		if err != nil {
			return nil, err
		}

		sites = append(sites, handlers.Site{Hosts: o.Hosts, Base: o.Base, Portal: portal})
	}

	return handlers.Sites(sites)
}

// newPortal makes the portal of one operator, which calls the register with the operator's own account.
func newPortal(c config, o operators.Operator, db *migrations.DB, logger *slog.Logger) (http.Handler, error) {
	register, err := registerclient.New(registerclient.Options{
		BaseURL:   c.RegisterURL,
		AccountID: o.AccountID,
		SecretKey: o.AccountSecret.Reveal(),
		Logger:    logger,
	})
	if err != nil {
		return nil, fmt.Errorf("PORTAL_REGISTER_URL, or the account %s and its secret: %w", o.AccountID, err)
	}

	return handlers.New(handlers.Options{
		Register:       register,
		DB:             portaldb.New(db.Write),
		SessionKey:     c.sessionKey,
		Operator:       o.Slug,
		Base:           o.Base,
		Brand:          o.Brand,
		Files:          o.Files,
		Demonstration:  c.Demonstration,
		Secure:         c.secure,
		Logger:         logger,
		PublicURL:      c.publicURL(o),
		PasskeyOrigin:  c.PasskeyOrigin,
		ReturnURLs:     o.ReturnURLs,
		FramingOrigins: o.FramingOrigins,
		Advisers:       advisers(o),
		AdviserSecret:  o.AdviserSecret.Reveal(),
		Limits:         handlers.Limits(o.Limits),
		Address:        c.address,
	})
}

// advisers returns the advisers of an operator as the portal knows them.
func advisers(o operators.Operator) []handlers.Adviser {
	var list []handlers.Adviser
	for _, a := range o.Advisers {
		list = append(list, handlers.Adviser{Name: a.Name, SecretHash: a.SecretHash.Reveal()})
	}

	return list
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"

	"central.consent/dar/cmd/internal/env"
	"central.consent/dar/cmd/internal/serve"
	"central.consent/dar/migrations"
	"central.consent/dar/register"
	"central.consent/dar/register/store"
)

// config is every setting of the register; nothing else reads its environment.
type config struct {
	Listen           string     `env:"REGISTER_LISTEN" envDefault:"localhost:5002" help:"Where to listen, host:port."`
	MetricsListen    string     `env:"REGISTER_METRICS_LISTEN" envDefault:"localhost:5003" help:"Where Prometheus reads /metrics, host:port; off for nowhere. Let no stranger reach it."`
	Database         env.Secret `env:"REGISTER_DATABASE,required" help:"A postgres:// URL, or the path of a SQLite file, which is made when missing." example:"/var/lib/register/register.db"`
	PublicURL        string     `env:"REGISTER_PUBLIC_URL" envDefault:"http://localhost:5002" help:"Where the register stands for browsers; https off loopback." example:"https://id.central.consent"`
	Keys             env.Secret `env:"REGISTER_KEYS,required" help:"Keys that seal e-mail addresses and evidence, id:key,id:key, the one to seal with first. 'register key' makes one." example:"2026a:<32 bytes in base64>"`
	Reidentification string     `env:"REGISTER_REIDENTIFICATION" envDefault:"live" help:"live, or stub: confirms every customer at once. A stub is for demonstrations on a loopback address alone."`
}

// databaseConfig is all that the commands need which read no sealed value.
type databaseConfig struct {
	Database env.Secret `env:"REGISTER_DATABASE,required"`
}

// load reads the settings and tells all that is wrong with them at once, before a database is touched.
func load() (config, register.Options, error) {
	var c config
	mistakes := []error{env.Load(&c)}
	var o register.Options
	var err error
	if text := c.Keys.Reveal(); text != "" { // missing, it has been told
		if o.Keys, err = register.NewKeyring(text); err != nil {
			mistakes = append(mistakes, fmt.Errorf("REGISTER_KEYS: %w", err))
		}
	}
	if c.Reidentification != "live" && c.Reidentification != "stub" {
		mistakes = append(mistakes, fmt.Errorf("REGISTER_REIDENTIFICATION must be live or stub, not %q", c.Reidentification))
	}
	o.Stub = c.Reidentification == "stub"
	o.PublicURL = c.PublicURL

	// What the register itself refuses, without what has been told.
	tried := o
	tried.Store, tried.Log = store.New(nil, nil), slog.New(slog.DiscardHandler)
	if tried.Keys == nil {
		if tried.Keys, err = register.NewKeyring(register.GenerateKey("none")); err != nil {
			return c, o, err
		}
	}
	if _, err := register.New(tried); err != nil {
		mistakes = append(mistakes, err)
	}
	mistakes = append(mistakes, c.checkListen())
	return c, o, errors.Join(mistakes...)
}

func (c config) checkListen() error {
	var mistakes []error
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		mistakes = append(mistakes, fmt.Errorf("REGISTER_LISTEN must be host:port, not %q", c.Listen))
	} else if c.Reidentification == "stub" && !loopback(host) {
		// Whatever the public URL says, others could reach it.
		mistakes = append(mistakes, fmt.Errorf("REGISTER_LISTEN must be a loopback address, as localhost:5002, not %q: a stub confirms anybody", c.Listen))
	}
	if _, _, err := net.SplitHostPort(c.MetricsListen); err != nil && c.MetricsListen != "off" {
		mistakes = append(mistakes, fmt.Errorf("REGISTER_METRICS_LISTEN must be host:port or off, not %q", c.MetricsListen))
	}
	return errors.Join(mistakes...)
}

func loopback(host string) bool {
	address := net.ParseIP(host)
	return host == "localhost" || address != nil && address.IsLoopback()
}

// open reads the settings and opens the register on its database, brought up to date.
func open(ctx context.Context, log io.Writer) (config, *register.Register, *migrations.DB, error) {
	c, o, err := load()
	if err != nil {
		return c, nil, nil, err
	}
	db, err := migrations.Open(ctx, c.Database.Reveal(), migrations.Register)
	if err != nil {
		return c, nil, nil, err
	}
	o.Store, o.Log = store.New(db.Write, db.Read), serve.Logger(log)
	service, err := register.New(o)
	if err != nil {
		return c, nil, nil, errors.Join(err, db.Close())
	}
	return c, service, db, nil
}

// openDatabase opens the database as it is, for the commands that change nothing and need no keys.
func openDatabase(ctx context.Context) (*migrations.DB, error) {
	var c databaseConfig
	if err := env.Load(&c); err != nil {
		return nil, err
	}
	return migrations.OpenAsIs(ctx, c.Database.Reveal())
}

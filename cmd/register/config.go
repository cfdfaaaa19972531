package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"

	"central.consent/dar/cmd/internal/env"
	"central.consent/dar/cmd/internal/serve"
	"central.consent/dar/migrations"
	"central.consent/dar/register"
	"central.consent/dar/register/mail"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
)

// config is every setting of the register; nothing else reads its environment.
type config struct {
	Listen           string     `env:"REGISTER_LISTEN"            envDefault:"localhost:5002"        help:"Where to listen, host:port."`
	MetricsListen    string     `env:"REGISTER_METRICS_LISTEN"    envDefault:"localhost:5003"        help:"Where Prometheus reads /metrics, host:port; off for nowhere. Let no stranger reach it."`
	Database         env.Secret `env:"REGISTER_DATABASE,required"                                    help:"A postgres:// URL, or the path of a SQLite file, which is made when missing."                                                          example:"/var/lib/register/register.db"`
	PublicURL        string     `env:"REGISTER_PUBLIC_URL"        envDefault:"http://localhost:5002" help:"Where the register stands for browsers; https off loopback."                                                                           example:"https://id.central.consent"`
	Keys             env.Secret `env:"REGISTER_KEYS,required"                                        help:"Keys that seal e-mail addresses and evidence, id:key,id:key, the one to seal with first. 'register key' makes one."                    example:"2026a:<32 bytes in base64>"`
	Reidentification string     `env:"REGISTER_REIDENTIFICATION"  envDefault:"live"                  help:"live, or stub: confirms every customer at once. A stub is for demonstrations on a loopback address alone."`
	Proxies          []string   `env:"REGISTER_TRUSTED_PROXIES"                                      help:"Networks of the proxies in front, whose X-Forwarded-For is believed: CIDR,CIDR. Limits count by the address that customers come from." example:"10.0.0.0/8"`

	// The settings of mail are for serve: no other command sends any.
	SMTP         env.Secret `env:"REGISTER_SMTP"          help:"The server that takes our mail: smtps://user:password@host:465, or smtp://user:password@host:587, which demands STARTTLS; special characters percent-encoded. smtp+plain://localhost:1025 is unencrypted, for loopback alone. 'register serve' needs it, but for a stub." example:"smtps://register:password@mail.example.org:465"`
	MailFrom     string     `env:"REGISTER_MAIL_FROM"     help:"Who our mail comes from."                                                                                                                                                                                                                                                                                                          envDefault:"Data Access Register <no-reply@central.consent>"`
	DKIMDomain   string     `env:"REGISTER_DKIM_DOMAIN"   help:"The domain that signs our mail: that of REGISTER_MAIL_FROM, or one above it. All three REGISTER_DKIM_ settings, or none."                                                                                                                                                 example:"central.consent"`
	DKIMSelector string     `env:"REGISTER_DKIM_SELECTOR" help:"Where the public key stands in DNS: <selector>._domainkey.<domain>."                                                                                                                                                                                                      example:"2026a"`
	DKIMKey      env.Secret `env:"REGISTER_DKIM_KEY"      help:"The private key in PEM: Ed25519, or RSA of 2048 bits or more. Make one with: openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048"`

	// mail is nil where there is no mail server, and for the commands that mail nothing.
	mail *mail.Sender
}

// databaseConfig is all that the commands need which read no sealed value.
type databaseConfig struct {
	Database env.Secret `env:"REGISTER_DATABASE,required"`
}

// load reads the settings and tells all that is wrong with them at once, before a database is touched. Those of mail
// it reads only for who sends it, so that the other commands can run where the mail server's password is not.
func load(mails bool) (config, register.Options, error) {
	var c config
	mistakes := []error{env.Load(&c)}
	var o register.Options
	var err error
	if text := c.Keys.Reveal(); text != "" { // missing, it has been told
		if o.Keys, err = rules.NewKeyring(text); err != nil {
			mistakes = append(mistakes, fmt.Errorf("REGISTER_KEYS: %w", err))
		}
	}

	if c.Reidentification != "live" && c.Reidentification != "stub" {
		mistakes = append(
			mistakes,
			fmt.Errorf("REGISTER_REIDENTIFICATION must be live or stub, not %q", c.Reidentification),
		)
	}

	o.Stub = c.Reidentification == "stub"
	o.PublicURL = c.PublicURL
	if o.Address, err = serve.Address(c.Proxies); err != nil {
		mistakes = append(mistakes, fmt.Errorf("REGISTER_TRUSTED_PROXIES: %w", err))
	}

	if mails {
		if c.mail, err = c.sender(); err != nil {
			mistakes = append(mistakes, err)
		}
		o.Mail = c.mail
	}

	// What the register itself refuses, without what has been told.
	tried := o
	tried.Store, tried.Logger = store.New(nil, nil), slog.New(slog.DiscardHandler)
	if tried.Keys == nil {
		if tried.Keys, err = rules.NewKeyring(rules.GenerateKey("none")); err != nil {
			return c, o, err
		}
	}

	if _, err := register.New(tried); err != nil {
		mistakes = append(
			mistakes,
			fmt.Errorf("REGISTER_PUBLIC_URL: %w", errors.Unwrap(err)),
		) // the one thing left to refuse
	}

	mistakes = append(mistakes, c.checkListen())
	return c, o, errors.Join(mistakes...)
}

// sender is what sends mail, or all that is wrong with its settings; nil where there is no mail server, as a stub may
// have it.
func (c config) sender() (*mail.Sender, error) {
	var mistakes []error
	options := mail.Options{URL: c.SMTP.Reveal(), From: c.MailFrom}
	if options.URL == "" && c.Reidentification == "live" {
		mistakes = append(mistakes, errors.New("REGISTER_SMTP is missing: only a stub may do without a mail server"))
	}

	variables := "REGISTER_MAIL_FROM"
	switch key := c.DKIMKey.Reveal(); {
	case c.DKIMDomain != "" && c.DKIMSelector != "" && key != "":
		options.DKIM = &mail.DKIM{Domain: c.DKIMDomain, Selector: c.DKIMSelector, Key: key}
		variables = "REGISTER_MAIL_FROM and REGISTER_DKIM_DOMAIN, _SELECTOR and _KEY"
	case c.DKIMDomain != "" || c.DKIMSelector != "" || key != "":
		mistakes = append(
			mistakes,
			errors.New("REGISTER_DKIM_DOMAIN, REGISTER_DKIM_SELECTOR and REGISTER_DKIM_KEY: set all three, or none"),
		)
	}

	// Each part is tried without the other, so that a mistake names its variables.
	try := func(variables string, o mail.Options) {
		if _, err := mail.NewSender(o); err != nil {
			for mistake := range strings.SplitSeq(errors.Unwrap(err).Error(), "\n") {
				mistakes = append(mistakes, fmt.Errorf("%s: %s", variables, mistake))
			}
		}
	}
	if options.URL != "" {
		try("REGISTER_SMTP", mail.Options{URL: options.URL})
	}

	try(variables, mail.Options{URL: "smtps://localhost", From: options.From, DKIM: options.DKIM})
	if len(mistakes) > 0 || options.URL == "" {
		return nil, errors.Join(mistakes...)
	}

	return mail.NewSender(options)
}

func (c config) checkListen() error {
	var mistakes []error
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		mistakes = append(mistakes, fmt.Errorf("REGISTER_LISTEN must be host:port, not %q", c.Listen))
	} else if c.Reidentification == "stub" && !env.Loopback(host) {
		// Whatever the public URL says, others could reach it.
		mistakes = append(
			mistakes,
			fmt.Errorf(
				"REGISTER_LISTEN must be a loopback address, as localhost:5002, not %q: a stub confirms anybody",
				c.Listen,
			),
		)
	}

	if _, _, err := net.SplitHostPort(c.MetricsListen); err != nil && c.MetricsListen != "off" {
		mistakes = append(
			mistakes,
			fmt.Errorf("REGISTER_METRICS_LISTEN must be host:port or off, not %q", c.MetricsListen),
		)
	}

	return errors.Join(mistakes...)
}

// open reads the settings and opens the register on its database, brought up to date. Who mails closes config.mail.
// Its log is a server's: a command that ends discards it, and tells what it did itself.
func open(ctx context.Context, log io.Writer, mails bool) (config, *register.Register, *migrations.DB, error) {
	c, o, err := load(mails)
	if err != nil {
		return c, nil, nil, err
	}

	db, err := migrations.Open(ctx, c.Database.Reveal(), migrations.Register)
	if err != nil {
		return c, nil, nil, err
	}

	o.Store, o.Logger = store.New(db.Write, db.Read), serve.Logger(log)
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

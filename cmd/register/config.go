package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"

	"central.consent/dar/cmd/internal/env"
	"central.consent/dar/cmd/internal/serve"
	"central.consent/dar/internal/web/address"
	"central.consent/dar/register"
	"central.consent/dar/register/mail"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
)

// config is every setting of the register; nothing else reads its environment. Docs explains each.
type config struct {
	Listen           string     `env:"REGISTER_LISTEN"            envDefault:"localhost:5002"`
	MetricsListen    string     `env:"REGISTER_METRICS_LISTEN"    envDefault:"localhost:5003"`
	AdminListen      string     `env:"REGISTER_ADMIN_LISTEN"`
	AdminStrict      bool       `env:"REGISTER_ADMIN_STRICT"      envDefault:"true"`
	Database         env.Secret `env:"REGISTER_DATABASE,required"`
	PublicURL        string     `env:"REGISTER_PUBLIC_URL"        envDefault:"http://localhost:5002"`
	Keys             env.Secret `env:"REGISTER_KEYS,required"`
	Reidentification string     `env:"REGISTER_REIDENTIFICATION"  envDefault:"live"`
	Proxies          []string   `env:"REGISTER_TRUSTED_PROXIES"`

	// The settings of mail are for serve: no other command sends any.
	SMTP env.Secret `env:"REGISTER_SMTP"`

	MailFrom string `env:"REGISTER_MAIL_FROM" envDefault:"Central Access Register <no-reply@central.consent>"`

	ContactLetters int `env:"REGISTER_CONTACT_LETTERS_PER_HOUR" envDefault:"5000"`

	DKIMDomain   string     `env:"REGISTER_DKIM_DOMAIN"`
	DKIMSelector string     `env:"REGISTER_DKIM_SELECTOR"`
	DKIMKey      env.Secret `env:"REGISTER_DKIM_KEY"`

	// mail is nil if there is no mail server, and for the commands that send no mail.
	mail *mail.Sender
}

var docs = map[string]env.Doc{
	"REGISTER_LISTEN": {Help: "Where to listen, host:port."},
	"REGISTER_METRICS_LISTEN": {
		Help: "Where Prometheus reads /metrics, host:port; off for nowhere. Do not let strangers reach it.",
	},
	"REGISTER_ADMIN_LISTEN": {
		Help: "Where to listen for administrators, host:port. If it is set, /v1/admin/ is served there and " +
			"nowhere else; let administrators alone reach it.",
		Example: "10.0.0.5:5004",
	},
	"REGISTER_ADMIN_STRICT": {
		Help: "Whether administrators need a reason for what they read, and a second administrator for an " +
			"administrator's account or more than 500 records; false only for demonstrations.",
	},
	"REGISTER_DATABASE": {
		Help:    "A postgres:// URL, or the path of a SQLite file, which is made when missing.",
		Example: "/var/lib/register/register.db",
	},
	"REGISTER_PUBLIC_URL": {
		Help:    "Where the register stands for browsers; https off loopback.",
		Example: "https://id.central.consent",
	},
	"REGISTER_KEYS": {
		Help: "Keys that seal e-mail addresses and evidence and key the audit log, id:key,id:key, " +
			"the one to seal with first. 'register key' makes one.",
		Example: "2026a:<32 bytes in base64>",
	},
	"REGISTER_REIDENTIFICATION": {
		Help: "live, or stub: confirms every customer at once. " +
			"A stub is only for demonstrations on a loopback address.",
	},
	"REGISTER_TRUSTED_PROXIES": {
		Help: "Networks of the proxies in front, whose X-Forwarded-For is believed: CIDR,CIDR. " +
			"Limits count by the address that customers come from.",
		Example: "10.0.0.0/8",
	},
	"REGISTER_SMTP": {
		Help: "The server that takes our mail: smtps://user:password@host:465, or smtp://user:password@host:587, " +
			"which demands STARTTLS; special characters percent-encoded. smtp+plain://localhost:1025 is unencrypted, " +
			"only for loopback. 'register serve' needs it, unless it is a stub.",
		Example: "smtps://register:password@mail.example.org:465",
	},
	"REGISTER_MAIL_FROM": {Help: "Who our mail comes from."},
	"REGISTER_CONTACT_LETTERS_PER_HOUR": {
		Help: "How many letters are written in an hour about addresses that came by an import, 1 or more. " +
			"The people whose addresses stand are asked whether the new ones are theirs.",
	},
	"REGISTER_DKIM_DOMAIN": {
		Help: "The domain that signs our mail: that of REGISTER_MAIL_FROM, or one above it. " +
			"Set all three REGISTER_DKIM_ settings, or none.",
		Example: "central.consent",
	},
	"REGISTER_DKIM_SELECTOR": {
		Help:    "Where the public key stands in DNS: <selector>._domainkey.<domain>.",
		Example: "2026a",
	},
	"REGISTER_DKIM_KEY": {
		Help: "The private key in PEM: Ed25519, or RSA of 2048 bits or more. " +
			"Make one with: openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048",
	},
}

// load reads the settings and reports all mistakes in them at once, before a database is opened. It reads the settings
// of mail only if mails is true: the other commands can run without the mail server's password.
func load(mails bool) (config, register.Options, error) {
	var c config
	mistakes := []error{env.Load(&c)}
	refuse := func(setting string, err error) {
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s: %w", setting, err))
		}
	}

	o := register.Options{
		Stub:                  c.Reidentification == "stub",
		PublicURL:             c.PublicURL,
		ContactLettersPerHour: c.ContactLetters,

		RelaxedAdministration:  !c.AdminStrict,
		SeparateAdministration: c.AdminListen != "",
	}
	var err error
	if text := c.Keys.Reveal(); text != "" { // if it is missing, env.Load has reported it
		o.Keys, err = rules.NewKeyring(text)
		refuse("REGISTER_KEYS", err)
	}
	if c.Reidentification != "live" && c.Reidentification != "stub" {
		mistake := fmt.Errorf("REGISTER_REIDENTIFICATION must be live or stub, not %q", c.Reidentification)
		mistakes = append(mistakes, mistake)
	}

	if c.ContactLetters < 1 {
		mistake := fmt.Errorf("REGISTER_CONTACT_LETTERS_PER_HOUR must be 1 or more, not %d", c.ContactLetters)
		mistakes = append(mistakes, mistake)
	}

	o.Address, err = serve.Address(c.Proxies)
	refuse("REGISTER_TRUSTED_PROXIES", err)
	if mails {
		if c.mail, err = c.sender(); err != nil {
			mistakes = append(mistakes, err)
		}
		o.Mail = c.mail
	}

	refuse("REGISTER_PUBLIC_URL", checkPublicURL(o))
	mistakes = append(mistakes, c.checkListen())

	return c, o, errors.Join(mistakes...)
}

// checkPublicURL returns what the register itself refuses. The other options are replaced by good ones, which leaves
// the public URL as the only possible cause.
func checkPublicURL(o register.Options) error {
	keys, err := rules.NewKeyring(rules.GenerateKey("none"))
	if err != nil {
		return err
	}

	o.Keys = keys
	o.Store = store.New(nil, nil)
	o.Logger = slog.New(slog.DiscardHandler)
	_, err = register.New(o)

	return errors.Unwrap(err)
}

// sender returns what sends mail, or all mistakes in its settings. It returns nil if there is no mail server, which
// only a stub may do without.
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
		mistakes = append(mistakes,
			errors.New("REGISTER_DKIM_DOMAIN, REGISTER_DKIM_SELECTOR and REGISTER_DKIM_KEY: set all three, or none"))
	}

	// Each part is tried without the other, so that a mistake names its variables.
	if options.URL != "" {
		mistakes = append(mistakes, trySender("REGISTER_SMTP", mail.Options{URL: options.URL})...)
	}

	local := mail.Options{URL: "smtps://localhost", From: options.From, DKIM: options.DKIM}
	mistakes = append(mistakes, trySender(variables, local)...)
	if len(mistakes) > 0 || options.URL == "" {
		return nil, errors.Join(mistakes...)
	}

	return mail.NewSender(options)
}

// trySender returns the mistakes in the options, one for each line, with the variables that they come from.
func trySender(variables string, o mail.Options) []error {
	_, err := mail.NewSender(o)
	if err == nil {
		return nil
	}

	var mistakes []error
	for mistake := range strings.SplitSeq(errors.Unwrap(err).Error(), "\n") {
		mistakes = append(mistakes, fmt.Errorf("%s: %s", variables, mistake))
	}

	return mistakes
}

func (c config) checkListen() error {
	var mistakes []error
	host, _, err := net.SplitHostPort(c.Listen)
	switch {
	case err != nil:
		mistakes = append(mistakes, fmt.Errorf("REGISTER_LISTEN must be host:port, not %q", c.Listen))
	case c.Reidentification == "stub" && !address.IsLoopback(host):
		// Others could reach it, even if the public URL is loopback.
		mistakes = append(
			mistakes,
			fmt.Errorf("REGISTER_LISTEN must be a loopback address, as localhost:5002, not %q: "+
				"a stub confirms everybody", c.Listen),
		)
	}

	if c.AdminListen != "" {
		host, _, err := net.SplitHostPort(c.AdminListen)
		switch {
		case err != nil:
			mistakes = append(mistakes, fmt.Errorf("REGISTER_ADMIN_LISTEN must be host:port, not %q", c.AdminListen))
		case c.Reidentification == "stub" && !address.IsLoopback(host):
			mistakes = append(mistakes, fmt.Errorf("REGISTER_ADMIN_LISTEN must be a loopback address, not %q: "+
				"this is a stub", c.AdminListen))
		}
	}

	if _, _, err := net.SplitHostPort(c.MetricsListen); err != nil && c.MetricsListen != "off" {
		mistakes = append(
			mistakes,
			fmt.Errorf("REGISTER_METRICS_LISTEN must be host:port or off, not %q", c.MetricsListen),
		)
	}

	return errors.Join(mistakes...)
}

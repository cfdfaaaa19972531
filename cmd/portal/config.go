package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"central.consent/dar/cmd/internal/env"
	"central.consent/dar/cmd/internal/operators"
	"central.consent/dar/handlers"
	"central.consent/dar/views"
)

// config is everything that the portal takes from its environment; nothing else reads it.
type config struct {
	Listen        string     `env:"PORTAL_LISTEN" envDefault:"localhost:8080" help:"Address and port to listen on, for plain HTTP: TLS ends at a proxy before the portal, which passes the Host header on."`
	PublicURL     string     `env:"PORTAL_PUBLIC_URL,required" help:"Where customers find the portal. https, but on a loopback address. A request for a host that is neither this one nor an operator's is answered 421." example:"https://energy-access.example.org"`
	Database      env.Secret `env:"PORTAL_DATABASE" envDefault:"portal.db" help:"Where sessions are kept: the path of a SQLite file, or a PostgreSQL URL for more than one replica." example:"postgres://portal:password@db.example.org/portal"`
	RegisterURL   string     `env:"PORTAL_REGISTER_URL" envDefault:"https://api.central.consent/v1" help:"The root of the register's API."`
	SessionKey    env.Secret `env:"PORTAL_SESSION_KEY,required" help:"Encrypts the sessions: 32 random bytes in base64, the same on every replica. Make one with: openssl rand -base64 32"`
	Demonstration bool       `env:"PORTAL_DEMONSTRATION" help:"true says on every page that nobody is really asked to confirm, as where the register runs in stub mode. Loopback only, PORTAL_LISTEN as well as PORTAL_PUBLIC_URL."`

	Operators     string     `env:"PORTAL_OPERATORS" help:"The file of the operators: accounts, addresses, names, colours, logos. portal operator new writes one to begin with. It takes the place of all the settings below, which are enough for one operator in the product's own look." example:"/etc/portal/operators.toml"`
	AccountID     string     `env:"PORTAL_ACCOUNT_ID" help:"The operator's account at the register, of the role portal. Required without PORTAL_OPERATORS." example:"portal_ops"`
	AccountSecret env.Secret `env:"PORTAL_ACCOUNT_SECRET" help:"The account's secret key. Required without PORTAL_OPERATORS."`
	OperatorName  string     `env:"PORTAL_OPERATOR_NAME" help:"The operator's name, as customers know it. Required without PORTAL_OPERATORS." example:"Citizens Advice"`
	ContactURL    string     `env:"PORTAL_OPERATOR_CONTACT_URL" help:"The page on which customers get help. This or PORTAL_OPERATOR_PHONE is required without PORTAL_OPERATORS." example:"https://example.org/contact"`
	Phone         string     `env:"PORTAL_OPERATOR_PHONE" help:"The number that customers call for help. This or PORTAL_OPERATOR_CONTACT_URL is required without PORTAL_OPERATORS." example:"0800 000 0000"`

	sessionKey []byte
	secure     bool
	// operators are those of the file, or the one of the environment; each has its hosts.
	operators []operators.Operator
}

// load reads the configuration; its error holds every mistake, one a line.
func load() (config, error) {
	var c config
	mistakes := []error{env.Load(&c)}
	refuse := func(format string, args ...any) { mistakes = append(mistakes, fmt.Errorf(format, args...)) }

	publicHost := ""
	if c.PublicURL != "" {
		public, err := url.Parse(c.PublicURL)
		switch {
		case err != nil || public.Host == "" || public.Scheme != "https" && public.Scheme != "http":
			refuse("PORTAL_PUBLIC_URL is not an address such as https://energy-access.example.org")
		case public.Scheme == "http" && !isLoopback(public.Hostname()):
			refuse("PORTAL_PUBLIC_URL must begin with https: only a loopback address may do without")
		case c.Demonstration && !isLoopback(public.Hostname()):
			refuse("PORTAL_DEMONSTRATION is for a loopback PORTAL_PUBLIC_URL only")
		default:
			c.secure = public.Scheme == "https"
			publicHost = public.Host
		}
	}
	if host, _, err := net.SplitHostPort(c.Listen); c.Demonstration && (err != nil || !isLoopback(host)) {
		refuse("PORTAL_DEMONSTRATION is for a loopback PORTAL_LISTEN only")
	}
	if c.Operators == "" {
		c.operators = []operators.Operator{c.alone(refuse)}
	} else {
		c.operators = c.fromFile(refuse)
	}
	for i := range c.operators {
		o := &c.operators[i]
		if len(o.Hosts) == 0 {
			o.Hosts = []string{publicHost}
		}
		for _, host := range o.Hosts {
			if name := (&url.URL{Host: host}).Hostname(); publicHost != "" && !c.secure && !isLoopback(name) {
				refuse("PORTAL_OPERATORS: operator %q: hosts: %s is no loopback address, which alone may do without the https of PORTAL_PUBLIC_URL", o.Slug, host)
			}
		}
	}
	if text := c.SessionKey.Reveal(); text != "" {
		key, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(key) != 32 {
			refuse("PORTAL_SESSION_KEY is not 32 bytes in base64: make one with openssl rand -base64 32")
		}
		c.sessionKey = key
	}
	return c, errors.Join(mistakes...)
}

// fromFile reads the file of the operators, beside which the settings of a single one would be ambiguous.
func (c *config) fromFile(refuse func(string, ...any)) []operators.Operator {
	for _, one := range []struct{ name, value string }{
		{"PORTAL_ACCOUNT_ID", c.AccountID}, {"PORTAL_ACCOUNT_SECRET", c.AccountSecret.Reveal()}, {"PORTAL_OPERATOR_NAME", c.OperatorName},
		{"PORTAL_OPERATOR_CONTACT_URL", c.ContactURL}, {"PORTAL_OPERATOR_PHONE", c.Phone},
	} {
		if one.value != "" {
			refuse("%s and PORTAL_OPERATORS are both set: the file tells it", one.name)
		}
	}
	all, err := operators.Load(c.Operators)
	if err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			refuse("PORTAL_OPERATORS: %s", line)
		}
	}
	return all
}

// alone is the one operator of a portal without a file.
func (c *config) alone(refuse func(string, ...any)) operators.Operator {
	for _, one := range []struct{ name, value string }{
		{"PORTAL_ACCOUNT_ID", c.AccountID}, {"PORTAL_ACCOUNT_SECRET", c.AccountSecret.Reveal()}, {"PORTAL_OPERATOR_NAME", c.OperatorName},
	} {
		if one.value == "" {
			refuse("%s is missing", one.name)
		}
	}
	if c.ContactURL == "" && c.Phone == "" {
		refuse("PORTAL_OPERATOR_CONTACT_URL and PORTAL_OPERATOR_PHONE are both missing: customers need a way to get help")
	}
	if c.Phone != "" && strings.Trim(c.Phone, "0123456789+() -") != "" || c.Phone != "" && !strings.ContainsAny(c.Phone, "0123456789") {
		refuse("PORTAL_OPERATOR_PHONE is not a telephone number such as 0800 000 0000")
	}
	if c.ContactURL != "" {
		if contact, err := url.Parse(c.ContactURL); err != nil || contact.Host == "" || contact.Scheme != "https" && contact.Scheme != "http" {
			refuse("PORTAL_OPERATOR_CONTACT_URL is not an address such as https://example.org/contact")
		}
	}
	return operators.Operator{
		Base: handlers.DefaultBase, AccountID: c.AccountID, AccountSecret: c.AccountSecret,
		Brand: views.Brand{Name: c.OperatorName, ContactURL: c.ContactURL, Phone: c.Phone},
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

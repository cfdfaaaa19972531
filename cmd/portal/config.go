package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"central.consent/dar/cmd/internal/env"
	"central.consent/dar/cmd/internal/operators"
	"central.consent/dar/cmd/internal/serve"
	"central.consent/dar/handlers"
	"central.consent/dar/views"
)

// config is everything that the portal takes from its environment; nothing else reads it.
type config struct {
	Listen        string     `env:"PORTAL_LISTEN"               envDefault:"localhost:8080"                 help:"Address and port to listen on, for plain HTTP: TLS ends at a proxy before the portal, which passes the Host header on."`
	PublicURL     string     `env:"PORTAL_PUBLIC_URL,required"                                              help:"Where customers find the portal. https, but on a loopback address. A request for a host that is neither this one nor an operator's is answered 421."                 example:"https://energy-access.example.org"`
	Database      env.Secret `env:"PORTAL_DATABASE"             envDefault:"portal.db"                      help:"Where sessions are kept: the path of a SQLite file, or a PostgreSQL URL for more than one replica."                                                                  example:"postgres://portal:password@db.example.org/portal"`
	RegisterURL   string     `env:"PORTAL_REGISTER_URL"         envDefault:"https://api.central.consent/v1" help:"The root of the register's API."`
	PasskeyOrigin string     `env:"PORTAL_PASSKEY_ORIGIN"                                                   help:"Where the register's passkey pages are: browsers are sent there, and nowhere else. By default where the API is."                                                     example:"https://id.central.consent"`
	SessionKey    env.Secret `env:"PORTAL_SESSION_KEY,required"                                             help:"Encrypts the sessions: 32 random bytes in base64, the same on every replica. Make one with: openssl rand -base64 32"`
	Demonstration bool       `env:"PORTAL_DEMONSTRATION"                                                    help:"true says on every page that nobody is really asked to confirm, as where the register runs in stub mode. Loopback only, PORTAL_LISTEN as well as PORTAL_PUBLIC_URL."`

	Proxies []string `env:"PORTAL_TRUSTED_PROXIES" help:"The networks of the proxies before the portal, separated by commas. They are believed from where they were asked, in X-Forwarded-For; without any, the peer counts." example:"10.0.0.0/8"`

	Operators     string     `env:"PORTAL_OPERATORS"            help:"The file of the operators: accounts, addresses, names, colours, logos. portal operator new writes one to begin with. It takes the place of all the settings below, which are enough for one operator in the product's own look." example:"/etc/portal/operators.toml"`
	AccountID     string     `env:"PORTAL_ACCOUNT_ID"           help:"The operator's account at the register, of the role portal. Required without PORTAL_OPERATORS."                                                                                                                                  example:"portal_ops"`
	AccountSecret env.Secret `env:"PORTAL_ACCOUNT_SECRET"       help:"The account's secret key. Required without PORTAL_OPERATORS."`
	OperatorName  string     `env:"PORTAL_OPERATOR_NAME"        help:"The operator's name, as customers know it. Required without PORTAL_OPERATORS."                                                                                                                                                   example:"Citizens Advice"`
	ContactURL    string     `env:"PORTAL_OPERATOR_CONTACT_URL" help:"The page on which customers get help. This or PORTAL_OPERATOR_PHONE is required without PORTAL_OPERATORS."                                                                                                                       example:"https://example.org/contact"`
	Phone         string     `env:"PORTAL_OPERATOR_PHONE"       help:"The number that customers call for help. This or PORTAL_OPERATOR_CONTACT_URL is required without PORTAL_OPERATORS."                                                                                                              example:"0800 000 0000"`
	ReturnURLs    []string   `env:"PORTAL_RETURN_URLS"          help:"Addresses that a link to the portal may ask to lead back to, separated by commas. A link's must be the very same text."                                                                                                          example:"https://example.org/energy,https://app.example.org/done"`

	sessionKey []byte
	secure     bool
	address    func(*http.Request) string
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
		case public.Scheme == "http" && !env.Loopback(public.Hostname()):
			refuse("PORTAL_PUBLIC_URL must begin with https: only a loopback address may do without")
		case c.Demonstration && !env.Loopback(public.Hostname()):
			refuse("PORTAL_DEMONSTRATION is for a loopback PORTAL_PUBLIC_URL only")
		default:
			c.secure = public.Scheme == "https"
			publicHost = public.Host
		}
	}

	if host, _, err := net.SplitHostPort(c.Listen); c.Demonstration && (err != nil || !env.Loopback(host)) {
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
			if name := (&url.URL{Host: host}).Hostname(); publicHost != "" && !c.secure && !env.Loopback(name) {
				refuse(
					"PORTAL_OPERATORS: operator %q: hosts: %s is no loopback address, which alone may do without the https of PORTAL_PUBLIC_URL",
					o.Slug,
					host,
				)
			}
		}
	}

	if c.PasskeyOrigin == "" {
		c.PasskeyOrigin = originOf(c.RegisterURL)
	} else if origin := originOf(c.PasskeyOrigin); origin != c.PasskeyOrigin {
		refuse("PORTAL_PASSKEY_ORIGIN is not an origin such as https://id.central.consent")
	}

	var err error
	if c.address, err = serve.Address(c.Proxies); err != nil {
		refuse("PORTAL_TRUSTED_PROXIES: %v", err)
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

// hostForm is a host as it may stand in a header: net/url lets more pass.
var hostForm = regexp.MustCompile(`^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]+)?$`)

// originOf is the origin of an address by https, or by http on a loopback address; empty for any other.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || !hostForm.MatchString(u.Host) ||
		u.Scheme != "https" && (u.Scheme != "http" || !env.Loopback(u.Hostname())) {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// publicURL is where an operator's customers find the portal: by the first of its hosts.
func (c *config) publicURL(o operators.Operator) string {
	scheme := "http://"
	if c.secure {
		scheme = "https://"
	}
	return scheme + o.Hosts[0]
}

// fromFile reads the file of the operators, beside which the settings of a single one would be ambiguous.
func (c *config) fromFile(refuse func(string, ...any)) []operators.Operator {
	for _, one := range []struct{ name, value string }{
		{"PORTAL_ACCOUNT_ID", c.AccountID}, {"PORTAL_ACCOUNT_SECRET", c.AccountSecret.Reveal()}, {"PORTAL_OPERATOR_NAME", c.OperatorName},
		{"PORTAL_OPERATOR_CONTACT_URL", c.ContactURL}, {"PORTAL_OPERATOR_PHONE", c.Phone},
		{"PORTAL_RETURN_URLS", strings.Join(c.ReturnURLs, "")},
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
		refuse(
			"PORTAL_OPERATOR_CONTACT_URL and PORTAL_OPERATOR_PHONE are both missing: customers need a way to get help",
		)
	}
	if c.Phone != "" && strings.Trim(c.Phone, "0123456789+() -") != "" ||
		c.Phone != "" && !strings.ContainsAny(c.Phone, "0123456789") {
		refuse("PORTAL_OPERATOR_PHONE is not a telephone number such as 0800 000 0000")
	}
	if c.ContactURL != "" {
		if contact, err := url.Parse(
			c.ContactURL,
		); err != nil || contact.Host == "" ||
			contact.Scheme != "https" && contact.Scheme != "http" {
			refuse("PORTAL_OPERATOR_CONTACT_URL is not an address such as https://example.org/contact")
		}
	}

	for _, address := range c.ReturnURLs {
		if back, err := url.Parse(
			address,
		); err != nil || originOf(address) == "" || back.User != nil || back.Fragment != "" ||
			strings.TrimSpace(address) != address {
			refuse("PORTAL_RETURN_URLS: %q is not an address such as https://example.org/energy", address)
		}
	}

	return operators.Operator{
		Base: handlers.DefaultBase, AccountID: c.AccountID, AccountSecret: c.AccountSecret, ReturnURLs: c.ReturnURLs,
		Brand: views.Brand{Name: c.OperatorName, ContactURL: c.ContactURL, Phone: c.Phone},
	}
}

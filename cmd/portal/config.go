package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"central.consent/dar/cmd/internal/env"
	"central.consent/dar/cmd/internal/operators"
	"central.consent/dar/cmd/internal/serve"
	"central.consent/dar/internal/web/address"
)

// config is everything that the portal takes from its environment; nothing else reads it. Docs explains each setting.
type config struct {
	Listen        string     `env:"PORTAL_LISTEN"               envDefault:"localhost:8080"`
	PublicURL     string     `env:"PORTAL_PUBLIC_URL,required"`
	Database      env.Secret `env:"PORTAL_DATABASE"             envDefault:"portal.db"`
	RegisterURL   string     `env:"PORTAL_REGISTER_URL"         envDefault:"https://api.central.consent/v1"`
	PasskeyOrigin string     `env:"PORTAL_PASSKEY_ORIGIN"`
	SessionKey    env.Secret `env:"PORTAL_SESSION_KEY,required"`
	Demonstration bool       `env:"PORTAL_DEMONSTRATION"`
	Proxies       []string   `env:"PORTAL_TRUSTED_PROXIES"`
	Operators     string     `env:"PORTAL_OPERATORS"`

	// The settings of a single operator; see single.go.
	AccountID     string     `env:"PORTAL_ACCOUNT_ID"`
	AccountSecret env.Secret `env:"PORTAL_ACCOUNT_SECRET"`
	OperatorName  string     `env:"PORTAL_OPERATOR_NAME"`
	ContactURL    string     `env:"PORTAL_OPERATOR_CONTACT_URL"`
	Phone         string     `env:"PORTAL_OPERATOR_PHONE"`
	ReturnURLs    []string   `env:"PORTAL_RETURN_URLS"`

	sessionKey []byte
	secure     bool
	address    func(*http.Request) string
	// operators are those of the file, or the single one of the environment; each has its hosts.
	operators []operators.Operator

	mistakes []error
}

func (c *config) refuse(format string, args ...any) {
	c.mistakes = append(c.mistakes, fmt.Errorf(format, args...))
}

// load reads the configuration; its error holds every mistake, one a line.
func load() (config, error) {
	var c config
	c.mistakes = []error{env.Load(&c)}
	publicHost := c.checkPublicURL()
	host, _, err := net.SplitHostPort(c.Listen)
	if c.Demonstration && (err != nil || !address.IsLoopback(host)) {
		c.refuse("PORTAL_DEMONSTRATION is for a loopback PORTAL_LISTEN only")
	}

	if c.Operators == "" {
		c.operators = []operators.Operator{c.singleOperator()}
	} else {
		c.operators = c.operatorsOfFile()
	}
	c.setHosts(publicHost)

	if c.PasskeyOrigin == "" {
		c.PasskeyOrigin = address.SecureOrigin(c.RegisterURL)
	} else if address.SecureOrigin(c.PasskeyOrigin) != c.PasskeyOrigin {
		c.refuse("PORTAL_PASSKEY_ORIGIN is not an origin such as https://id.central.consent")
	}

	if c.address, err = serve.Address(c.Proxies); err != nil {
		c.refuse("PORTAL_TRUSTED_PROXIES: %v", err)
	}
	c.decodeSessionKey()

	return c, errors.Join(c.mistakes...)
}

// checkPublicURL returns the host of PORTAL_PUBLIC_URL; empty if the setting is missing or refused.
func (c *config) checkPublicURL() string {
	if c.PublicURL == "" {
		return ""
	}

	public, ok := address.ParseURL(c.PublicURL)
	switch {
	case !ok:
		c.refuse("PORTAL_PUBLIC_URL is not an address such as https://energy-access.example.org")
		return ""
	case !address.HasSecureTransport(public):
		c.refuse("PORTAL_PUBLIC_URL must begin with https: only a loopback address may do without")
		return ""
	case c.Demonstration && !address.IsLoopback(public.Hostname()):
		c.refuse("PORTAL_DEMONSTRATION is for a loopback PORTAL_PUBLIC_URL only")
		return ""
	}

	c.secure = public.Scheme == "https"

	return public.Host
}

// setHosts gives the public host to operators without a host of their own, and refuses other hosts over plain http.
func (c *config) setHosts(publicHost string) {
	for i := range c.operators {
		o := &c.operators[i]
		if len(o.Hosts) == 0 {
			o.Hosts = []string{publicHost}
		}
		if publicHost == "" || c.secure {
			continue
		}

		for _, host := range o.Hosts {
			if name := (&url.URL{Host: host}).Hostname(); !address.IsLoopback(name) {
				c.refuse("PORTAL_OPERATORS: operator %q: hosts: %s is no loopback address, "+
					"which alone may do without the https of PORTAL_PUBLIC_URL", o.Slug, host)
			}
		}
	}
}

func (c *config) decodeSessionKey() {
	text := c.SessionKey.Reveal()
	if text == "" {
		return // missing, as env.Load has reported
	}

	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) != 32 {
		c.refuse("PORTAL_SESSION_KEY is not 32 bytes in base64: make one with openssl rand -base64 32")
	}

	c.sessionKey = key
}

// publicURL is where an operator's customers find the portal: by the first of its hosts.
func (c *config) publicURL(o operators.Operator) string {
	scheme := "http://"
	if c.secure {
		scheme = "https://"
	}

	return scheme + o.Hosts[0]
}

package mail

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"central.consent/dar/internal/web/address"
)

// server is the parsed form of Options.URL.
type server struct {
	host     string
	port     int
	implicit bool // TLS from the first byte
	plain    bool // no TLS
	user     string
	password string
}

// parseServerURL parses Options.URL. Its errors quote no part of it, because a mistyped password can end up in any
// part.
func parseServerURL(text string) (server, error) {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" ||
		u.Fragment != "" {
		return server{}, errors.New("URL is not of the form smtps://user:password@host:465, " +
			"with special characters percent-encoded")
	}

	s := server{host: u.Hostname(), user: u.User.Username()}
	s.password, _ = u.User.Password()

	switch u.Scheme {
	case "smtp":
		s.port = 587
	case "smtps":
		s.port = 465
		s.implicit = true
	case "smtp+plain":
		s.port = 1025
		s.plain = true
		if !address.IsLoopback(s.host) {
			return server{}, errors.New("URL: smtp+plain is for loopback only; " +
				"use smtp, which requires STARTTLS, or smtps")
		}
		if u.User != nil {
			return server{}, errors.New("URL: smtp+plain takes no password, because it would be sent unencrypted")
		}
	default:
		return server{}, errors.New("URL does not begin with smtp://, smtps:// or smtp+plain://")
	}

	if u.User != nil && (s.user == "" || s.password == "") {
		return server{}, errors.New("URL has a user without a password, or a password without a user")
	}

	if u.Port() != "" {
		if s.port, err = strconv.Atoi(u.Port()); err != nil || s.port < 1 || s.port > 65535 {
			return server{}, errors.New("URL has no port between 1 and 65535")
		}
	}

	return s, nil
}

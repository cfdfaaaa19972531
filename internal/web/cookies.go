package web

import (
	"net/http"
	"time"
)

// CookieName returns the name with the prefix __Host-, with which browsers accept the cookie over https, from this very
// host and for every path only (RFC 6265bis, 4.1.3.2). Without secure it returns the name as it is: over http browsers
// refuse the prefix.
func CookieName(name string, secure bool) string {
	if secure {
		return "__Host-" + name
	}
	return name
}

// NewCookie returns a cookie for the whole host that no script reads and that other sites' requests do not carry, but
// for links that lead here (SameSite=Lax). The browser keeps it for life, or until it is closed if life is 0; a
// negative life deletes the cookie. Name is completed by CookieName.
func NewCookie(name, value string, life time.Duration, secure bool) *http.Cookie {
	age := int(life.Seconds())
	if life < 0 {
		age = -1
	}

	return &http.Cookie{
		Name:     CookieName(name, secure),
		Value:    value,
		Path:     "/",
		MaxAge:   age,
		HttpOnly: true,
		Secure:   secure,
		SameSite: http.SameSiteLaxMode,
	}
}

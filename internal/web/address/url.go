// Package address checks the web addresses that users and settings give: loopback or not, origin or not, fit to be a
// link. It knows no HTTP, so that rules and senders can use it too.
package address

import (
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// MaxURL is the length that a web address may have, in bytes.
const MaxURL = 2000

// ParseURL parses an absolute http or https address with a host and without user information, of at most MaxURL bytes
// and without spaces and backslashes. It reports false for any other text. Callers add what else they require:
// https only, no fragment, a known host.
func ParseURL(text string) (*url.URL, bool) {
	if len(text) > MaxURL || strings.ContainsAny(text, ` \`) {
		return nil, false
	}

	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil {
		return nil, false
	}

	return u, true
}

// IsWebURL reports whether a text may become a link as it stands: it is what ParseURL accepts, its scheme is in lower
// case, it is valid UTF-8, and it holds no character that RFC 3986 requires to be escaped. Characters outside ASCII
// pass: whether a reader could be deceived by them is for the caller to check.
func IsWebURL(text string) bool {
	_, ok := ParseURL(text)
	return ok && (strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://")) &&
		!strings.ContainsAny(text, "\t\r\n\"<>^`{|}") && utf8.ValidString(text)
}

// IsOrigin reports whether a text is an http or https origin and nothing else: scheme, host and perhaps a port, without
// user information, path, query or fragment, and without a slash at the end.
func IsOrigin(text string) bool {
	u, ok := ParseURL(text)
	return ok && u.Path == "" && !strings.ContainsAny(text, "?#")
}

// Origin returns the origin of an address as scheme://host, with the port if there is one.
func Origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

// headerHost is a host that can stand in a header. Package net/url accepts more.
var headerHost = regexp.MustCompile(`^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]+)?$`)

// SecureOrigin returns the origin of an address that is reached over a secure transport, fit to stand in a header. It
// returns "" for any other text.
func SecureOrigin(text string) string {
	u, err := url.Parse(text)
	if err != nil || !headerHost.MatchString(u.Host) || !HasSecureTransport(u) {
		return ""
	}

	return Origin(u)
}

// HasSecureTransport reports whether others on the network cannot read what is sent to an address: it is https, or http
// to a loopback host.
func HasSecureTransport(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && IsLoopback(u.Hostname())
}

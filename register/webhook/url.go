package webhook

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"central.consent/dar/internal/web/address"
)

// CheckURL reports whether raw may be registered as a callback-url: https on port 443 of a named host, visible ASCII,
// at most 2000 characters. If local is true, a loopback host is accepted too, by name or IP address, on any port and
// over http.
//
// It resolves no name: the address behind the name is checked at each connection. The error completes a sentence that
// begins with the name of the field, is fit for the Data User and does not contain the URL.
func CheckURL(raw string, local bool) error {
	if len(raw) > address.MaxURL {
		return errors.New("must be at most 2000 characters")
	}

	for i := range len(raw) {
		// Clients disagree about a backslash: some of them end the host there.
		if raw[i] <= ' ' || raw[i] > '~' || raw[i] == '\\' {
			return errors.New("must contain only visible ASCII characters and no backslash: " +
				"percent-encode the others, and write the host in punycode")
		}
	}

	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Opaque != "" || !strings.HasPrefix(raw, u.Scheme) {
		return errors.New("must be an absolute https URL")
	}
	if u.User != nil {
		return errors.New("must have no user name or password")
	}
	if strings.Contains(raw, "#") {
		return errors.New("must have no fragment")
	}

	host := strings.ToLower(u.Hostname())
	if local && isLoopbackHost(host) {
		return checkLoopbackURL(u)
	}

	if u.Scheme != "https" {
		return errors.New("must be an https URL")
	}
	// Compare the text, so that neither "host:" nor port 0443 passes.
	if u.Host != u.Hostname() && u.Host != u.Hostname()+":443" {
		return errors.New("must use port 443")
	}

	return checkHostName(host)
}

// checkLoopbackURL checks the scheme and the port of a URL on loopback.
func checkLoopbackURL(u *url.URL) error {
	if u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("must be an https or http URL")
	}
	if u.Port() == "" && !strings.HasSuffix(u.Host, ":") {
		return nil
	}

	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 {
		return errors.New("must have a port from 1 to 65535, or none")
	}

	return nil
}

// isLoopbackHost accepts the plain spelling only: 127.0.0.1 and not 127.1.
func isLoopbackHost(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return isLoopback(ip)
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost") && checkLabels(host)
}

// privateDomains do not exist on the internet: RFC 6761, 6762, 7686, 8375 and ICANN's domain for private use.
var privateDomains = []string{"localhost", "local", "internal", "onion", "home.arpa"}

// checkHostName accepts the full name of a host on the internet. The host is in lower case.
func checkHostName(host string) error {
	labels := strings.Split(host, ".")
	isPrivate := func(domain string) bool { return strings.HasSuffix("."+host, "."+domain) }

	switch {
	case strings.Contains(host, ":") || isNumber(labels[len(labels)-1]):
		return errors.New("must name a host, not an IP address")
	case len(labels) < 2 || len(host) > 253 || !checkLabels(host):
		return errors.New("must have the full name of a host on the internet")
	case slices.ContainsFunc(privateDomains, isPrivate):
		return errors.New("must have the full name of a host on the internet")
	}

	return nil
}

// isNumber reports whether a host that ends in label is an IPv4 address to some resolver: 127.1, 0x7f000001 and
// 017700000001 are (https://url.spec.whatwg.org, "ends in a number").
func isNumber(label string) bool {
	if digits, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(digits, "0123456789abcdef") == ""
	}
	return label != "" && strings.Trim(label, "0123456789") == ""
}

// checkLabels accepts labels of letters, digits and inner hyphens, as certificates do. The host is in lower case.
func checkLabels(host string) bool {
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}

	return true
}

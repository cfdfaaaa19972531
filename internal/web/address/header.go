package address

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// policyHost is a host that a Content-Security-Policy can name (Content Security Policy 3, 2.3.1): labels of letters,
// digits and dashes. Package net/url also accepts semicolons, commas, quotes and asterisks in a host, with which an
// address would write directives of its own.
var policyHost = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*\.?$`)

// maxHost is the length of a host name in bytes (RFC 1035).
const maxHost = 253

// PolicyOrigin returns the origin of an http or https address as a Content-Security-Policy names it: in lower case, and
// with the host in ASCII. It returns "" if a policy cannot name it: for an IPv6 address, a wildcard, and any host or
// port that a browser would not reach.
func PolicyOrigin(text string) string {
	u, ok := ParseURL(text)
	if !ok {
		return ""
	}

	host := asciiHost(u.Hostname())
	if len(host) > maxHost || !policyHost.MatchString(host) || isOddIP(host) {
		return ""
	}

	port := ""
	if rest, ok := strings.CutPrefix(u.Host[len(u.Hostname()):], ":"); ok {
		if n, err := strconv.ParseUint(rest, 10, 16); err != nil || n == 0 {
			return ""
		}

		port = ":" + rest
	}

	return strings.ToLower(u.Scheme) + "://" + host + port
}

// asciiHost returns a host in lower case and in ASCII; "" if it has no form in ASCII.
func asciiHost(host string) string {
	host = strings.ToLower(host)
	if !strings.ContainsFunc(host, func(r rune) bool { return r > unicode.MaxASCII }) {
		return host
	}

	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil {
		return ""
	}

	return ascii
}

// isOddIP reports whether browsers read a host as an IPv4 address in another form than the usual one: 127.1, 0x7f.1 or
// 2130706433 (WHATWG URL, ends in a number).
func isOddIP(host string) bool {
	if !EndsInNumber(host) {
		return false
	}

	ip, err := netip.ParseAddr(host)

	return err != nil || !ip.Is4()
}

// EndsInNumber reports whether browsers and mail programs may read a host name as an IPv4 address: its last label is a
// number, in decimal or in hexadecimal (WHATWG URL, ends in a number).
func EndsInNumber(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := strings.ToLower(host[strings.LastIndexByte(host, '.')+1:])
	if hexadecimal, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hexadecimal, "0123456789abcdef") == ""
	}

	return last != "" && strings.Trim(last, "0123456789") == ""
}

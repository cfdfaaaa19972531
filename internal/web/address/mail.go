package address

import (
	"regexp"
	"strings"
)

// mailDomain is a domain name of two labels or more (RFC 1035, 2.3.1), without a dot at the end.
var mailDomain = regexp.MustCompile(
	`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// IsMailDomain reports whether mail can be sent to a domain that its owner has in the public DNS. It is false for an
// address literal ([127.0.0.1], RFC 5321, 4.1.3), an IP address without brackets, a name of one label and a name of
// this machine: mail to those would go to a host of the mail server's own network.
func IsMailDomain(domain string) bool {
	host := asciiHost(domain)

	return len(host) <= maxHost && mailDomain.MatchString(host) && !EndsInNumber(host) &&
		!strings.HasSuffix(host, ".localhost") && !strings.HasSuffix(host, ".localdomain")
}

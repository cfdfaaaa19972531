package operators

import (
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"central.consent/dar/internal/web/address"
)

// checkPlace checks where the operator's portal stands: its hosts and its path.
func (c *checker) checkPlace(e *entry, o *Operator) {
	for _, host := range c.list("hosts", e.Hosts, maxEntries) {
		if !isHost(host) {
			c.refuse("hosts", "%q is not a host name such as energy.example.org: "+
				"in small letters, without https:// and without a path", host)
			continue
		}
		o.Hosts = append(o.Hosts, host)
	}

	o.Base = c.optional("path", e.Path)
	switch {
	case o.Base == "" && e.Hosts.given:
		o.Base = "/portal"
	case o.Base == "":
		c.refuse("hosts", "is missing; without a host of its own an operator needs a path")
	case o.Base != "/portal" && o.Base != "/o/"+o.Slug+"/portal":
		c.refuse("path", "must be /portal or /o/%s/portal", o.Slug)
		o.Base = ""
	}

	if e.Hosts.isEmpty() {
		c.refuse("hosts", "is empty; leave it out for the portal's own host")
	}
}

// checkOrigins checks who may show the embedded pages in a frame.
func (c *checker) checkOrigins(e *entry, o *Operator) {
	o.FramingOrigins = c.list("framing-origins", e.FramingOrigins, maxEntries)
	for _, origin := range o.FramingOrigins {
		if !isOrigin(origin) {
			c.refuse("framing-origins", "%q is not an exact origin such as https://www.example.org: "+
				"without a path, a wildcard or a slash at the end", origin)
		}
	}
}

// checkReturnURLs checks where customers may be sent back to.
func (c *checker) checkReturnURLs(e *entry, o *Operator) {
	o.ReturnURLs = c.list("return-urls", e.ReturnURLs, maxEntries)
	for _, text := range o.ReturnURLs {
		if u, ok := parseLink(text); !ok || u.Fragment != "" {
			c.refuse("return-urls", "%q is not an exact https address such as https://www.example.org/back", text)
		}
	}
}

var hostForm = regexp.MustCompile(
	`^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$`,
)

// isHost reports whether a text is a host name as browsers send it, with a port unless it is the scheme's own.
func isHost(text string) bool {
	host := text
	port := ""
	if h, p, err := net.SplitHostPort(text); err == nil {
		if !isOwnPort(p) {
			return false
		}
		host = h
		port = p
	}

	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback() && (ip.To4() != nil || port != "")
	}

	return len(host) <= 253 && hostForm.MatchString(host)
}

// isOwnPort reports whether a port stands in a Host header: as browsers write it, and not the scheme's own.
func isOwnPort(text string) bool {
	port, err := strconv.Atoi(text)
	return err == nil && port >= 1 && port <= 65535 && port != 443 && port != 80 && strconv.Itoa(port) == text
}

// isOrigin reports whether a text is an origin exactly as a browser would write it.
func isOrigin(text string) bool {
	host, ok := strings.CutPrefix(text, "https://")
	return ok && len(text) <= address.MaxURL && isHost(host) && strings.Trim(host, "0123456789.:[]") != ""
}

// parseLink parses an https address that may become a link.
func parseLink(text string) (*url.URL, bool) {
	u, ok := address.ParseURL(text)
	isInvisible := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
	if !ok || u.Scheme != "https" || strings.ContainsFunc(text, isInvisible) {
		return nil, false
	}

	return u, true
}

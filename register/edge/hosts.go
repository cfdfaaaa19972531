package edge

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/internal/web/address"
	"central.consent/dar/register/id"
	"central.consent/dar/register/rules"
)

// Hosts are the names in the Host header that the register answers to. Only that header counts: browsers and proxies
// can claim anything in other ones.
//
// The identity pages answer to the host of the public URL alone: cookies and passkeys belong to that host, and on
// another one a page would speak for somebody else's. The API also answers to the names by which programs reach it. On
// a loopback address all names of this machine are the same.
type Hosts struct {
	public string
	local  bool
	api    []string
}

// maxHosts is how many further names the API may have.
const maxHosts = 20

// apiHost is a host name or an IPv4 address, with or without a port.
var apiHost = regexp.MustCompile(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:[0-9]{1,5})?$`)

// NewHosts returns the hosts of a register at a public URL whose API has these further names.
func NewHosts(public *url.URL, apiHosts []string) Hosts {
	h := Hosts{public: web.NormalHost(public.Host), local: address.IsLoopback(public.Hostname())}
	for _, name := range apiHosts {
		h.api = append(h.api, web.NormalHost(name))
	}

	return h
}

// CheckHosts returns every mistake in the further names of the API.
func CheckHosts(apiHosts []string) (mistakes []error) {
	if len(apiHosts) > maxHosts {
		mistakes = append(mistakes, fmt.Errorf("the API may have at most %d further hosts", maxHosts))
	}
	for _, name := range apiHosts {
		if !apiHost.MatchString(name) {
			mistakes = append(mistakes, fmt.Errorf(
				"%q is not a host as programs send it, such as register.internal:5002", name))
		}
	}

	return mistakes
}

// answer reports whether a request for a path may come for a host.
func (h Hosts) answer(host, path string) bool {
	name := (&url.URL{Host: host}).Hostname()
	switch normal := web.NormalHost(host); {
	case path == PathHealthy || path == PathReady: // load balancers come by an address
		return true
	case normal == h.public || h.local && address.IsLoopback(name):
		return true
	case path == id.BasePath || id.Matches(path):
		return false
	default:
		// The commands and the portal of the same machine reach the API by a loopback address.
		return slices.Contains(h.api, normal) || address.IsLoopback(name)
	}
}

// errMisdirected refuses a request for a host that is not the register's (RFC 9110, 15.5.20).
var errMisdirected = &rules.Error{
	Kind:    rules.KindMisdirected,
	Code:    rules.CodeUnclassified,
	Message: "The register does not answer to this host.",
}

// Check is middleware that refuses requests for other hosts before any handler sees them.
func (h Hosts) Check(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if !h.answer(r.Host, r.URL.Path) {
			return errMisdirected
		}

		return next(c)
	}
}

// sendMisdirected sends a line of text in place of a page, which would need the files of the right host.
func sendMisdirected(c echo.Context) error {
	return c.String(http.StatusMisdirectedRequest, errMisdirected.Message+"\n")
}

// isMisdirected reports whether an error refuses the host of a request.
func isMisdirected(err error) bool { return errors.Is(err, errMisdirected) }

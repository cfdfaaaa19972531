package handlers

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"

	"central.consent/dar/views"
)

// Site is where one operator's portal stands.
type Site struct {
	// Hosts are the names by which browsers come, with the port where it is not the scheme's own: portal.example.org.
	Hosts []string
	// Base is the portal's own, of Options.
	Base   string
	Portal http.Handler
}

// Sites sends each request to the portal of the operator whose host it names, and among those that share the host to
// the one under whose base the path lies. Only the Host header counts: what a proxy or a browser adds beside it is
// somebody's claim. A host that is nobody's is answered 421 (RFC 9110, 15.5.20), but for the health check, which
// comes by an address.
func Sites(sites []Site) (http.Handler, error) {
	byHost := map[string][]Site{}
	for _, site := range sites {
		for _, host := range site.Hosts {
			host = hostOf(host)
			for _, other := range byHost[host] {
				if other.Base == site.Base {
					return nil, fmt.Errorf("handlers: two operators stand at %s%s", host, site.Base)
				}
			}

			if site.Base == DefaultBase { // answers what lies under nobody's base, too
				byHost[host] = append([]Site{site}, byHost[host]...)
			} else {
				byHost[host] = append(byHost[host], site)
			}
		}
	}

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		here := byHost[hostOf(r.Host)]
		switch {
		case here == nil && r.URL.Path == DefaultBase+"/healthz":
			_, _ = io.WriteString(w, "ok")
			return
		case here == nil:
			answerMisdirected(w, r)
			return
		}

		for _, site := range here {
			if r.URL.Path == site.Base || strings.HasPrefix(r.URL.Path, site.Base+"/") {
				site.Portal.ServeHTTP(w, r)
				return
			}
		}

		here[0].Portal.ServeHTTP(w, r)
	}), nil
}

// hostOf is a Host header as settings write it: in small letters, and without a port that says nothing.
func hostOf(header string) string {
	host := strings.ToLower(header)
	return strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80")
}

func answerMisdirected(w http.ResponseWriter, r *http.Request) {
	var html bytes.Buffer
	if err := views.Misdirected().Render(r.Context(), &html); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}

	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusMisdirectedRequest)
	if r.Method != http.MethodHead {
		_, _ = html.WriteTo(w)
	}
}

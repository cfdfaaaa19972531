package handlers

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"central.consent/dar/internal/web"
	"central.consent/dar/views"
)

// Site is the portal of one operator, and its place.
type Site struct {
	// Hosts are the names in the Host header, with the port unless it is the scheme's default: portal.example.org.
	Hosts []string
	// Base is the portal's own, as in Options.
	Base string
	// Portal is what New returned.
	Portal http.Handler
}

// Sites sends each request to the portal of the operator that its host names. If operators share the host, the base
// that the path is below decides. Only the Host header counts: proxies and browsers can claim anything in other
// headers.
//
// A host that belongs to no operator gets 421 (RFC 9110, 15.5.20). The health check is excepted: load balancers come
// by an address. It is an error if two operators have the same host and base.
func Sites(sites []Site) (http.Handler, error) {
	byHost := map[string][]Site{}
	for _, site := range sites {
		for _, host := range site.Hosts {
			host = web.NormalHost(host)
			if slices.ContainsFunc(byHost[host], func(s Site) bool { return s.Base == site.Base }) {
				return nil, fmt.Errorf("handlers: two operators stand at %s%s", host, site.Base)
			}

			// The portal at the default base also answers for paths that are under no base.
			if site.Base == DefaultBase {
				byHost[host] = slices.Insert(byHost[host], 0, site)
			} else {
				byHost[host] = append(byHost[host], site)
			}
		}
	}

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		onHost := byHost[web.NormalHost(r.Host)]
		switch {
		case onHost != nil:
			siteOf(onHost, r.URL.Path).Portal.ServeHTTP(w, r)
		case r.URL.Path == DefaultBase+"/healthz":
			_, _ = io.WriteString(w, "ok")
		default:
			sendMisdirected(w, r)
		}
	}), nil
}

// siteOf returns the site that has the path below its base, or else the first.
func siteOf(sites []Site, path string) Site {
	for _, site := range sites {
		if path == site.Base || strings.HasPrefix(path, site.Base+"/") {
			return site
		}
	}

	return sites[0]
}

func sendMisdirected(w http.ResponseWriter, r *http.Request) {
	var page bytes.Buffer
	if err := views.Misdirected().Render(r.Context(), &page); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}

	h := w.Header()
	web.SetHeaders(h, false)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Frame-Options", "DENY")
	w.WriteHeader(http.StatusMisdirectedRequest)
	if r.Method != http.MethodHead {
		_, _ = page.WriteTo(w)
	}
}

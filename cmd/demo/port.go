package main

import (
	"net/http"
	"strings"
)

// onePort sends what begins with /portal or /o/ to the portals, what is below /demo to the inbox, and the rest to the
// register. It is no http.ServeMux: that redirects an address such as //v1 or /v1/../x itself, with a page that neither
// program would send.
func onePort(portal, service, inbox http.Handler) http.Handler {
	start := http.RedirectHandler("/portal", http.StatusSeeOther)

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		isRead := r.Method == http.MethodGet || r.Method == http.MethodHead
		switch {
		case r.URL.Path == "/" && isRead:
			start.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/portal"), strings.HasPrefix(r.URL.Path, "/o/"):
			portal.ServeHTTP(w, r)
		case r.URL.Path == embedderPath:
			showEmbedder(w, r)
		case strings.HasPrefix(r.URL.Path, "/demo/"):
			inbox.ServeHTTP(w, r)
		default:
			service.ServeHTTP(w, r)
		}
	})
}

// Command gallery serves every page of the portal in every state, in both languages, from canned data: to look
// at them, and to hold an accessibility checker against them. It has no sessions, and its forms lead nowhere.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"html"
	"log"
	"net/http"
	"strings"
	"time"

	"central.consent/dar/static"
	"central.consent/dar/views/i18n"
)

func main() {
	addr := flag.String("addr", "localhost:5002", "address to listen on")
	flag.Parse()
	server := &http.Server{Addr: *addr, Handler: handler(), ReadHeaderTimeout: 5 * time.Second}
	log.Printf("the gallery is at http://%s/", *addr)
	log.Fatal(server.ListenAndServe())
}

// handler serves the index at /, each page at its path, and the static files where the pages look for them.
func handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/static/", http.StripPrefix("/static/", static.Handler()))
	mux.HandleFunc("/{$}", index)
	// What a page asks for by itself, again and again, finds nothing new.
	nothing := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
	mux.HandleFunc("GET /waiting/status", nothing)
	mux.HandleFunc("GET /records/{handle}/told", nothing)
	for _, p := range pages() {
		mux.HandleFunc("GET "+p.Path, func(w http.ResponseWriter, r *http.Request) {
			var body bytes.Buffer
			if err := p.Component.Render(r.Context(), &body); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = body.WriteTo(w)
		})
	}
	return secured(mux)
}

// secured sends the portal's own content security policy, so that a page that breaks it shows here first.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "+
			"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "+
			"require-trusted-types-for 'script'; trusted-types default")
		next.ServeHTTP(w, r)
	})
}

func index(w http.ResponseWriter, _ *http.Request) {
	var b strings.Builder
	fmt.Fprintf(&b, `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Gallery</title>`+
		`<link rel="icon" href="/static/%s"><link rel="stylesheet" href="/static/%s"><main><h1>Every page of the portal</h1><ul>`, static.URL("favicon.svg"), static.URL("portal.css"))
	for _, p := range pages() {
		if p.Lang == i18n.Languages()[0] {
			fmt.Fprintf(&b, `<li><a href="%s">%s</a>`, p.Path, html.EscapeString(p.Name))
			for _, lang := range i18n.Languages()[1:] {
				fmt.Fprintf(&b, ` · <a href="%s" hreflang="%s" aria-label="%[3]s, %[2]s">%[2]s</a>`, strings.Replace(p.Path, "/"+p.Lang+"/", "/"+lang+"/", 1), lang, html.EscapeString(p.Name))
			}
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(b.String() + "</ul></main></html>"))
}

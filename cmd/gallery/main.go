// Command gallery serves every page for customers, the portal's and the register's, in every state and in both
// languages, from canned data: to look at them, and to hold an accessibility checker against them. With a file of
// operators it shows each page in the brand of each. It has no sessions, and its forms lead nowhere.
package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"html"
	"log"
	"net/http"
	"strings"
	"time"

	"central.consent/dar/cmd/internal/operators"
	"central.consent/dar/static"
)

func main() {
	addr := flag.String("addr", "localhost:5002", "address to listen on")
	file := flag.String(
		"operators",
		"",
		"show every page in the brand of each operator of this file, such as cmd/demo/operators/operators.toml",
	)
	flag.Parse()
	shown := []operators.Operator{ownLook}
	if *file != "" {
		var err error
		if shown, err = operators.Load(*file); err != nil {
			log.Fatal(err)
		}
	}

	server := &http.Server{Addr: *addr, Handler: handler(shown...), ReadHeaderTimeout: 5 * time.Second}
	log.Printf("the gallery is at http://%s/", *addr)
	log.Fatal(server.ListenAndServe())
}

// handler serves the index at /, each page at its path, and the static files where the pages look for them.
func handler(shown ...operators.Operator) http.Handler {
	mux := http.NewServeMux()
	// The script of the passkey pages asks as soon as there is a list of passkeys to offer.
	mux.HandleFunc("POST /id/passkey/{page}/options", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"error":"The gallery takes no passkeys."}`))
	})
	var files []*static.Files
	var all []page
	for _, o := range shown {
		files, all = append(files, o.Files), append(all, pages(o)...)
	}

	mux.Handle("/static/", http.StripPrefix("/static/", static.Handler(files...)))
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { writeIndex(w, shown) })
	// What a page asks for by itself, again and again, finds nothing new.
	nothing := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
	mux.HandleFunc("GET /waiting/status", nothing)
	mux.HandleFunc("GET /records/{handle}/told", nothing)
	for _, p := range all {
		mux.HandleFunc("GET "+p.Path, func(w http.ResponseWriter, r *http.Request) {
			var body bytes.Buffer
			if err := p.Component.Render(r.Context(), &body); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}

			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") { // as the portal sends it
				w.Header().Set("Content-Encoding", "gzip")
				packed := gzip.NewWriter(w)
				defer packed.Close()
				_, _ = body.WriteTo(packed)
				return
			}

			_, _ = body.WriteTo(w)
		})
	}

	return secured(mux)
}

// secured sends the portal's own content security policy, so that a page that breaks it shows here first.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().
			Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "+
				"connect-src 'self'; form-action 'self' https://www.bbc.co.uk; base-uri 'none'; frame-ancestors 'none'; "+
				"require-trusted-types-for 'script'; trusted-types default")
		next.ServeHTTP(w, r)
	})
}

func writeIndex(w http.ResponseWriter, shown []operators.Operator) {
	var b strings.Builder
	fmt.Fprintf(
		&b,
		`<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Gallery</title>`+
			`<link rel="icon" href="/static/%s"><link rel="stylesheet" href="/static/%s"><main><h1>Every page for customers</h1>`,
		static.URL("favicon.svg"),
		static.URL("portal.css"),
	)
	for _, o := range shown {
		first := o.Brand.Offered()[0]
		others := o.Brand.Offered()[1:]
		fmt.Fprintf(&b, "<h2>%s</h2><ul>", html.EscapeString(o.Brand.Name))
		for _, p := range pages(o) {
			if p.Lang != first {
				continue
			}

			// A page in two brands is two links, which must not share a name.
			name := html.EscapeString(p.Name)
			fmt.Fprintf(
				&b,
				`<li><a href="%s" hreflang="%s" aria-label="%s, %s">%[4]s</a>`,
				p.Path,
				first,
				html.EscapeString(o.Brand.Name),
				name,
			)
			for _, lang := range others {
				fmt.Fprintf(
					&b,
					` · <a href="%s" hreflang="%s" aria-label="%[3]s, %[4]s, %[2]s">%[2]s</a>`,
					strings.Replace(p.Path, "/"+first+"/", "/"+lang+"/", 1),
					lang,
					html.EscapeString(o.Brand.Name),
					name,
				)
			}
		}

		b.WriteString("</ul>")
	}

	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(b.String() + "</main></html>"))
}

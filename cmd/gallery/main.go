// Command gallery serves every page for customers, the portal's and the register's, in every state and in both
// languages, from canned data: to look at them, and to run an accessibility checker on them. With a file of operators
// it shows each page in the brand of each operator. It has no sessions, and its forms lead nowhere.
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

	"github.com/a-h/templ"

	"central.consent/dar/cmd/internal/operators"
	"central.consent/dar/static"
)

const (
	// securityPolicy is the portal's own. A page that breaks it shows so here first.
	securityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; " +
		"connect-src 'self'; form-action 'self' https://www.bbc.co.uk; base-uri 'none'; frame-ancestors 'none'; " +
		"require-trusted-types-for 'script'; trusted-types default"

	operatorsUsage = "show every page in the brand of each operator of this file, " +
		"such as cmd/demo/operators/operators.toml"
)

func main() {
	address := flag.String("addr", "localhost:5003", "address to listen on")
	file := flag.String("operators", "", operatorsUsage)
	flag.Parse()

	shown := []operators.Operator{ownLook}
	if *file != "" {
		var err error
		if shown, err = operators.Load(*file); err != nil {
			log.Fatal(err)
		}
	}

	server := &http.Server{Addr: *address, Handler: handler(shown...), ReadHeaderTimeout: 5 * time.Second}
	log.Printf("the gallery is at http://%s/", *address)
	log.Fatal(server.ListenAndServe())
}

// handler serves the index at /, each page at its path, and the static files at the addresses that the pages use.
func handler(shown ...operators.Operator) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { writeIndex(w, shown) })

	var files []*static.Files
	for _, o := range shown {
		files = append(files, o.Files)
		for _, p := range pages(o) {
			mux.HandleFunc("GET "+p.Path, showPage(p.Component))
		}
	}
	mux.Handle("/static/", http.StripPrefix("/static/", static.Handler(files...)))

	// A page that polls gets nothing new.
	mux.HandleFunc("GET /waiting/status", showNothing)
	mux.HandleFunc("GET /records/{handle}/told", showNothing)
	// The script of the passkey pages asks for options if the browser has a list of passkeys to offer.
	mux.HandleFunc("POST /id/passkey/{page}/options", refusePasskey)

	return secured(mux)
}

// showPage compresses the page, as the portal does.
func showPage(component templ.Component) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		if err := component.Render(r.Context(), &body); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}

		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			_, _ = body.WriteTo(w)
			return
		}

		w.Header().Set("Content-Encoding", "gzip")
		compressed := gzip.NewWriter(w)
		defer compressed.Close()
		_, _ = body.WriteTo(compressed)
	}
}

func showNothing(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

func refusePasskey(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"error":"The gallery takes no passkeys."}`))
}

func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", securityPolicy)
		next.ServeHTTP(w, r)
	})
}

// writeIndex lists the pages of each operator, with a link for each language.
func writeIndex(w http.ResponseWriter, shown []operators.Operator) {
	var b strings.Builder
	fmt.Fprintf(&b, `<!DOCTYPE html><html lang="en"><meta charset="utf-8">`+
		`<meta name="viewport" content="width=device-width"><title>Gallery</title>`+
		`<link rel="icon" href="/static/%s"><link rel="stylesheet" href="/static/%s">`+
		`<main><h1>Every page for customers</h1>`,
		static.URL("favicon.svg"), static.URL("portal.css"))
	for _, o := range shown {
		fmt.Fprintf(&b, "<h2>%s</h2><ul>", html.EscapeString(o.Brand.Name))
		for _, p := range pages(o) {
			if p.Lang == o.Brand.Offered()[0] {
				writeLinks(&b, o, p)
			}
		}

		b.WriteString("</ul>")
	}

	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(b.String() + "</main></html>"))
}

// writeLinks links to a page in each language. The labels name the operator, because a page in two brands is two links,
// which must not have the same name.
func writeLinks(b *strings.Builder, o operators.Operator, p page) {
	brand := html.EscapeString(o.Brand.Name)
	name := html.EscapeString(p.Name)
	fmt.Fprintf(b, `<li><a href="%s" hreflang="%s" aria-label="%s, %s">%[4]s</a>`, p.Path, p.Lang, brand, name)
	for _, lang := range o.Brand.Offered()[1:] {
		path := strings.Replace(p.Path, "/"+p.Lang+"/", "/"+lang+"/", 1)
		fmt.Fprintf(b, ` · <a href="%s" hreflang="%s" aria-label="%[3]s, %[4]s, %[2]s">%[2]s</a>`,
			path, lang, brand, name)
	}
}

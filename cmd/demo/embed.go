package main

import (
	"fmt"
	"html"
	"net/http"
	"strings"
)

// embedderPath is the page of another site, which shows the portal in a frame. It is at this machine's number: to a
// browser that is another site than the machine's name, at which the portal is.
const embedderPath = "/demo/embed"

// embedderOrigin is that other site.
func embedderOrigin(base string) string {
	return strings.Replace(base, "//localhost:", "//127.0.0.1:", 1)
}

// embedderPage is what an operator's own page may look like: its own content, and the lines of docs/embedding.md.
const embedderPage = `<!DOCTYPE html>
<html lang="%[1]s">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A page of somebody else</title>
</head>
<body>
<main>
<h1 lang="en">A page of somebody else</h1>
<p lang="en">It is at another site than the portal, and shows it in a frame.</p>
<script src="%[2]s/portal/embed.js" async></script>
<noscript><a href="%[2]s/portal?lang=%[1]s">See who can see your energy data</a></noscript>
<p lang="en">Here the page goes on.</p>
</main>
</body>
</html>
`

func showEmbedder(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")

	number, isNumber := strings.CutPrefix(r.Host, "127.0.0.1:")
	if _, port, ok := strings.Cut(r.Host, "localhost:"); ok {
		http.Redirect(w, r, "http://127.0.0.1:"+port+embedderPath, http.StatusSeeOther)
		return
	}
	if !isNumber {
		http.Error(w, "The page is at 127.0.0.1 alone.", http.StatusMisdirectedRequest)
		return
	}

	lang := "en"
	if r.URL.Query().Get("lang") == "cy" {
		lang = "cy"
	}

	portal := "http://localhost:" + html.EscapeString(number)
	// This is all that an operator's page needs to allow.
	h.Set("Content-Security-Policy", "default-src 'none'; script-src "+portal+"; frame-src "+portal)
	h.Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, embedderPage, lang, portal)
}

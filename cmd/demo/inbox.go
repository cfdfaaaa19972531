package main

import (
	_ "embed"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"central.consent/dar/internal/web"
	"central.consent/dar/internal/web/address"
	"central.consent/dar/register/mail/catcher"
)

// inboxPath is the page on which the letters of the live demonstration are read.
const inboxPath = "/demo/inbox"

const (
	inboxPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; frame-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

	// A letter is an untrusted page: it may style itself, and its links may lead the whole window on when they are
	// clicked. It has an origin of its own, in the frame and outside of it.
	letterSandbox = "allow-popups allow-top-navigation-by-user-activation"
	letterPolicy  = "sandbox " + letterSandbox + "; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; " +
		"form-action 'none'; frame-ancestors 'self'"
)

//go:embed inbox.css
var inboxStyle string

var inboxAddress = regexp.MustCompile(`^` + inboxPath + `(?:/([0-9]{1,9})(/html)?)?$`)

// inbox shows the letters that the demonstration sent. It is given nil if the demonstration sends none. As onePort it
// is no http.ServeMux.
func inbox(letters *catcher.Catcher) http.Handler {
	permissions := web.PermissionsPolicy()

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		web.SetHeaders(h, false)
		web.SetPageHeaders(h)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", inboxPolicy)
		h.Set("Permissions-Policy", permissions)
		h.Set("X-Robots-Tag", "noindex")

		parts := inboxAddress.FindStringSubmatch(r.URL.Path)
		switch {
		case !isOwnMachine(r.Host):
			// Another site can point a name of its own at this machine, and its page could then read the letters.
			http.Error(w, "The inbox is at localhost alone.", http.StatusMisdirectedRequest)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "The inbox can only be read.", http.StatusMethodNotAllowed)
		case r.URL.Path == inboxPath+".css":
			h.Set("Content-Type", "text/css; charset=utf-8")
			_, _ = io.WriteString(w, inboxStyle)
		case parts == nil:
			show(w, r, http.StatusNotFound, inboxNothing())
		case letters == nil:
			show(w, r, http.StatusOK, inboxStub())
		case parts[1] == "":
			h.Set("Refresh", "4")
			newest := letters.Messages()
			slices.Reverse(newest)
			show(w, r, http.StatusOK, inboxList(newest))
		default:
			showLetter(w, r, letters.Messages(), parts[1], parts[2] != "")
		}
	})
}

// showLetter shows a letter, or only its HTML part for the frame.
func showLetter(w http.ResponseWriter, r *http.Request, letters []catcher.Received, id string, html bool) {
	i := slices.IndexFunc(letters, func(l catcher.Received) bool { return strconv.Itoa(l.ID) == id })

	switch {
	case i < 0 || html && letters[i].HTML == "":
		show(w, r, http.StatusNotFound, inboxNothing())
	case html:
		h := w.Header()
		h.Set("Content-Security-Policy", letterPolicy)
		h.Set("X-Frame-Options", "SAMEORIGIN")
		h.Del("Cross-Origin-Opener-Policy") // browsers refuse a sandboxed page with it that is opened by itself
		h.Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, leadingOut(letters[i].HTML))
	default:
		show(w, r, http.StatusOK, inboxLetter(letters[i]))
	}
}

func show(w http.ResponseWriter, r *http.Request, status int, page templ.Component) {
	templ.Handler(page, templ.WithStatus(status)).ServeHTTP(w, r)
}

// isOwnMachine reports whether a Host header is a name of this machine.
func isOwnMachine(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}

	return address.IsLoopback(strings.Trim(host, "[]"))
}

var headTag = regexp.MustCompile(`(?i)<head(\s[^>]*)?>`)

// leadingOut makes the links of a letter lead out of the frame in which it is shown.
func leadingOut(html string) string {
	const base = `<base target="_top">`
	if at := headTag.FindStringIndex(html); at != nil {
		return html[:at[1]] + base + html[at[1]:]
	}

	return base + html
}

// piece is a run of text, or a link in it.
type piece struct {
	text   string
	isLink bool
}

var webAddress = regexp.MustCompile(`\bhttps?://[^\s<>"'\x60]*[^\s<>"'\x60.,;:!?()]`)

// linked cuts a text into links and what stands between them.
func linked(text string) (pieces []piece) {
	for text != "" {
		at := webAddress.FindStringIndex(text)
		if at == nil {
			return append(pieces, piece{text: text})
		}
		if at[0] > 0 {
			pieces = append(pieces, piece{text: text[:at[0]]})
		}

		pieces = append(pieces, piece{text: text[at[0]:at[1]], isLink: true})
		text = text[at[1]:]
	}

	return pieces
}

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

	"central.consent/dar/register/mail/catcher"
)

// inboxPath is where the letters of the live demonstration are read.
const inboxPath = "/demo/inbox"

const (
	inboxPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	// A letter is a stranger's page: it may style itself, and its links may lead the whole window on when they are
	// clicked. It stands in an origin of its own, in the frame and outside of it.
	letterSandbox = "allow-popups allow-top-navigation-by-user-activation"
	letterPolicy  = "sandbox " + letterSandbox + "; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

	inboxPermissions = "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), " +
		"geolocation=(), gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), magnetometer=(), microphone=(), midi=(), " +
		"payment=(), picture-in-picture=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=(), " +
		"publickey-credentials-create=(), publickey-credentials-get=()"
)

//go:embed inbox.css
var inboxStyle string

var inboxAddress = regexp.MustCompile(`^` + inboxPath + `(?:/([0-9]{1,9})(/html)?)?$`)

// inbox shows the letters that the demonstration sent; without a catcher it sends none. It is no http.ServeMux, for
// the reason that onePort is none.
func inbox(letters *catcher.Catcher) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", inboxPolicy)
		h.Set("Permissions-Policy", inboxPermissions)
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Robots-Tag", "noindex")
		h.Set("Cache-Control", "no-store")
		address := inboxAddress.FindStringSubmatch(r.URL.Path)
		switch {
		case !ownMachine(r.Host):
			// A stranger's name for this machine would let the stranger's page read the letters.
			http.Error(w, "The inbox is at localhost alone.", http.StatusMisdirectedRequest)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "The inbox can only be read.", http.StatusMethodNotAllowed)
		case r.URL.Path == inboxPath+".css":
			h.Set("Content-Type", "text/css; charset=utf-8")
			io.WriteString(w, inboxStyle)
		case address == nil:
			show(w, r, http.StatusNotFound, inboxNothing())
		case letters == nil:
			show(w, r, http.StatusOK, inboxStub())
		case address[1] == "":
			h.Set("Refresh", "4")
			newest := letters.Messages()
			slices.Reverse(newest)
			show(w, r, http.StatusOK, inboxList(newest))
		default:
			showLetter(w, r, letters.Messages(), address[1], address[2] != "")
		}
	})
}

func showLetter(w http.ResponseWriter, r *http.Request, letters []catcher.Received, id string, html bool) {
	i := slices.IndexFunc(letters, func(l catcher.Received) bool { return strconv.Itoa(l.ID) == id })
	switch {
	case i < 0 || html && letters[i].HTML == "":
		show(w, r, http.StatusNotFound, inboxNothing())
	case html:
		h := w.Header()
		h.Set("Content-Security-Policy", letterPolicy)
		h.Set("X-Frame-Options", "SAMEORIGIN")
		h.Del("Cross-Origin-Opener-Policy") // with which browsers refuse a sandboxed page that is opened by itself
		h.Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, leadingOut(letters[i].HTML))
	default:
		show(w, r, http.StatusOK, inboxLetter(letters[i]))
	}
}

func show(w http.ResponseWriter, r *http.Request, status int, page templ.Component) {
	templ.Handler(page, templ.WithStatus(status)).ServeHTTP(w, r)
}

// ownMachine reports whether a request came by a name of this machine.
func ownMachine(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

var headTag = regexp.MustCompile(`(?i)<head(\s[^>]*)?>`)

// leadingOut makes the links of a letter leave the frame that it stands in.
func leadingOut(html string) string {
	const base = `<base target="_top">`
	if at := headTag.FindStringIndex(html); at != nil {
		return html[:at[1]] + base + html[at[1]:]
	}
	return base + html
}

// piece is a run of text, or a link in it.
type piece struct {
	text string
	link bool
}

var webAddress = regexp.MustCompile(`\bhttps?://[^\s<>"'\x60]*[^\s<>"'\x60.,;:!?()]`)

// linked cuts a text at the web addresses in it.
func linked(text string) (pieces []piece) {
	for text != "" {
		at := webAddress.FindStringIndex(text)
		if at == nil {
			return append(pieces, piece{text: text})
		}
		if at[0] > 0 {
			pieces = append(pieces, piece{text: text[:at[0]]})
		}

		pieces = append(pieces, piece{text: text[at[0]:at[1]], link: true})
		text = text[at[1]:]
	}

	return pieces
}

package web

import (
	"net/http"
	"slices"
	"strings"
)

// StrictTransportSecurity is the value of the header of that name. It makes browsers use https only. Each response
// extends that to two years from then (RFC 6797).
const StrictTransportSecurity = "max-age=63072000; includeSubDomains"

// Features of browsers that PermissionsPolicy can open.
const (
	CreatePasskeys = "publickey-credentials-create"
	UsePasskeys    = "publickey-credentials-get"
)

// features are what a page could ask a browser for (https://www.w3.org/TR/permissions-policy/).
var features = []string{
	"accelerometer",
	"autoplay",
	"browsing-topics",
	"camera",
	"display-capture",
	"encrypted-media",
	"fullscreen",
	"geolocation",
	"gyroscope",
	"hid",
	"identity-credentials-get",
	"idle-detection",
	"magnetometer",
	"microphone",
	"midi",
	"payment",
	"picture-in-picture",
	"screen-wake-lock",
	"serial",
	"usb",
	"xr-spatial-tracking",
	CreatePasskeys,
	UsePasskeys,
}

// PermissionsPolicy returns the value of the Permissions-Policy header that closes every feature but the given ones,
// which the page's own origin may use. It panics if it does not know a feature.
func PermissionsPolicy(opened ...string) string {
	for _, feature := range opened {
		if !slices.Contains(features, feature) {
			panic("web: unknown browser feature " + feature)
		}
	}

	directives := make([]string, len(features))
	for i, feature := range features {
		directives[i] = feature + "=()"
		if slices.Contains(opened, feature) {
			directives[i] = feature + "=(self)"
		}
	}

	return strings.Join(directives, ", ")
}

// SetHeaders sets what every response carries, errors included: no cache keeps it, no browser guesses its type, and
// no other site learns the address of the page that led to it. Secure is true for a host that is reached by https.
func SetHeaders(h http.Header, secure bool) {
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	if secure {
		h.Set("Strict-Transport-Security", StrictTransportSecurity)
	}
}

// SetPageHeaders sets what a page carries beside SetHeaders (OWASP ASVS 5.0, V3.4 browser security headers): no frame
// shows it, and no other origin shares its window or loads its parts. A page that may be framed deletes
// X-Frame-Options. The Content-Security-Policy is the caller's, and so is the Permissions-Policy.
//
// The referrer policy becomes same-origin. With no-referrer browsers send "Origin: null" with our own forms, and a
// browser without Sec-Fetch-Site (iOS up to 16.3) could then not be told from another site. A page with a secret in
// its address sets no-referrer again.
func SetPageHeaders(h http.Header) {
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
}

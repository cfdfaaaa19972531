// Package ui has the parts that the pages of the portal and of the register share: the document, the fields of forms,
// and the parts of text.
package ui

import (
	"context"
	"strconv"

	"github.com/a-h/templ"

	"central.consent/dar/static"
	"central.consent/dar/views/i18n"
)

// htmxConfig keeps htmx inside the content security policy: no eval, no styles of its own, no requests to other sites,
// and no copy of a private page in the browser's storage.
const htmxConfig = `{"allowEval":false,"includeIndicatorStyles":false,"selfRequestsOnly":true,` +
	`"historyCacheSize":0,"allowScriptTags":false}`

// Shell is what a document needs around its content.
type Shell struct {
	Text *i18n.Printer
	// Title is the whole title of the window.
	Title string
	// Description says what the service is; empty for none.
	Description string
	// Findable documents may be shown by search engines. All others ask not to be.
	Findable bool
	// AssetBase is the path of static.Handler, with a slash at the end: /portal/static/.
	AssetBase string
	// Sheet is a style sheet besides ours, by its name below AssetBase; empty for none.
	Sheet string
	// Icon is an icon in the place of ours, by its name below AssetBase; empty for ours.
	Icon string
	// Exit stays in sight above the document while the customer scrolls; nil for none.
	Exit templ.Component
	// Header and Footer are the content of the landmarks with these names. Either may be nil.
	Header templ.Component
	Footer templ.Component
	// Demonstration says that re-identification is stubbed. Every document must say so.
	Demonstration bool
	// Inbox is the page of a demonstration that shows the letters it sends; empty for none.
	Inbox string
	// Scripts says that the document needs the scripts of the portal.
	Scripts bool
	// Script is one more script, by its name in static/files; empty for none.
	Script string
	// FramedBy are the origins that may show the document in a frame; nil for a document that is not in a frame. In a
	// frame, links to other sites open in a new tab, and the document is as high as its content.
	FramedBy []string
	// Refresh moves a browser without scripts on; nil for a document that stays.
	Refresh *Refresh
	// Fonts loads the portal's fonts. The content security policy must then have font-src 'self'.
	Fonts bool
}

// Refresh sends a browser without scripts to an address after some seconds. To the address of the document itself it is
// a reload, after which browsers keep the place on the page and add nothing to the history.
type Refresh struct {
	Seconds int
	// URL is a path of the same site.
	URL string
}

// content is the refresh as a meta element holds it.
func (r Refresh) content() string { return strconv.Itoa(r.Seconds) + ";url=" + r.URL }

func (s Shell) icon() string {
	if s.Icon != "" {
		return s.Icon
	}
	return static.URL("favicon.svg")
}

// hasHeader says that there is something to put into the header.
func (s Shell) hasHeader() bool { return s.Header != nil || s.Demonstration || s.Inbox != "" }

type framedKey struct{}

// withFramed tells the components that are rendered with the context whether they are in a frame.
func withFramed(ctx context.Context, framed bool) context.Context {
	return context.WithValue(ctx, framedKey{}, framed)
}

func isFramed(ctx context.Context) bool {
	framed, _ := ctx.Value(framedKey{}).(bool)
	return framed
}

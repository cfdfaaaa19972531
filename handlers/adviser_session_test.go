package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// copyOf returns a browser with a copy of every cookie of another one, as a thief has it.
func (b *browser) copyOf() *browser {
	b.t.Helper()
	address, err := url.Parse(b.base + DefaultBase)
	if err != nil {
		b.t.Fatal(err)
	}

	thief := b.world.browser(b.t)
	thief.base = b.base
	thief.Jar.SetCookies(address, b.Jar.Cookies(address))

	return thief
}

// What an adviser's browser held opens nothing once they have signed out or their day is over.
func TestAdviserSessionEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*world, *browser){
		"sign-out": func(_ *world, b *browser) {
			b.post("/portal/adviser/sign-in/end", nil).sendsTo(b.t, "/portal/adviser/sign-in")
		},
		"end of the day": func(w *world, _ *browser) { w.register.Clock.Add(adviserTime) },
		"another adviser": func(_ *world, b *browser) {
			b.signInAs(aliName, aliCode).sendsTo(b.t, "/portal/adviser")
		},
		"another code": func(w *world, _ *browser) {
			w.options.Advisers = []Adviser{{samName, cheap.Hash(samCode)}, {aliName, cheap.Hash(aliCode)}}
		},
		"another name": func(w *world, _ *browser) { w.options.Advisers[0].Name = "Somebody Else" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newNamedWorld(t)
			b := w.browser(t)
			b.t = t
			b.signInAs(samName, samCode).sendsTo(t, "/portal/adviser")
			records := b.help()
			thief := b.copyOf()
			thief.get("/portal/adviser/records").wants(t, 200, "records.title")
			end(w, b)
			_, server := w.newPortal(t) // a program that knows what the operator's settings say now
			thief.base = server.URL

			for _, path := range []string{"", "/records", "/handover", "/waiting", "/prove"} {
				thief.get("/portal/adviser"+path).sendsTo(t, "/portal/adviser/sign-in")
			}

			withdraw := url.Values{"token": {records.token(t)}, "customer-yes": {"yes"}}
			if p := thief.post(records.withdrawPath(t), withdraw); p.StatusCode != http.StatusForbidden {
				t.Errorf("a withdrawal is answered %d", p.StatusCode)
			}
			if w.wire.called("revoke") != 0 {
				t.Error("something was stopped after the end")
			}
		})
	}
}

// The customer of one adviser is none of the next one's, on the same computer or with a copy of what it held.
func TestNextAdviserFindsNoCustomer(t *testing.T) {
	t.Parallel()
	w := newNamedWorld(t)
	b := w.browser(t)
	b.signInAs(samName, samCode).sendsTo(t, "/portal/adviser")
	records := b.help()
	path := records.withdrawPath(t)

	// Another adviser has a copy of the cookie of the visit.
	thief := b.copyOf()
	thief.signInAs(aliName, aliCode)
	w.register.Clock.Add(time.Second)
	address, err := url.Parse(b.base + DefaultBase)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range b.Jar.Cookies(address) {
		if strings.Contains(cookie.Name, "session") {
			thief.Jar.SetCookies(address, []*http.Cookie{cookie})
		}
	}

	for _, p := range []*page{
		thief.follow(thief.get("/portal/adviser/records")),
		thief.get("/portal/adviser/handover"),
		thief.get(path),
		thief.post(path, url.Values{"token": {records.token(t)}, "customer-yes": {"yes"}}),
	} {
		p.wants(t, 403, "error.session-ended.title.adviser")
		if strings.Contains(p.body, "Bright") || p.doc.Find(".meter").Length() != 0 {
			t.Errorf("%s still tells of the customer", p.Request.URL.Path)
		}
	}

	if start := thief.get("/portal/adviser"); start.doc.Find("#number").AttrOr("value", "") != "" {
		t.Error("the next adviser is shown the last one's number")
	}
}

// Advisers share one computer and one customer's visit ends with the adviser who began it.
func TestAdviserSignsInOverAnother(t *testing.T) {
	t.Parallel()
	w := newNamedWorld(t)
	b := w.browser(t)
	b.signInAs(samName, samCode).sendsTo(t, "/portal/adviser")
	b.help()
	b.signInAs(aliName, aliCode).sendsTo(t, "/portal/adviser")
	if n := w.sessions(t); n != 0 {
		t.Errorf("%d visits are left", n)
	}

	b.follow(b.get("/portal/adviser/records")).wants(t, 403, "error.session-ended.title.adviser")
}

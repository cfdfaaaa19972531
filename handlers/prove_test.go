package handlers

import (
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"
)

func TestProveOffersTheBestMethodFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chosen := func(p *page) string { return p.doc.Find("input[name=method]").First().AttrOr("value", "") }
	if got := chosen(w.browser(t).start()); got != "magic-link" {
		t.Errorf("with an e-mail address: %s", got)
	}

	w.register.AddPasskey(t, w.ir)
	if got := chosen(w.browser(t).start()); got != "passkey-assert" {
		t.Errorf("with a passkey: %s", got)
	}
}

func TestProveRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, test := range []struct {
		name, method string
		register     int
		status       int
		title        string
		// mistake is the text key of the error summary; empty if there is none.
		mistake string
	}{
		{"no method", "", 0, 422, "prove.title", "error.prove.none"},
		{"a method that is not offered", "passkey-assert", 0, 422, "prove.title", "error.prove.none"},
		{"a method that the register cannot use here", "magic-link", 422, 422, "prove.title", "error.prove.magic-link"},
		{"the record has gone", "magic-link", 404, 200, "norecord.title", ""},
		{"the register has had enough", "magic-link", 429, 429, "error.too-often.title", ""},
		{"the register is down", "magic-link", 503, 503, "error.unavailable.title", ""},
		{"the register fails", "magic-link", 500, 500, "error.internal.title", ""},
		{"the account is refused", "magic-link", 403, 500, "error.internal.title", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.register.Clock.Add(time.Hour) // out of reach of the limits on one address
			b := w.browser(t)
			form := url.Values{"token": {b.start().token(t)}, "method": {test.method}}
			if test.register != 0 {
				w.wire.set(refuse("reidentify", test.register), nil)
			}

			p := b.post("/portal/prove", form).wants(t, test.status, test.title)
			if test.mistake != "" {
				p.blames(t, "#method", test.mistake)
			}
			if (test.status == 503 || test.status == 429) && p.Header.Get("Retry-After") == "" {
				t.Error("does not say when to come back")
			}

			// A proof that failed to start can be tried again at once.
			w.wire.set(nil, nil)
			form.Set("method", "magic-link")
			b.post("/portal/prove", form).sendsTo(t, "/portal/waiting")
		})
	}
}

// The refused method is offered last, and the summary leads to the next best.
func TestRefusedMethodGivesWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.register.AddPasskey(t, w.ir)
	b := w.browser(t)
	form := url.Values{"token": {b.start().token(t)}, "method": {"passkey-assert"}}
	w.wire.set(refuse("reidentify", 422), nil)
	p := b.post("/portal/prove", form).wants(t, 422, "prove.title").blames(t, "#method", "error.prove.passkey-assert")
	first, last := p.doc.Find("input[name=method]").First(), p.doc.Find("input[name=method]").Last()
	if first.AttrOr("value", "") != "magic-link" || last.AttrOr("value", "") != "passkey-assert" {
		t.Errorf("offers %s first and %s last", first.AttrOr("value", ""), last.AttrOr("value", ""))
	}

	// If there is only one method, the customer cannot choose another.
	w.alter(t, b, func(v *visit) { v.Methods = v.Methods[:1] })
	b.post("/portal/prove", form).wants(t, 422, "prove.title").blames(t, "#method", "error.prove.only")
}

// An address can stop standing after the number was typed. The register then refuses the letter, and the page says why.
func TestRefusedBecauseTheAddressIsBeingChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	form := url.Values{"token": {b.start().token(t)}, "method": {"magic-link"}}
	refused := refuse("reidentify", 422)
	w.wire.set(func(r *http.Request) *http.Response {
		if operationOf(r) == "exists" {
			return answerJSON(r, `{"response":{},"mpxn":"`+w.meterPoint+`","exists":true,"available-methods":[]}`)
		}

		return refused(r)
	}, nil)
	b.post("/portal/prove", form).sendsTo(t, "/portal/prove")
	p := b.get("/portal/prove").wants(t, 200, "pending-address.title")

	// The address stands, and the customer looks again.
	w.wire.set(nil, nil)
	b.post("/portal/meter", url.Values{"token": {p.token(t)}, "number": {w.meterPoint}, "confirmed": {"yes"}}).
		sendsTo(t, "/portal/prove")
	b.get("/portal/prove").wants(t, 200, "prove.title")
}

func TestTwoClicksSendOneLetter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	form := url.Values{"token": {b.start().token(t)}, "method": {"magic-link"}}
	var clicks sync.WaitGroup
	for range 4 {
		clicks.Go(func() { b.post("/portal/prove", form).sendsTo(t, "/portal/waiting") })
	}

	clicks.Wait()
	if n := w.wire.called("reidentify"); n != 1 {
		t.Errorf("%d letters", n)
	}

	w.register.Clock.Add(doubleClick)
	b.post("/portal/prove", form).sendsTo(t, "/portal/waiting")
	if n := w.wire.called("reidentify"); n != 2 {
		t.Errorf("%d letters, after asking for another", n)
	}
}

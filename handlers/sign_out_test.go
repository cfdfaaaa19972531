package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// followed is a customer at the portal whose letter was followed in a browser on the same device.
func followed(t *testing.T, leave func(w *world, b *browser) *page) (w *world, b, inbox *browser) {
	t.Helper()
	w, post := newMailWorld(t)
	b = w.browser(t)
	b.prove()
	inbox = post.open(t, post.letter(t, 1))
	inbox.typeCode(b.code()).sendsTo(t, "/id/link/confirmed")
	for _, path := range []string{"/id/passkey/register", "/id/contacts"} {
		if p := inbox.get(path); p.StatusCode != http.StatusOK {
			t.Fatalf("%s answers %d before the customer has left", path, p.StatusCode)
		}
	}

	b.get("/portal/waiting/check").sendsTo(t, "/portal/records")
	b.get("/portal/records").wants(t, 200, "records.title")
	if p := leave(w, b); p.StatusCode != http.StatusSeeOther {
		t.Fatalf("leaving answers %d", p.StatusCode)
	}

	return w, b, inbox
}

// expectNothingOpen waits until the register's pages open nothing in a browser.
func expectNothingOpen(t *testing.T, inbox *browser) {
	t.Helper()
	for _, path := range []string{"/id/passkey/register", "/id/link/confirmed", "/id/contacts"} {
		eventually(t, path+" is closed", func() bool {
			return inbox.get(path).StatusCode == http.StatusGone
		})
	}
}

// Each way to end a visit ends what the confirmation has opened at the register, on the same device: the ticket to
// enrol a passkey and the customer's own page.
func TestEndOfAVisitEndsItsTicket(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(w *world, b *browser) *page{
		"sign out": func(_ *world, b *browser) *page {
			return b.post("/portal/sign-out", url.Values{"token": {b.get("/portal/records").token(t)}})
		},
		"quick exit": func(_ *world, b *browser) *page { return b.post("/portal/leave", url.Values{}) },
		"another meter point": func(w *world, b *browser) *page {
			other := mprnOf(12345678)
			w.identityRecord(t, other, "other@example.com")
			return b.post("/portal/meter", url.Values{"number": {other}, "confirmed": {"yes"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, inbox := followed(t, leave)
			expectNothingOpen(t, inbox)
		})
	}
}

// The end of a visit ends each challenge that it began, also the letters before the last one.
func TestEndOfAVisitEndsEarlierLetters(t *testing.T) {
	t.Parallel()
	w, post := newMailWorld(t)
	b := w.browser(t)
	b.prove()
	first := post.open(t, post.letter(t, 1))
	w.register.Clock.Add(resendWait)
	b.post("/portal/waiting/resend", url.Values{"token": {b.get("/portal/waiting").token(t)}}).
		sendsTo(t, "/portal/waiting")
	second := post.open(t, post.letter(t, 2))
	b.post("/portal/leave", url.Values{})
	for _, inbox := range []*browser{first, second} {
		eventually(
			t,
			"the letter opens nothing",
			func() bool { return inbox.get("/id/link").StatusCode == http.StatusGone },
		)
	}
}

// An adviser who finishes with a customer, who signs out as adviser, or who leaves fast ends what the customer's
// confirmation has opened: it may be open on the adviser's own computer.
func TestEndOfAnAdvisersVisitEndsItsTicket(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/sign-out", "/sign-in/end", "/leave"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			w := newAdvisedWorld(t)
			b := w.adviser(t)
			token := b.help().token(t)
			b.post("/portal/adviser"+path, url.Values{"token": {token}})
			eventually(t, "the register is told", func() bool { return w.wire.called("sign-out") == 1 })
		})
	}
}

// A customer in a hurry, and one who signs out, get their page even if the register does not respond. What cannot be
// ended is logged, and a token that the register has forgotten is no failure.
func TestSignOutWithoutTheRegister(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusInternalServerError, http.StatusNotFound} {
		w := newWorld(t)
		b := w.browser(t)
		token := b.signIn().token(t)
		w.wire.set(refuse("sign-out", status), nil)
		b.post("/portal/sign-out", url.Values{"token": {token}}).sendsTo(t, "/portal/signed-out")
		if n := w.sessions(t); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
		if logged := strings.Contains(w.log.String(), "not ended at the register"); logged != (status == 500) {
			t.Errorf("%d: the log has a failure: %v", status, logged)
		}
	}
}

// The quick exit does not wait for the register, and no more calls run at one time than there are places for.
func TestQuickExitDoesNotWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.signIn()
	release := make(chan struct{})
	w.wire.set(func(r *http.Request) *http.Response {
		if operationOf(r) == "sign-out" {
			<-release
		}
		return nil
	}, nil)
	p := b.post("/portal/leave", url.Values{})
	if p.StatusCode != http.StatusSeeOther || p.Header.Get("Location") != views.NeutralPage {
		t.Errorf("answers %d to %q", p.StatusCode, p.Header.Get("Location"))
	}

	close(release)
	eventually(t, "the register is told", func() bool { return w.wire.called("sign-out") == 1 })

	full := w.portal(t, ownPages)
	for range maxSignOuts {
		full.signOuts <- struct{}{}
	}
	<-full.signOut(t.Context(), []string{"mlr_x"})
	if n := w.wire.called("sign-out"); n != 1 || !strings.Contains(w.log.String(), "too many are ending") {
		t.Errorf("%d calls", n)
	}
}

// A visit remembers a bounded number of earlier challenges, and each once.
func TestTokensOfAVisit(t *testing.T) {
	t.Parallel()
	v := &visit{}
	if v.tokens() != nil {
		t.Error("a new visit has tokens")
	}
	for _, token := range strings.Split("abcdefghijklmnop", "") {
		v.remember(&challenge{TokenRef: token, Method: registerclient.MethodMagicLink})
	}
	if got := strings.Join(v.tokens(), ""); got != "phijklmno" {
		t.Errorf("the visit has the tokens of %s", got)
	}
}

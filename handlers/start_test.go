package handlers

import (
	"net/url"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

func TestStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, test := range []struct {
		name   string
		form   url.Values
		status int
		title  string
	}{
		{"nothing typed", url.Values{}, 422, "start.title"},
		{"letters", url.Values{"number": {"abc"}}, 422, "start.title"},
		{"the check digit fails", url.Values{"number": {w.meterPoint}}, 200, "check.title"},
		{"the check digits of a gas number fail", url.Values{"number": {"123456"}}, 200, "check.title"},
		{"nobody there", url.Values{"number": {trueMPRN}}, 200, "norecord.title"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := w.browser(t)
			page := b.post("/portal/meter", test.form)
			page.wants(t, test.status, test.title)
			if b.session() != "" {
				t.Error("a session was begun")
			}
		})
	}

	t.Run("somebody there", func(t *testing.T) {
		t.Parallel()
		b := w.browser(t)
		b.post("/portal/meter", url.Values{"number": {"23 1234 5678 901"}, "confirmed": {"yes"}}).
			sendsTo(t, "/portal/prove")
		if b.session() == "" {
			t.Error("no session was begun")
		}
	})
}

// If the register knows a meter point and has no address that it may use, the page says what is checked and who can
// help. It asks again when the customer wants it, and goes on once an address stands.
func TestMeterPointWhoseAddressIsBeingChecked(t *testing.T) {
	t.Parallel()
	w := newAdvisedWorld(t)
	w.identityRecord(t, trueMPAN, "")
	for base, b := range map[string]*browser{
		"/portal":         w.browser(t),
		"/portal/embed":   w.frame(t),
		"/portal/adviser": w.adviser(t),
	} {
		b.get(base)
		b.post(base+"/meter", url.Values{"number": {trueMPAN}}).sendsTo(t, base+"/prove")
		p := b.get(base+"/prove").wants(t, 200, "pending-address.title")
		again := p.doc.Find(`form[action="` + base + `/meter"]`)
		if again.Length() != 1 || p.doc.Find("#main a[href$='/help#mailbox'], #main a[href='"+base+"']").Length() != 2 {
			t.Errorf("%s: the page is a dead end", base)
		}
		if p.doc.Find(`#main a[href="https://example.org/help"]`).Length() != 1 {
			t.Errorf("%s: the page does not say how to reach the operator", base)
		}

		// A form of an older page, and the waiting page, lead here as well.
		b.post(base+"/prove", url.Values{"token": {p.token(t)}, "method": {"magic-link"}}).sendsTo(t, base+"/prove")
		b.get(base+"/waiting").sendsTo(t, base+"/prove")

		form := url.Values{"token": {p.token(t)}, "confirmed": {"yes"}}
		form.Set("number", again.Find("input[name=number]").AttrOr("value", ""))
		b.post(base+"/meter", form).sendsTo(t, base+"/prove")
		b.get(base+"/prove").wants(t, 200, "pending-address.title")
	}

	w.identityRecord(t, trueMPAN, email)
	b := w.browser(t)
	b.post("/portal/meter", url.Values{"number": {trueMPAN}}).sendsTo(t, "/portal/prove")
	b.get("/portal/prove").wants(t, 200, "prove.title")
}

// A second organisation's address does not stand beside the first one's, and not in its place either.
func TestMeterPointWhoseNewAddressDoesNotStand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, account := range []string{"first", "second"} {
		c := w.register.ClientOf(t, registerclient.CreateAccountRequest{
			AccountID: account,
			Role:      registerclient.RoleDataUser,
		})
		identity := registertest.IdentityRecord(trueMPRN, account+"@example.org")
		if _, err := c.CreateIdentityRecord(t.Context(), identity); err != nil {
			t.Fatal(err)
		}
	}

	b := w.browser(t)
	b.post("/portal/meter", url.Values{"number": {trueMPRN}}).sendsTo(t, "/portal/prove")
	b.get("/portal/prove").wants(t, 200, "prove.title")
	b.post("/portal/sign-out", url.Values{"token": {b.get("/portal/prove").token(t)}})

	w.register.Suspend(t, "first")
	b.post("/portal/meter", url.Values{"number": {trueMPRN}}).sendsTo(t, "/portal/prove")
	b.get("/portal/prove").wants(t, 200, "pending-address.title")
}

func TestStartPageFillsNoTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.get("/portal").wants(t, 200, "start.title")
	b.get("/portal?lang=cy")
	if n := w.sessions(t); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

func TestAnotherNumberReplacesTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.identityRecord(t, trueMPAN, "other@example.com")
	b := w.browser(t)
	b.start()
	first := b.session()
	b.post("/portal/meter", url.Values{"number": {w.meterPoint}}).sendsTo(t, "/portal/prove")
	if b.session() != first {
		t.Error("the same number began another session")
	}

	b.post("/portal/meter", url.Values{"number": {trueMPAN}}).sendsTo(t, "/portal/prove")
	if b.session() == first {
		t.Error("another number kept the session")
	}
	if n := w.sessions(t); n != 1 {
		t.Errorf("%d sessions, want 1", n)
	}
}

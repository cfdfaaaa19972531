package handlers

import (
	"net/url"
	"testing"
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
		{"nobody there", url.Values{"number": {"123456"}}, 200, "norecord.title"},
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

func TestMeterPointWhereNobodyCanBeAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.identityRecord(t, trueMPAN, "")
	w.browser(t).post("/portal/meter", url.Values{"number": {trueMPAN}}).wants(t, 200, "norecord.title")
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

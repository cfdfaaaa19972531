package handlers

import (
	"net/url"
	"strings"
	"testing"

	"central.consent/dar/registerclient"
)

func TestJourney(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.discover(t)
	b := w.browser(t)
	b.get("/portal").wants(t, 200, "start.title")
	b.prove()
	b.get("/portal/waiting").wants(t, 200, "waiting.magic-link.title")
	if n := w.wire.called("status"); n != 0 {
		t.Errorf("the waiting page asked the register %d times", n)
	}

	status := b.get("/portal/waiting/status")
	if status.StatusCode != 200 || status.doc.Find("#waiting[data-state=pending]").Length() != 1 {
		t.Errorf("status is %d %s", status.StatusCode, status.body)
	}

	b.get("/portal/waiting/check").sendsTo(t, "/portal/waiting")
	b.get("/portal/records").sendsTo(t, "/portal/waiting")

	b.confirm()
	before := b.session()
	status = b.get("/portal/waiting/status")
	if got := status.Header.Get("HX-Redirect"); got != "/portal/records" {
		t.Fatalf("sent to %q", got)
	}

	records := b.get("/portal/records").wants(t, 200, "records.title")
	after := b.session()
	if before == after {
		t.Error("the session kept its id")
	}
	for _, want := range []string{"Bright Energy Ltd", "Acme Energy Services Ltd", "SEC-OU-00429"} {
		if !strings.Contains(records.body, want) {
			t.Errorf("%s is not on the page", want)
		}
	}

	path := records.withdrawPath(t)
	withdraw := b.get(path)
	if withdraw.StatusCode != 200 {
		t.Fatalf("%s answers %d", path, withdraw.StatusCode)
	}

	form := url.Values{"token": {withdraw.token(t)}}
	b.post(path, form).sendsTo(t, strings.TrimSuffix(path, "withdraw")+"withdrawn")
	withdrawn := b.get(strings.TrimSuffix(path, "withdraw") + "withdrawn")
	if withdrawn.StatusCode != 200 || !strings.Contains(withdrawn.body, "tid_") {
		t.Errorf("withdrawn: %d, with a reference %v", withdrawn.StatusCode, strings.Contains(withdrawn.body, "tid_"))
	}

	b.post(path, form).sendsTo(t, strings.TrimSuffix(path, "withdraw")+"withdrawn")
	b.get(path).sendsTo(t, strings.TrimSuffix(path, "withdraw")+"withdrawn")
	if n := w.wire.called("revoke"); n != 1 {
		t.Errorf("the register was asked %d times to stop it", n)
	}
	if b.get("/portal/records").doc.Find(`a[href$="/withdraw"]`).Length() != 0 {
		t.Error("what is stopped can still be stopped")
	}
	if n := w.wire.called("list"); n != 1 {
		t.Errorf("the records were read %d times", n)
	}

	b.post("/portal/sign-out", form).sendsTo(t, "/portal/signed-out")
	b.get("/portal/signed-out").wants(t, 200, "signedout.title")
	if b.session() != "" || w.sessions(t) != 0 {
		t.Errorf("after signing out there is a cookie %q, and %d sessions", b.session(), w.sessions(t))
	}
	for _, old := range []string{before, after} {
		b.setSession(old)
		b.follow(b.get("/portal/records")).wants(t, 403, "error.session-ended.title")
	}
}

func TestOperatorThatSharesAHostNeedsAName(t *testing.T) {
	t.Parallel()
	_, err := New(
		Options{Register: new(registerclient.Client), DB: newDatabase(t), SessionKey: sessionKey, Base: "/o/a/portal"},
	)
	if err == nil {
		t.Error("accepted")
	}
}

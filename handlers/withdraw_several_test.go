package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"central.consent/dar/registerclient"
)

// ticks returns the handles of the records that can be stopped together.
func (p *page) ticks() (handles []string) {
	for _, box := range p.doc.Find(`input[name="record"][form="several"]`).EachIter() {
		handles = append(handles, box.AttrOr("value", ""))
	}
	return handles
}

func TestSeveralAreStoppedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accessRecord(t, registerclient.BasisExplicitConsent)
	w.accessRecord(t, registerclient.BasisConsent)
	b := w.browser(t)
	records := b.signIn()
	ticked := records.ticks()
	if len(ticked) != 3 {
		t.Fatalf("%d can be ticked, want 3", len(ticked))
	}

	form := url.Values{"record": ticked, "token": {records.token(t)}, "why": {"no-longer-needed"}}
	review := b.get(
		"/portal/records/several?" + url.Values{
			"record": append(ticked, "nonsense", ticked[0]),
			"q":      {"bright"},
		}.Encode(),
	)
	if got := review.doc.Find(`input[name="record"]`).Length(); got != 3 {
		t.Errorf("%d stand on the page, want 3", got)
	}
	if got := review.doc.Find("form[method=post][action='/portal/records/several?q=bright']").Length(); got != 1 {
		t.Error("the filter is lost on the way")
	}
	if n := w.wire.called("revoke"); n != 0 {
		t.Errorf("to look through them ended %d", n)
	}

	// The second record has ended already. For the third one the register does not answer.
	calls := 0
	w.wire.set(func(r *http.Request) *http.Response {
		if operationOf(r) != "revoke" {
			return nil
		}
		if got := r.URL.Query().Get("reason"); got != "data-no-longer-required" {
			t.Errorf("the reason is %q", got)
		}

		switch calls++; calls {
		case 1:
			return nil
		case 2:
			return refuse("revoke", 409)(r)
		}

		return refuse("revoke", 503)(r)
	}, nil)
	answer := b.post("/portal/records/several?q=bright", form)
	if location := answer.Header.Get("Location"); !strings.Contains(location, "q=bright") {
		t.Errorf("the filter is lost: %s", location)
	}

	stopped := b.follow(answer)
	if got := strings.TrimSpace(stopped.doc.Find("h1").Text()); got != "You stopped 1 of 3" {
		t.Errorf("the heading is %q", got)
	}
	for words, want := range map[string]int{
		"There was nothing to stop.":                  1,
		"The Central Access Register did not answer.": 1,
		"Your reference":                              1,
	} {
		if got := strings.Count(stopped.doc.Find("main").Text(), words); got != want {
			t.Errorf("%q stands there %d times, want %d", words, got, want)
		}
	}

	w.wire.set(nil, nil)
	again := stopped.doc.Find(`a[href^="/portal/records/several?"]`).AttrOr("href", "")
	review = b.get(again)
	if got := review.doc.Find(`input[name="record"]`).Length(); got != 1 {
		t.Errorf("%d are tried again, want 1", got)
	}

	form["record"] = ticked
	stopped = b.follow(b.post("/portal/records/several", form))
	if got := strings.TrimSpace(stopped.doc.Find("h1").Text()); !strings.HasPrefix(got, "You stopped all 3") {
		t.Errorf("in the end: %q", got)
	}
	// To go back to the review leads to the result, and not to the form.
	location := b.get("/portal/records/several?" + url.Values{"record": ticked}.Encode()).Header.Get("Location")
	if !strings.HasPrefix(location, "/portal/records/stopped?") {
		t.Errorf("the review of what is stopped leads to %q", location)
	}
}

func TestChoosingNoneOrTooMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 18 {
		w.accessRecord(t, registerclient.BasisConsent)
	}
	// One account may have no more active ones.
	w.dataUser = w.register.ClientOf(t, registerclient.CreateAccountRequest{Role: registerclient.RoleDataUser})
	w.ir = w.identityRecord(t, w.meterPoint, email)
	for range 3 {
		w.accessRecord(t, registerclient.BasisConsent)
	}

	b := w.browser(t)
	records := b.signIn()
	b.get("/portal/records/several").wants(t, 422, "records.title").blames(t, "#several", "error.several.none")
	b.get("/portal/records/several?"+url.Values{"record": records.ticks()}.Encode()).
		wants(t, 422, "records.title").
		blames(t, "#several", "error.several.many")
	b.post("/portal/records/several", url.Values{"record": records.ticks(), "token": {records.token(t)}}).
		wants(t, 404, "error.not-found.title")
	b.post("/portal/records/several", url.Values{"token": {records.token(t)}}).wants(t, 404, "error.not-found.title")
	b.get("/portal/records/stopped?"+url.Values{"record": records.ticks()[:2]}.Encode()).
		wants(t, 404, "error.not-found.title")
	if n := w.wire.called("revoke"); n != 0 {
		t.Errorf("%d were stopped", n)
	}
}

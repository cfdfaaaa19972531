package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"central.consent/dar/registerclient"
)

func TestWithdrawFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, test := range []struct {
		name     string
		register int
		status   int
		title    string
	}{
		{"it has ended already", 409, 409, "error.conflict.title"},
		{"it is not for the customer to stop", 422, 409, "error.withdraw-failed.title"},
		{"the grant has ended", 403, 409, "error.withdraw-failed.title"},
		{"unknown to the register", 404, 409, "error.withdraw-failed.title"},
		{"the register is down", 503, 503, "error.withdraw-failed.title"},
		{"the register fails", 500, 503, "error.withdraw-failed.title"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if i > 0 { // newWorld made the first one
				w.accessRecord(t, registerclient.BasisConsent)
			}

			w.register.Clock.Add(time.Hour)
			b := w.browser(t)
			path := b.signIn().withdrawPath(t)
			form := url.Values{"token": {b.get(path).token(t)}}
			w.wire.set(refuse("revoke", test.register), nil)
			p := b.post(path, form).wants(t, test.status, test.title)
			reference := p.Header.Get("X-Request-ID")
			if !strings.Contains(p.body, reference) || !strings.Contains(w.log.String(), reference) {
				t.Error("the reference is not both on the page and in the log")
			}
			if b.get("/portal/records").withdrawPath(t) != path {
				t.Error("it can no longer be stopped")
			}

			w.wire.set(nil, nil)
			b.follow(b.post(path, form))
			if n := strings.Count(b.get("/portal/records").body, "/withdraw\""); n != 0 {
				t.Error("it could not be stopped in the end")
			}
		})
	}
}

// The register has ended the record, and its response was lost. To try again is safe.
func TestWithdrawalWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	path := b.signIn().withdrawPath(t)
	form := url.Values{"token": {b.get(path).token(t)}}
	w.wire.set(nil, func(r *http.Request) bool { return operationOf(r) == "revoke" })
	b.post(path, form).wants(t, 503, "error.withdraw-failed.title")
	w.wire.set(nil, nil)
	w.register.Clock.Add(time.Minute)
	b.post(path, form).sendsTo(t, strings.TrimSuffix(path, "withdraw")+"withdrawn")
}

// A customer may also ask for erasure. The box is not ticked, and the receipt says what was asked for.
func TestErasureIsAskedForByTick(t *testing.T) {
	t.Parallel()
	for _, asked := range []bool{false, true} {
		w := newWorld(t)
		var sent []string
		w.wire.set(func(r *http.Request) *http.Response {
			if operationOf(r) == "revoke" {
				sent = r.URL.Query()["erasure-requested"]
			}

			return nil
		}, nil)
		b := w.browser(t)
		path := b.signIn().withdrawPath(t)
		page := b.get(path)
		if box := page.doc.Find("form input[type=checkbox][name=erasure]"); box.Length() != 1 || box.Is("[checked]") {
			t.Fatalf("the box for erasure: %d, ticked: %t", box.Length(), box.Is("[checked]"))
		}

		form := url.Values{"token": {page.token(t)}}
		if asked {
			form.Set("erasure", "yes")
		}
		receipt := b.follow(b.post(path, form))
		if slices.Equal(sent, []string{"true"}) != asked || (len(sent) > 0) != asked {
			t.Errorf("the register gets erasure-requested %q, asked: %t", sent, asked)
		}
		if strings.Contains(receipt.body, "You also asked for erasure.") != asked {
			t.Errorf("the receipt, asked: %t: %s", asked, receipt.body)
		}
	}
}

func TestOnlyWhatTheCustomerPermittedCanBeStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.discover(t)
	b := w.browser(t)
	records := b.signIn()
	form := url.Values{"token": {records.token(t)}}
	var handles []string
	w.alter(t, b, func(v *visit) {
		for _, held := range v.Reading.Records {
			if held.Summary.LegalBasis == nil || !held.Summary.LegalBasis.Consent() {
				handles = append(handles, held.Handle)
			}
		}
	})
	if len(handles) != 2 {
		t.Fatalf("%d others, want a public task and a discovered one", len(handles))
	}
	for _, handle := range append(handles, "nonsense", "%00", "..%2f") {
		b.get("/portal/records/"+handle+"/withdraw").wants(t, 404, "error.not-found.title")
		b.post("/portal/records/"+handle+"/withdraw", form).wants(t, 404, "error.not-found.title")
		b.get("/portal/records/"+handle+"/withdrawn").wants(t, 404, "error.not-found.title")
	}

	if n := w.wire.called("revoke"); n != 0 {
		t.Errorf("the register was asked %d times", n)
	}
}

// Nothing opens, and nothing can be stopped, before the customer has confirmed.
func TestRecordsNeedAConfirmation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.follow(b.get("/portal/records")).wants(t, 403, "error.session-ended.title")
	b.start()
	b.follow(b.get("/portal/records")).wants(t, 200, "prove.title")
	b.prove()
	b.follow(b.get("/portal/records")).wants(t, 200, "waiting.magic-link.title")
	b.confirm()
	b.get("/portal/waiting/check").sendsTo(t, "/portal/records")
	// The reading is stored, but the session still has its old id.
	var handle string
	w.alter(t, b, func(v *visit) { handle = v.Reading.Records[0].Handle })
	b.get("/portal/records/"+handle+"/withdraw").wants(t, 404, "error.not-found.title")
}

func TestTwoWindowsStopOneRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accessRecord(t, registerclient.BasisExplicitConsent)
	b := w.browser(t)
	records := b.signIn()
	form := url.Values{"token": {records.token(t)}}
	var paths []string
	for _, link := range records.doc.Find(`a[href$="/withdraw"]`).EachIter() {
		paths = append(paths, link.AttrOr("href", ""))
	}
	if len(paths) != 2 {
		t.Fatalf("%d can be stopped, want 2", len(paths))
	}

	var windows sync.WaitGroup
	for _, path := range append(paths, paths...) {
		windows.Go(func() { b.post(path, form).sendsTo(t, strings.TrimSuffix(path, "withdraw")+"withdrawn") })
	}

	windows.Wait()
	if p := b.get("/portal/records"); p.doc.Find(`a[href$="/withdraw"]`).Length() != 0 {
		t.Error("an update was lost: what was stopped can be stopped again")
	}
}

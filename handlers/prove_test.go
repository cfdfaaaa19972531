package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
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
		// mistake is what the error summary says, by its text key; empty where there is none.
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

			// What failed can be tried again at once.
			w.wire.set(nil, nil)
			form.Set("method", "magic-link")
			b.post("/portal/prove", form).sendsTo(t, "/portal/waiting")
		})
	}
}

// The refused way is offered last, and the summary leads to the next best.
func TestRefusedMethodGivesWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.register.AddPasskey(t, w.ir)
	b := w.browser(t)
	form := url.Values{"token": {b.start().token(t)}, "method": {"passkey-assert"}}
	w.wire.set(refuse("reidentify", 422), nil)
	p := b.post("/portal/prove", form).wants(t, 422, "prove.title").blames(t, "#method", "error.prove.passkey-assert")
	if first, last := p.doc.Find("input[name=method]").
		First(),
		p.doc.Find("input[name=method]").
			Last(); first.AttrOr("value", "") != "magic-link" ||
		last.AttrOr("value", "") != "passkey-assert" {
		t.Errorf("offers %s first and %s last", first.AttrOr("value", ""), last.AttrOr("value", ""))
	}

	// Where there is but one way, there is no other to choose.
	w.alter(t, b, func(v *visit) { v.Methods = v.Methods[:1] })
	b.post("/portal/prove", form).wants(t, 422, "prove.title").blames(t, "#method", "error.prove.only")
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

	w.register.Clock.Add(sameClick)
	b.post("/portal/prove", form).sendsTo(t, "/portal/waiting")
	if n := w.wire.called("reidentify"); n != 2 {
		t.Errorf("%d letters, after asking for another", n)
	}
}

func TestWaitingEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, test := range []struct {
		name  string
		end   func()
		state string
	}{
		{"declined", func() { w.register.Decline(t, w.wire.tokenRef()) }, "declined"},
		{"expired", func() { w.register.Clock.Add(14*time.Minute + 50*time.Second) }, "pending"},
		{"unknown to the register", func() { w.wire.set(refuse("status", 404), nil) }, "gone"},
		{"asked too often", func() { w.wire.set(refuse("status", 429), nil) }, "pending"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.register.Clock.Add(time.Hour)
			b := w.browser(t)
			b.prove()
			test.end()
			defer w.wire.set(nil, nil)
			if p := b.get("/portal/waiting/status"); p.doc.Find("#waiting[data-state="+test.state+"]").Length() != 1 {
				t.Errorf("the part says %s", p.body)
			}
			if p := b.get("/portal/waiting"); p.doc.Find("#waiting[data-state="+test.state+"]").Length() != 1 {
				t.Errorf("the page says %s", p.body)
			}
		})
	}
}

// Somebody else moves in while the customer is asked, or between the answer and the list.
func TestEarlierOccupant(t *testing.T) {
	t.Parallel()
	for _, confirmed := range []bool{false, true} {
		w := newWorld(t)
		b := w.browser(t)
		b.prove()
		if confirmed {
			b.confirm()
		}

		_, err := w.register.Client(t, registerclient.RoleDCC).
			ReportChangeOfTenancy(t.Context(), registerclient.ChangeOfTenancyRequest{
				MPxN: w.meterPoint, EffectiveDate: "2026-05-20", SourceReference: "DCC-MOVE-1",
			})
		if err != nil {
			t.Fatal(err)
		}

		b.follow(b.get("/portal/waiting/check")).wants(t, 200, "waiting.gone.title")
		if n := w.wire.called("list"); n > 0 && !confirmed {
			t.Errorf("%d readings", n)
		}

		w.register.Clock.Add(time.Minute)
		b.post("/portal/prove", url.Values{"token": {b.get("/portal/prove").token(t)}, "method": {"magic-link"}}).
			wants(t, 200, "norecord.title")
	}
}

// A token that became void between the poll and the reading opens nothing, and the page does not blame the line.
func TestVoidToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	b.confirm()
	w.wire.set(refuse("list", 403), nil)
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "waiting.gone.title")
}

// The page asks by itself for 20 minutes, no faster than every 4 seconds. Whoever comes back later asks by hand.
func TestPollingStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	part := b.get("/portal/waiting").doc.Find("#waiting")
	if part.AttrOr("hx-trigger", "") != "every 4s" || part.AttrOr("data-polling", "") != "1200" {
		t.Errorf("polls %s, for %s s", part.AttrOr("hx-trigger", ""), part.AttrOr("data-polling", ""))
	}

	w.wire.set(refuse("status", 429), nil)
	for range 2 {
		w.register.Clock.Add(10 * time.Minute)
		b.get("/portal/waiting/status")
	}
	if part := b.get(
		"/portal/waiting/status",
	).doc.Find(
		"#waiting",
	); part.AttrOr("hx-get", "") != "" ||
		!strings.Contains(part.Text(), "no longer checks by itself") {
		t.Errorf("after 20 minutes: %s", part.Text())
	}

	w.wire.set(nil, nil)
	b.confirm()
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "records.title")
}

// A letter is good for 15 minutes, as long as a session without use: whoever waits has used it by waiting.
func TestWaitingOutTheLetter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	for range 16 {
		w.register.Clock.Add(time.Minute)
		b.get("/portal/waiting/status")
	}
	if p := b.get("/portal/waiting"); p.doc.Find("#waiting[data-state=expired]").Length() != 1 {
		t.Errorf("the page says %s", p.body)
	}

	// Trying again leads on.
	w.register.Clock.Add(time.Minute)
	b.post("/portal/prove", url.Values{"token": {b.get("/portal/prove").token(t)}, "method": {"magic-link"}}).
		sendsTo(t, "/portal/waiting")
	b.confirm()
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "records.title")
}

// A demonstration asks nobody, and so has neither a passkey to show nor a code to type.
func TestWaitingInADemonstration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setting) { s.demonstration = true })
	w.register.AddPasskey(t, w.ir)
	b := w.browser(t)
	b.post("/portal/prove", url.Values{"token": {b.start().token(t)}, "method": {"passkey-assert"}}).
		sendsTo(t, "/portal/waiting")
	for _, path := range []string{"/portal/waiting", "/portal/waiting/status"} {
		doc := b.get(path).doc
		if doc.Find(`a[href*="/passkey/"], .match-code`).Length() > 0 {
			t.Errorf("%s offers a passkey or shows a code", path)
		}
	}
}

// Windows of one browser share its cookies. Whichever finds the confirmation first, all must end on the
// records, with one reading, and with the session that the browser then has.
func TestManyWindowsPollAtOnce(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		w := newWorld(t, func(s *setting) { s.database, s.handover = d, handoverTime })
		for round := range 3 {
			w.register.Clock.Add(time.Hour)
			b := w.browser(t)
			b.prove()
			b.confirm()
			var windows sync.WaitGroup
			for i := range 8 {
				windows.Go(func() {
					path := []string{"/portal/waiting/status", "/portal/waiting/check"}[i%2]
					for range 20 {
						p := b.get(path)
						to := p.Header.Get("HX-Redirect") + p.Header.Get("Location")
						if to == "/portal/records" {
							if p := b.follow(p); p.StatusCode != 200 || p.doc.Find("#waiting").Length() != 0 {
								t.Errorf("ends at %s with %d", p.Request.URL.Path, p.StatusCode)
							}
							return
						}

						if p.StatusCode >= 400 {
							t.Errorf("%s answers %d", path, p.StatusCode)
							return
						}

						time.Sleep(20 * time.Millisecond)
					}

					t.Error("never got there")
				})
			}

			windows.Wait()
			if n := w.wire.called("list"); n != round+1 {
				t.Errorf("%d readings after round %d", n, round+1)
			}

			token := b.get("/portal/records").wants(t, 200, "records.title").token(t)
			if n := w.sessions(t); n != 1 {
				t.Errorf("%d sessions", n)
			}

			b.post("/portal/sign-out", url.Values{"token": {token}})
		}
	})
}

// The list opens under a new id. Windows that open it at once must not throw each other out.
func TestManyWindowsOpenTheRecordsAtOnce(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		w := newWorld(t, func(s *setting) { s.database, s.handover = d, handoverTime })
		for range 3 {
			w.register.Clock.Add(time.Hour)
			b := w.browser(t)
			b.prove()
			b.confirm()
			b.get("/portal/waiting/check").sendsTo(t, "/portal/records")
			var windows sync.WaitGroup
			for range 8 {
				windows.Go(func() {
					if p := b.follow(
						b.get("/portal/records"),
					); p.StatusCode != 200 ||
						p.Request.URL.Path != "/portal/records" {
						t.Errorf("ends at %s with %d", p.Request.URL.Path, p.StatusCode)
					}
				})
			}

			windows.Wait()
			if n := w.sessions(t); n != 1 {
				t.Errorf("%d sessions", n)
			}

			b.post("/portal/sign-out", url.Values{"token": {b.get("/portal/records").token(t)}})
		}
	})
}

func TestLostReading(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	b.confirm()
	w.wire.set(nil, func(r *http.Request) bool { return operationOf(r) == "list" })
	b.get("/portal/waiting/check").wants(t, 503, "error.unavailable.title")
	w.wire.set(nil, nil)
	// The register gave the one answer that the token was good for, and says so.
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "waiting.lost.title")
	if p := b.get(
		"/portal/waiting/status",
	); p.doc.Find("#waiting[data-state=lost] a[href='/portal/prove']").
		Length() !=
		1 {
		t.Errorf("the part says %s", p.body)
	}
	if n := w.wire.called("list"); n != 2 {
		t.Errorf("%d readings", n)
	}
	if !strings.Contains(w.log.String(), "its answer was lost") {
		t.Error("the log does not tell")
	}

	w.register.Clock.Add(time.Minute)
	b.post("/portal/prove", url.Values{"token": {b.get("/portal/prove").token(t)}, "method": {"magic-link"}}).
		sendsTo(t, "/portal/waiting")
	b.confirm()
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "records.title")
}

// A register that refuses before it reads has spent nothing.
func TestReadingIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	b.confirm()
	w.wire.set(refuse("list", 503), nil)
	b.get("/portal/waiting/check").wants(t, 503, "error.unavailable.title")
	w.wire.set(refuse("status", 503), nil)
	b.get("/portal/waiting/status").wants(t, 503, "error.unavailable.title")
	w.wire.set(nil, nil)
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "records.title")
}

// The process that set out to read has died: its claim must not stand in the way for ever.
func TestDeadReadingIsTakenOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	b.confirm()
	w.alter(t, b, func(v *visit) { v.Challenge.ReadingSince = w.register.Clock.Now() })
	b.get("/portal/waiting/check").sendsTo(t, "/portal/waiting")
	if n := w.wire.called("list"); n != 0 {
		t.Fatalf("%d readings", n)
	}

	w.register.Clock.Add(readingTime)
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "records.title")
}

func TestTokenRefIsOfEitherMethod(t *testing.T) {
	t.Parallel()
	got := newChallenge(&registerclient.ReidentifyResponse{
		Method:  registerclient.MethodPasskeyAssert,
		Passkey: &registerclient.PasskeyRedirect{RedirectURL: "javascript:alert(1)", TokenRef: "mlr_1"},
	})
	if got.TokenRef != "mlr_1" || got.PasskeyURL != "" {
		t.Errorf("got %+v", got)
	}
}

// alter changes a stored visit behind the portal's back.
func (w *world) alter(t testing.TB, b *browser, apply func(*visit)) {
	t.Helper()
	store, err := newSessionStore(w.options)
	if err != nil {
		t.Fatal(err)
	}

	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}

	r.AddCookie(&http.Cookie{Name: store.name, Value: b.session()})
	session, err := store.Get(r, store.name)
	if err != nil {
		t.Fatal(err)
	}

	apply(session.Values[visitKey].(*visit))
	if err := session.Save(r, nil); err != nil {
		t.Fatal(err)
	}
}

package handlers

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/views/i18n"
)

const adviserSecret = "adviser-canary-0123456789"

func TestAdviserHelps(t *testing.T) {
	t.Parallel()
	w := newAdvisedWorld(t)
	b := w.adviser(t)
	marked := func(p *page) *page {
		t.Helper()
		if p.doc.Find("header .helping").Length() != 1 {
			t.Errorf("%s is not marked", p.Request.URL.Path)
		}

		return p
	}

	marked(b.get("/portal/adviser").wants(t, 200, "start.title.adviser"))
	marked(b.post("/portal/adviser/meter", url.Values{"number": {"12"}}))
	b.post("/portal/adviser/meter", url.Values{"number": {w.meterPoint}, "confirmed": {"yes"}}).
		sendsTo(t, "/portal/adviser/prove")
	prove := marked(b.get("/portal/adviser/prove").wants(t, 200, "prove.title.adviser"))
	b.post("/portal/adviser/prove", url.Values{"token": {prove.token(t)}, "method": {"magic-link"}}).
		sendsTo(t, "/portal/adviser/waiting")
	waiting := marked(b.get("/portal/adviser/waiting").wants(t, 200, "waiting.magic-link.title.adviser"))
	code := waiting.doc.Find(".match-code").Text()
	if !strings.Contains(waiting.body, i18n.For("en").T("waiting.magic-link.code.adviser")) || len(code) != 4 {
		t.Error("the adviser is not sent to read out the code")
	}

	b.confirm()
	records := marked(b.follow(b.get("/portal/adviser/waiting/check")).wants(t, 200, "records.title"))
	marked(b.get("/portal/adviser/nowhere"))

	// Without the customer's yes nothing is stopped, even if the form has another value.
	path := records.withdrawPath(t)
	ask := marked(b.get(path))
	if ask.doc.Find("input[type=checkbox][name=customer-yes]:not([checked])").Length() != 1 {
		t.Error("the customer's yes is not asked for")
	}

	token := ask.token(t)
	for _, said := range []url.Values{{}, {"customer-yes": {""}}, {"customer-yes": {"no"}}, {"customer-yes": {"on"}}} {
		said.Set("token", token)
		said.Set("why", "no-longer-needed")
		p := marked(b.post(path+"?state=can-see", said))
		if p.StatusCode != 422 {
			t.Fatalf("without a yes: %d", p.StatusCode)
		}

		p.blames(t, "#customer-yes", "error.adviser.yes")
		if p.doc.Find("input[name=why]").Length() != len(withdrawalReasons)+1 ||
			p.doc.Find("input[name=why][checked]").AttrOr("value", "") != "no-longer-needed" {
			t.Error("the reason is lost")
		}
		if to := p.doc.Find("main form").AttrOr("action", ""); !strings.HasSuffix(to, "/withdraw?state=can-see") {
			t.Errorf("the filter is lost: %s", to)
		}
	}

	if n := w.wire.called("revoke"); n != 0 {
		t.Fatalf("%d withdrawals without a yes", n)
	}

	var sent string
	w.wire.set(func(r *http.Request) *http.Response {
		if operationOf(r) == "revoke" {
			sent = r.URL.RawQuery
			if r.Body != nil {
				body, _ := io.ReadAll(r.Body)
				sent += string(body)
				r.Body = io.NopCloser(strings.NewReader(string(body)))
			}
		}

		return nil
	}, nil)
	withdrawn := strings.TrimSuffix(path, "withdraw") + "withdrawn"
	b.post(path, url.Values{"token": {token}, "customer-yes": {"yes"}}).sendsTo(t, withdrawn)
	marked(b.get(withdrawn))
	n := w.wire.called("revoke")
	if n != 1 || strings.Contains(strings.ToLower(sent), "advis") || strings.Contains(sent, "yes") {
		t.Errorf("%d withdrawals; the register is sent %q", n, sent)
	}

	// The page to hand over.
	paper := marked(b.get("/portal/adviser/handover").wants(t, 200, "adviser.handover.title"))
	text := paper.doc.Find("main").Text()
	for _, want := range []string{
		"Bright Energy Ltd",
		"tid_",
		w.meterPoint[len(w.meterPoint)-3:],
		"https://portal.example.org/portal",
		"Citizens Example",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page to hand over does not tell %q", want)
		}
	}

	if digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, paper.body); strings.Contains(digits, w.meterPoint) || strings.Contains(paper.body, code) {
		t.Error("the page to hand over tells the whole number, or the code")
	}

	b.post("/portal/adviser/sign-out", url.Values{"token": {paper.token(t)}}).sendsTo(t, "/portal/adviser/signed-out")
	marked(b.get("/portal/adviser/signed-out"))
	b.get("/portal/adviser/handover").wants(t, 403, "error.session-ended.title.adviser")
	b.post("/portal/adviser/sign-in/end", nil).sendsTo(t, "/portal/adviser/sign-in")
	b.get("/portal/adviser").sendsTo(t, "/portal/adviser/sign-in")
}

func TestAdviserDownloadsNothing(t *testing.T) {
	t.Parallel()
	w := newAdvisedWorld(t)
	b := w.adviser(t)
	records := b.help()
	handle := strings.Split(records.withdrawPath(t), "/")[4]
	for _, end := range []string{
		".json",
		".csv",
		".pdf",
		".docx",
		"/several",
		"/stopped",
		"/" + handle,
		"/export.csv",
		"/download",
	} {
		b.get("/portal/adviser/records"+end).wants(t, 403, "error.no-download.title")
		b.post("/portal/adviser/records"+end, url.Values{"token": {records.token(t)}}).
			wants(t, 403, "error.no-download.title")
	}
	for _, p := range []*page{records, b.get("/portal/adviser/handover")} {
		if p.Header.Get("Content-Disposition") != "" || p.doc.Find("a[download]").Length() != 0 {
			t.Errorf("%s is a download", p.Request.URL.Path)
		}
	}
}

func TestAdviserSecretIsNeeded(t *testing.T) {
	t.Parallel()
	w := newAdvisedWorld(t)
	stranger := w.browser(t)
	for target, route := range w.routesOf(t, adviserPages, "handle") {
		method, path, _ := strings.Cut(target, " ")
		if strings.HasSuffix(route.Path, "/sign-in") || strings.Contains(route.Path, "/static/") ||
			method == echo.RouteNotFound || method == "CONNECT" {
			continue
		}

		p := stranger.do(method, path, url.Values{"token": {"x"}, "number": {w.meterPoint}, "confirmed": {"yes"}})
		to := p.Header.Get("Location")
		if p.StatusCode != 403 && p.StatusCode != 405 && (p.StatusCode != 303 || to != "/portal/adviser/sign-in") {
			t.Errorf("%s answers a stranger %d, to %q", target, p.StatusCode, to)
		}
	}

	if w.wire.called("exists") != 0 || w.sessions(t) != 0 {
		t.Error("a stranger got somewhere")
	}

	// The sign-in is valid for eight hours, for this secret and this operator.
	b := w.adviser(t)
	w.register.Clock.Add(adviserTime - time.Second)
	b.get("/portal/adviser").wants(t, 200, "start.title.adviser")
	w.register.Clock.Add(time.Second)
	b.get("/portal/adviser").sendsTo(t, "/portal/adviser/sign-in")
	for name, change := range map[string]func(*Options){
		"another secret":   func(o *Options) { o.AdviserSecret = "another-0123456789" },
		"another operator": func(o *Options) { o.Operator = "another" },
	} {
		b := w.adviser(t)
		other := *w
		change(&other.options)
		_, server := other.newPortal(t)
		b.base = server.URL
		if p := b.get("/portal/adviser"); p.Header.Get("Location") != "/portal/adviser/sign-in" {
			t.Errorf("%s: let in, %d", name, p.StatusCode)
		}
	}

	for _, forged := range []string{"", "x", strings.Repeat("A", 54), strings.Repeat("_", 54)} {
		b := w.browser(t)
		b.header.Set("Cookie", "adviser_gate="+forged)
		b.get("/portal/adviser").sendsTo(t, "/portal/adviser/sign-in")
	}

	w.options.AdviserSecret = ""
	_, server := w.newPortal(t)
	stranger.base = server.URL
	for _, path := range []string{"/portal/adviser", "/portal/adviser/sign-in", "/portal/adviser/handover"} {
		if p := stranger.get(path); p.StatusCode != http.StatusNotFound {
			t.Errorf("without a secret %s answers %d", path, p.StatusCode)
		}
	}
}

// A customer's visit on the adviser's screen ends by itself, and does not open the portal's own pages.
func TestAdvisedVisitEnds(t *testing.T) {
	t.Parallel()
	w := newAdvisedWorld(t)
	b := w.adviser(t)
	records := b.help()
	if records.doc.Find("#idle[data-idle-seconds='900']").Length() != 1 {
		t.Error("nothing warns of the end")
	}

	b.get("/portal/records").sendsTo(t, "/portal/waiting")
	b.get("/portal/waiting").wants(t, 403, "error.session-ended.title")

	w.register.Clock.Add(14*time.Minute + 59*time.Second)
	b.get("/portal/adviser/records").wants(t, 200, "records.title") // counts as use
	token := b.get(records.withdrawPath(t)).token(t)
	w.register.Clock.Add(15 * time.Minute)
	withdraw := url.Values{"token": {token}, "customer-yes": {"yes"}}
	for _, p := range []*page{
		b.follow(b.get("/portal/adviser/records")),
		b.get("/portal/adviser/handover"),
		b.get(records.withdrawPath(t)),
		b.post(records.withdrawPath(t), withdraw),
	} {
		p.wants(t, 403, "error.session-ended.title.adviser")
		if strings.Contains(p.body, "Bright") || p.doc.Find(".meter").Length() != 0 {
			t.Errorf("%s still tells of the customer", p.Request.URL.Path)
		}
	}

	if w.wire.called("revoke") != 0 {
		t.Error("something was stopped after the end")
	}

	start := b.get("/portal/adviser").wants(t, 200, "start.title.adviser")
	if start.doc.Find("#number").AttrOr("value", "") != "" ||
		start.doc.Find("input[name=token], form[action$='/sign-out']").Length() != 0 {
		t.Error("the next customer's start has something of the last one's")
	}
}

// A customer who hangs up before they confirm leaves nothing behind for the next one.
func TestAdviserFinishesEarly(t *testing.T) {
	t.Parallel()
	w := newAdvisedWorld(t)
	b := w.adviser(t)
	b.post("/portal/adviser/meter", url.Values{"number": {w.meterPoint}, "confirmed": {"yes"}}).
		sendsTo(t, "/portal/adviser/prove")
	finish := b.get("/portal/adviser/prove").doc.Find("header form[action='/portal/adviser/sign-out']")
	b.post(finish.AttrOr("action", ""), url.Values{"token": {finish.Find("[name=token]").AttrOr("value", "")}}).
		sendsTo(t, "/portal/adviser/signed-out")
	if start := b.get("/portal/adviser"); start.doc.Find("#number").AttrOr("value", "") != "" || w.sessions(t) != 0 {
		t.Error("the next customer is shown the last one's number")
	}
}

// The adviser's secret and the customer's number stay out of the log.
func TestAdviserLogTellsNothing(t *testing.T) {
	t.Parallel()
	w := newAdvisedWorld(t)
	b := w.adviser(t)
	b.help()
	b.get("/portal/adviser/handover")
	for _, canary := range []string{adviserSecret, w.meterPoint, "mlr_"} {
		if strings.Contains(w.log.String(), canary) {
			t.Errorf("the log tells %q", canary)
		}
	}
}

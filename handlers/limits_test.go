package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"central.consent/dar/internal/web/limit"
	"central.consent/dar/register/registertest"
)

// tooOften checks a page that says how long to wait.
func (p *page) tooOften(t testing.TB, seconds, words string) *page {
	t.Helper()
	p.wants(t, http.StatusTooManyRequests, "error.too-often.title")
	if got := p.Header.Get("Retry-After"); got != seconds {
		t.Errorf("Retry-After is %q, want %q", got, seconds)
	}
	if !strings.Contains(p.doc.Find("main").Text(), words) {
		t.Errorf("does not say %q: %s", words, p.doc.Find("main").Text())
	}

	return p
}

func TestStartsOfASessionAreLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	form := url.Values{"token": {b.start().token(t)}, "method": {"magic-link"}}
	for range startsOfSession.Most {
		b.post("/portal/prove", form).sendsTo(t, "/portal/waiting")
		w.register.Clock.Add(time.Minute)
	}

	p := b.post("/portal/prove", form).tooOften(t, "600", "in about 10 minutes")
	if p.doc.Find(`main a[href="/portal/waiting"]`).Length() != 1 {
		t.Error("does not lead back to the proof that goes on")
	}
	if n := w.wire.called("reidentify"); n != startsOfSession.Most {
		t.Errorf("%d letters", n)
	}

	// The proof that was begun can be completed.
	b.get("/portal/waiting").wants(t, 200, "waiting.magic-link.title")
	b.confirm()
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "records.title")
}

func TestStartsAndLookUpsOfAnAddressAreLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// Each session needs a meter point of its own: the register limits the letters for one.
	numbers := make([]string, DefaultLimits.LookUpsOfAddress)
	for i := range numbers {
		numbers[i] = mprnOf(70000 + i)
		w.identityRecord(t, numbers[i], fmt.Sprintf("c%d@example.com", i))
	}

	fromNetwork := func() *browser {
		b := w.browser(t)
		b.header.Set("X-Forwarded-For", "2001:db8:ffff:ffff::/64")
		return b
	}
	for i, number := range numbers {
		b := fromNetwork()
		b.post("/portal/meter", url.Values{"number": {number}}).sendsTo(t, "/portal/prove")
		p := b.post("/portal/prove", url.Values{"token": {b.get("/portal/prove").token(t)}, "method": {"magic-link"}})
		if i < DefaultLimits.StartsOfAddress {
			p.sendsTo(t, "/portal/waiting")
			continue
		}

		p.tooOften(t, "3600", "in about 60 minutes")
		if p.doc.Find(`main a[href="/portal/prove"]`).Length() != 1 {
			t.Error("does not lead back to the choice")
		}
	}

	p := fromNetwork().post("/portal/meter", url.Values{"number": {numbers[0]}}).
		tooOften(t, "3600", "in about 60 minutes")
	if p.doc.Find(`nav.language form input[name=number]`).AttrOr("value", "") != numbers[0] {
		t.Error("the language switch loses the number")
	}
	if n := w.wire.called("exists"); n != DefaultLimits.LookUpsOfAddress {
		t.Errorf("the register was asked %d times", n)
	}

	w.browser(t).post("/portal/meter", url.Values{"number": {numbers[0]}}).sendsTo(t, "/portal/prove")
	w.register.Clock.Add(time.Hour)
	fromNetwork().post("/portal/meter", url.Values{"number": {numbers[0]}}).sendsTo(t, "/portal/prove")
}

// A limit of the register is shown like one of the portal.
func TestRegistersLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	token := b.start().token(t)
	w.wire.set(func(r *http.Request) *http.Response {
		refused := refuse("reidentify", http.StatusTooManyRequests)(r)
		if refused != nil {
			refused.Header.Set("Retry-After", "1501")
		}

		return refused
	}, nil)
	p := b.post("/portal/prove", url.Values{"token": {token}, "method": {"magic-link"}}).
		tooOften(t, "1501", "in about 26 minutes")
	if p.doc.Find(`main a[href="/portal/prove"]`).Length() != 1 {
		t.Error("does not lead back to the choice")
	}
}

func TestDemonstrationHasNoLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setting) { s.demonstration = true })
	b := w.browser(t)
	for range DefaultLimits.LookUpsOfAddress + 1 {
		b.post("/portal/meter", url.Values{"number": {trueMPRN}}).wants(t, 200, "norecord.title")
	}
}

func TestLimitsAreShared(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		w := newWorld(t, func(s *setting) { s.database = d })
		var replicas []*portal
		for range 3 {
			replicas = append(replicas, w.portal(t, ownPages))
		}

		by := limited{action: "test", by: "192.0.2.1"}
		window := limit.Window{Most: 10, Within: time.Minute}
		storm := func() int64 {
			var passed atomic.Int64
			var requests sync.WaitGroup
			for i := range 60 {
				requests.Go(func() {
					err := replicas[i%len(replicas)].count(t.Context(), by, window)
					var refused *tooOftenError
					switch {
					case err == nil:
						passed.Add(1)
					case !errors.As(err, &refused) || refused.Wait <= 0 || refused.Wait > time.Minute:
						t.Error(err)
					}
				})
			}

			requests.Wait()

			return passed.Load()
		}
		if n := storm(); n != 10 {
			t.Errorf("%d passed, want 10", n)
		}

		// The window slides.
		w.register.Clock.Add(time.Minute)
		if n := storm(); n != 10 {
			t.Errorf("a minute later %d passed, want 10", n)
		}
	})
}

// An office has one address. Its limit is that of the operator's advisers, and each adviser has one besides.
func TestLimitsOfAdvisers(t *testing.T) {
	t.Parallel()
	w := newNamedWorld(t)
	w.options.Limits = Limits{LookUpsOfAdviser: 25, AdviserLookUpsOfAddress: 40}
	_, server := w.newPortal(t)
	w.server = server
	sam := w.browser(t)
	sam.signInAs(samName, samCode).sendsTo(t, "/portal/adviser")
	ali := sam.office()
	ali.signInAs(aliName, aliCode).sendsTo(t, "/portal/adviser")
	lookUp := func(b *browser) *page {
		return b.post("/portal/adviser/meter", url.Values{"number": {trueMPRN}})
	}

	for range 25 {
		lookUp(sam).wants(t, 200, "norecord.title")
	}

	lookUp(sam).tooOften(t, "3600", "in about 60 minutes")
	elsewhere := w.browser(t)
	elsewhere.signInAs(samName, samCode).sendsTo(t, "/portal/adviser")
	lookUp(elsewhere).tooOften(t, "3600", "in about 60 minutes")
	for range 15 {
		lookUp(ali).wants(t, 200, "norecord.title")
	}

	lookUp(ali).tooOften(t, "3600", "in about 60 minutes")
	// Customers behind the same address have limits of their own.
	customer := sam.office()
	customer.post("/portal/meter", url.Values{"number": {trueMPRN}}).wants(t, 200, "norecord.title")
	w.register.Clock.Add(time.Hour)
	lookUp(sam).wants(t, 200, "norecord.title")
}

// Behind one office address more customers are helped in an hour than a household has.
func TestOfficeHelpsManyCustomers(t *testing.T) {
	t.Parallel()
	w := newNamedWorld(t)
	sam := w.browser(t)
	sam.signInAs(samName, samCode).sendsTo(t, "/portal/adviser")
	ali := sam.office()
	ali.signInAs(aliName, aliCode).sendsTo(t, "/portal/adviser")
	for i := range 2 * DefaultLimits.LookUpsOfAddress {
		number := mprnOf(70000 + i)
		w.identityRecord(t, number, fmt.Sprintf("c%d@example.com", i))
		b := []*browser{sam, ali}[i%2]
		b.post("/portal/adviser/meter", url.Values{"number": {number}}).sendsTo(t, "/portal/adviser/prove")
		token := b.get("/portal/adviser/prove").token(t)
		b.post("/portal/adviser/prove", url.Values{"token": {token}, "method": {"magic-link"}}).
			sendsTo(t, "/portal/adviser/waiting")
	}
}

// An operator of a library lets more customers behind one address look than the default.
func TestOperatorSetsLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.options.Limits = Limits{LookUpsOfAddress: DefaultLimits.LookUpsOfAddress + 2}
	_, server := w.newPortal(t)
	w.server = server
	b := w.browser(t)
	for range DefaultLimits.LookUpsOfAddress + 2 {
		b.post("/portal/meter", url.Values{"number": {trueMPRN}}).wants(t, 200, "norecord.title")
	}

	b.post("/portal/meter", url.Values{"number": {trueMPRN}}).tooOften(t, "3600", "in about 60 minutes")
}

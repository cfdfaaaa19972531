package rules_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/registerclient"
)

// expectWait compares how long a refusal asks the caller to wait; 0 is for no refusal.
func expectWait(t testing.TB, name string, err error, want time.Duration) {
	t.Helper()
	var got time.Duration
	if refused, ok := errors.AsType[*rules.Error](err); ok && refused.Kind == rules.KindTooMany {
		got = refused.RetryAfter
	} else if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if got != want {
		t.Errorf("%s: wait %s, want %s", name, got, want)
	}
}

// An account may start 60 challenges a minute and ask 300 questions, each account for itself. Once the minute is over
// it may go on.
func TestAccountLimits(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		for _, test := range []struct {
			name  string
			limit func(ctx context.Context, accountID string) error
			most  int
		}{
			{"starts", h.LimitStart, 60},
			{"questions", h.LimitQuestion, 300},
		} {
			for range test.most {
				expectWait(t, test.name, test.limit(t.Context(), "portal"), 0)
			}

			h.clock.Add(20 * time.Second)
			expectWait(t, test.name+": one too many", test.limit(t.Context(), "portal"), 40*time.Second)
			expectWait(t, test.name+": another account", test.limit(t.Context(), "owner"), 0)
			h.clock.Add(40 * time.Second)
			expectWait(t, test.name+": after a minute", test.limit(t.Context(), "portal"), 0)
		}
	})
}

// A customer gets at most 5 links and 20 passkey pages in an hour, from all accounts together.
func TestMeterPointLimits(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.addPasskey(t, h.ir)
		for _, test := range []struct {
			method registerclient.Method
			most   int
		}{
			{registerclient.MethodMagicLink, 5},
			{registerclient.MethodPasskeyAssert, 20},
		} {
			name := string(test.method)
			ask := registerclient.ReidentifyRequest{Method: test.method}
			for range test.most - 1 {
				h.ask(t, ask)
			}

			_, err := h.reidentify(t, h.owner, ask)
			expectWait(t, name+" of another account", err, 0)
			h.clock.Add(15 * time.Minute)
			_, err = h.reidentify(t, h.portal, ask)
			expectWait(t, name+": one too many", err, 45*time.Minute)
			h.clock.Add(45 * time.Minute)
			h.ask(t, ask)
		}
	})
}

// A link to enrol a passkey counts as a link.
func TestEnrolmentLinksAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	for range 5 {
		h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
	}

	enrol := registerclient.ReidentifyRequest{Method: registerclient.MethodPasskeyRegister}
	_, err := h.reidentify(t, h.portal, enrol)
	expectWait(t, "a sixth link", err, time.Hour)
}

// A network address is refused after 30 failures, and for 15 minutes after the first of them.
func TestFailureLimit(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		for range 30 {
			expectWait(t, "fewer than 30", h.CheckFailures(t.Context(), "192.0.2.1"), 0)
			if err := h.CountFailure(t.Context(), "192.0.2.1"); err != nil {
				t.Fatal(err)
			}
		}

		h.clock.Add(time.Minute)
		expectWait(t, "30", h.CheckFailures(t.Context(), "192.0.2.1"), 14*time.Minute)
		expectWait(t, "another address", h.CheckFailures(t.Context(), "192.0.2.2"), 0)
		h.clock.Add(14 * time.Minute)
		expectWait(t, "15 minutes later", h.CheckFailures(t.Context(), "192.0.2.1"), 0)
	})
}

// A register with a stub asks no customer, and limits no account and no meter point.
func TestStubIsNotLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	stub := h.with(func(o *rules.Options) { o.Stub = true })
	for range 70 {
		expectWait(t, "starts", stub.LimitStart(t.Context(), "portal"), 0)
	}
	for range 10 {
		stub.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
	}
}

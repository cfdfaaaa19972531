package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// announce queues an event about access records of the owner.
func (h *house) announce(t testing.TB, eventType registerclient.WebhookEventType, aks ...string) (announced bool) {
	t.Helper()
	h.change(t, func(tx *store.Tx) (err error) {
		announced, err = h.Announce(t.Context(), tx, "owner", eventType, aks, map[string]any{"aks": aks})

		return err
	})

	return announced
}

// An event is queued for each subscription of the account that wants its type, and for no other.
func TestAnnounce(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		if h.announce(t, registerclient.EventTenancyChange, "ak_1") {
			t.Error("announced without a subscription")
		}

		all := h.subscribe(t, h.owner, "https://a.example/hook").WID
		h.subscribe(t, h.owner, "https://b.example/hook", registerclient.EventConsentExpiring)
		tenancy := h.subscribe(t, h.owner, "https://c.example/hook", registerclient.EventTenancyChange).WID
		deleted := h.subscribe(t, h.owner, "https://d.example/hook").WID
		if err := h.DeleteSubscription(t.Context(), "owner", deleted); err != nil {
			t.Fatal(err)
		}

		other := h.account(t, "other", registerclient.RoleDataUser)
		h.subscribe(t, other, "https://e.example/hook")
		if !h.announce(t, registerclient.EventTenancyChange, "ak_1") {
			t.Error("not announced")
		}

		var wids []string
		for _, event := range h.events(t) {
			wids = append(wids, event.WID)
			if event.EventType != registerclient.EventTenancyChange || !event.OccurredAt.Equal(today) ||
				string(event.Payload) != `{"aks":["ak_1"]}` || !strings.HasPrefix(event.EventID, "evt_") {
				t.Errorf("the event is %+v", event)
			}
		}

		want := []string{all, tenancy}
		slices.Sort(want)
		slices.Sort(wids)
		if !slices.Equal(wids, want) {
			t.Errorf("announced to %q, want %q", wids, want)
		}
	})
}

// Events about one access record are due in their order. Events about others do not wait for them (docs/decisions.md,
// Order).
func TestEventOrder(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.subscribe(t, h.owner, "https://a.example/hook")
		for _, aks := range [][]string{{"ak_1"}, {"ak_1"}, {"ak_2"}, {"ak_2", "ak_3"}, {"ak_3"}, {"ak_4"}} {
			h.announce(t, registerclient.EventTenancyChange, aks...)
		}

		for round, want := range []string{
			`["ak_1"] ["ak_2"] ["ak_4"]`,
			`["ak_1"] ["ak_2","ak_3"]`,
			`["ak_3"]`,
			``,
		} {
			var due []string
			for _, event := range h.events(t) {
				due = append(due, strings.TrimSuffix(strings.TrimPrefix(string(event.Payload), `{"aks":`), `}`))
			}
			if got := strings.Join(due, " "); got != want {
				t.Errorf("round %d: due are %s, want %s", round, got, want)
			}
		}
	})
}

// The event about the end of a consent names the record, the end and the reason. The end of a record on another basis
// is no event.
func TestWithdrawalEvent(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	h.subscribe(t, h.owner, "https://a.example/hook")
	for _, test := range []struct {
		basis  registerclient.LegalBasis
		reason *string
		want   bool
	}{
		{registerclient.BasisConsent, nil, true},
		{registerclient.BasisExplicitConsent, new("contract-ended"), true},
		{registerclient.BasisContract, nil, false},
	} {
		ak := h.access(t, h.owner, h.ir, test.basis)
		must(h.RevokeOwn(t.Context(), "owner", ak, test.reason))(t)
		events := h.events(t)
		if !test.want {
			if len(events) != 0 {
				t.Errorf("%s: announced %+v", test.basis, events)
			}

			continue
		}
		if len(events) != 1 {
			t.Fatalf("%s: %d events", test.basis, len(events))
		}

		got := must(events[0].ConsentWithdrawal())(t)
		if got.AK != ak || got.MPxN != meterPoint || got.DUID != h.owner.DUID || !got.RevokedAt.Equal(today) ||
			(got.Reason == nil) != (test.reason == nil) || got.Reason != nil && string(*got.Reason) != *test.reason {
			t.Errorf("%s: announced %+v", test.basis, got)
		}
	}
}

// expiring registers an access record of the owner that ends after some days.
func (h *house) expiring(t testing.TB, basis registerclient.LegalBasis, days int) string {
	t.Helper()
	in := registertest.AccessRecord(h.ir, basis)
	in.AccessEvent.Expiry = new(today.AddDate(0, 0, days))

	return must(h.register(t, h.owner, in))(t)
}

// expiries looks for what expires soon, and returns the announcements as the days that remain of each record.
func (h *house) expiries(t testing.TB) string {
	t.Helper()
	if err := h.AnnounceExpiries(t.Context()); err != nil {
		t.Fatal(err)
	}

	var announced []string
	for _, event := range h.events(t) {
		payload := must(event.ConsentExpiring())(t)
		announced = append(announced, fmt.Sprint(payload.AK, " ", payload.DaysRemaining))
	}

	return strings.Join(announced, ", ")
}

// The end of an active consent is announced once, the notice days of the subscription before it.
func TestAnnounceExpiries(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.subscribe(t, h.owner, "https://a.example/hook", registerclient.EventConsentExpiring)
		h.subscribe(t, h.owner, "https://b.example/hook", registerclient.EventTenancyChange)
		soon := h.expiring(t, registerclient.BasisConsent, 30)
		later := h.expiring(t, registerclient.BasisExplicitConsent, 31)
		h.expiring(t, registerclient.BasisContract, 10)
		revoked := h.expiring(t, registerclient.BasisConsent, 10)
		must(h.RevokeOwn(t.Context(), "owner", revoked, nil))(t)

		for _, test := range []struct {
			name string
			wait time.Duration
			want string
		}{
			{"30 days before", 0, soon + " 30"},
			{"again", 0, ""},
			{"a second too early", 24*time.Hour - time.Second, ""},
			{"a day later", time.Second, later + " 30"},
			{"after the end", 40 * 24 * time.Hour, ""},
		} {
			h.clock.Add(test.wait)
			if got := h.expiries(t); got != test.want {
				t.Errorf("%s: announced %q, want %q", test.name, got, test.want)
			}
		}

		h.expectAudited(t, "record.expiry-announced", 2)
	})
}

// A begun day counts as a day that remains.
func TestDaysRemaining(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	ak := h.expiring(t, registerclient.BasisConsent, 10)
	h.clock.Add(time.Hour)
	h.subscribe(t, h.owner, "https://a.example/hook")
	if got, want := h.expiries(t), ak+" 10"; got != want {
		t.Errorf("announced %q, want %q", got, want)
	}
}

// Each subscription is told once. A record that gets another end is announced again.
func TestExpiryIsAnnouncedToEachSubscription(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ak := h.expiring(t, registerclient.BasisConsent, 10)
		h.subscribe(t, h.owner, "https://a.example/hook")
		if got, want := h.expiries(t), ak+" 10"; got != want {
			t.Errorf("announced %q, want %q", got, want)
		}

		h.subscribe(t, h.owner, "https://b.example/hook")
		if got, want := h.expiries(t), ak+" 10"; got != want {
			t.Errorf("to the new subscription %q is announced, want %q", got, want)
		}

		replacement := registertest.AccessRecord(h.ir, registerclient.BasisConsent)
		replacement.AccessEvent.Expiry = new(today.AddDate(0, 0, 20))
		must(h.ReplaceAccess(t.Context(), "owner", ak, replacement))(t)
		if got, want := h.expiries(t), ak+" 20, "+ak+" 20"; got != want {
			t.Errorf("of the new end %q is announced, want %q", got, want)
		}
	})
}

// More ends than one transaction announces are all announced.
func TestExpiriesInBatches(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	const records = 201
	for i := range records {
		if i%20 == 0 { // as many as may be active at one meter point
			person := registertest.IdentityRecord(fmt.Sprintf("98%011d", i), "")
			h.ir = must(h.createIdentity(t, h.owner, person))(t).IR
		}

		h.expiring(t, registerclient.BasisConsent, 10)
	}
	h.subscribe(t, h.owner, "https://a.example/hook")
	if err := h.AnnounceExpiries(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(h.jobs(t)); got != records {
		t.Errorf("%d ends are announced, want %d", got, records)
	}
}

// Replicas that look at the same time announce an end once.
func TestReplicasAnnounceOnce(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		for range 10 {
			h.expiring(t, registerclient.BasisConsent, 10)
		}
		h.subscribe(t, h.owner, "https://a.example/hook")

		errs := make(chan error)
		for range 4 {
			replica := h.with(func(*rules.Options) {})
			go func() { errs <- replica.AnnounceExpiries(t.Context()) }()
		}
		for range 4 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}

		if got := len(h.jobs(t)); got != 10 {
			t.Errorf("%d announcements of 10 ends", got)
		}
	})
}

// An end that another replica announces between the look and the announcement is not announced again.
func TestEndIsAnnouncedMeanwhile(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	wid := h.subscribe(t, h.owner, "https://a.example/hook").WID
	ak := h.expiring(t, registerclient.BasisConsent, 10)
	errs := make(chan error)
	h.change(t, func(tx *store.Tx) error {
		// The transaction holds the only connection that writes. The other replica waits for it after its look.
		waiting := h.db.Write.Stats().WaitCount
		go func() { errs <- h.AnnounceExpiries(t.Context()) }()
		eventually(t, "the replica does not wait to write", func() bool {
			return h.db.Write.Stats().WaitCount > waiting
		})
		_, err := tx.InsertExpiryAnnouncement(t.Context(), wid, store.ExpiringRecord{
			AK: ak, MPxN: meterPoint, Expiry: store.Millis(today.AddDate(0, 0, 10)),
		})

		return err
	})
	if err := <-errs; err != nil {
		t.Fatal(err)
	}
	if jobs := h.jobs(t); len(jobs) != 0 {
		t.Errorf("announced again: %+v", jobs)
	}
}

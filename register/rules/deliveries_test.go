package rules_test

import (
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// withdrawn subscribes the owner, ends a consent, and returns the subscription and the queued event.
func (h *house) withdrawn(t testing.TB) (wid string, event store.Job) {
	t.Helper()
	wid = h.subscribe(t, h.owner, "https://bright.example/hook", registerclient.EventConsentWithdrawal).WID
	ak := h.access(t, h.owner, h.ir, registerclient.BasisConsent)
	must(h.RevokeOwn(t.Context(), "owner", ak, nil))(t)
	jobs := h.jobs(t)
	if len(jobs) != 1 {
		t.Fatalf("%d jobs are queued, want the event", len(jobs))
	}

	return wid, jobs[0]
}

// deliveries returns the deliveries of the owner's subscription that have a status.
func (h *house) deliveries(t testing.TB, wid string, status registerclient.DeliveryStatus) []registerclient.Delivery {
	t.Helper()
	list, _, err := h.ListDeliveries(t.Context(), "owner", wid, status, store.Page{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}

	return list
}

// endJob ends a job.
func (h *house) endJob(t testing.TB, job store.Job, outcome, lastError string) {
	t.Helper()
	if err := h.EndJob(t.Context(), job, rules.JobEnd{Outcome: outcome, LastError: lastError}); err != nil {
		t.Fatal(err)
	}
}

// A delivery is queued until it is delivered or given up, and is listed under its status.
func TestListDeliveries(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		wid, event := h.withdrawn(t)
		expect := func(status registerclient.DeliveryStatus, lastError string, ended bool) {
			t.Helper()
			for _, other := range []registerclient.DeliveryStatus{"", "queued", "delivered", "undelivered"} {
				want := 0
				if other == "" || other == status {
					want = 1
				}
				if got := len(h.deliveries(t, wid, other)); got != want {
					t.Errorf("%q: %d deliveries with status %q, want %d", status, got, other, want)
				}
			}

			got := h.deliveries(t, wid, "")[0]
			cause := ""
			if got.LastError != nil {
				cause = *got.LastError
			}
			if got.Status != status || got.EventID != event.ID || string(got.EventType) != event.Subject ||
				(got.NextAttemptAt != nil) == ended || (got.EndedAt != nil) != ended || cause != lastError {
				t.Errorf("%q: the delivery is %+v", status, got)
			}
		}
		expect(registerclient.DeliveryQueued, "", false)
		h.endJob(t, event, store.OutcomeUndelivered, "status 500")
		expect(registerclient.DeliveryUndelivered, "status 500", true)
		if _, err := h.redeliver(t, "owner", wid, event.ID); err != nil {
			t.Fatal(err)
		}
		expect(registerclient.DeliveryQueued, "status 500", false)
		h.endJob(t, h.jobs(t)[0], store.OutcomeDelivered, "")
		expect(registerclient.DeliveryDelivered, "", true)

		for name, test := range map[string][2]string{
			"another account's": {"portal", wid},
			"unknown":           {"owner", "wid_0123456789abcdef01234567"},
		} {
			_, _, err := h.ListDeliveries(t.Context(), test[0], test[1], "", store.Page{Limit: 10})
			expectRefusal(t, name, err, "not found NOT001")
		}
	})
}

// Deliveries are listed in pages, the newest first.
func TestListDeliveriesInPages(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		wid := h.subscribe(t, h.owner, "https://a.example/hook").WID
		for range 3 {
			h.clock.Add(time.Second)
			ak := h.access(t, h.owner, h.ir, registerclient.BasisConsent)
			must(h.RevokeOwn(t.Context(), "owner", ak, nil))(t)
		}

		first, next, err := h.ListDeliveries(t.Context(), "owner", wid, "", store.Page{Limit: 2})
		if err != nil || next == nil || len(first) != 2 || !first[0].CreatedAt.Equal(h.Now()) {
			t.Fatalf("the first page is %+v, then %v (%v)", first, next, err)
		}

		second, next, err := h.ListDeliveries(t.Context(), "owner", wid, "", store.Page{Limit: 2, After: next})
		if err != nil || next != nil || len(second) != 1 || !second[0].CreatedAt.Equal(today.Add(time.Second)) {
			t.Errorf("the second page is %+v, then %v (%v)", second, next, err)
		}
	})
}

// redeliver queues an event again.
func (h *house) redeliver(
	t testing.TB, accountID, wid, eventID string,
) (delivery registerclient.Delivery, err error) {
	t.Helper()
	err = h.store.Transact(t.Context(), func(tx *store.Tx) (err error) {
		delivery, err = h.Redeliver(t.Context(), tx, accountID, wid, eventID)

		return err
	})

	return delivery, err
}

// Only an ended event of the account's own subscription is queued again, under the same id and with no attempts.
func TestRedeliver(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		wid, event := h.withdrawn(t)
		_, err := h.redeliver(t, "owner", wid, event.ID)
		expectRefusal(t, "queued already", err, "conflict CON001")

		h.endJob(t, event, store.OutcomeUndelivered, "status 500")
		h.clock.Add(time.Hour)
		for _, test := range []struct{ name, account, wid, event, want string }{
			{"another account's", "portal", wid, event.ID, "not found NOT001"},
			{"unknown subscription", "owner", "wid_0123456789abcdef01234567", event.ID, "not found NOT001"},
			{"unknown event", "owner", wid, "evt_0123456789abcdef01234567", "not found NOT001"},
			{"own", "owner", wid, event.ID, ""},
			{"again", "owner", wid, event.ID, "conflict CON001"},
		} {
			delivery, err := h.redeliver(t, test.account, test.wid, test.event)
			expectRefusal(t, test.name, err, test.want)
			if err == nil && (delivery.Attempts != 0 || !delivery.NextAttemptAt.Equal(h.Now())) {
				t.Errorf("%s: queued as %+v", test.name, delivery)
			}
		}

		h.expectAudited(t, "delivery.requeued", 1)
	})
}

// The alert address gets one letter about an event that is given up. An attempt that has lost the job ends nothing.
func TestEndJob(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		wid, event := h.withdrawn(t)
		late := event
		late.Attempts++
		h.endJob(t, late, store.OutcomeUndelivered, "too late")
		h.expectAudited(t, "delivery.undelivered", 0)

		h.endJob(t, event, store.OutcomeUndelivered, "status 500")
		h.endJob(t, event, store.OutcomeUndelivered, "status 500")
		letters := h.letters(t)
		if len(letters) != 1 || letters[0].To != alertEmail {
			t.Fatalf("letters went to %+v", letters)
		}

		list := origin + "/v1/webhooks/" + wid + "/deliveries"
		for _, text := range []string{
			event.ID, wid, "consent.withdrawal", "bright.example", "status 500", list + "?status=undelivered",
			list + "/" + event.ID + "/redeliver",
		} {
			if !strings.Contains(letters[0].Message.Text, text) {
				t.Errorf("the letter does not say %q: %s", text, letters[0].Message.Text)
			}
		}
		if strings.Contains(letters[0].Message.Text, "/hook") || strings.Contains(letters[0].Message.Text, meterPoint) {
			t.Errorf("the letter says too much: %s", letters[0].Message.Text)
		}

		h.expectAudited(t, "delivery.undelivered", 1)
	})
}

// A letter that is given up causes no other letter.
func TestEndJobOfLetter(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
	h.endJob(t, h.jobs(t)[0], store.OutcomeUndelivered, "no such mailbox")
	if jobs := h.jobs(t); len(jobs) != 0 {
		t.Errorf("still queued: %+v", jobs)
	}
}

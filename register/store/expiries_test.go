package store_test

import (
	"slices"
	"testing"
	"time"

	"central.consent/dar/register/store"
)

func TestExpiryAnnouncements(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		identity := d.identity("bright", "2020-01-01")
		webhook := d.webhook("bright", "https://example.org")
		const days = 24 * time.Hour
		soon := d.record(identity, expiring(days))
		last := d.record(identity, expiring(30*days))
		d.record(identity, expiring(0))
		d.record(identity, expiring(30*days+time.Millisecond))
		d.record(identity)
		d.record(identity, expiring(days), func(r *store.AccessRecord) { r.LegalBasis = "uk-public-task" })

		list := func() []store.ExpiringRecord {
			t.Helper()
			until := now.Add(30 * days)
			found, err := d.ListExpiring(t.Context(), "bright", webhook.WID, now, until, 10)
			if err != nil {
				t.Fatal(err)
			}

			return found
		}
		keys := func() (aks []string) {
			t.Helper()
			for _, record := range list() {
				aks = append(aks, record.AK)
			}

			return aks
		}
		if got := keys(); !slices.Equal(got, []string{soon.AK, last.AK}) {
			t.Fatalf("expiring: %v, want %v", got, []string{soon.AK, last.AK})
		}

		first := list()[0]
		announce := func(tx *store.Tx) (bool, error) {
			return tx.InsertExpiryAnnouncement(t.Context(), webhook.WID, first)
		}
		if got := d.concurrently(6, announce); got != 1 {
			t.Errorf("announced %d times, want 1", got)
		}
		if got := keys(); !slices.Equal(got, []string{last.AK}) {
			t.Errorf("after the announcement: %v, want %v", got, []string{last.AK})
		}

		second := list()[0]
		second.Expiry = store.Millis(now.Add(2 * days))
		expect(t, "announce an expiry that the record no longer has", d.changes(func(tx *store.Tx) (bool, error) {
			return tx.InsertExpiryAnnouncement(t.Context(), webhook.WID, second)
		}), false)
	})
}

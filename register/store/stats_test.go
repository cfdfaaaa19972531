package store_test

import (
	"testing"

	"central.consent/dar/register/store"
)

func TestReady(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		if err := d.Ready(t.Context()); err != nil {
			t.Error(err)
		}

		// As an older program would have left it.
		if _, err := d.db.Write.Exec(`DELETE FROM register_schema_version WHERE version_id > 4`); err != nil {
			t.Fatal(err)
		}
		if err := d.Ready(t.Context()); err == nil {
			t.Error("an old schema is ready")
		}
	})
}

func TestCountAll(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		d.account("suspended", "data_user")
		d.changes(func(tx *store.Tx) (bool, error) {
			return tx.SuspendAccount(t.Context(), "suspended", "misconduct", now)
		})
		identity := d.identity("bright", "2020-01-01")
		d.record(identity)
		d.record(identity, expiring(0))
		d.webhook("bright", "https://example.org/a")
		deleted := d.webhook("bright", "https://example.org/b")
		d.change(func(tx *store.Tx) error { return tx.DeleteWebhook(t.Context(), "bright", deleted.WID, now) })

		got, err := d.CountAll(t.Context(), store.Millis(now))
		want := store.Stats{
			Accounts:       2,
			ActiveAccounts: 1,
			Records:        2,
			ActiveRecords:  1,
			Webhooks:       2,
			ActiveWebhooks: 1,
		}
		if err != nil || got != want {
			t.Errorf("%+v, want %+v (%v)", got, want, err)
		}
	})
}

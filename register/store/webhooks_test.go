package store_test

import (
	"errors"
	"testing"

	"central.consent/dar/register/store"
)

// webhook inserts a webhook of an account.
func (d *data) webhook(accountID, address string) store.Webhook {
	d.t.Helper()
	webhook := newWebhook(d.key("wid"), accountID, address)
	d.change(func(tx *store.Tx) error { return tx.InsertWebhook(d.t.Context(), webhook) })

	return webhook
}

func newWebhook(wid, accountID, address string) store.Webhook {
	return store.Webhook{
		WID:              wid,
		AccountID:        accountID,
		CallbackURL:      address,
		NotifyDaysBefore: 30,
		KeyID:            "k1",
		SealedAlertEmail: []byte("email"),
		SealedSecret:     []byte("secret"),
		CreatedAt:        store.Millis(now),
	}
}

// An account has at most one webhook for an address, until that is deleted.
func TestWebhookAddressIsUnique(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		d.account("other", "data_user")
		first := d.webhook("bright", "https://example.org/a")
		second := d.webhook("bright", "https://example.org/b")
		d.webhook("other", "https://example.org/a")

		again := newWebhook(d.key("wid"), "bright", "https://example.org/a")
		insert := func() error {
			return d.Transact(t.Context(), func(tx *store.Tx) error { return tx.InsertWebhook(t.Context(), again) })
		}
		if err := insert(); !errors.Is(err, store.ErrConflict) {
			t.Errorf("insert: %v, want ErrConflict", err)
		}

		second.CallbackURL = first.CallbackURL
		err := d.Transact(t.Context(), func(tx *store.Tx) error { return tx.UpdateWebhook(t.Context(), second) })
		if !errors.Is(err, store.ErrConflict) {
			t.Errorf("update: %v, want ErrConflict", err)
		}

		remove := func(account string) error {
			return d.Transact(t.Context(), func(tx *store.Tx) error {
				return tx.DeleteWebhook(t.Context(), account, first.WID, now)
			})
		}
		if err := remove("other"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("delete by another account: %v, want ErrNotFound", err)
		}
		if err := remove("bright"); err != nil {
			t.Error(err)
		}
		if err := remove("bright"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("delete again: %v, want ErrNotFound", err)
		}
		if err := insert(); err != nil {
			t.Errorf("insert after the deletion: %v", err)
		}

		deleted, err := d.FindWebhook(t.Context(), first.WID)
		if err != nil || deleted.DeletedAt == nil {
			t.Errorf("a deleted webhook is not found: %+v, %v", deleted, err)
		}

		all, err := d.ListAllWebhooks(t.Context())
		if err != nil || len(all) != 3 || all[0].DUID == "" {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

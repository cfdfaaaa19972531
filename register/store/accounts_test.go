package store_test

import (
	"errors"
	"testing"

	"central.consent/dar/register/store"
)

func TestAccountStatus(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		account := d.account("bright", "data_user")
		suspend := func(tx *store.Tx) (bool, error) {
			return tx.SuspendAccount(t.Context(), "bright", "misconduct", now)
		}
		reactivate := func(tx *store.Tx) (bool, error) { return tx.ReactivateAccount(t.Context(), "bright") }
		terminate := func(tx *store.Tx) (bool, error) {
			return tx.TerminateAccount(t.Context(), "bright", "misconduct", now)
		}
		for _, step := range []struct {
			name   string
			change func(*store.Tx) (bool, error)
			want   bool
			status string
		}{
			{"reactivate an active account", reactivate, false, "active"},
			{"suspend", suspend, true, "suspended"},
			{"suspend again", suspend, false, "suspended"},
			{"reactivate", reactivate, true, "active"},
			{"terminate", terminate, true, "terminated"},
			{"terminate again", terminate, false, "terminated"},
			{"reactivate a terminated account", reactivate, false, "terminated"},
			{"suspend a terminated account", suspend, false, "terminated"},
		} {
			expect(t, step.name, d.changes(step.change), step.want)

			found, err := d.FindAccount(t.Context(), account.AccountID)
			if err != nil || found.Status != step.status {
				t.Errorf("%s: status %q, want %q (%v)", step.name, found.Status, step.status, err)
			}

			expect(t, step.name+", suspended at", found.SuspendedAt != nil, step.status != "active")
		}
	})
}

func TestAccountKeysAreUnique(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		first := d.account("first", "data_user")
		for name, change := range map[string]func(*store.Account){
			"same id":   func(a *store.Account) { a.AccountID = first.AccountID },
			"same DUID": func(a *store.Account) { a.DUID = first.DUID },
		} {
			other := first
			other.AccountID = "other"
			other.DUID = "duid of other"
			change(&other)

			err := d.Transact(t.Context(), func(tx *store.Tx) error { return tx.InsertAccount(t.Context(), other) })
			if !errors.Is(err, store.ErrConflict) {
				t.Errorf("%s: %v, want ErrConflict", name, err)
			}
		}
	})
}

func TestFindDataUser(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		user := d.account("bright", "data_user")
		portal := d.account("portal", "portal")
		if found, err := d.FindDataUser(t.Context(), user.DUID); err != nil || found.AccountID != user.AccountID {
			t.Errorf("%+v, %v", found, err)
		}
		if _, err := d.FindDataUser(t.Context(), portal.DUID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a portal's DUID: %v, want ErrNotFound", err)
		}
	})
}

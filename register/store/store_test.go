package store_test

import (
	"errors"
	"testing"

	"central.consent/dar/register/store"
)

// A transaction sees what it has written, others see it after the commit, and nobody sees it after a failure.
func TestTransact(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		failure := errors.New("failure")
		for _, test := range []struct {
			id  string
			err error
		}{
			{"committed", nil},
			{"rolled_back", failure},
		} {
			account := store.Account{AccountID: test.id, DUID: test.id, Role: "portal", Status: "active"}
			err := d.Transact(t.Context(), func(tx *store.Tx) error {
				if err := tx.InsertAccount(t.Context(), account); err != nil {
					return err
				}
				if _, err := tx.FindAccount(t.Context(), test.id); err != nil {
					t.Errorf("%s, in the transaction: %v", test.id, err)
				}
				if _, err := d.FindAccount(t.Context(), test.id); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("%s, outside of the transaction: %v, want ErrNotFound", test.id, err)
				}

				tx.Audit(auditEvent(test.id))

				return test.err
			})
			if !errors.Is(err, test.err) {
				t.Errorf("%s: %v, want %v", test.id, err, test.err)
			}

			_, err = d.FindAccount(t.Context(), test.id)
			expect(t, test.id+", found afterwards", err == nil, test.err == nil)

			_, rows, err := d.ListAudit(t.Context(), store.AuditFilter{AccountID: test.id}, store.Page{Limit: 1})
			if err != nil {
				t.Fatal(err)
			}

			expect(t, test.id+", audited", rows.Rows == 1, test.err == nil)
		}
	})
}

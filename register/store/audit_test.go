package store_test

import (
	"errors"
	"fmt"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// fillLog fills an audit log until a chain has four rows: each transaction writes to a random chain. It returns the
// head of that chain.
func fillLog(t *testing.T, d registertest.Database) (*registertest.Register, *store.Store, store.AuditHead) {
	t.Helper()
	r := registertest.New(t, registertest.On(d))
	s := store.New(r.DB.Write, r.DB.Read)
	next := 0
	for {
		for range 20 {
			err := s.Transact(t.Context(), func(tx *store.Tx) error {
				for range 2 {
					next++
					tx.Audit(store.AuditEvent{
						EventID:   fmt.Sprintf("aud_%024x", next),
						At:        store.Millis(r.Clock.Now()),
						AccountID: "portal_ops",
						EventType: "records.read",
						MPxN:      registertest.MeterPoint,
						Detail:    "{}",
					})
				}

				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}

		heads, err := s.AuditHeads(t.Context())
		if err != nil {
			t.Fatal(err)
		}

		for _, head := range heads {
			if head.Length >= 4 {
				return r, s, head
			}
		}
	}
}

// unlock drops the triggers that keep the log append-only.
func unlock(t *testing.T, r *registertest.Register) {
	t.Helper()
	drop := []string{`DROP TRIGGER audit_events_no_update`, `DROP TRIGGER audit_events_no_delete`}
	if r.DB.Postgres {
		drop = []string{`DROP TRIGGER audit_events_append_only ON audit_events`}
	}

	for _, statement := range drop {
		if _, err := r.DB.Write.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
}

// The verification of the audit log finds the first row that was altered, removed or added, and names it.
func TestVerifyAuditFindsTampering(t *testing.T) {
	t.Parallel()
	const (
		copyHash = `UPDATE audit_events
			SET hash = (SELECT hash FROM audit_events o WHERE o.chain = audit_events.chain AND o.place = 1)
			WHERE chain = ? AND place = ?`
		copyRow = `INSERT INTO audit_events
				(chain, place, event_id, at, account_id, event_type, ak, mpxn, detail, hash)
			SELECT chain, place + 1, 'aud_extra', at, account_id, event_type, ak, mpxn, detail, hash
			FROM audit_events WHERE chain = ? AND place = ?`
	)
	update := func(set string) string { return `UPDATE audit_events SET ` + set + ` WHERE chain = ? AND place = ?` }
	firstRow := func(store.AuditHead) int64 { return 1 }
	secondRow := func(store.AuditHead) int64 { return 2 }
	lastRow := func(head store.AuditHead) int64 { return head.Length }
	rowAfterLast := func(head store.AuditHead) int64 { return head.Length + 1 }
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		for _, test := range []struct {
			name, statement string
			place           func(head store.AuditHead) int64 // of the row to change
			fault           func(head store.AuditHead) int64 // of the row in the error
		}{
			{"altered detail", update(`detail = '{"x":1}'`), secondRow, secondRow},
			{"altered time", update(`at = at + 1`), secondRow, secondRow},
			{"altered account", update(`account_id = 'another'`), secondRow, secondRow},
			{"meter point in another column", update(`ak = mpxn, mpxn = ''`), secondRow, secondRow},
			{"altered hash", copyHash, secondRow, secondRow},
			{"removed row", `DELETE FROM audit_events WHERE chain = ? AND place = ?`, secondRow, secondRow},
			{"removed first row", `DELETE FROM audit_events WHERE chain = ? AND place = ?`, firstRow, firstRow},
			{"removed tail", `DELETE FROM audit_events WHERE chain = ? AND place >= ?`, lastRow, lastRow},
			{"extra row", copyRow, lastRow, rowAfterLast},
		} {
			t.Run(test.name, func(t *testing.T) {
				t.Parallel()
				r, s, head := fillLog(t, d)
				rows, err := s.VerifyAudit(t.Context(), nil)
				if err != nil || rows == 0 {
					t.Fatalf("untouched: %d rows, %v", rows, err)
				}

				unlock(t, r)
				registertest.Tamper(t, r, test.statement, head.Chain, test.place(head))
				_, err = s.VerifyAudit(t.Context(), nil)
				fault, ok := errors.AsType[store.AuditFault](err)
				if !ok || fault.Chain != head.Chain || fault.Place != test.fault(head) {
					t.Errorf("found %v, want chain %d, row %d", err, head.Chain, test.fault(head))
				}
			})
		}
	})
}

// A person who can write to the database can make a chain valid again. A head that was stored elsewhere still finds
// that.
func TestVerifyAuditByStoredHeads(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r, s, head := fillLog(t, d)
		stored, err := s.AuditHeads(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.VerifyAudit(t.Context(), stored); err != nil {
			t.Fatalf("untouched: %v", err)
		}

		unlock(t, r)
		registertest.Tamper(t, r, `DELETE FROM audit_events WHERE chain = ? AND place = ?`, head.Chain, head.Length)
		registertest.Tamper(t, r, `UPDATE audit_chains SET length = length - 1, hash = (SELECT hash FROM audit_events e
			WHERE e.chain = audit_chains.chain AND e.place = audit_chains.length - 1) WHERE chain = ?`, head.Chain)
		if _, err := s.VerifyAudit(t.Context(), nil); err != nil {
			t.Fatalf("the chain is not valid again: %v", err)
		}

		_, err = s.VerifyAudit(t.Context(), stored)
		fault, ok := errors.AsType[store.AuditFault](err)
		if !ok || fault.Chain != head.Chain || fault.Place != head.Length {
			t.Errorf("found %v, want chain %d, row %d", err, head.Chain, head.Length)
		}

		stored[head.Chain].Length = 1
		stored[head.Chain].Hash = []byte("another")
		if _, err := s.VerifyAudit(t.Context(), stored); err == nil {
			t.Error("another hash of the first row was accepted")
		}
	})
}

// The database itself refuses to change or delete an event.
func TestAuditLogIsAppendOnly(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		r.Client(t, registerclient.RolePortal)
		statements := []string{`UPDATE audit_events SET detail = '{}'`, `DELETE FROM audit_events`}
		if r.DB.Postgres {
			statements = append(statements, `TRUNCATE audit_events`)
		}

		for _, statement := range statements {
			if _, err := r.DB.Write.Exec(statement); err == nil {
				t.Errorf("%s was accepted", statement)
			}
		}
	})
}

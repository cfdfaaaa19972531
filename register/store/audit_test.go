package store_test

import (
	"errors"
	"fmt"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// logOf is a store whose audit log has some rows, and its longest chain.
func logOf(t *testing.T, d registertest.Database) (*registertest.Register, *store.Store, store.AuditHead) {
	t.Helper()
	r := registertest.New(t, registertest.On(d))
	service := store.New(r.DB.Write, r.DB.Read)
	// Until a chain has four rows: they are chosen at random.
	next := 0
	for {
		for range 20 {
			err := service.Transact(t.Context(), func(tx *store.Tx) error {
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

		heads, err := service.AuditHeads(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, head := range heads {
			if head.Length >= 4 {
				return r, service, head
			}
		}
	}
}

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

func TestAuditLogFindsWhatWasDoneToIt(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		for _, test := range []struct {
			name, statement string
			place           func(head store.AuditHead) int64 // of the row to change
			fault           func(head store.AuditHead) int64 // of the row that is named
		}{
			{
				"an altered detail",
				`UPDATE audit_events SET detail = '{"x":1}' WHERE chain = ? AND place = ?`,
				secondRow,
				secondRow,
			},
			{
				"an altered time",
				`UPDATE audit_events SET at = at + 1 WHERE chain = ? AND place = ?`,
				secondRow,
				secondRow,
			},
			{
				"an altered account",
				`UPDATE audit_events SET account_id = 'somebody' WHERE chain = ? AND place = ?`,
				secondRow,
				secondRow,
			},
			{
				"a meter point that moved to another column",
				`UPDATE audit_events SET ak = mpxn, mpxn = '' WHERE chain = ? AND place = ?`,
				secondRow,
				secondRow,
			},
			{
				"an altered hash",
				`UPDATE audit_events SET hash = (SELECT hash FROM audit_events o WHERE o.chain = audit_events.chain AND o.place = 1)
				WHERE chain = ? AND place = ?`,
				secondRow,
				secondRow,
			},
			{"a removed row", `DELETE FROM audit_events WHERE chain = ? AND place = ?`, secondRow, secondRow},
			{
				"a removed first row",
				`DELETE FROM audit_events WHERE chain = ? AND place = ?`,
				func(store.AuditHead) int64 {
					return 1
				},
				func(store.AuditHead) int64 {
					return 1
				},
			},
			{"a removed tail", `DELETE FROM audit_events WHERE chain = ? AND place >= ?`, lastRow, lastRow},
			{
				"an extra row",
				`INSERT INTO audit_events (chain, place, event_id, at, account_id, event_type, ak, mpxn, detail, hash)
				SELECT chain, place + 1, 'aud_extra', at, account_id, event_type, ak, mpxn, detail, hash FROM audit_events WHERE chain = ? AND place = ?`,
				lastRow,
				func(head store.AuditHead) int64 {
					return head.Length + 1
				},
			},
		} {
			t.Run(test.name, func(t *testing.T) {
				t.Parallel()
				r, service, head := logOf(t, d)
				rows, err := service.VerifyAudit(t.Context(), nil)
				if err != nil || rows == 0 {
					t.Fatalf("untouched: %d rows, %v", rows, err)
				}

				unlock(t, r)
				registertest.Tamper(t, r, test.statement, head.Chain, test.place(head))
				_, err = service.VerifyAudit(t.Context(), nil)
				fault, ok := errors.AsType[store.AuditFault](err)
				if !ok || fault.Chain != head.Chain || fault.Place != test.fault(head) {
					t.Errorf("found %v, want chain %d, row %d", err, head.Chain, test.fault(head))
				}
			})
		}
	})
}

func secondRow(store.AuditHead) int64    { return 2 }
func lastRow(head store.AuditHead) int64 { return head.Length }

// Whoever writes the database can make the chain whole again: not so a head that was kept elsewhere.
func TestKeptHeadsFindALogThatWasMadeWholeAgain(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r, service, head := logOf(t, d)
		kept, err := service.AuditHeads(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := service.VerifyAudit(t.Context(), kept); err != nil {
			t.Fatalf("untouched: %v", err)
		}

		unlock(t, r)
		registertest.Tamper(t, r, `DELETE FROM audit_events WHERE chain = ? AND place = ?`, head.Chain, head.Length)
		registertest.Tamper(t, r, `UPDATE audit_chains SET length = length - 1, hash = (SELECT hash FROM audit_events e
			WHERE e.chain = audit_chains.chain AND e.place = audit_chains.length - 1) WHERE chain = ?`, head.Chain)
		if _, err := service.VerifyAudit(t.Context(), nil); err != nil {
			t.Fatalf("the chain is not whole: %v", err)
		}

		_, err = service.VerifyAudit(t.Context(), kept)
		fault, ok := errors.AsType[store.AuditFault](err)
		if !ok || fault.Chain != head.Chain || fault.Place != head.Length {
			t.Errorf("found %v, want chain %d, row %d", err, head.Chain, head.Length)
		}

		forged := kept
		forged[head.Chain].Length, forged[head.Chain].Hash = 1, []byte("another")
		if _, err := service.VerifyAudit(t.Context(), forged); err == nil {
			t.Error("another hash of the first row was accepted")
		}
	})
}

func TestAuditLogRefusesToChange(t *testing.T) {
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

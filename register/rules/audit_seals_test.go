package rules_test

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"central.consent/dar/migrations"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
)

// auditRules returns rules over a database, with these keys, as a replica of its own has them.
func auditRules(t *testing.T, db *migrations.DB, keys string) (*rules.Rules, *store.Store) {
	t.Helper()
	data := store.New(db.Write, db.Read)
	clock := &registertest.Clock{}
	clock.Set(today)

	return rules.New(rules.Options{
		Store:      data,
		Keys:       must(rules.NewKeyring(keys))(t),
		SecretCost: registertest.SecretCost,
		Clock:      clock.Now,
	}), data
}

// appendAudited appends rows to the audit log, each in a transaction of its own.
func appendAudited(t *testing.T, data *store.Store, rows int) {
	t.Helper()
	for range rows {
		err := data.Transact(t.Context(), func(tx *store.Tx) error {
			tx.Audit(store.AuditEvent{
				EventID: rules.NewID("aud"), At: store.Millis(today), EventType: "records.read", Detail: "{}",
			})

			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// expectVerified fails the test unless the audit log is good and has this many rows.
func expectVerified(t *testing.T, data *store.Store, want int64) {
	t.Helper()
	if rows, err := data.VerifyAudit(t.Context(), nil); err != nil || rows != want {
		t.Errorf("%d rows, want %d: %v", rows, want, err)
	}
}

// Replicas that start at once, each with a store of its own, add one seal. Those that start later add none.
func TestReplicasSealOnce(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		db := d.Open(t, migrations.Register)
		key := rules.GenerateKey("a")

		var group sync.WaitGroup
		var sealings atomic.Int64
		for range 8 {
			group.Go(func() {
				replica, data := auditRules(t, db, key)
				sealed, err := replica.SealAudit(t.Context())
				if err != nil {
					t.Error(err)
				}
				if sealed {
					sealings.Add(1)
				}

				appendAudited(t, data, 5)
			})
		}
		group.Wait()

		replica, data := auditRules(t, db, key)
		if sealed := must(replica.SealAudit(t.Context()))(t); sealed || sealings.Load() != 1 {
			t.Errorf("sealed %d times, and again: %t", sealings.Load(), sealed)
		}
		if seals := must(data.AuditSeals(t.Context()))(t); len(seals) != 1 {
			t.Errorf("%d seals", len(seals))
		}

		expectVerified(t, data, 40)
	})
}

// A register without the key of the seal does not start.
func TestSealNeedsItsKey(t *testing.T) {
	t.Parallel()
	db := registertest.SQLite.Open(t, migrations.Register)
	first, _ := auditRules(t, db, rules.GenerateKey("a"))
	must(first.SealAudit(t.Context()))(t)

	for keys, want := range map[string]string{
		rules.GenerateKey("b"): `no key "a"`,
		rules.GenerateKey("a"): "the seals are not those that were written",
	} {
		other, data := auditRules(t, db, keys)
		if _, err := other.SealAudit(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("started: %v, want %q", err, want)
		}
		if _, err := data.VerifyAudit(t.Context(), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("verified: %v, want %q", err, want)
		}
	}
}

// The keys are rotated while a replica serves. Afterwards the log verifies with the new key alone, and the replica goes
// on with it.
func TestAuditKeysAreRotated(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		db := d.Open(t, migrations.Register)
		keys := []string{rules.GenerateKey("a"), rules.GenerateKey("b"), rules.GenerateKey("c")}
		serving, served := auditRules(t, db, strings.Join(keys, ","))
		must(serving.SealAudit(t.Context()))(t)
		want := int64(0)
		for i := range keys {
			// The first rotation is to the key that is in use already.
			rotating, _ := auditRules(t, db, keys[i]+othersThan(keys, i))

			var group sync.WaitGroup
			group.Go(func() { appendAudited(t, served, 20) })
			must(rotating.RotateKeys(t.Context(), func(int) {}))(t)
			group.Wait()
			appendAudited(t, served, 20)

			want += 41 // with the row of the rotation
			_, alone := auditRules(t, db, keys[i])
			expectVerified(t, alone, want)
			if seals := must(alone.AuditSeals(t.Context()))(t); len(seals) != i+1 {
				t.Errorf("%d seals, want %d", len(seals), i+1)
			}
		}

		must(serving.RotateKeys(t.Context(), func(int) {}))(t) // back to the first key
		_, alone := auditRules(t, db, keys[0])
		expectVerified(t, alone, want+1)
	})
}

// othersThan returns the keys but one, each after a comma.
func othersThan(keys []string, i int) string {
	others := ""
	for j, key := range keys {
		if j != i {
			others += "," + key
		}
	}

	return others
}

// lastVersion is the version of the schema before the audit log was sealed.
const lastVersion = 9

// The database of a program before seals is sealed when the new program starts. Its rows verify, a changed one is
// found, and the earlier program is refused.
func TestFormerAuditLogIsSealed(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		address := d.Address(t)
		openFormer(t, address)
		db, err := migrations.Open(t.Context(), address, migrations.Register)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })

		replica, data := auditRules(t, db, rules.GenerateKey("a"))
		if _, err := data.VerifyAudit(t.Context(), nil); !errors.Is(err, store.ErrAuditUnsealed) {
			t.Errorf("before it is sealed: %v", err)
		}
		checkpoint := must(data.AuditHeads(t.Context()))(t)
		if sealed := must(replica.SealAudit(t.Context()))(t); !sealed {
			t.Error("it is not sealed")
		}

		expectVerified(t, data, 60)
		appendAudited(t, data, 10)
		if rows, err := data.VerifyAudit(t.Context(), checkpoint); err != nil || rows != 70 {
			t.Errorf("with the earlier program's checkpoint: %d rows, want 70: %v", rows, err)
		}
		if seals := must(data.AuditSeals(t.Context()))(t); must(seals[0].Rows())(t) != 60 {
			t.Errorf("the seal does not cover 60 rows: %s", seals[0].Heads)
		}
		if err := appendFormer(db, 3, "aud_new"); err == nil || !strings.Contains(err.Error(), "older than its seal") {
			t.Errorf("the earlier program is not refused: %v", err)
		}

		expectVerified(t, data, 70)
		expectFormerRowsProtected(t, db, data)
	})
}

// expectFormerRowsProtected changes a row from before the seal, and then computes all unkeyed hashes behind it again.
func expectFormerRowsProtected(t *testing.T, db *migrations.DB, data *store.Store) {
	t.Helper()
	unlock := []string{`DROP TRIGGER audit_events_no_update`}
	if db.Postgres {
		unlock = []string{`DROP TRIGGER audit_events_append_only ON audit_events`}
	}

	for _, statement := range append(unlock,
		`UPDATE audit_events SET account_id = 'another' WHERE chain = 3 AND place = 5`) {
		if _, err := db.Write.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}

	_, err := data.VerifyAudit(t.Context(), nil)
	if fault, ok := errors.AsType[store.AuditFault](err); !ok || fault.Chain != 3 || fault.Place != 5 {
		t.Errorf("a changed row: found %v, want chain 3, row 5", err)
	}

	var rows []store.AuditEvent
	if err := db.Write.Select(
		&rows,
		`SELECT * FROM audit_events WHERE chain = 3 AND seal = 0 ORDER BY place`,
	); err != nil {
		t.Fatal(err)
	}

	var before []byte
	for _, row := range rows {
		before = formerHash(row, before)
		if _, err := db.Write.Exec(db.Write.Rebind(`UPDATE audit_events SET hash = ? WHERE event_id = ?`),
			before, row.EventID); err != nil {
			t.Fatal(err)
		}
	}

	_, err = data.VerifyAudit(t.Context(), nil)
	if fault, ok := errors.AsType[store.AuditFault](err); !ok || fault.Chain != 3 || fault.Place != int64(len(rows)) {
		t.Errorf("a chain that was computed again: found %v, want chain 3, row %d", err, len(rows))
	}
}

// openFormer makes a database of the last version without seals, with 60 rows of the audit log in 6 chains.
func openFormer(t *testing.T, address string) {
	t.Helper()
	db := registertest.OpenAt(t, address, migrations.Register, lastVersion)
	defer db.Close()

	for i := range 60 {
		if err := appendFormer(db, i%6, fmt.Sprintf("aud_%024x", i)); err != nil {
			t.Fatal(err)
		}
	}
}

// appendFormer appends a row to a chain with the statements of the program before seals.
func appendFormer(db *migrations.DB, chain int, id string) error {
	tx, err := db.Write.Beginx()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()

	var head store.AuditHead
	if err := tx.Get(&head, tx.Rebind(
		`UPDATE audit_chains SET length = length WHERE chain = ? RETURNING chain, length, hash`), chain); err != nil {
		return err
	}

	event := store.AuditEvent{
		Chain: chain, Place: head.Length + 1, EventID: id, At: store.Millis(today), AccountID: "portal_ops",
		EventType: "records.read", MPxN: meterPoint, Detail: "{}",
	}
	event.Hash = formerHash(event, head.Hash)
	if _, err := tx.NamedExec(`INSERT INTO audit_events
		(chain, place, event_id, at, account_id, event_type, ak, mpxn, detail, hash) VALUES
		(:chain, :place, :event_id, :at, :account_id, :event_type, :ak, :mpxn, :detail, :hash)`, event); err != nil {
		return err
	}
	if _, err := tx.Exec(tx.Rebind(`UPDATE audit_chains SET length = ?, hash = ? WHERE chain = ?`),
		event.Place, event.Hash, chain); err != nil {
		return err
	}

	return tx.Commit()
}

// formerHash is the hash of a row as the program before seals computed it.
func formerHash(e store.AuditEvent, before []byte) []byte {
	h := sha256.New()
	writeNumber := func(n int64) { h.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) }
	h.Write(before)
	writeNumber(int64(e.Chain))
	writeNumber(e.Place)
	writeNumber(e.At.Time().UnixMilli())
	for _, text := range []string{e.EventID, e.AccountID, e.EventType, e.AK, e.MPxN, e.Detail} {
		writeNumber(int64(len(text)))
		h.Write([]byte(text))
	}

	return h.Sum(nil)
}

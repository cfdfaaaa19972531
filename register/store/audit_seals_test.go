package store_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"central.consent/dar/register/store"
)

// testKeys opens the keys of the audit log under test. A wrapped key is the key behind a word.
type testKeys struct{}

func (testKeys) AuditKey(seal store.AuditSeal) ([]byte, error) {
	if seal.WrappedKey != nil {
		return bytes.TrimPrefix(seal.WrappedKey, []byte("wrapped ")), nil
	}

	key := sha256.Sum256(fmt.Appendf(nil, "%s %d", seal.KeyID, seal.Number))

	return key[:], nil
}

// seal adds a seal with a key of this master key.
func (d *data) seal(keyID string) {
	d.t.Helper()
	d.UseAuditKeys(testKeys{})
	d.change(func(tx *store.Tx) error {
		seals, err := tx.HoldAuditSeals(d.t.Context())
		if err != nil {
			return err
		}

		for i, seal := range seals {
			key, err := testKeys{}.AuditKey(seal)
			if err != nil {
				return err
			}

			seals[i].KeyID = keyID
			seals[i].WrappedKey = append([]byte("wrapped "), key...)
		}

		next := store.AuditSeal{Number: len(seals) + 1, SealedAt: store.Millis(now), KeyID: keyID}
		key, err := testKeys{}.AuditKey(next)
		if err != nil {
			return err
		}

		return tx.SealAudit(d.t.Context(), append(seals, next), key)
	})
}

// eachSealed runs a test on a fresh store with a sealed audit log on every kind of database.
func eachSealed(t *testing.T, test func(t *testing.T, d *data)) {
	t.Helper()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.seal("k1")
		test(t, d)
	})
}

// write appends rows to the audit log in a number of transactions, each of one to three rows.
func (d *data) write(transactions int) {
	d.t.Helper()
	for i := range transactions {
		d.change(func(tx *store.Tx) error {
			for range 1 + i%3 {
				tx.Audit(auditEvent("portal_ops"))
			}

			return nil
		})
	}
}

// appendAsOlderProgram appends a row to a chain as a program did that knew no seals.
func (d *data) appendAsOlderProgram(chain int) error {
	return d.Transact(d.t.Context(), func(tx *store.Tx) error {
		if _, err := tx.ExecForTest(d.t.Context(),
			`UPDATE audit_chains SET length = length WHERE chain = ?`, chain); err != nil {
			return err
		}

		heads, err := tx.AuditHeads(d.t.Context())
		if err != nil {
			return err
		}

		event := auditEvent("portal_ops")
		event.Chain = chain
		event.Place = heads[chain].Length + 1
		event.RehashForTest(nil, heads[chain].Hash)
		if _, err := tx.ExecForTest(d.t.Context(), `INSERT INTO audit_events
			(chain, place, event_id, at, account_id, event_type, ak, mpxn, detail, hash)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, event.Chain, event.Place, event.EventID, event.At, event.AccountID,
			event.EventType, event.AK, event.MPxN, event.Detail, event.Hash); err != nil {
			return err
		}

		_, err = tx.ExecForTest(d.t.Context(), `UPDATE audit_chains SET length = ?, hash = ? WHERE chain = ?`,
			event.Place, event.Hash, chain)

		return err
	})
}

// verify fails the test unless the audit log is good and has this many rows.
func (d *data) verify(want int64) {
	d.t.Helper()
	if rows, err := d.VerifyAudit(d.t.Context(), nil); err != nil || rows != want {
		d.t.Fatalf("%d rows, want %d: %v", rows, want, err)
	}
}

// Rows of an older program verify against the seal, and the older program is refused from then on.
func TestSealEndsOlderPrograms(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		for range 3 {
			if err := d.appendAsOlderProgram(5); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := d.VerifyAudit(t.Context(), nil); !errors.Is(err, store.ErrAuditUnsealed) {
			t.Errorf("without a seal: %v", err)
		}

		d.seal("k1")
		d.verify(3)
		if err := d.appendAsOlderProgram(5); err == nil || !strings.Contains(err.Error(), "older than its seal") {
			t.Errorf("an older program appended: %v", err)
		}
		if err := d.appendAsOlderProgram(6); err == nil {
			t.Error("an older program appended to an empty chain")
		}

		d.write(10)
		d.verify(3 + 19)
		d.unlockAudit()
		d.tamper(`UPDATE audit_events SET account_id = 'another' WHERE chain = 5 AND place = 2`)
		_, err := d.VerifyAudit(t.Context(), nil)
		if fault, ok := errors.AsType[store.AuditFault](err); !ok || fault.Chain != 5 || fault.Place != 2 {
			t.Errorf("found %v, want chain 5, row 2", err)
		}
	})
}

// A log without rows can be sealed and sealed again. The rows between seals have the key of the seal before them.
func TestRowsFollowTheirSeal(t *testing.T) {
	t.Parallel()
	eachSealed(t, func(t *testing.T, d *data) {
		d.verify(0)
		d.seal("k2")
		d.verify(0)
		d.write(30)
		d.seal("k3")
		d.verify(60)
		d.write(30)
		d.verify(120)

		// Another replica, which has not seen the seals.
		other := &data{Store: store.New(d.db.Write, d.db.Read), t: t, db: d.db}
		err := other.Transact(t.Context(), func(tx *store.Tx) error {
			tx.Audit(auditEvent("portal_ops"))
			return nil
		})
		if err == nil || !strings.Contains(err.Error(), "no keys") {
			t.Errorf("appended without keys: %v", err)
		}

		other.UseAuditKeys(testKeys{})
		other.write(1)
		d.verify(121)
	})
}

// A seal makes nothing good that an intruder left: neither an altered head nor rows without their seals.
func TestSealRefusesAnAlteredLog(t *testing.T) {
	t.Parallel()
	for name, statements := range map[string][]string{
		"a head": {`UPDATE audit_chains SET length = length - 1 WHERE chain = (SELECT MIN(chain) FROM audit_events)`},
		"a seal": {`UPDATE audit_seals SET sealed_at = sealed_at + 1`},
		"no seal": {
			`DELETE FROM audit_seals`,
		},
		"no seal, and heads without keys": {
			`DELETE FROM audit_seals`,
			`UPDATE audit_chains SET seal = 0, log_rows = 0, mac = ''`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachSealed(t, func(t *testing.T, d *data) {
				d.write(5)
				for _, statement := range statements {
					d.tamper(statement)
				}

				err := d.Transact(t.Context(), func(tx *store.Tx) error {
					seals, err := tx.HoldAuditSeals(t.Context())
					if err != nil {
						return err
					}

					next := store.AuditSeal{Number: len(seals) + 1, SealedAt: store.Millis(now), KeyID: "k2"}

					return tx.SealAudit(t.Context(), append(seals, next), []byte("key"))
				})
				if fault, ok := errors.AsType[store.AuditFault](err); !ok {
					t.Errorf("sealed: %v (%+v)", err, fault)
				}
			})
		})
	}
}

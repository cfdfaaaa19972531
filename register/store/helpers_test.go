package store_test

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"central.consent/dar/migrations"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/store"
)

const mpxn = registertest.MeterPoint

// now is when the tests take place.
var now = time.Date(2026, time.June, 1, 9, 0, 0, 0, time.UTC)

// data is the store under test, and inserts rows that tests need.
type data struct {
	*store.Store

	t    *testing.T
	db   *migrations.DB
	next int
}

// eachDatabase runs a test on a fresh store on every kind of database.
func eachDatabase(t *testing.T, test func(t *testing.T, d *data)) {
	t.Helper()
	registertest.EachDatabase(t, func(t *testing.T, kind registertest.Database) {
		db := kind.Open(t, migrations.Register)
		test(t, &data{Store: store.New(db.Write, db.Read), t: t, db: db})
	})
}

// change runs a change in a transaction, and fails the test if it fails.
func (d *data) change(change func(tx *store.Tx) error) {
	d.t.Helper()
	if err := d.Transact(d.t.Context(), change); err != nil {
		d.t.Fatal(err)
	}
}

// changes runs a conditional change in a transaction, and returns whether it changed a row.
func (d *data) changes(change func(tx *store.Tx) (bool, error)) (changed bool) {
	d.t.Helper()
	d.change(func(tx *store.Tx) (err error) {
		changed, err = change(tx)
		return err
	})

	return changed
}

// concurrently runs a conditional change in n transactions at once, and returns how many of them changed a row.
func (d *data) concurrently(n int, change func(tx *store.Tx) (bool, error)) int {
	d.t.Helper()
	var group sync.WaitGroup
	var changed atomic.Int64
	for range n {
		group.Go(func() {
			err := d.Transact(d.t.Context(), func(tx *store.Tx) error {
				done, err := change(tx)
				if done {
					changed.Add(1)
				}

				return err
			})
			if err != nil {
				d.t.Error(err)
			}
		})
	}

	group.Wait()

	return int(changed.Load())
}

// key returns a new key with this prefix.
func (d *data) key(prefix string) string {
	d.next++
	return fmt.Sprintf("%s_%024x", prefix, d.next)
}

// account inserts an active account.
func (d *data) account(id, role string) store.Account {
	d.t.Helper()
	account := store.Account{
		AccountID:             id,
		SecretHash:            "hash of " + id,
		DUID:                  "duid of " + id,
		DisplayName:           id,
		Role:                  role,
		Status:                "active",
		OrganisationReference: new("SEC-" + id),
		RegisteredAt:          store.Millis(now),
	}
	d.change(func(tx *store.Tx) error { return tx.InsertAccount(d.t.Context(), account) })

	return account
}

// identity inserts an identity record of an account for mpxn.
func (d *data) identity(accountID, moveIn string) store.IdentityRecord {
	d.t.Helper()
	record := store.IdentityRecord{
		IR:          d.key("ir"),
		AccountID:   accountID,
		MPxN:        new(mpxn),
		MoveInDate:  new(moveIn),
		ExpressedBy: new("customer"),
		KeyID:       "k1",
		SealedEmail: []byte("sealed email"),
		EmailMAC:    hash("customer@example.com"),
		CreatedAt:   store.Millis(now),
	}
	d.change(func(tx *store.Tx) error { return tx.InsertIdentityRecord(d.t.Context(), record) })

	return record
}

// record inserts an active access record linked to an identity record, which change may alter before.
func (d *data) record(identity store.IdentityRecord, change ...func(*store.AccessRecord)) store.AccessRecord {
	d.t.Helper()
	record := store.AccessRecord{
		AK:         d.key("ak"),
		MPxN:       mpxn,
		AccountID:  identity.AccountID,
		IR:         identity.IR,
		State:      store.StateActive,
		LegalBasis: "uk-consent",
		Record:     []byte("{}"),
		CreatedAt:  store.Millis(now),
	}
	for _, c := range change {
		c(&record)
	}

	d.change(func(tx *store.Tx) error { return tx.InsertAccessRecord(d.t.Context(), record) })

	return record
}

// expiring makes an access record expire a while after now.
func expiring(after time.Duration) func(*store.AccessRecord) {
	return func(r *store.AccessRecord) { r.Expiry = new(store.Millis(now.Add(after))) }
}

// challenge inserts an open challenge of an account for an identity record, which change may alter before. Its secrets
// are its name with a prefix.
func (d *data) challenge(
	accountID string,
	identity store.IdentityRecord,
	change ...func(*store.Reidentification),
) store.Reidentification {
	d.t.Helper()
	name := d.key("ch")
	challenge := store.Reidentification{
		Challenge:   name,
		TokenHash:   hash("token " + name),
		LinkHash:    hash("link " + name),
		SessionHash: hash("session " + name),
		AccountID:   accountID,
		MPxN:        mpxn,
		IR:          identity.IR,
		Method:      "magic-link",
		KeyID:       "k1",
		IssuedAt:    store.Millis(now),
		ConfirmBy:   store.Millis(now.Add(time.Hour)),
	}
	for _, c := range change {
		c(&challenge)
	}

	d.change(func(tx *store.Tx) error { return tx.InsertReidentification(d.t.Context(), challenge) })

	return challenge
}

// changeOfTenancy inserts a report by the account "dcc". The people whom it brought moved in on the day itself at the
// earliest.
func (d *data) changeOfTenancy(effectiveDate string) store.TenancyChange {
	d.t.Helper()
	change := store.TenancyChange{
		COT:             d.key("cot"),
		AccountID:       "dcc",
		MPxN:            mpxn,
		EffectiveDate:   effectiveDate,
		MoveInFrom:      new(effectiveDate),
		SourceReference: "source of " + effectiveDate,
		CreatedAt:       store.Millis(now),
	}
	inserted := d.changes(func(tx *store.Tx) (bool, error) { return tx.InsertTenancyChange(d.t.Context(), change) })
	if !inserted {
		d.t.Fatalf("the change of tenancy on %s was not inserted", effectiveDate)
	}

	return change
}

func hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// expect fails the test if a condition has another value than it should.
func expect(t *testing.T, what string, got, want bool) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %t, want %t", what, got, want)
	}
}

package migrations_test

import (
	"testing"

	"central.consent/dar/migrations"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
)

// tokenRows are rows from before the migration to keys of identity records. Of the access records, ak_own rests on a
// record of its own account, ak_token and ak_moved on one that another account's customer confirmed, and ak_gone on one
// that is anonymised.
var tokenRows = []string{
	`INSERT INTO accounts (account_id, secret_hash, duid, display_name, role, status, contact_url, data_types,
		return_urls, registered_at) VALUES ('a', '', 'd1', 'A', 'data_user', 'active', '', '[]', '[]', 1),
		('b', '', 'd2', 'B', 'data_user', 'active', '', '[]', '[]', 1)`,

	`INSERT INTO identity_records (ir, account_id, mpxn, move_in_date, key_id, created_at, anonymised_at) VALUES
		('ir_a', 'a', '1', '2020-01-01', 'k', 1, NULL), ('ir_b', 'b', '1', '2021-01-01', 'k', 1, NULL),
		('ir_gone', 'a', NULL, NULL, 'k', 1, 9)`,

	`INSERT INTO access_records (ak, mpxn, account_id, ir, first_ir, state, legal_basis, record, created_at) VALUES
		('ak_own', '1', 'a', 'ir_a', NULL, 'ACTIVE', 'uk-contract', '{}', 2),
		('ak_token', '1', 'b', 'ir_a', 'ir_a', 'ACTIVE', 'uk-contract', '{}', 3),
		('ak_moved', '1', 'b', 'ir_b', 'ir_a', 'ACTIVE', 'uk-contract', '{}', 4),
		('ak_gone', '1', 'b', 'ir_gone', NULL, 'EXPIRED', 'uk-contract', '{}', 5)`,

	`INSERT INTO outbox (id, kind, target, subject, key_id, sealed_body, created_at, due_at, outcome, ended_at) VALUES
		('msg_1', 'mail', 'mail', 'contact', 'k', 'body', 1, 1, 'delivered', 2),
		('msg_2', 'mail', 'mail', 'contact', 'k', 'body', 1, 1, NULL, NULL),
		('evt_1', 'webhook', 'w', 'x', 'k', 'body', 1, 1, 'delivered', 2)`,
}

// By the migration to keys of identity records, each access record that was registered by token rests on a reference of
// its own account, with the meter point and the move-in date of the record that confirmed. The bodies of letters that
// have ended are erased, and earlier erasures are listed.
func TestRecordsByTokenGetReferences(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		address := d.Address(t)
		before := registertest.OpenAt(t, address, migrations.Register, 11)
		for _, statement := range tokenRows {
			if _, err := before.Write.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
		if err := before.Close(); err != nil {
			t.Fatal(err)
		}

		db := open(t, address, migrations.Register)
		var linked []struct {
			AK        string  `db:"ak"`
			IR        string  `db:"ir"`
			AccountID string  `db:"account_id"`
			MoveIn    *string `db:"move_in_date"`
			ByToken   bool    `db:"by_token"`
			Gone      bool    `db:"gone"`
		}
		err := db.Read.Select(&linked, `SELECT r.ak, i.ir, i.account_id, i.move_in_date, i.by_token,
			i.anonymised_at IS NOT NULL AND i.mpxn IS NULL AS gone
			FROM access_records r JOIN identity_records i ON i.ir = COALESCE(r.first_ir, r.ir)
			JOIN identity_records n ON n.ir = r.ir AND n.account_id = r.account_id ORDER BY r.ak`)
		if err != nil || len(linked) != 4 {
			t.Fatalf("%+v (%v)", linked, err)
		}

		for i, want := range []struct {
			ak, moveIn    string
			byToken, gone bool
		}{
			{"ak_gone", "", true, true},
			{"ak_moved", "2020-01-01", true, false},
			{"ak_own", "2020-01-01", false, false},
			{"ak_token", "2020-01-01", true, false},
		} {
			got := linked[i]
			moveIn := ""
			if got.MoveIn != nil {
				moveIn = *got.MoveIn
			}
			if got.AK != want.ak || moveIn != want.moveIn || got.ByToken != want.byToken || got.Gone != want.gone ||
				got.ByToken && (got.AccountID != "b" || !rules.IsKey(got.IR)) {
				t.Errorf("%+v, want %+v", got, want)
			}
		}

		expectCount(t, db, `SELECT COUNT(DISTINCT ir) FROM identity_records WHERE by_token`, 3)
		expectCount(t, db, `SELECT COUNT(*) FROM outbox WHERE LENGTH(sealed_body) = 0 AND id = 'msg_1'`, 1)
		expectCount(t, db, `SELECT COUNT(*) FROM outbox WHERE LENGTH(sealed_body) > 0`, 2)
		expectCount(t, db, `SELECT COUNT(*) FROM erasures WHERE ir = 'ir_gone' AND erased_at = 9`, 1)
		expectCount(t, db, `SELECT COUNT(*) FROM erasure_cleaning WHERE erasures = -1`, 1)
	})
}

// expectCount checks what a query counts.
func expectCount(t *testing.T, db *migrations.DB, query string, want int) {
	t.Helper()
	var got int
	if err := db.Read.Get(&got, query); err != nil || got != want {
		t.Errorf("%s: %d, want %d (%v)", query, got, want, err)
	}
}

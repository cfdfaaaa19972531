package migrations_test

import (
	"maps"
	"testing"

	"central.consent/dar/migrations"
	"central.consent/dar/register/registertest"
)

// householdRows are rows from before the migration to standing.
var householdRows = []string{
	`INSERT INTO accounts (account_id, secret_hash, duid, display_name, role, status, contact_url, data_types,
		return_urls, registered_at) VALUES ('a', '', 'd1', 'A', 'data_user', 'active', '', '[]', '[]', 1),
		('b', '', 'd2', 'B', 'data_user', 'active', '', '[]', '[]', 1),
		('stopped', '', 'd3', 'C', 'data_user', 'suspended', '', '[]', '[]', 1),
		('portal', '', 'd4', 'D', 'portal', 'active', '', '[]', '[]', 1)`,

	`INSERT INTO identity_records (ir, account_id, mpxn, move_in_date, key_id, email_mac, created_at, anonymised_at)
		VALUES
		('ir_stopped', 'stopped', '1', '2020-01-01', 'k', 'eve', 1, NULL),
		('ir_tocome', 'a', '1', '2999-01-01', 'k', 'eve', 1, NULL),
		('ir_oldest', 'a', '1', '2020-01-01', 'k', 'ann', 2, NULL),
		('ir_later', 'b', '1', '2025-01-01', 'k', 'bob', 3, NULL),
		('ir_same', 'b', '1', '2020-01-01', 'k', 'ann', 4, NULL),
		('ir_none', 'b', '1', '2020-01-01', 'k', NULL, 5, NULL),
		('ir_gone', 'b', NULL, NULL, 'k', NULL, 1, 9),
		('ir_moved', 'a', '2', '2020-01-01', 'k', 'cat', 1, NULL),
		('ir_newer', 'b', '2', '2025-02-01', 'k', 'dan', 2, NULL),
		('ir_newest', 'a', '2', '2025-02-01', 'k', 'eve', 3, NULL)`,

	`INSERT INTO tenancy_changes (cot, account_id, mpxn, effective_date, move_in_from, source_reference, affected,
		notified, created_at, withdrawn_at) VALUES
		('cot_1', 'a', '2', '2025-02-01', '2025-01-02', 'S', 1, '[]', 1, NULL),
		('cot_2', 'a', '2', '2025-06-01', '2025-05-02', 'S', 1, '[]', 1, 9)`,

	`INSERT INTO credentials (credential_id, ir, webauthn_id, user_handle, public_key, aaguid, sign_count, flags, name,
		transports, registered_at) VALUES
		('cred_link', 'ir_oldest', 'w1', 'u', 'p', 'g', 0, 0, 'A phone', '[]', 5),
		('cred_portal', 'ir_none', 'w2', 'u', 'p', 'g', 0, 0, 'A phone', '[]', 5),
		('cred_owner', 'ir_oldest', 'w3', 'u', 'p', 'g', 0, 0, 'A phone', '[]', 5),
		('cred_untold', 'ir_oldest', 'w4', 'u', 'p', 'g', 0, 0, 'A phone', '[]', 5)`,

	`INSERT INTO audit_events (chain, place, event_id, at, account_id, event_type, ak, mpxn, detail, hash) VALUES
		(1, 1, 'aud_1', 5, 'a', 'credential.created', '', '1',
			'{"method":"magic-link","credential":"cred_link"}', 'h'),
		(1, 2, 'aud_2', 5, 'portal', 'credential.created', '', '1',
			'{"method":"passkey-register","credential":"cred_portal"}', 'h'),
		(1, 3, 'aud_3', 5, 'a', 'credential.created', '', '1',
			'{"method":"passkey-register","credential":"cred_owner"}', 'h')`,
}

// By the migration to standing the oldest live address of each household stands, with every record of the same address
// and the passkeys whose enrolment was confirmed by a link. The rest is provisional, and no letter is due
// (docs/decisions.md, Which person).
func TestOldestAddressStands(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		address := d.Address(t)
		before := registertest.OpenAt(t, address, migrations.Register, 8)
		for _, insert := range householdRows {
			if _, err := before.Write.Exec(insert); err != nil {
				t.Fatal(err)
			}
		}

		before.Close()
		db := open(t, address, migrations.Register)
		var rows []struct {
			Contact   string `db:"contact"`
			State     string `db:"state"`
			Household string `db:"household"`
		}
		if err := db.Read.Select(&rows, `SELECT c.contact, s.state, s.household FROM contacts c
			JOIN standings s ON s.contact = c.contact AND s.until IS NULL
			WHERE c.letter_due_at IS NULL AND c.check_at IS NULL`); err != nil {
			t.Fatal(err)
		}

		got := map[string]string{}
		for _, row := range rows {
			got[row.Contact] = row.State + row.Household
		}

		want := map[string]string{
			"cnt_oldest":  "stands",
			"cnt_same":    "stands",
			"cnt_later":   "provisional",
			"cnt_stopped": "provisional",
			"cnt_tocome":  "provisional",
			"cnt_link":    "stands",
			"cnt_portal":  "stands",
			"cnt_owner":   "provisional",
			"cnt_untold":  "provisional",
			"cnt_moved":   "stands",
			"cnt_newer":   "stands2025-02-01",
			"cnt_newest":  "provisional2025-02-01",
		}
		if !maps.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

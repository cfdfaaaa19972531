package migrations_test

import (
	"fmt"
	"slices"
	"testing"

	"central.consent/dar/migrations"
	"central.consent/dar/register/registertest"
)

// spelledRows are rows from before the migration to one form, in which one MPRN has several spellings.
var spelledRows = []string{
	`INSERT INTO accounts (account_id, secret_hash, duid, display_name, role, status, contact_url, data_types,
		return_urls, registered_at) VALUES ('a', '', 'd', 'A', 'data_user', 'active', '', '[]', '[]', 1)`,

	`INSERT INTO identity_records (ir, account_id, mpxn, key_id, email_mac, created_at) VALUES
		('ir_1', 'a', '0012345678', 'k', 'x', 1), ('ir_2', 'a', '12345678', 'k', NULL, 1),
		('ir_3', 'a', '0000000123', 'k', 'x', 1), ('ir_4', 'a', '0312345678901', 'k', NULL, 1),
		('ir_5', 'a', NULL, 'k', NULL, 1), ('ir_6', 'a', '0A12345678', 'k', NULL, 1),
		('ir_7', 'a', '012345', 'k', NULL, 1), ('ir_8', 'a', '00123456789', 'k', NULL, 1)`,

	`INSERT INTO access_records (ak, mpxn, account_id, ir, state, legal_basis, record, created_at) VALUES
		('ak_1', '0012345678', 'a', 'ir_1', 'ACTIVE', 'uk-consent', '{}', 1),
		('ak_2', '12345678', 'a', 'ir_2', 'ACTIVE', 'uk-consent', '{}', 1)`,

	`INSERT INTO discovered_access (ak, mpxn, organisation_name, organisation_reference, first_seen, last_seen,
		data_types, source_reference, superseded_by, created_at) VALUES
		('ak_3', '12345678', 'Old', 'SEC-1', '2025-02-01', '2025-03-01', '["old"]', 'S3', NULL, 3),
		('ak_4', '0012345678', 'Older', 'SEC-1', '2025-01-01', '2025-01-01', '["older"]', 'S4', NULL, 4),
		('ak_5', '012345678', 'New', 'SEC-1', '2025-04-01', '2025-05-01', '["new"]', 'S5', 'ak_1', 5),
		('ak_6', '0012345678', 'Another', 'SEC-2', '2025-01-01', '2025-01-01', '[]', 'S6', NULL, 6),
		('ak_7', '2312345678901', 'Old', 'SEC-1', '2025-01-01', '2025-01-01', '[]', 'S7', NULL, 7)`,

	`INSERT INTO tenancy_changes (cot, account_id, mpxn, effective_date, source_reference, affected, notified,
		created_at, withdrawn_at) VALUES
		('cot_1', 'a', '0012345678', '2025-01-01', 'S', 1, '[]', 1, NULL),
		('cot_2', 'a', '12345678', '2025-01-01', 'S', 2, '[]', 2, 9),
		('cot_3', 'a', '0012345678', '2025-02-01', 'S', 3, '[]', 3, NULL),
		('cot_4', 'a', '2312345678901', '2025-01-01', 'S', 4, '[]', 4, NULL)`,

	`INSERT INTO reidentifications (challenge, token_hash, account_id, mpxn, ir, method, language, key_id, issued_at,
		confirm_by) VALUES ('chl_1', 't', 'a', '0012345678', 'ir_1', 'magic-link', '', 'k', 1, 2)`,

	`INSERT INTO audit_events (chain, place, event_id, at, account_id, event_type, ak, mpxn, detail, hash) VALUES
		(1, 1, 'aud_1', 1, 'a', 'x.y', '', '0012345678', '{}', 'h')`,
}

// Spellings of one MPRN become one meter point. Reports and sightings under several of them become one. The audit log
// stays as it is.
func TestSpellingsBecomeOne(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		address := d.Address(t)
		before := registertest.OpenAt(t, address, migrations.Register, 7)
		for _, insert := range spelledRows {
			if _, err := before.Write.Exec(insert); err != nil {
				t.Fatal(err)
			}
		}
		if err := before.Close(); err != nil {
			t.Fatal(err)
		}

		db := open(t, address, migrations.Register)
		for query, want := range map[string][]string{
			`SELECT ir || ' ' || COALESCE(mpxn, '') FROM identity_records ORDER BY ir`: {
				"ir_1 12345678", "ir_2 12345678", "ir_3 000123", "ir_4 0312345678901", "ir_5 ", "ir_6 0A12345678",
				"ir_7 012345", "ir_8 00123456789",
			},
			`SELECT ir FROM identity_records WHERE email_form < 2 AND email_mac IS NOT NULL ORDER BY ir`: {
				"ir_1", "ir_3",
			},
			`SELECT ak || ' ' || mpxn FROM access_records ORDER BY ak`: {"ak_1 12345678", "ak_2 12345678"},
			`SELECT ak || ' ' || mpxn || ' ' || organisation_name || ' ' || first_seen || ' ' || last_seen || ' ' ||
				data_types || ' ' || source_reference || ' ' || COALESCE(superseded_by, '')
				FROM discovered_access ORDER BY ak`: {
				`ak_3 12345678 New 2025-01-01 2025-05-01 ["new"] S5 ak_1`,
				`ak_6 12345678 Another 2025-01-01 2025-01-01 [] S6 `,
				`ak_7 2312345678901 Old 2025-01-01 2025-01-01 [] S7 `,
			},
			`SELECT cot || ' ' || mpxn || ' ' || COALESCE(CAST(withdrawn_at AS TEXT), '') FROM tenancy_changes
				ORDER BY cot`: {"cot_1 12345678 9", "cot_3 12345678 ", "cot_4 2312345678901 "},
			`SELECT mpxn FROM reidentifications`: {"12345678"},
			`SELECT mpxn FROM audit_events`:      {"0012345678"},
		} {
			var got []string
			if err := db.Read.Select(&got, query); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s:\n%s, want\n%s (%v)", query, fmt.Sprintf("%q", got), fmt.Sprintf("%q", want), err)
			}
		}
	})
}

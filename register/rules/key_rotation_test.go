package rules_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// withKeys returns the rules over the database of a register, with these keys.
func withKeys(t *testing.T, r *registertest.Register, keys string) *rules.Rules {
	t.Helper()

	return rules.New(rules.Options{
		Store:      store.New(r.DB.Write, r.DB.Read),
		Keys:       must(rules.NewKeyring(keys))(t),
		Stub:       true,
		SecretCost: registertest.SecretCost,
		Clock:      r.Clock.Now,
	})
}

func sealedWith(t *testing.T, r *registertest.Register, table, keyID string) (with, without int) {
	t.Helper()
	for query, into := range map[string]*int{" = ?": &with, " <> ?": &without} {
		if err := r.DB.Read.Get(
			into,
			r.DB.Read.Rebind(`SELECT COUNT(*) FROM `+table+` WHERE key_id`+query),
			keyID,
		); err != nil {
			t.Fatal(err)
		}
	}

	return with, without
}

// Replicas serve meanwhile: what they write is resealed too or stays as it is, and nothing is lost.
func TestKeysAreRotatedBesideWriters(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		first := "test:" + registertest.Key
		next := rules.GenerateKey("next")
		// The replica that serves has both keys already, and seals with the old one still.
		r := registertest.New(t, registertest.On(d), registertest.WithKeys(first+","+next))
		owner := r.ClientOf(
			t,
			registerclient.CreateAccountRequest{
				AccountID: "bright_energy",
				Role:      registerclient.RoleDataUser,
			},
		)
		add := func(i int) error {
			_, err := owner.CreateIdentityRecord(
				t.Context(),
				registertest.IdentityRecord(fmt.Sprintf("98%011d", i), fmt.Sprintf("customer%d@example.com", i)),
			)

			return err
		}
		const before, after = 250, 60 // more than two batches
		for i := range before {
			if err := add(i); err != nil {
				t.Fatal(err)
			}
		}

		var writers sync.WaitGroup
		writers.Go(func() {
			for i := range after {
				if err := add(before + i); err != nil {
					t.Error(err)
				}
			}
		})
		var told []int
		rotating := withKeys(t, r, next+","+first)
		done, err := rotating.RotateKeys(t.Context(), func(done int) { told = append(told, done) })
		if err != nil && !errors.Is(err, rules.ErrRowsLeft) {
			t.Fatal(err)
		}

		writers.Wait()
		more, err := rotating.RotateKeys(t.Context(), func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		if done < before || told[len(told)-1] != done {
			t.Errorf("%d rows, told %v", done, told)
		}

		rotated, left := sealedWith(t, r, "identity_records", "next")
		if rotated != before+after || left != 0 || done+more < before+after {
			t.Errorf(
				"%d rows with the new key and %d with another; %d and %d were sealed anew",
				rotated,
				left,
				done,
				more,
			)
		}

		for _, i := range []int{0, 99, 249, before + after - 1} {
			found := must(
				owner.LookupIdentityRecords(
					t.Context(),
					registerclient.LookupIdentityRecordsQuery{Email: fmt.Sprintf("customer%d@example.com", i)},
				),
			)(
				t,
			).IdentityRecords
			if len(found) != 1 || found[0].PIIPrincipal.Address == nil ||
				found[0].PIIPrincipal.Address.Postcode != "M14 5RT" ||
				!found[0].HasEmail {
				t.Errorf("customer %d: %+v", i, found)
			}
		}

		var kept int
		if err := r.DB.Read.Get(
			&kept,
			`SELECT COUNT(*) FROM audit_events WHERE event_type = 'keys.rotated'`,
		); err != nil ||
			kept != 2 {
			t.Errorf("%d rows in the audit log (%v)", kept, err)
		}
		// The old key can go.
		if _, err := withKeys(t, r, next).RotateKeys(t.Context(), func(int) {}); err != nil {
			t.Errorf("without the old key: %v", err)
		}
	})
}

// Every table with sealed columns, each opened with the place that it was sealed for.
func TestRotationReachesEveryTable(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		first := "test:" + registertest.Key
		next := rules.GenerateKey("next")
		r := registertest.New(t, registertest.On(d))
		r.ClientOf(
			t,
			registerclient.CreateAccountRequest{AccountID: "bright_energy", Role: registerclient.RoleDataUser},
		)
		ring := must(rules.NewKeyring(first))(t)
		now := store.Millis(r.Clock.Now())
		insert := func(statement string, args ...any) {
			t.Helper()
			registertest.Tamper(t, r, statement, args...)
		}
		insert(
			`INSERT INTO webhooks (wid, account_id, callback_url, notify_days_before, event_types, key_id,
				sealed_alert_email, sealed_secret, sealed_previous, created_at)
			VALUES ('wid_1', 'bright_energy', 'https://example.org', 30, '[]', 'test', ?, ?, NULL, ?)`,
			rules.SealForTest(
				ring,
				"a@example.org",
				"webhooks.sealed_alert_email wid_1",
			),
			rules.SealForTest(ring, "whsec_1", "webhooks.sealed_secret wid_1"),
			now,
		)
		insert(
			`INSERT INTO webhooks (wid, account_id, callback_url, notify_days_before, event_types, key_id,
				sealed_alert_email, sealed_secret, sealed_previous, created_at)
			VALUES ('wid_2', 'bright_energy', 'https://example.org/2', 30, '[]', 'test', ?, ?, ?, ?)`,
			rules.SealForTest(
				ring,
				"a@example.org",
				"webhooks.sealed_alert_email wid_2",
			),
			rules.SealForTest(ring, "whsec_2", "webhooks.sealed_secret wid_2"),
			rules.SealForTest(ring, "whsec_0", "webhooks.sealed_previous wid_2"),
			now,
		)
		insert(
			`INSERT INTO outbox (id, kind, target, subject, key_id, sealed_body, created_at, due_at)
				VALUES ('evt_1', 'webhook', 'wid_1', 'x', 'test', ?, ?, ?)`,
			rules.SealForTest(ring, "{}", "outbox.sealed_body evt_1"),
			now,
			now,
		)
		for i := range 2 {
			key := fmt.Sprintf("k%d", i)
			insert(
				`INSERT INTO idempotency_keys (account_id, idempotency_key, request_hash, status, location, key_id,
					sealed_answer, created_at) VALUES ('bright_energy', ?, ?, 200, '', 'test', ?, ?)`,
				key,
				[]byte("x"),
				rules.SealForTest(ring, "{}", "idempotency_keys.sealed_answer bright_energy "+key),
				now,
			)
		}

		done, err := withKeys(t, r, next+","+first).RotateKeys(t.Context(), func(int) {})
		if err != nil || done != 5 {
			t.Fatalf("%d rows, %v", done, err)
		}

		after := must(rules.NewKeyring(next))(t)
		for _, test := range []struct{ column, from, place, want string }{
			{
				"sealed_alert_email",
				"webhooks WHERE wid = 'wid_1'",
				"webhooks.sealed_alert_email wid_1",
				"a@example.org",
			},
			{"sealed_secret", "webhooks WHERE wid = 'wid_1'", "webhooks.sealed_secret wid_1", "whsec_1"},
			{"sealed_previous", "webhooks WHERE wid = 'wid_2'", "webhooks.sealed_previous wid_2", "whsec_0"},
			{"sealed_body", "outbox", "outbox.sealed_body evt_1", "{}"},
			{
				"sealed_answer",
				"idempotency_keys WHERE idempotency_key = 'k1'",
				"idempotency_keys.sealed_answer bright_energy k1",
				"{}",
			},
		} {
			var value []byte
			if err := r.DB.Read.Get(&value, `SELECT `+test.column+` FROM `+test.from); err != nil {
				t.Fatal(err)
			}
			if got, err := rules.OpenForTest(after, "next", value, test.place); err != nil || got != test.want {
				t.Errorf("%s: %q, %v", test.column, got, err)
			}
		}

		var none int
		if err := r.DB.Read.Get(
			&none,
			`SELECT COUNT(*) FROM webhooks WHERE sealed_previous IS NULL`,
		); err != nil ||
			none != 1 {
			t.Errorf("%d webhooks without a previous secret (%v)", none, err)
		}
		if _, err := withKeys(
			t,
			r,
			rules.GenerateKey("third"),
		).RotateKeys(t.Context(), func(int) {}); err == nil ||
			!strings.Contains(err.Error(), `no key "next"`) {
			t.Errorf("without the key that sealed: %v", err)
		}
	})
}

// What is anonymised while its row is being resealed does not come back.
func TestRotationBringsNothingBack(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		_, _, ir := household(t, r)
		service := store.New(r.DB.Write, r.DB.Read)
		rows := must(service.ListSealed(t.Context(), store.SealedIdentityRecords, "next", nil, 10))(t)
		if len(rows) != 1 || rows[0].Key[0] != ir {
			t.Fatalf("listed %+v", rows)
		}

		registertest.Tamper(
			t,
			r,
			`UPDATE identity_records SET sealed_email = NULL, email_mac = NULL, sealed_detail = NULL,
				anonymised_at = ? WHERE ir = ?`,
			store.Millis(r.Clock.Now()),
			ir,
		)
		var changed bool
		err := service.Transact(t.Context(), func(tx *store.Tx) (err error) {
			changed, err = tx.Reseal(
				t.Context(),
				store.SealedIdentityRecords,
				rows[0],
				"next",
				[][]byte{[]byte("a"), []byte("b")},
				[]byte("c"),
			)

			return err
		})
		if err != nil || changed {
			t.Errorf("changed %v, %v", changed, err)
		}
	})
}

package store_test

import (
	"errors"
	"testing"

	"central.consent/dar/register/store"
)

// A counter that does not increase tells of a copy, unless the authenticator does not count.
func TestPasskeyCounter(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		identity := d.identity("bright", "2020-01-01")
		for _, test := range []struct {
			name       string
			stored     uint32
			used       uint32
			want       bool
			wantStored uint32
		}{
			{"increases", 5, 6, true, 6},
			{"jumps", 5, 4_000_000_000, true, 4_000_000_000},
			{"stays", 5, 5, false, 5},
			{"decreases", 5, 4, false, 5},
			{"stops to count", 5, 0, false, 5},
			{"does not count", 0, 0, true, 0},
			{"begins to count", 0, 1, true, 1},
		} {
			credential := store.Credential{
				CredentialID: d.key("cred"),
				IR:           identity.IR,
				WebAuthnID:   []byte(test.name),
				UserHandle:   []byte("user"),
				PublicKey:    []byte("key"),
				AAGUID:       []byte("aaguid"),
				SignCount:    test.stored,
			}
			d.change(func(tx *store.Tx) error { return tx.InsertCredential(t.Context(), credential) })
			expect(t, test.name, d.changes(func(tx *store.Tx) (bool, error) {
				return tx.UseCredential(t.Context(), credential.CredentialID, test.used, 1, now)
			}), test.want)

			found, err := d.ListCredentials(t.Context(), []string{identity.IR})
			if err != nil {
				t.Fatal(err)
			}

			stored := found[len(found)-1]
			if stored.SignCount != test.wantStored || (stored.UsedAt != nil) != test.want {
				t.Errorf("%s: stored %+v, want the counter %d", test.name, stored, test.wantStored)
			}
		}
	})
}

func TestPasskeyIsInsertedOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		first := d.identity("bright", "2020-01-01")
		second := d.identity("bright", "2020-01-01")
		insert := func(ir string) error {
			credential := store.Credential{
				CredentialID: d.key("cred"),
				IR:           ir,
				WebAuthnID:   []byte("id"),
				UserHandle:   []byte("user"),
				PublicKey:    []byte("key"),
				AAGUID:       []byte("aaguid"),
			}

			return d.Transact(
				t.Context(),
				func(tx *store.Tx) error { return tx.InsertCredential(t.Context(), credential) },
			)
		}

		if err := insert(first.IR); err != nil {
			t.Fatal(err)
		}
		if err := insert(second.IR); !errors.Is(err, store.ErrConflict) {
			t.Errorf("the same passkey for another record: %v, want ErrConflict", err)
		}
	})
}

package portaldb_test

import (
	"errors"
	"testing"
	"time"

	"central.consent/dar/handlers/portaldb"
)

// An adviser is found by the key and the operator alone, until the end or the sign-out.
func TestAdvisers(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *portaldb.DB) {
		insert := func(name string, former []byte, at time.Time) {
			t.Helper()
			adviser := portaldb.Adviser{Key: hash(name), Name: name, Proof: hash("proof"), EndsAt: at.Add(time.Hour)}
			if err := db.InsertAdviser(t.Context(), operator, adviser, former, at); err != nil {
				t.Fatal(err)
			}
		}
		find := func(operator, name string, at time.Time) error {
			found, err := db.FindAdviser(t.Context(), operator, hash(name), at)
			if err == nil && (found.Name != name || string(found.Proof) != string(hash("proof"))) {
				t.Errorf("found %+v", found)
			}

			return err
		}

		insert("a", nil, now)
		insert("b", nil, now)
		for name, err := range map[string]error{
			"another operator": find("another", "a", now),
			"an unknown key":   find(operator, "c", now),
			"at the end":       find(operator, "a", now.Add(time.Hour)),
		} {
			if !errors.Is(err, portaldb.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}

		if err := find(operator, "a", now.Add(time.Hour-time.Millisecond)); err != nil {
			t.Errorf("in time: %v", err)
		}
		if err := db.DeleteAdviser(t.Context(), "another", hash("a")); err != nil || find(operator, "a", now) != nil {
			t.Errorf("another operator signs an adviser out: %v", err)
		}
		if err := db.DeleteAdviser(t.Context(), operator, hash("a")); err != nil {
			t.Error(err)
		}
		if err := find(operator, "a", now); !errors.Is(err, portaldb.ErrNotFound) {
			t.Errorf("signed out: %v", err)
		}

		insert("c", hash("b"), now)
		if err := find(operator, "b", now); !errors.Is(err, portaldb.ErrNotFound) {
			t.Errorf("replaced: %v", err)
		}

		insert("d", nil, now.Add(2*time.Hour))
		if n := db.CountRows(t, "portal_advisers"); n != 1 {
			t.Errorf("%d rows are left, want 1", n)
		}
	})
}

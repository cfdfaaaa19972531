package portaldb_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"central.consent/dar/handlers/portaldb"
)

const operator = "citizens"

// newSession returns a session that expires after 15 minutes.
func newSession(name string) portaldb.Session {
	return portaldb.Session{
		Key:       hash(name),
		Sealed:    []byte("sealed " + name),
		ExpiresAt: now.Add(15 * time.Minute),
		EndsAt:    now.Add(time.Hour),
	}
}

// insertSession stores a session and returns it as it is found.
func insertSession(t *testing.T, db *portaldb.DB, name string) portaldb.Session {
	t.Helper()
	if err := db.InsertSession(t.Context(), operator, newSession(name), nil, now); err != nil {
		t.Fatal(err)
	}

	found, err := db.FindSession(t.Context(), operator, hash(name), now)
	if err != nil {
		t.Fatal(err)
	}

	return found
}

func TestFindSession(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *portaldb.DB) {
		found := insertSession(t, db, "a")
		if found.Version != 1 || string(found.Sealed) != "sealed a" || !found.ExpiresAt.Equal(now.Add(15*time.Minute)) {
			t.Errorf("found %+v", found)
		}

		for _, test := range []struct {
			name     string
			operator string
			key      string
			at       time.Time
			want     error
		}{
			{"before its end", operator, "a", now.Add(15*time.Minute - time.Millisecond), nil},
			{"at its end", operator, "a", now.Add(15 * time.Minute), portaldb.ErrNotFound},
			{"another operator's", "another", "a", now, portaldb.ErrNotFound},
			{"an unknown key", operator, "b", now, portaldb.ErrNotFound},
		} {
			_, err := db.FindSession(t.Context(), test.operator, hash(test.key), test.at)
			if !errors.Is(err, test.want) {
				t.Errorf("%s: %v, want %v", test.name, err, test.want)
			}
		}
	})
}

// Of two updates of one version the first counts, and the second one changes nothing.
func TestUpdateSession(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *portaldb.DB) {
		first := insertSession(t, db, "a")
		second := first
		first.Sealed = []byte("first")
		second.Sealed = []byte("second")
		if err := db.UpdateSession(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		if err := db.UpdateSession(t.Context(), second); !errors.Is(err, portaldb.ErrChanged) {
			t.Errorf("the second update: %v", err)
		}

		found, err := db.FindSession(t.Context(), operator, hash("a"), now)
		if err != nil || found.Version != 2 || string(found.Sealed) != "first" {
			t.Errorf("found %+v, %v", found, err)
		}
	})
}

func TestExtendSession(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *portaldb.DB) {
		found := insertSession(t, db, "a")
		later := now.Add(30 * time.Minute)
		if err := db.ExtendSession(t.Context(), found.Key, later); err != nil {
			t.Fatal(err)
		}

		extended, err := db.FindSession(t.Context(), operator, found.Key, later.Add(-time.Millisecond))
		if err != nil || extended.Version != found.Version {
			t.Errorf("found %+v, %v", extended, err)
		}
	})
}

// A session that replaces another takes its place in one step: of many requests that try, one succeeds.
func TestInsertSessionReplaces(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *portaldb.DB) {
		old := insertSession(t, db, "old")
		var winners atomic.Int64
		var racing sync.WaitGroup
		for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			racing.Go(func() {
				err := db.InsertSession(t.Context(), operator, newSession(name), &old, now)
				switch {
				case err == nil:
					winners.Add(1)
				case !errors.Is(err, portaldb.ErrChanged):
					t.Error(err)
				}
			})
		}

		racing.Wait()
		n, err := db.CountSessions(t.Context())
		if err != nil || n != 1 || winners.Load() != 1 {
			t.Errorf("%d winners, %d sessions, %v", winners.Load(), n, err)
		}
		if _, err := db.FindSession(t.Context(), operator, old.Key, now); !errors.Is(err, portaldb.ErrNotFound) {
			t.Errorf("the replaced session: %v", err)
		}
	})
}

func TestInsertSessionSweeps(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *portaldb.DB) {
		insertSession(t, db, "a")
		later := now.Add(15 * time.Minute)
		next := newSession("b")
		next.ExpiresAt = later.Add(time.Minute)
		if err := db.InsertSession(t.Context(), operator, next, nil, later); err != nil {
			t.Fatal(err)
		}

		if n, err := db.CountSessions(t.Context()); err != nil || n != 1 {
			t.Errorf("%d sessions, %v", n, err)
		}
	})
}

func TestDeleteSession(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *portaldb.DB) {
		found := insertSession(t, db, "a")
		if err := db.DeleteSession(t.Context(), "another", found.Key); err != nil {
			t.Fatal(err)
		}
		if _, err := db.FindSession(t.Context(), operator, found.Key, now); err != nil {
			t.Errorf("another operator deleted it: %v", err)
		}

		for range 2 {
			if err := db.DeleteSession(t.Context(), operator, found.Key); err != nil {
				t.Error(err)
			}
		}

		if _, err := db.FindSession(t.Context(), operator, found.Key, now); !errors.Is(err, portaldb.ErrNotFound) {
			t.Errorf("after deletion: %v", err)
		}
	})
}

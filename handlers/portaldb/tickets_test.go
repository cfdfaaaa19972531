package portaldb_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"central.consent/dar/handlers/portaldb"
)

func insertTicket(t *testing.T, db *portaldb.DB, name string, at time.Time) {
	t.Helper()
	ticket := portaldb.Ticket{
		Hash:       hash(name),
		SessionKey: hash("session"),
		Handle:     "handle",
		ExpiresAt:  at.Add(time.Minute),
	}
	if err := db.InsertTicket(t.Context(), operator, ticket, at); err != nil {
		t.Fatal(err)
	}
}

func TestTakeTicket(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *portaldb.DB) {
		insertTicket(t, db, "a", now)
		take := func(operator, name string, at time.Time) error {
			ticket, err := db.TakeTicket(t.Context(), operator, hash(name), at)
			if err == nil && (string(ticket.SessionKey) != string(hash("session")) || ticket.Handle != "handle") {
				t.Errorf("took %+v", ticket)
			}

			return err
		}

		if err := take("another", "a", now); !errors.Is(err, portaldb.ErrNotFound) {
			t.Errorf("another operator: %v", err)
		}
		if err := take(operator, "b", now); !errors.Is(err, portaldb.ErrNotFound) {
			t.Errorf("an unknown ticket: %v", err)
		}
		if err := take(operator, "a", now.Add(time.Minute)); !errors.Is(err, portaldb.ErrNotFound) {
			t.Errorf("a late ticket: %v", err)
		}
		if err := take(operator, "a", now.Add(time.Minute-time.Millisecond)); err != nil {
			t.Errorf("in time: %v", err)
		}
		if err := take(operator, "a", now); !errors.Is(err, portaldb.ErrNotFound) {
			t.Errorf("a used ticket: %v", err)
		}
	})
}

// A ticket is single use, also for requests at the same moment.
func TestTakeTicketOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *portaldb.DB) {
		insertTicket(t, db, "a", now)
		var winners atomic.Int64
		var racing sync.WaitGroup
		for range 12 {
			racing.Go(func() {
				_, err := db.TakeTicket(t.Context(), operator, hash("a"), now)
				switch {
				case err == nil:
					winners.Add(1)
				case !errors.Is(err, portaldb.ErrNotFound):
					t.Error(err)
				}
			})
		}

		racing.Wait()
		if n := winners.Load(); n != 1 {
			t.Errorf("%d requests took the ticket", n)
		}
	})
}

// Inserting a ticket deletes the expired ones, and no other.
func TestInsertTicketSweeps(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *portaldb.DB) {
		insertTicket(t, db, "late", now)
		insertTicket(t, db, "in time", now.Add(30*time.Second))
		insertTicket(t, db, "new", now.Add(time.Minute))

		if n := db.CountRows(t, "portal_tickets"); n != 2 {
			t.Errorf("%d tickets are stored", n)
		}
		if _, err := db.TakeTicket(t.Context(), operator, hash("in time"), now); err != nil {
			t.Error(err)
		}
	})
}

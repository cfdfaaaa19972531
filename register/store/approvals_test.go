package store_test

import (
	"fmt"
	"testing"
	"time"

	"central.consent/dar/register/store"
)

// administrators adds accounts of administrators.
func (d *data) administrators(ids ...string) {
	for _, id := range ids {
		d.account(id, "admin")
	}
}

// approval adds a request of an administrator that waits, and returns its key.
func (d *data) approval(by string) string {
	approval := store.Approval{
		ID:          d.key("apr"),
		Action:      "create-account",
		Parameters:  `{"account-id":"new"}`,
		RequestedBy: by,
		RequestedAt: store.Millis(now),
		ExpiresAt:   store.Millis(now.Add(time.Hour)),
	}
	d.change(func(tx *store.Tx) error { return tx.InsertApproval(d.t.Context(), approval) })

	return approval.ID
}

// use is the use for which approval was asked.
func use(id string) store.ApprovalUse {
	return store.ApprovalUse{
		ID: id, RequestedBy: "one", Action: "create-account", Parameters: `{"account-id":"new"}`,
	}
}

// A verdict is given once, by another active administrator, before the request expires.
func TestDecideApproval(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.administrators("one", "two", "gone")
		d.account("du", "data_user")
		d.changes(func(tx *store.Tx) (bool, error) {
			return tx.SuspendAccount(t.Context(), "gone", "misconduct", now)
		})
		id := d.approval("one")
		decide := func(by string, at time.Time) bool {
			return d.changes(func(tx *store.Tx) (bool, error) {
				return tx.DecideApproval(t.Context(), id, store.Approved, by, at)
			})
		}
		expect(t, "by oneself", decide("one", now), false)
		expect(t, "by a suspended administrator", decide("gone", now), false)
		expect(t, "by another role", decide("du", now), false)
		expect(t, "by nobody", decide("", now), false)
		expect(t, "late", decide("two", now.Add(time.Hour)), false)
		expect(t, "in time", decide("two", now.Add(time.Hour-time.Millisecond)), true)
		expect(t, "again", decide("two", now), false)
		expect(t, "refused on the host", d.changes(func(tx *store.Tx) (bool, error) {
			return tx.DecideApprovalOnHost(t.Context(), id, store.Refused, now)
		}), false)
	})
}

// The host approves only without a second administrator, and refuses always.
func TestDecideApprovalOnHost(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.administrators("one")
		decide := func(id, verdict string) bool {
			return d.changes(func(tx *store.Tx) (bool, error) {
				return tx.DecideApprovalOnHost(t.Context(), id, verdict, now)
			})
		}
		expect(t, "for one administrator", decide(d.approval("one"), store.Approved), true)
		d.administrators("two")
		id := d.approval("one")
		expect(t, "for two", decide(id, store.Approved), false)
		expect(t, "refused for two", decide(id, store.Refused), true)
	})
}

// An approval is used once, for what was asked, while the administrator who approved is one. A list is read page by
// page.
func TestUseApproval(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.administrators("one", "two")
		approved := func() string {
			id := d.approval("one")
			d.change(func(tx *store.Tx) error {
				_, err := tx.DecideApproval(t.Context(), id, store.Approved, "two", now)

				return err
			})

			return id
		}
		used := func(u store.ApprovalUse, at time.Time) bool {
			return d.changes(func(tx *store.Tx) (bool, error) { return tx.UseApproval(t.Context(), u, at) })
		}
		expect(t, "without a verdict", used(use(d.approval("one")), now), false)
		id := approved()
		for name, change := range map[string]func(u *store.ApprovalUse){
			"another administrator": func(u *store.ApprovalUse) { u.RequestedBy = "two" },
			"another action":        func(u *store.ApprovalUse) { u.Action = "read-audit" },
			"other parameters":      func(u *store.ApprovalUse) { u.Parameters = "{}" },
		} {
			wrong := use(id)
			change(&wrong)
			expect(t, name, used(wrong, now), false)
		}
		expect(t, "expired", used(use(id), now.Add(time.Hour)), false)
		n := d.concurrently(8, func(tx *store.Tx) (bool, error) { return tx.UseApproval(t.Context(), use(id), now) })
		if n != 1 {
			t.Errorf("%d of 8 uses at once succeeded", n)
		}

		page := use(approved())
		page.Next = "2"
		expect(t, "the first page", used(page, now), true)
		expect(t, "the first page again", used(page, now), false)
		page.After = "1"
		expect(t, "another page", used(page, now), false)
		page.After = "2"
		page.Next = ""
		expect(t, "the last page", used(page, now), true)
		expect(t, "the last page again", used(page, now), false)

		id = approved()
		d.changes(func(tx *store.Tx) (bool, error) {
			return tx.SuspendAccount(t.Context(), "two", "misconduct", now)
		})
		expect(t, "after the suspension of who approved", used(use(id), now), false)
	})
}

// Of an administrator's reads of a window, each access record counts once.
func TestNoteReads(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.administrators("one", "two")
		keys := func(from, to int) []string {
			var aks []string
			for i := from; i < to; i++ {
				aks = append(aks, fmt.Sprintf("ak_%024d", i))
			}

			return aks
		}
		for _, step := range []struct {
			who   string
			aks   []string
			after time.Duration
			want  int
		}{
			{"one", keys(0, 250), 0, 250},
			{"one", keys(100, 350), time.Hour, 350},
			{"one", nil, time.Hour, 350},
			{"two", keys(0, 1), time.Hour, 1},
			{"one", keys(0, 1), 24 * time.Hour, 101}, // those of the first hour count no more
		} {
			d.change(func(tx *store.Tx) error {
				at := now.Add(step.after)
				got, err := tx.NoteReads(t.Context(), step.who, step.aks, at, at.Add(-24*time.Hour))
				if got != step.want {
					t.Errorf("%s has seen %d, want %d", step.who, got, step.want)
				}

				return err
			})
		}
	})
}

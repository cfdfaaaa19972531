package rules_test

import (
	"fmt"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// What has ended is counted, and not as active. A record past its expiry is not active.
func TestStatistics(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.access(t, h.owner, h.ir, registerclient.BasisConsent)
		revoked := h.access(t, h.owner, h.ir, registerclient.BasisContract)
		must(h.RevokeOwn(t.Context(), h.owner.AccountID, revoked, nil))(t)
		expiring := registertest.AccessRecord(h.ir, registerclient.BasisConsent)
		expiring.AccessEvent.Expiry = new(today.Add(time.Minute))
		must(h.register(t, h.owner, expiring))(t)
		h.subscribe(t, h.owner, "https://a.example/hook")
		deleted := h.subscribe(t, h.owner, "https://b.example/hook")
		if err := h.DeleteSubscription(t.Context(), h.owner.AccountID, deleted.WID); err != nil {
			t.Fatal(err)
		}

		h.setStatus(t, rules.Suspend, "portal")
		h.clock.Add(time.Minute)
		got := must(h.Statistics(t.Context()))(t)
		want := registerclient.StatsResponse{
			TotalAccounts: 3, ActiveAccounts: 2,
			TotalRecords: 3, ActiveRecords: 1, RevokedRecords: 1,
			TotalWebhooks: 2, ActiveWebhooks: 1,
		}
		if got != want {
			t.Errorf("counted %+v, want %+v", got, want)
		}
	})
}

// A query of the audit log narrows by every field, and is refused with every mistake.
func TestReadAudit(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ak := h.access(t, h.owner, h.ir, registerclient.BasisConsent)
		must(h.RevokeOwn(t.Context(), h.owner.AccountID, ak, nil))(t)
		for _, test := range []struct {
			name  string
			query rules.AuditQuery
			total int
			want  string
		}{
			{"account", rules.AuditQuery{AccountID: new("owner")}, 5, ""},
			{"event type", rules.AuditQuery{EventType: new("record.revoked")}, 1, ""},
			{"access key", rules.AuditQuery{AK: &ak}, 2, ""},
			{"meter point", rules.AuditQuery{MPxN: new("23 1234 5678 901")}, 4, ""},
			{"several", rules.AuditQuery{AK: &ak, EventType: new("record.created")}, 1, ""},
			{"none fits", rules.AuditQuery{AccountID: new("nobody")}, 0, ""},
			{"all wrong", rules.AuditQuery{
				AccountID: new(""), EventType: new("Revoked"), AK: new("ak_1"), MPxN: new("1"),
			}, 0, "invalid VAL001 account_id event_type ak mpxn"},
		} {
			events, _, total, err := h.ReadAudit(t.Context(), "admin", test.query, store.Page{Limit: 10})
			expectRefusal(t, test.name, err, test.want)
			if total.Rows != test.total || len(events) != test.total {
				t.Errorf("%s: %d of %d rows, want %d", test.name, len(events), total.Rows, test.total)
			}
		}
	})
}

// A row of the log keeps the spelling of a meter point number with which it was written, and is found by any other.
func TestReadAuditByEverySpelling(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		for _, mpxn := range []string{"12345678", "012345678", "0012345678", "1234567800", "123456"} {
			r.change(t, func(tx *store.Tx) error {
				tx.Audit(store.AuditEvent{
					EventID: rules.NewID("aud"), EventType: "record.created", MPxN: mpxn, Detail: "{}",
				})

				return nil
			})
		}

		for _, spelling := range []string{"12345678", "0012345678", "01234-5678"} {
			query := rules.AuditQuery{EventType: new("record.created"), MPxN: &spelling}
			events, _, total, err := r.ReadAudit(t.Context(), "admin", query, store.Page{Limit: 10})
			if err != nil || total.Rows != 3 || len(events) != 3 {
				t.Errorf("%s: %d of %d rows, want 3 (%v)", spelling, len(events), total.Rows, err)
			}
		}
	})
}

// Each reading of the audit log is audited, with what was asked. A refused one is not.
func TestReadAuditIsAudited(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	query := rules.AuditQuery{EventType: new("account.created"), MPxN: new(meterPoint)}
	if _, _, _, err := h.ReadAudit(t.Context(), "admin", query, store.Page{Limit: 10}); err != nil {
		t.Fatal(err)
	}

	wrong := rules.AuditQuery{AK: new("ak_1")}
	if _, _, _, err := h.ReadAudit(t.Context(), "admin", wrong, store.Page{Limit: 10}); err == nil {
		t.Error("a wrong query is not refused")
	}

	looked := rules.AuditQuery{EventType: new("administrator.looked")}
	events, _, _, err := h.ReadAudit(t.Context(), "admin", looked, store.Page{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != 1 || events[0].AccountID != "admin" || events[0].MPxN != meterPoint ||
		fmt.Sprint(events[0].Detail) != "map[at:audit event-type:account.created]" {
		t.Errorf("audited %+v", events)
	}
}

// The log is read in pages, the newest first, without a gap.
func TestReadAuditPages(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		created := rules.AuditQuery{EventType: new("account.created")}
		page := store.Page{Limit: 2}
		var ids []string
		for {
			events, next, total, err := h.ReadAudit(t.Context(), "admin", created, page)
			if err != nil || total.Rows != 3 {
				t.Fatalf("%d rows in all, %v", total.Rows, err)
			}
			for _, event := range events {
				ids = append(ids, fmt.Sprint(event.Detail["account-id"]))
			}
			if next == nil {
				break
			}

			page.After = next
		}

		if len(ids) != 3 || ids[0] == ids[1] || ids[1] == ids[2] || ids[0] == ids[2] {
			t.Errorf("read %q, want each account once", ids)
		}
	})
}

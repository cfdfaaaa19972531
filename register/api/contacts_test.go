package api_test

import (
	"net/http"
	"strings"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// An administrator sets a contact aside and restores it, each once, with a reason that the audit log keeps. A
// repetition with the same key changes nothing.
func TestDecideAboutAContact(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, portal, ir := household(t, r)
		admin := bearer(t, r, "admin_ops", registerclient.RoleAdmin)
		client := r.ClientWith(t, "admin_ops", secretKey)
		contact := must(client.ListContacts(t.Context(), "23 1234 5678 901"))(t).Contacts[0].Contact

		setAside := r.URL + "/admin/contacts/" + contact + "/set-aside"
		first := keyed(t, setAside, admin, "k", `{"reason":"Nobody knows it."}`)
		expect(t, first, http.StatusOK, "")
		if standing := first.body["contact"].(map[string]any)["standing"]; standing != "set-aside" {
			t.Errorf("set aside: %v", first.body)
		}
		again := keyed(t, setAside, admin, "k", `{"reason":"Nobody knows it."}`)
		if again.status != http.StatusOK || again.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("again: %d %v", again.status, again.header)
		}
		expect(t, post(t, setAside, admin, `{"reason":"once more"}`), http.StatusConflict, "CON001")

		exists := must(portal.IdentityRecordExists(t.Context(), registertest.MeterPoint))(t)
		if !exists.Exists || len(exists.AvailableMethods) != 0 {
			t.Errorf("set aside: %+v", exists)
		}

		restore := r.URL + "/admin/contacts/" + contact + "/restore"
		expect(t, post(t, restore, admin, `{"reason":"A lease was shown."}`), http.StatusOK, "")
		expect(t, post(t, restore, admin, `{"reason":"once more"}`), http.StatusConflict, "CON001")
		exists = must(portal.IdentityRecordExists(t.Context(), registertest.MeterPoint))(t)
		if len(exists.AvailableMethods) == 0 {
			t.Error("restored, and no method is available")
		}

		log := must(client.ReadAudit(t.Context(), registerclient.AuditQuery{EventType: "contact.set-aside"}))(t)
		if len(log.Events) != 1 || log.Events[0].Detail["reason"] != "Nobody knows it." ||
			log.Events[0].AccountID != "admin_ops" {
			t.Errorf("audited: %+v", log.Events)
		}

		// What is kept of the decision shows the masked address, and is erased with the person.
		must(owner.AnonymiseIdentityRecord(t.Context(), ir))(t)
		again = keyed(t, setAside, admin, "k", `{"reason":"Nobody knows it."}`)
		if again.status != http.StatusUnprocessableEntity {
			t.Errorf("after the erasure: %d %v", again.status, again.body)
		}
	})
}

// A decision needs a reason of one line, and a contact that exists.
func TestWrongContactDecisions(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	household(t, r)
	admin := bearer(t, r, "admin_ops", registerclient.RoleAdmin)
	client := r.ClientWith(t, "admin_ops", secretKey)
	contact := must(client.ListContacts(t.Context(), registertest.MeterPoint))(t).Contacts[0].Contact
	for _, decision := range []string{"set-aside", "restore"} {
		address := r.URL + "/admin/contacts/" + contact + "/" + decision
		for body, fields := range map[string]string{
			`{}`:                            "reason",
			`{"reason":" "}`:                "reason",
			`{"reason":"x","colour":"red"}`: "colour",
			`{"reason":"` + strings.Repeat("x", 501) + `"}`: "reason",
		} {
			a := post(t, address, admin, body)
			if a.status != http.StatusBadRequest || a.fields() != fields {
				t.Errorf("%s with %.40s: %d %q, want 400 %q", decision, body, a.status, a.fields(), fields)
			}
		}

		for _, unknown := range []string{"cnt_0123456789abcdef01234567", "nonsense"} {
			a := post(t, r.URL+"/admin/contacts/"+unknown+"/"+decision, admin, `{"reason":"x"}`)
			expect(t, a, http.StatusNotFound, "NOT001")
		}
	}

	a := get(t, r.URL+"/admin/contacts?mpxn=12", admin)
	if a.status != http.StatusBadRequest || a.fields() != "mpxn" {
		t.Errorf("a wrong meter point: %d %q", a.status, a.fields())
	}
	if got := must(client.ListContacts(t.Context(), "9900000000001"))(t).Contacts; len(got) != 0 {
		t.Errorf("a meter point without contacts: %+v", got)
	}
}

// Alarms are listed in pages, the newest first.
func TestListAlarms(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		r.ClientOf(t, registerclient.CreateAccountRequest{
			AccountID: "bright_energy",
			Role:      registerclient.RoleDataUser,
		})
		admin := r.Client(t, registerclient.RoleAdmin)
		if got := must(admin.ListAlarms(t.Context(), registerclient.ListAlarmsQuery{}))(t); got.Total != 0 {
			t.Errorf("none: %+v", got)
		}

		raiseAlarms(t, r)
		seen := map[registerclient.AlarmKind]bool{}
		query := registerclient.ListAlarmsQuery{Limit: 1}
		for range 2 {
			page := must(admin.ListAlarms(t.Context(), query))(t)
			if page.Total != 2 || len(page.Alarms) != 1 || page.Alarms[0].AccountID != "bright_energy" {
				t.Fatalf("page %+v", page)
			}

			seen[page.Alarms[0].Kind] = true
			query.Cursor = page.NextCursor
		}

		if len(seen) != 2 || query.Cursor != "" {
			t.Errorf("seen %v, then the cursor %q", seen, query.Cursor)
		}
	})
}

package api_test

import (
	"net/http"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// patchRecord changes an identity record.
func patchRecord(t testing.TB, r *registertest.Register, authorization, ir, body string) reply {
	t.Helper()

	return send(t, http.MethodPatch, r.URL+"/identity-records/"+ir, authorization, "application/json", []byte(body))
}

// A change says which members are wrong, and that one is needed. A record of another account does not exist, and an
// anonymised one cannot be changed.
func TestWrongIdentityChanges(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	r.Clock.Set(time.Date(2026, time.June, 1, 23, 30, 0, 0, time.UTC)) // June 2 in London
	owner := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	stranger := bearer(t, r, "power_pal", registerclient.RoleDataUser)
	client := r.ClientWith(t, "bright_energy", secretKey)
	ir := identity(t, client, "customer@example.com")

	for body, fields := range map[string]string{
		`{"email":"nobody"}`:                                                       "email",
		`{"email":"a@example.com","colour":1}`:                                     "colour",
		`{"pii-principal":{"mpxn":"2312345678901"}}`:                               "pii-principal.mpxn",
		`{"expressed-by":"data-subject"}`:                                          "expressed-by",
		`{"pii-principal":{"move-in-date":"2026-09-01"}}`:                          "pii-principal.move-in-date",
		`{"pii-principal":{"move-in-date":"soon"}}`:                                "pii-principal.move-in-date",
		`{"pii-principal":{"address":{"addressLine1":"1 A Road","townCity":"B"}}}`: "pii-principal.address.postcode",
		`{"principal-verification":{"method":"a","outcome":"yes"}}`: "principal-verification.verified-at " +
			"principal-verification.outcome",
	} {
		a := patchRecord(t, r, owner, ir, body)
		if a.status != http.StatusBadRequest || a.fields() != fields {
			t.Errorf("%s: %d %q, want 400 %q", body, a.status, a.fields(), fields)
		}
	}

	const nothing = "The body must give email, principal-verification, or pii-principal with move-in-date or address."
	for _, body := range []string{
		`{}`, `{"email":""}`, `{"email":null}`, `{"pii-principal":{}}`, `{"pii-principal":{"address":null}}`,
		`{"principal-verification":null,"pii-principal":{"move-in-date":""}}`,
	} {
		a := patchRecord(t, r, owner, ir, body)
		if a.status != http.StatusBadRequest || a.message() != nothing {
			t.Errorf("%s: %d %q", body, a.status, a.message())
		}
	}

	const good = `{"pii-principal":{"move-in-date":"2026-08-31"}}`
	expect(t, patchRecord(t, r, stranger, ir, good), http.StatusNotFound, "NOT001")
	expect(t, patchRecord(t, r, owner, "ir_0123456789abcdef01234567", good), http.StatusNotFound, "NOT001")
	expect(t, patchRecord(t, r, owner, ir, good), http.StatusOK, "")
	must(client.AnonymiseIdentityRecord(t.Context(), ir))(t)
	expect(t, patchRecord(t, r, owner, ir, good), http.StatusConflict, "CON001")
}

// The response to a change, a reading and a look-up show the record with the standing of its contacts.
func TestContactStandingOfARecord(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d), registertest.HoldConfirmations())
		owner, portal, ir := household(t, r)
		r.Clock.Add(time.Minute)
		r.AddPasskey(t, ir)
		r.Clock.Add(time.Minute)
		pending := magicLink(t, portal)

		changed := must(owner.UpdateIdentityRecord(t.Context(), ir, registerclient.UpdateIdentityRecordRequest{
			Email: new("new.address@example.com"),
		}))(t).IdentityRecord
		read := must(owner.ReadIdentityRecord(t.Context(), ir))(t).IdentityRecord
		found := must(owner.LookupIdentityRecords(t.Context(), registerclient.LookupIdentityRecordsQuery{
			Email: "new.address@example.com",
		}))(t).IdentityRecords
		for name, record := range map[string]registerclient.IdentityRecord{
			"changed": changed, "read": read, "found": found[0],
		} {
			standing := record.ContactStanding
			if len(standing) != 3 ||
				standing[0].Kind != "email" || standing[0].Standing != registerclient.ContactStands ||
				standing[1].Kind != "passkey" || *standing[1].CredentialID != "cred_"+ir[3:] ||
				standing[2].Standing != registerclient.ContactProvisional || standing[2].Why != "new" ||
				!standing[2].Since.Equal(r.Clock.Now()) || standing[2].MayStandAt != nil {
				t.Errorf("%s: %+v", name, standing)
			}
		}

		expectStatus(t, portal, pending, registerclient.StatusPending)
		exists := must(portal.IdentityRecordExists(t.Context(), registertest.MeterPoint))(t)
		if len(exists.AvailableMethods) != 3 {
			t.Errorf("methods %v", exists.AvailableMethods)
		}

		must(owner.AnonymiseIdentityRecord(t.Context(), ir))(t)
		if got := must(owner.ReadIdentityRecord(t.Context(), ir))(t).IdentityRecord.ContactStanding; len(got) != 0 {
			t.Errorf("anonymised: %+v", got)
		}
	})
}

// A failed verification closes the meter point to the contacts of the record at once.
func TestVerificationFails(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, portal, ir := household(t, r)
		token := magicLink(t, portal)
		record := must(owner.UpdateIdentityRecord(t.Context(), ir, registerclient.UpdateIdentityRecordRequest{
			PrincipalVerification: &registerclient.PrincipalVerification{
				Method: "gov-id-check", VerifiedAt: r.Clock.Now(), Outcome: "failed",
			},
		}))(t).IdentityRecord
		if record.ContactStanding[0].Why != "verification-failed" {
			t.Errorf("the contact: %+v", record.ContactStanding)
		}

		exists := must(portal.IdentityRecordExists(t.Context(), registertest.MeterPoint))(t)
		if !exists.Exists || len(exists.AvailableMethods) != 0 {
			t.Errorf("exists: %+v", exists)
		}

		_, err := portal.ListAccessRecords(t.Context(), registertest.MeterPoint, registerclient.ListAccessRecordsQuery{
			ReidentificationToken: token,
		})
		if err == nil {
			t.Error("a token that the contact confirmed still reads")
		}
	})
}

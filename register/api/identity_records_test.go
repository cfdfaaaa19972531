package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// A Data User finds its own identity records by meter point, by e-mail address or by both. Another one finds none of
// them.
func TestLookUpIdentityRecords(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner := r.Client(t, registerclient.RoleDataUser)
		other := r.Client(t, registerclient.RoleDataUser)
		in := registertest.IdentityRecord("23 1234-5678 901", "Customer@Example.com")
		made := must(owner.CreateIdentityRecord(t.Context(), in))(t)
		must(owner.CreateIdentityRecord(t.Context(), registertest.IdentityRecord("9900000000001", "")))(t)
		r.AddPasskey(t, made.IR)
		for _, query := range []registerclient.LookupIdentityRecordsQuery{
			{MPxN: registertest.MeterPoint},
			{Email: "customer@example.COM"},
			{MPxN: registertest.MeterPoint, Email: "customer@example.com"},
		} {
			found := must(owner.LookupIdentityRecords(t.Context(), query))(t).IdentityRecords
			if len(found) != 1 || found[0].IR != made.IR {
				t.Fatalf("%+v: found %+v", query, found)
			}

			got := found[0]
			if got.PIIPrincipal.MPxN != registertest.MeterPoint ||
				got.PIIPrincipal.Address.Postcode != "M14 5RT" ||
				!got.HasEmail ||
				got.PrincipalVerification.Detail["attempts"] != 1.0 ||
				*got.ExpressedBy != "data-subject" ||
				len(got.Credentials) != 1 {
				text, _ := json.Marshal(got)
				t.Errorf("read back %s", text)
			}
		}

		found := must(owner.LookupIdentityRecords(t.Context(), registerclient.LookupIdentityRecordsQuery{
			MPxN:  "9900000000001",
			Email: "customer@example.com",
		}))(t)
		if len(found.IdentityRecords) != 0 {
			t.Error("a record with one of the two keys was found by both")
		}

		found = must(other.LookupIdentityRecords(t.Context(), registerclient.LookupIdentityRecordsQuery{
			MPxN: registertest.MeterPoint,
		}))(t)
		if len(found.IdentityRecords) != 0 {
			t.Error("another Data User found the record")
		}
	})
}

// A look-up needs a meter point or an e-mail address. All mistakes are reported at once.
func TestLookUpNeedsAKey(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	expect(t, get(t, r.URL+"/identity-records", owner), http.StatusBadRequest, "VAL001")
	a := get(t, r.URL+"/identity-records?mpxn=12&email=nobody", owner)
	expect(t, a, http.StatusBadRequest, "VAL001")
	if a.fields() != "mpxn email" {
		t.Errorf("the errors name %q", a.fields())
	}
}

// The database file holds no e-mail address, postal address or evidence in the clear.
func TestPersonalDataIsSealed(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	identity(t, r.Client(t, registerclient.RoleDataUser), "canary@example.com")
	var path string
	if err := r.DB.Write.Get(&path, `SELECT file FROM pragma_database_list WHERE name = 'main'`); err != nil {
		t.Fatal(err)
	}

	files, _ := filepath.Glob(path + "*")
	for _, file := range files {
		bytes, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, canary := range []string{"canary@", "Acacia", "VER-1"} {
			if strings.Contains(string(bytes), canary) {
				t.Errorf("%s holds %q in the clear", filepath.Base(file), canary)
			}
		}
	}
}

// A new identity record can start the enrolment of a passkey. It needs a registered return URL.
func TestEnrolmentWithANewRecord(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	client := r.ClientOf(t, registerclient.CreateAccountRequest{
		Role:       registerclient.RoleDataUser,
		ReturnURLs: []string{"https://bright-energy.com/back"},
	})
	in := registertest.IdentityRecord(registertest.MeterPoint, "")
	in.InitiatePasskeyRegistration = true
	for _, address := range []*string{nil, new("https://bright-energy.com/back/"), new("https://evil.example")} {
		in.PasskeyReturnURL = address
		_, err := client.CreateIdentityRecord(t.Context(), in)
		if err == nil || !strings.Contains(err.Error(), "passkey-return-url") {
			t.Errorf("%v: %v", address, err)
		}
	}

	in.PasskeyReturnURL = new("https://bright-energy.com/back")
	made := must(client.CreateIdentityRecord(t.Context(), in))(t)
	redirect := made.PasskeyRegistrationRedirect
	if redirect == nil ||
		!strings.HasPrefix(redirect.RedirectURL, "http://localhost:5001/id/passkey/register?session=pks_") ||
		*redirect.ReturnURL != *in.PasskeyReturnURL {
		t.Errorf("redirect %+v", redirect)
	}
}

// Every read of an identity record is audited, once for each record found.
func TestIdentityRecordReadsAreAudited(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, _, ir := household(t, r)
		movedIn(t, owner, "2024-01-01", "customer@example.com")
		got := must(owner.ReadIdentityRecord(t.Context(), ir))(t).IdentityRecord
		if got.IR != ir || got.PIIPrincipal.MoveInDate != "2022-06-30" || !got.HasEmail {
			t.Errorf("read %+v", got)
		}

		must(owner.LookupIdentityRecords(t.Context(), registerclient.LookupIdentityRecordsQuery{
			Email: "customer@example.com",
		}))(t)
		must(owner.LookupIdentityRecords(t.Context(), registerclient.LookupIdentityRecordsQuery{
			Email: "nobody@example.com",
		}))(t)
		if got := audited(t, r, "identity-record.read", registertest.MeterPoint); got != 3 {
			t.Errorf("%d reads audited, want 3", got)
		}
		if got := audited(t, r, "identity-record.created", registertest.MeterPoint); got != 2 {
			t.Errorf("%d creations audited, want 2", got)
		}
	})
}

// Another Data User's identity record gets the same response as one that does not exist (docs/decisions.md, Scope of
// every read).
func TestForeignIdentityRecordIsUnknown(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, _, ir := household(t, r)
	r.AddPasskey(t, ir)
	token := must(owner.ReidentifyOwn(t.Context(), ir, registerclient.ReidentifyOwnRequest{
		Method: "magic-link",
	}))(t).TokenRef()
	stranger := r.Client(t, registerclient.RoleDataUser)
	for _, ref := range []string{ir, "ir_0123456789abcdef01234567", "nonsense"} {
		in := registerclient.ReidentifyOwnRequest{Method: "magic-link"}
		for name, err := range map[string]error{
			"read":      errorOf(stranger.ReadIdentityRecord(t.Context(), ref)),
			"anonymise": errorOf(stranger.AnonymiseIdentityRecord(t.Context(), ref)),
			"passkey":   stranger.DeletePasskeyCredential(t.Context(), ref, "cred_"+ir[3:]),
			"challenge": errorOf(stranger.ReidentifyOwn(t.Context(), ref, in)),
			"status":    errorOf(stranger.OwnReidentificationStatus(t.Context(), ref, token)),
		} {
			if !errors.Is(err, registerclient.ErrNotFound) {
				t.Errorf("%s of %s: %v", name, ref, err)
			}
		}
	}

	other := movedIn(t, owner, "2024-01-01", "")
	_, err := owner.OwnReidentificationStatus(t.Context(), other, token)
	if !errors.Is(err, registerclient.ErrNotFound) {
		t.Errorf("the status by another record of the owner: %v", err)
	}

	got := must(owner.OwnReidentificationStatus(t.Context(), ir, token))(t)
	if got.Status != registerclient.StatusConfirmed {
		t.Errorf("the owner reads %s", got.Status)
	}
}

// An anonymised identity record holds nothing personal. Its challenges end, and nothing new can refer to it. It cannot
// be anonymised while an active access record of its own account refers to it; one of another account does not keep it.
func TestAnonymise(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d), registertest.HoldConfirmations())
		owner, portal, ir := household(t, r)
		r.AddPasskey(t, ir)
		second := r.Client(t, registerclient.RoleDataUser)
		pending := magicLink(t, portal)
		confirmed := magicLink(t, portal)
		toCreate := magicLink(t, second)
		r.Confirm(t, confirmed)
		r.Confirm(t, toCreate)
		own := must(owner.ReidentifyOwn(t.Context(), ir, registerclient.ReidentifyOwnRequest{
			Method: "passkey-assert",
		}))(t).TokenRef()

		// Another Data User's record was registered by the customer's token, and has no end.
		in := recordByToken(registerclient.BasisContract, toCreate)
		in.AccessEvent.Expiry = nil
		must(second.CreateAccessRecord(t.Context(), in))(t)
		in = registertest.AccessRecord(ir, registerclient.BasisContract)
		in.AccessEvent.Expiry = new(r.Clock.Now().Add(time.Minute))
		must(owner.CreateAccessRecord(t.Context(), in))(t)
		if _, err := owner.AnonymiseIdentityRecord(t.Context(), ir); !errors.Is(err, registerclient.ErrConflict) {
			t.Fatalf("with an active record: %v", err)
		}

		r.Clock.Add(time.Minute) // the owner's record has expired
		first := must(owner.AnonymiseIdentityRecord(t.Context(), ir))(t)
		r.Clock.Add(time.Minute)
		again := must(owner.AnonymiseIdentityRecord(t.Context(), ir))(t)
		if !again.AnonymisedAt.Equal(first.AnonymisedAt) {
			t.Errorf("a second time returns %s, want %s", again.AnonymisedAt, first.AnonymisedAt)
		}

		got := must(owner.ReadIdentityRecord(t.Context(), ir))(t).IdentityRecord
		if got.PIIPrincipal != nil ||
			got.ExpressedBy != nil ||
			got.PrincipalVerification != nil ||
			got.HasEmail ||
			len(got.Credentials) != 0 ||
			got.AnonymisedAt == nil {
			t.Errorf("the record still reads %+v", got)
		}

		personal := 0
		err := r.DB.Read.Get(&personal, r.DB.Read.Rebind(`SELECT COUNT(*) FROM identity_records WHERE ir = ?
			AND (mpxn IS NOT NULL OR move_in_date IS NOT NULL OR expressed_by IS NOT NULL
			OR sealed_email IS NOT NULL OR email_mac IS NOT NULL OR sealed_detail IS NOT NULL)`), ir)
		if err != nil || personal != 0 {
			t.Errorf("the row still holds personal data: %d %v", personal, err)
		}

		for _, token := range []string{pending, confirmed} {
			expectStatus(t, portal, token, registerclient.StatusExpired)
		}

		status := must(owner.OwnReidentificationStatus(t.Context(), ir, own))(t).Status
		if status != registerclient.StatusExpired {
			t.Errorf("the owner's token is %s", status)
		}

		_, err = portal.ListAccessRecords(t.Context(), registertest.MeterPoint, registerclient.ListAccessRecordsQuery{
			ReidentificationToken: confirmed,
		})
		if !errors.Is(err, registerclient.ErrForbidden) {
			t.Errorf("reading with a token confirmed before: %v", err)
		}

		exists := must(portal.IdentityRecordExists(t.Context(), registertest.MeterPoint))(t)
		if exists.Exists || len(exists.AvailableMethods) != 0 {
			t.Errorf("the person still exists: %+v", exists)
		}

		_, err = owner.ReidentifyOwn(t.Context(), ir, registerclient.ReidentifyOwnRequest{Method: "passkey-register"})
		if !errors.Is(err, registerclient.ErrConflict) {
			t.Errorf("a new challenge: %v", err)
		}

		_, err = owner.CreateAccessRecord(t.Context(), registertest.AccessRecord(ir, registerclient.BasisConsent))
		if !errors.Is(err, registerclient.ErrConflict) {
			t.Errorf("a new access record: %v", err)
		}
		if got := audited(t, r, "identity-record.anonymised", registertest.MeterPoint); got != 1 {
			t.Errorf("%d anonymisations audited, want 1", got)
		}
	})
}

// Of a concurrent anonymisation and registration by the same account exactly one succeeds, and a registration of
// another account keeps nobody from being anonymised: an active access record never refers to an anonymised identity
// record.
func TestAnonymiseWhileRegistering(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner := r.Client(t, registerclient.RoleDataUser)
		second := r.Client(t, registerclient.RoleDataUser)
		for i := range 12 {
			in := registertest.IdentityRecord(fmt.Sprintf("99000000001%02d", i), "c@example.com")
			ir := must(owner.CreateIdentityRecord(t.Context(), in))(t).IR
			record := registertest.AccessRecord(ir, registerclient.BasisConsent)
			by := owner
			if i%2 == 1 { // by the customer's token
				token := must(second.Reidentify(t.Context(), registerclient.ReidentifyRequest{
					MPxN:   in.PIIPrincipal.MPxN,
					Method: "magic-link",
				}))(t).TokenRef()
				record = recordByToken(registerclient.BasisConsent, token)
				by = second
			}

			var registered, anonymised error
			var both sync.WaitGroup
			both.Go(func() { _, registered = by.CreateAccessRecord(t.Context(), record) })
			both.Go(func() { _, anonymised = owner.AnonymiseIdentityRecord(t.Context(), ir) })
			both.Wait()
			if by == owner && (registered == nil) == (anonymised == nil) || by == second && anonymised != nil {
				t.Errorf("round %d: registered %v, anonymised %v", i, registered, anonymised)
			}
		}

		var linked int
		err := r.DB.Read.Get(&linked, `SELECT COUNT(*) FROM access_records r JOIN identity_records i ON i.ir = r.ir
			WHERE i.anonymised_at IS NOT NULL`)
		if err != nil || linked != 0 {
			t.Errorf("%d access records refer to an anonymised identity record (%v)", linked, err)
		}
	})
}

// A Data User deletes a passkey of its own identity record, once. The method is then no longer offered.
func TestDeletePasskey(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, portal, ir := household(t, r)
		r.AddPasskey(t, ir)
		other := movedIn(t, owner, "2024-01-01", "")
		credential := "cred_" + ir[3:]
		err := owner.DeletePasskeyCredential(t.Context(), other, credential)
		if !errors.Is(err, registerclient.ErrNotFound) {
			t.Errorf("by another record: %v", err)
		}
		if err := owner.DeletePasskeyCredential(t.Context(), ir, credential); err != nil {
			t.Fatal(err)
		}

		err = owner.DeletePasskeyCredential(t.Context(), ir, credential)
		if !errors.Is(err, registerclient.ErrNotFound) {
			t.Errorf("a second time: %v", err)
		}

		got := must(portal.IdentityRecordExists(t.Context(), registertest.MeterPoint))(t).AvailableMethods
		if slices.Contains(got, "passkey-assert") {
			t.Errorf("still offered: %v", got)
		}
	})
}

// A move-in date lies at most 90 days ahead (docs/decisions.md, Which person). Days are London's: at half past midnight
// there, it is still the day before in UTC.
func TestMoveInDateLimit(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner := r.Client(t, registerclient.RoleDataUser)
		r.Clock.Set(time.Date(2026, time.June, 1, 23, 30, 0, 0, time.UTC)) // June 2 in London
		in := registertest.IdentityRecord(registertest.MeterPoint, "")
		in.PIIPrincipal.MoveInDate = "2026-09-01"
		_, err := owner.CreateIdentityRecord(t.Context(), in)
		refused, ok := errors.AsType[*registerclient.Error](err)
		if !ok || refused.Status != http.StatusBadRequest || refused.Field != "pii-principal.move-in-date" ||
			len(refused.Details) != 1 {
			t.Errorf("91 days ahead: %v", err)
		}

		line := importLine(1)
		line.IdentityRecord.PIIPrincipal.MoveInDate = "2026-09-01"
		response := imports(t, owner, string(must(json.Marshal(line))(t)))
		if response.Refused != 1 || response.Errors[0].Code != "VAL001" ||
			response.Errors[0].Field != "identity-record.pii-principal.move-in-date" {
			t.Errorf("91 days ahead in an import: %+v", response)
		}

		in.PIIPrincipal.MoveInDate = "2026-08-31"
		line.IdentityRecord.PIIPrincipal.MoveInDate = "2026-08-31"
		must(owner.CreateIdentityRecord(t.Context(), in))(t)
		if response := imports(t, owner, string(must(json.Marshal(line))(t))); response.Imported != 1 {
			t.Errorf("90 days ahead in an import: %+v", response)
		}
	})
}

// Mail to an address literal or to a bare host name is refused wherever an address is given, by the name of its field.
func TestAddressLiteralsAreRefused(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := r.ClientOf(t, registerclient.CreateAccountRequest{AccountID: "owner", Role: registerclient.RoleDataUser})
	record := registertest.IdentityRecord(registertest.MeterPoint, "customer@example.com")
	ir := must(owner.CreateIdentityRecord(t.Context(), record))(t).IR
	for _, email := range []string{"customer@[127.0.0.1]", "customer@127.0.0.1", "root@mailhost", "a@example.com."} {
		record.Email = &email
		_, created := owner.CreateIdentityRecord(t.Context(), record)
		_, changed := owner.UpdateIdentityRecord(t.Context(), ir, registerclient.UpdateIdentityRecordRequest{
			Email: &email,
		})
		_, subscribed := owner.RegisterWebhook(t.Context(), registerclient.RegisterWebhookRequest{
			CallbackURL: "https://example.com/hook", AlertEmail: email,
		})
		for field, err := range map[string]error{"email": created, "alert-email": subscribed} {
			if refused, ok := errors.AsType[*registerclient.Error](err); !ok || !refused.Names(field) {
				t.Errorf("%s: %v, want a refusal of %s", email, err, field)
			}
		}
		if refused, ok := errors.AsType[*registerclient.Error](changed); !ok || !refused.Names("email") {
			t.Errorf("a change to %s: %v", email, changed)
		}
	}
}

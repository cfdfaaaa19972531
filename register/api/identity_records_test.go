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

func TestIdentityRecordIsReadBackByItsOwnerAlone(t *testing.T) {
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
			{MPxN: registertest.MeterPoint}, {Email: "customer@example.COM"}, {MPxN: registertest.MeterPoint, Email: "customer@example.com"},
		} {
			found := must(owner.LookupIdentityRecords(t.Context(), query))(t).IdentityRecords
			if len(found) != 1 || found[0].IR != made.IR {
				t.Fatalf("%+v: found %+v", query, found)
			}

			got := found[0]
			if got.PIIPrincipal.MPxN != registertest.MeterPoint || got.PIIPrincipal.Address.Postcode != "M14 5RT" ||
				!got.HasEmail ||
				got.PrincipalVerification.Detail["attempts"] != 1.0 ||
				*got.ExpressedBy != "data-subject" ||
				len(got.Credentials) != 1 {
				text, _ := json.Marshal(got)
				t.Errorf("read back %s", text)
			}
		}

		if found := must(
			owner.LookupIdentityRecords(
				t.Context(),
				registerclient.LookupIdentityRecordsQuery{MPxN: "9900000000001", Email: "customer@example.com"},
			),
		)(
			t,
		); len(
			found.IdentityRecords,
		) != 0 {
			t.Error("meter point and e-mail are not both asked for")
		}
		if found := must(
			other.LookupIdentityRecords(
				t.Context(),
				registerclient.LookupIdentityRecordsQuery{MPxN: registertest.MeterPoint},
			),
		)(
			t,
		); len(
			found.IdentityRecords,
		) != 0 {
			t.Error("another Data User sees the record")
		}
	})
}

func TestLookUpNeedsAMeterPointOrAnAddress(t *testing.T) {
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

func TestAddressesAndEvidenceAreKeptSealed(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	must(
		r.Client(t, registerclient.RoleDataUser).
			CreateIdentityRecord(t.Context(), registertest.IdentityRecord(registertest.MeterPoint, "canary@example.com")),
	)(
		t,
	)
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

func TestEnrolmentWithANewRecordNeedsARegisteredReturnURL(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	client := r.ClientOf(
		t,
		registerclient.CreateAccountRequest{
			Role:       registerclient.RoleDataUser,
			ReturnURLs: []string{"https://bright-energy.com/back"},
		},
	)
	in := registertest.IdentityRecord(registertest.MeterPoint, "")
	in.InitiatePasskeyRegistration = true
	for _, url := range []*string{nil, new("https://bright-energy.com/back/"), new("https://evil.example")} {
		in.PasskeyReturnURL = url
		if _, err := client.CreateIdentityRecord(
			t.Context(),
			in,
		); err == nil ||
			!strings.Contains(err.Error(), "passkey-return-url") {
			t.Errorf("%v: %v", url, err)
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

func TestEveryReadingOfAnIdentityRecordIsNoted(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, _, ir := household(t, r)
		movedIn(t, owner, "2024-01-01", "customer@example.com")
		if got := must(
			owner.ReadIdentityRecord(t.Context(), ir),
		)(
			t,
		).IdentityRecord; got.IR != ir || got.PIIPrincipal.MoveInDate != "2022-06-30" ||
			!got.HasEmail {
			t.Errorf("read %+v", got)
		}

		must(
			owner.LookupIdentityRecords(
				t.Context(),
				registerclient.LookupIdentityRecordsQuery{Email: "customer@example.com"},
			),
		)(
			t,
		)
		must(
			owner.LookupIdentityRecords(
				t.Context(),
				registerclient.LookupIdentityRecordsQuery{Email: "nobody@example.com"},
			),
		)(
			t,
		)
		if got := audited(t, r, "identity-record.read", registertest.MeterPoint); got != 3 {
			t.Errorf("%d readings noted, want one and two", got)
		}
		if got := audited(t, r, "identity-record.created", registertest.MeterPoint); got != 2 {
			t.Errorf("%d creations noted, want 2", got)
		}
	})
}

// docs/decisions.md, Scope of every read: somebody else's record answers exactly as one that does not exist.
func TestIdentityRecordOfAnotherAnswersAsUnknown(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, _, ir := household(t, r)
	r.AddPasskey(t, ir)
	token := must(
		owner.ReidentifyOwn(t.Context(), ir, registerclient.ReidentifyOwnRequest{Method: "magic-link"}),
	)(
		t,
	).TokenRef()
	stranger := r.Client(t, registerclient.RoleDataUser)
	for _, ref := range []string{ir, "ir_0123456789abcdef01234567", "nonsense"} {
		_, read := stranger.ReadIdentityRecord(t.Context(), ref)
		_, anonymised := stranger.AnonymiseIdentityRecord(t.Context(), ref)
		_, asked := stranger.ReidentifyOwn(t.Context(), ref, registerclient.ReidentifyOwnRequest{Method: "magic-link"})
		_, polled := stranger.OwnReidentificationStatus(t.Context(), ref, token)
		for i, err := range []error{read, anonymised, stranger.DeletePasskeyCredential(t.Context(), ref, "cred_"+ir[3:]), asked, polled} {
			if !errors.Is(err, registerclient.ErrNotFound) {
				t.Errorf("%s, operation %d: %v", ref, i, err)
			}
		}
	}

	other := movedIn(t, owner, "2024-01-01", "")
	if _, err := owner.OwnReidentificationStatus(
		t.Context(),
		other,
		token,
	); !errors.Is(
		err,
		registerclient.ErrNotFound,
	) {
		t.Errorf("polled by another record of the same owner: %v", err)
	}
	if got := must(
		owner.OwnReidentificationStatus(t.Context(), ir, token),
	)(
		t,
	); got.Status != registerclient.StatusConfirmed {
		t.Errorf("the owner reads %s", got.Status)
	}
}

func TestAnonymisingLeavesNothingPersonal(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d), registertest.HoldConfirmations())
		owner, portal, ir := household(t, r)
		r.AddPasskey(t, ir)
		second := r.Client(t, registerclient.RoleDataUser)
		pending := start(t, portal, "magic-link").TokenRef()
		confirmed := start(t, portal, "magic-link").TokenRef()
		toCreate := start(t, second, "magic-link").TokenRef()
		r.Confirm(t, confirmed)
		r.Confirm(t, toCreate)
		own := must(
			owner.ReidentifyOwn(t.Context(), ir, registerclient.ReidentifyOwnRequest{Method: "passkey-assert"}),
		)(
			t,
		).TokenRef()
		// Another Data User's record, made on the customer's word, rests on it as well.
		in := registertest.AccessRecord("", registerclient.BasisContract)
		in.RecordMetadata.IdentityRecordRef, in.ReidentificationToken = nil, &toCreate
		in.AccessEvent.Expiry = new(r.Clock.Now().Add(time.Minute))
		must(second.CreateAccessRecord(t.Context(), in))(t)
		if _, err := owner.AnonymiseIdentityRecord(t.Context(), ir); !errors.Is(err, registerclient.ErrConflict) {
			t.Fatalf("with an active record: %v", err)
		}

		r.Clock.Add(time.Minute) // it has expired, swept or not
		first := must(owner.AnonymiseIdentityRecord(t.Context(), ir))(t)
		r.Clock.Add(time.Minute)
		if again := must(
			owner.AnonymiseIdentityRecord(t.Context(), ir),
		)(
			t,
		); !again.AnonymisedAt.Equal(
			first.AnonymisedAt,
		) {
			t.Errorf("a second time answers %s, not %s", again.AnonymisedAt, first.AnonymisedAt)
		}

		got := must(owner.ReadIdentityRecord(t.Context(), ir))(t).IdentityRecord
		if got.PIIPrincipal != nil || got.ExpressedBy != nil || got.PrincipalVerification != nil || got.HasEmail ||
			len(got.Credentials) != 0 ||
			got.AnonymisedAt == nil {
			t.Errorf("still read %+v", got)
		}

		var left int
		if err := r.DB.Read.Get(
			&left,
			r.DB.Read.Rebind(
				`SELECT COUNT(*) FROM identity_records WHERE ir = ? AND (mpxn IS NOT NULL OR move_in_date IS NOT NULL
			OR expressed_by IS NOT NULL OR sealed_email IS NOT NULL OR email_mac IS NOT NULL OR sealed_detail IS NOT NULL)`,
			),
			ir,
		); err != nil ||
			left != 0 {
			t.Errorf("something is left in the row: %d %v", left, err)
		}
		for _, token := range []string{pending, confirmed} {
			expectStatus(t, portal, token, registerclient.StatusExpired)
		}
		if got := must(
			owner.OwnReidentificationStatus(t.Context(), ir, own),
		)(
			t,
		); got.Status != registerclient.StatusExpired {
			t.Errorf("the owner's token reads as %s", got.Status)
		}
		if _, err := portal.ListAccessRecords(
			t.Context(),
			registertest.MeterPoint,
			registerclient.ListAccessRecordsQuery{ReidentificationToken: confirmed},
		); !errors.Is(
			err,
			registerclient.ErrForbidden,
		) {
			t.Errorf("a token that was confirmed before opens: %v", err)
		}
		if exists := must(
			portal.IdentityRecordExists(t.Context(), registertest.MeterPoint),
		)(
			t,
		); exists.Exists ||
			len(exists.AvailableMethods) != 0 {
			t.Errorf("still on record: %+v", exists)
		}
		if _, err := owner.ReidentifyOwn(
			t.Context(),
			ir,
			registerclient.ReidentifyOwnRequest{Method: "passkey-register"},
		); !errors.Is(
			err,
			registerclient.ErrConflict,
		) {
			t.Errorf("asked again: %v", err)
		}
		if _, err := owner.CreateAccessRecord(
			t.Context(),
			registertest.AccessRecord(ir, registerclient.BasisConsent),
		); !errors.Is(
			err,
			registerclient.ErrConflict,
		) {
			t.Errorf("a new record rests on it: %v", err)
		}
		if got := audited(t, r, "identity-record.anonymised", registertest.MeterPoint); got != 1 {
			t.Errorf("%d anonymisations noted, want 1", got)
		}
	})
}

// Whichever comes first: an active access record never rests on an anonymised identity record.
func TestAnonymisingAndRegisteringAccessExcludeEachOther(t *testing.T) {
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
			if i%2 == 1 { // on the customer's word
				token := must(
					second.Reidentify(
						t.Context(),
						registerclient.ReidentifyRequest{MPxN: in.PIIPrincipal.MPxN, Method: "magic-link"},
					),
				)(
					t,
				).TokenRef()
				record.RecordMetadata.IdentityRecordRef, record.ReidentificationToken, by = nil, &token, second
			}

			var made, gone error
			var both sync.WaitGroup
			both.Go(func() { _, made = by.CreateAccessRecord(t.Context(), record) })
			both.Go(func() { _, gone = owner.AnonymiseIdentityRecord(t.Context(), ir) })
			both.Wait()
			if (made == nil) == (gone == nil) {
				t.Errorf("round %d: registered %v, anonymised %v", i, made, gone)
			}
		}
	})
}

func TestPasskeyIsForgottenOnce(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, portal, ir := household(t, r)
		r.AddPasskey(t, ir)
		other := movedIn(t, owner, "2024-01-01", "")
		credential := "cred_" + ir[3:]
		if err := owner.DeletePasskeyCredential(
			t.Context(),
			other,
			credential,
		); !errors.Is(
			err,
			registerclient.ErrNotFound,
		) {
			t.Errorf("by another record: %v", err)
		}
		if err := owner.DeletePasskeyCredential(t.Context(), ir, credential); err != nil {
			t.Fatal(err)
		}
		if err := owner.DeletePasskeyCredential(
			t.Context(),
			ir,
			credential,
		); !errors.Is(
			err,
			registerclient.ErrNotFound,
		) {
			t.Errorf("a second time: %v", err)
		}
		if got := must(
			portal.IdentityRecordExists(t.Context(), registertest.MeterPoint),
		)(
			t,
		).AvailableMethods; slices.Contains(
			got,
			"passkey-assert",
		) {
			t.Errorf("still offered: %v", got)
		}
	})
}

// docs/decisions.md, Which person. Days are London's: at half past midnight there it is still yesterday, UTC.
func TestAMoveInDateLiesAtMost90DaysAhead(t *testing.T) {
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
		told := imports(t, owner, string(must(json.Marshal(line))(t)))
		if told.Refused != 1 || told.Errors[0].Code != "VAL001" ||
			told.Errors[0].Field != "identity-record.pii-principal.move-in-date" {
			t.Errorf("91 days ahead in an import: %+v", told)
		}

		in.PIIPrincipal.MoveInDate, line.IdentityRecord.PIIPrincipal.MoveInDate = "2026-08-31", "2026-08-31"
		must(owner.CreateIdentityRecord(t.Context(), in))(t)
		if told := imports(t, owner, string(must(json.Marshal(line))(t))); told.Imported != 1 {
			t.Errorf("90 days ahead in an import: %+v", told)
		}
	})
}

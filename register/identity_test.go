package register_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

func TestIdentityRecordIsReadBackByItsOwnerAlone(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, other := r.Client(t, registerclient.RoleDataUser), r.Client(t, registerclient.RoleDataUser)
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
			if got.PIIPrincipal.MPxN != registertest.MeterPoint || got.PIIPrincipal.Address.Postcode != "M14 5RT" || !got.HasEmail ||
				got.PrincipalVerification.Detail["attempts"] != 1.0 || *got.ExpressedBy != "data-subject" || len(got.Credentials) != 1 {
				text, _ := json.Marshal(got)
				t.Errorf("read back %s", text)
			}
		}
		if found := must(owner.LookupIdentityRecords(t.Context(), registerclient.LookupIdentityRecordsQuery{MPxN: "9900000000001", Email: "customer@example.com"}))(t); len(found.IdentityRecords) != 0 {
			t.Error("meter point and e-mail are not both asked for")
		}
		if found := must(other.LookupIdentityRecords(t.Context(), registerclient.LookupIdentityRecordsQuery{MPxN: registertest.MeterPoint}))(t); len(found.IdentityRecords) != 0 {
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
	must(r.Client(t, registerclient.RoleDataUser).CreateIdentityRecord(t.Context(), registertest.IdentityRecord(registertest.MeterPoint, "canary@example.com")))(t)
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

// docs/decisions.md, Which person: the methods are the union over every live identity record.
func TestMethodsAreTheUnionOverAllIdentityRecords(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	one, two := r.Client(t, registerclient.RoleDataUser), r.Client(t, registerclient.RoleDataUser)
	portal := r.Client(t, registerclient.RolePortal)
	methods := func() []registerclient.Method {
		t.Helper()
		answer := must(portal.IdentityRecordExists(t.Context(), registertest.MeterPoint))(t)
		return answer.AvailableMethods
	}
	unknown := must(portal.IdentityRecordExists(t.Context(), registertest.MeterPoint))(t)
	if unknown.Exists || len(unknown.AvailableMethods) != 0 {
		t.Errorf("nobody on record, and yet %+v", unknown)
	}
	first := must(one.CreateIdentityRecord(t.Context(), registertest.IdentityRecord(registertest.MeterPoint, "")))(t)
	if got := methods(); len(got) != 0 {
		t.Errorf("without an address: %v", got)
	}
	must(two.CreateIdentityRecord(t.Context(), registertest.IdentityRecord(registertest.MeterPoint, "c@example.com")))(t)
	if got := methods(); !slices.Equal(got, []registerclient.Method{"magic-link", "passkey-register"}) {
		t.Errorf("with one address: %v", got)
	}
	r.AddPasskey(t, first.IR)
	if got := methods(); !slices.Equal(got, []registerclient.Method{"passkey-assert", "magic-link", "passkey-register"}) {
		t.Errorf("with a passkey as well: %v", got)
	}
}

func TestEnrolmentWithANewRecordNeedsARegisteredReturnURL(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	client := r.ClientOf(t, registerclient.CreateAccountRequest{Role: registerclient.RoleDataUser, ReturnURLs: []string{"https://bright-energy.com/back"}})
	in := registertest.IdentityRecord(registertest.MeterPoint, "")
	in.InitiatePasskeyRegistration = true
	for _, url := range []*string{nil, new("https://bright-energy.com/back/"), new("https://evil.example")} {
		in.PasskeyReturnURL = url
		if _, err := client.CreateIdentityRecord(t.Context(), in); err == nil || !strings.Contains(err.Error(), "passkey-return-url") {
			t.Errorf("%v: %v", url, err)
		}
	}
	in.PasskeyReturnURL = new("https://bright-energy.com/back")
	made := must(client.CreateIdentityRecord(t.Context(), in))(t)
	redirect := made.PasskeyRegistrationRedirect
	if redirect == nil || !strings.HasPrefix(redirect.RedirectURL, "http://localhost:5001/id/passkey/register?session=pks_") || *redirect.ReturnURL != *in.PasskeyReturnURL {
		t.Errorf("redirect %+v", redirect)
	}
}

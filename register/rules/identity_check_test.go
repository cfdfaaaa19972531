package rules_test

import (
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// A request for an identity record is refused with every mistake.
func TestIdentityCheck(t *testing.T) {
	t.Parallel()
	type request = registerclient.CreateIdentityRecordRequest
	r := rules.New(rules.Options{
		Keys:       must(rules.NewKeyring("test:" + registertest.Key))(t),
		SecretCost: registertest.SecretCost,
		Clock:      func() time.Time { return today },
	})
	submitted := func(text string) func(in *request) {
		return func(in *request) { in.PrincipalVerification.Submitted = text }
	}
	account := store.Account{AccountID: "owner", ReturnURLs: store.JSON[[]string]{V: []string{returnURL}}}
	for _, test := range []struct {
		name  string
		alter func(in *request)
		want  string
	}{
		{"valid", func(*request) {}, ""},
		{"least", func(in *request) {
			*in = request{PIIPrincipal: in.PIIPrincipal, ExpressedBy: "authorised-representative"}
			in.PIIPrincipal.Address = nil
		}, ""},
		{"nothing", func(in *request) { *in = request{} },
			"pii-principal.mpxn pii-principal.move-in-date expressed-by"},
		{"address", func(in *request) { in.PIIPrincipal.Address.Postcode = "?" }, "pii-principal.address.postcode"},
		{"expressed by another", func(in *request) { in.ExpressedBy = "me" }, "expressed-by"},
		{"address literal", func(in *request) { in.Email = new("customer@[127.0.0.1]") }, "email"},
		{"two addresses", func(in *request) { in.Email = new("a@example.com, b@example.com") }, "email"},
		{"evidence", func(in *request) {
			*in.PrincipalVerification = registerclient.PrincipalVerification{
				Reference: "\n", Submitted: strings.Repeat("a", 256), VerifiedAgainst: "a\tb",
			}
		}, "principal-verification.method principal-verification.verified-at principal-verification.outcome " +
			"principal-verification.reference principal-verification.submitted " +
			"principal-verification.verified-against"},
		{"verified in 5 minutes", func(in *request) {
			in.PrincipalVerification.VerifiedAt = today.Add(5 * time.Minute)
		}, ""},
		{"verified later", func(in *request) {
			in.PrincipalVerification.VerifiedAt = today.Add(5*time.Minute + time.Second)
		}, "principal-verification.verified-at"},
		{"masked", submitted("XXXX-XXXX-XXXX-4242"), ""},
		{"two numbers", submitted("1234 of ****5678"), ""},
		{"a postcode", submitted("M14 5RT"), ""},
		{"unmasked", submitted("4111111111111111"), "principal-verification.submitted"},
		{"five digits", submitted("card 12345"), "principal-verification.submitted"},
		{"in groups", submitted("4111 1111-1111.1111"), "principal-verification.submitted"},
		{"a date", submitted("born 12/05/1985"), ""},
		{"grouped by slashes", submitted("4111/1111/1111/1111"), "principal-verification.submitted"},
		{"grouped by commas", submitted("4111, 1111, 1111, 1111"), "principal-verification.submitted"},
		{"grouped by underscores", submitted("4111_1111_1111_1111"), "principal-verification.submitted"},
		{"grouped by en dashes", submitted("4111\u20131111\u20131111\u20131111"),
			"principal-verification.submitted"},
		{"grouped by narrow spaces", submitted("4111\u202f1111\u202f1111\u202f1111"),
			"principal-verification.submitted"},
		{"with marks", submitted("4\u03011\u03011\u03011\u03011\u0301"), "principal-verification.submitted"},
		{"circled", submitted("\u2463\u2460\u2460\u2460\u2460"), "principal-verification.submitted"},
		{"superscript", submitted("\u2074\u00b9\u00b9\u00b9\u00b9"), "principal-verification.submitted"},
		{"in Devanagari", submitted("\u096a\u0967\u0967\u0967 \u0967\u0967"), "principal-verification.submitted"},
		{"masked by bullets", submitted("\u2022\u2022\u2022\u2022 \u2022\u2022\u2022\u2022 4242"), ""},
		{"in other digits", submitted("\uff14\uff11\uff11\uff11\uff11"), "principal-verification.submitted"},
		{"moves in in 90 days", func(in *request) { in.PIIPrincipal.MoveInDate = "2026-08-30" }, ""},
		{"moves in in 91 days", func(in *request) { in.PIIPrincipal.MoveInDate = "2026-08-31" },
			"pii-principal.move-in-date"},
		{"enrols", func(in *request) {
			in.InitiatePasskeyRegistration = true
			in.PasskeyReturnURL = new(returnURL)
			in.PIIPrincipal.MoveInDate = "2026-06-01"
		}, ""},
		{"enrols before the move", func(in *request) {
			in.InitiatePasskeyRegistration = true
			in.PasskeyReturnURL = new(returnURL)
			in.PIIPrincipal.MoveInDate = "2026-06-02"
		}, "initiate-passkey-registration"},
		{"enrols without an address to return to", func(in *request) { in.InitiatePasskeyRegistration = true },
			"passkey-return-url"},
		{"enrols with another address", func(in *request) {
			in.InitiatePasskeyRegistration = true
			in.PasskeyReturnURL = new(returnURL + "/")
		}, "passkey-return-url"},
	} {
		in := registertest.IdentityRecord(meterPoint, customerEmail)
		test.alter(&in)
		want := test.want
		if want != "" {
			want = "invalid VAL001 " + want
		}

		_, err := r.PrepareIdentityRecord(in, account)
		expectRefusal(t, test.name, err, want)
	}
}

// What an identity record holds of a person is stored sealed.
func TestIdentityRecordIsSealed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	row := must(h.store.FindOwnIdentityRecord(t.Context(), "owner", h.ir))(t)
	for name, value := range map[string][]byte{
		"e-mail": row.SealedEmail, "hash": row.EmailMAC, "detail": row.SealedDetail,
	} {
		if len(value) == 0 {
			t.Errorf("the %s is not stored", name)
		}
		for _, plain := range []string{"customer", "Acacia", "VER-1"} {
			if strings.Contains(string(value), plain) {
				t.Errorf("the %s shows %q", name, plain)
			}
		}
	}

	least := registerclient.CreateIdentityRecordRequest{
		PIIPrincipal: registerclient.PIIPrincipal{MPxN: meterPoint, MoveInDate: "2024-01-01"},
		ExpressedBy:  "data-subject",
	}
	created := must(h.createIdentity(t, h.owner, least))(t)
	row = must(h.store.FindOwnIdentityRecord(t.Context(), "owner", created.IR))(t)
	if row.SealedEmail != nil || row.EmailMAC != nil || row.SealedDetail != nil {
		t.Errorf("without personal data %+v is stored", row)
	}
}

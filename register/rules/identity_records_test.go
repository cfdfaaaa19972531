package rules_test

import (
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/registerclient"
)

// The owner reads its record back as it was given, without the e-mail address.
func TestReadIdentityRecord(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		passkey := h.addPasskey(t, h.ir)
		h.addPasskey(t, h.lives(t, h.owner, "", "2024-01-01"))
		got := must(h.ReadIdentityRecord(t.Context(), "owner", h.ir))(t)
		if got.IR != h.ir || !got.HasEmail || *got.ExpressedBy != "data-subject" || got.AnonymisedAt != nil ||
			got.PIIPrincipal.MPxN != meterPoint || got.PIIPrincipal.MoveInDate != "2022-06-30" ||
			got.PIIPrincipal.Address.Postcode != "M14 5RT" || got.PrincipalVerification.Reference != "VER-1" ||
			!got.CreatedAt.Equal(today) {
			t.Errorf("read %+v", got)
		}
		if len(got.Credentials) != 1 || got.Credentials[0].CredentialID != passkey.CredentialID {
			t.Errorf("its passkeys are %+v", got.Credentials)
		}

		for name, test := range map[string][2]string{
			"another account's": {"portal", h.ir},
			"unknown":           {"owner", "ir_0123456789abcdef01234567"},
		} {
			_, err := h.ReadIdentityRecord(t.Context(), test[0], test[1])
			expectRefusal(t, name, err, "not found NOT001")
		}

		h.expectAudited(t, "identity-record.read", 1)
	})
}

// Records are found by meter point, by e-mail address in any case, or by both, and only by their owner. Each one that
// is read is audited.
func TestLookUpIdentityRecords(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.lives(t, h.owner, "", "2024-01-01")
		other := h.account(t, "other", registerclient.RoleDataUser)
		h.lives(t, other, customerEmail, "2024-01-01")
		email := new("Customer@EXAMPLE.com")
		for _, test := range []struct {
			name  string
			query rules.IdentityQuery
			found int
			want  string
		}{
			{"meter point", rules.IdentityQuery{MPxN: new("23 1234 5678 901")}, 2, ""},
			{"e-mail", rules.IdentityQuery{Email: email}, 1, ""},
			{"both", rules.IdentityQuery{MPxN: new(meterPoint), Email: email}, 1, ""},
			{"both, elsewhere", rules.IdentityQuery{MPxN: new(otherMeterPoint), Email: email}, 0, ""},
			{"unknown e-mail", rules.IdentityQuery{Email: new("nobody@example.com")}, 0, ""},
			{"neither", rules.IdentityQuery{}, 0, "invalid VAL001 mpxn"},
			{"both wrong", rules.IdentityQuery{MPxN: new("1"), Email: new("")}, 0, "invalid VAL001 mpxn email"},
		} {
			before := h.audited(t, "identity-record.read")
			found, err := h.LookUpIdentityRecords(t.Context(), "owner", test.query)
			expectRefusal(t, test.name, err, test.want)
			if len(found) != test.found || h.audited(t, "identity-record.read") != before+test.found {
				t.Errorf("%s: found %d and audited %d, want %d",
					test.name, len(found), h.audited(t, "identity-record.read")-before, test.found)
			}
		}
	})
}

// After a rotation of keys a record is still found by its e-mail address and read.
func TestLookUpUnderAnOlderKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	ring := must(rules.NewKeyring(rules.GenerateKey("next") + ",test:" + registertest.Key))(t)
	rotated := h.with(func(o *rules.Options) { o.Keys = ring })
	found := must(rotated.LookUpIdentityRecords(t.Context(), "owner", rules.IdentityQuery{
		Email: new(customerEmail),
	}))(t)
	if len(found) != 1 || found[0].PIIPrincipal.Address.Postcode != "M14 5RT" {
		t.Errorf("found %+v", found)
	}
}

// A new record can start the enrolment of a passkey: a page without a mailed link, because the owner has verified the
// customer.
func TestCreateIdentityRecordEnrols(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	in := registertest.IdentityRecord(meterPoint, "new@example.com")
	in.InitiatePasskeyRegistration = true
	in.PasskeyReturnURL = new(returnURL)
	created := must(h.createIdentity(t, h.owner, in))(t)
	redirect := created.PasskeyRegistrationRedirect
	if redirect == nil || !strings.HasPrefix(redirect.RedirectURL, pages.Enrol+"?session=pks_") ||
		*redirect.ReturnURL != returnURL || !redirect.ExpiresAt.Equal(today.Add(5*time.Minute)) {
		t.Errorf("created %+v", created)
	}
	if to := h.recipients(t); to != "" {
		t.Errorf("letters went to %s", to)
	}

	h.expectAudited(t, "identity-record.created", 2)
	h.expectAudited(t, "reidentification.started", 1)
}

// An identity record is anonymised once no active access record rests on it. That is permanent, and nothing personal
// remains.
func TestAnonymiseIdentityRecord(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.addPasskey(t, h.ir)
		ak := h.access(t, h.owner, h.ir, registerclient.BasisContract)
		_, err := h.AnonymiseIdentityRecord(t.Context(), "owner", h.ir)
		expectRefusal(t, "an active record rests on it", err, "conflict CON001")
		_, err = h.AnonymiseIdentityRecord(t.Context(), "portal", h.ir)
		expectRefusal(t, "another account's", err, "not found NOT001")

		must(h.RevokeOwn(t.Context(), "owner", ak, nil))(t)
		for range 2 {
			if at := must(h.AnonymiseIdentityRecord(t.Context(), "owner", h.ir))(t); !at.Equal(today) {
				t.Errorf("anonymised at %s, want %s", at, today)
			}
			h.clock.Add(time.Hour)
		}

		got := must(h.ReadIdentityRecord(t.Context(), "owner", h.ir))(t)
		if got.PIIPrincipal != nil || got.PrincipalVerification != nil || got.HasEmail || got.ExpressedBy != nil ||
			len(got.Credentials) != 0 || !got.AnonymisedAt.Equal(today) {
			t.Errorf("what remains is %+v", got)
		}

		row := must(h.store.FindOwnIdentityRecord(t.Context(), "owner", h.ir))(t)
		if row.SealedEmail != nil || row.EmailMAC != nil || row.SealedDetail != nil || row.MoveInDate != nil {
			t.Errorf("what remains stored is %+v", row)
		}

		for name, query := range map[string]rules.IdentityQuery{
			"e-mail": {Email: new(customerEmail)}, "meter point": {MPxN: new(meterPoint)},
		} {
			if found := must(h.LookUpIdentityRecords(t.Context(), "owner", query))(t); len(found) != 0 {
				t.Errorf("it is still found by its %s", name)
			}
		}

		h.expectAudited(t, "identity-record.anonymised", 1)
	})
}

// An access record past its expiry does not keep its identity record.
func TestAnonymiseAfterExpiry(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.expiring(t, registerclient.BasisContract, 1)
		h.clock.Add(24*time.Hour - time.Second)
		_, err := h.AnonymiseIdentityRecord(t.Context(), "owner", h.ir)
		expectRefusal(t, "a second before the end", err, "conflict CON001")
		h.clock.Add(time.Second)
		must(h.AnonymiseIdentityRecord(t.Context(), "owner", h.ir))(t)
	})
}

// An owner removes the passkeys of its own records, once, and the customer is told.
func TestRemovePasskey(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		passkey := h.addPasskey(t, h.ir).CredentialID
		kept := h.addPasskey(t, h.ir).CredentialID
		second := h.lives(t, h.owner, "", "2024-01-01")
		for _, test := range []struct{ name, account, ir, credential, want string }{
			{"another account's", "portal", h.ir, passkey, "not found NOT001"},
			{"of another record", "owner", second, passkey, "not found NOT001"},
			{"unknown", "owner", h.ir, "cred_0123456789abcdef01234567", "not found NOT001"},
			{"own", "owner", h.ir, passkey, ""},
			{"again", "owner", h.ir, passkey, "not found NOT001"},
		} {
			err := h.RemovePasskey(t.Context(), test.account, test.ir, test.credential)
			expectRefusal(t, test.name, err, test.want)
		}

		left := must(h.ListStandingPasskeys(t.Context(), meterPoint))(t)
		if len(left) != 1 || left[0].CredentialID != kept {
			t.Errorf("left are %+v", left)
		}
		if to := h.recipients(t); to != customerEmail {
			t.Errorf("letters went to %q", to)
		}

		h.expectAudited(t, "credential.removed", 1)
	})
}

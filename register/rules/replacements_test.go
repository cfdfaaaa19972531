package rules_test

import (
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// An active record is replaced by its owner only, at the same meter point.
func TestReplaceAccess(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		other, foreign := r.owner(t, "other")
		elsewhere := r.identity(t, owner, otherMeterPoint, "2022-06-30")
		sibling := r.identity(t, owner, meterPoint, "2023-06-30")
		ak := r.access(t, owner, ir, registerclient.BasisContract)
		revoked := r.access(t, owner, ir, registerclient.BasisContract)
		must(r.RevokeOwn(t.Context(), owner.AccountID, revoked, nil))(t)

		expiring := registertest.AccessRecord(ir, registerclient.BasisContract)
		expiring.AccessEvent.Expiry = new(today.Add(time.Minute))
		expired := must(r.register(t, owner, expiring))(t)
		r.clock.Add(time.Minute)

		const ref = " record-metadata.identity-record-ref"
		for _, test := range []struct {
			name    string
			account store.Account
			ak, ir  string
			want    string
		}{
			{"own", owner, ak, ir, ""},
			{"the reference stays", owner, ak, "", ""},
			{"another identity record of the meter point", owner, ak, sibling, "unprocessable VAL001" + ref},
			{"of another meter point", owner, ak, elsewhere, "unprocessable VAL001" + ref},
			{"of another account", owner, ak, foreign, "unprocessable VAL001" + ref},
			{"unknown identity record", owner, ak, "ir_0123456789abcdef01234567", "unprocessable VAL001" + ref},
			{"malformed reference", owner, ak, "nonsense", "invalid VAL001" + ref},
			{"another account's record", other, ak, "", "not found NOT001"},
			{"unknown record", owner, "ak_0123456789abcdef01234567", "", "not found NOT001"},
			{"malformed key", owner, "nonsense", "", "not found NOT001"},
			{"revoked", owner, revoked, ir, "conflict CON001"},
			{"expired", owner, expired, ir, "conflict CON001"},
		} {
			in := registertest.AccessRecord(test.ir, registerclient.BasisContract)
			if test.ir == "" {
				in.RecordMetadata.IdentityRecordRef = nil
			}

			token, err := r.ReplaceAccess(t.Context(), test.account.AccountID, test.ak, in)
			expectRefusal(t, test.name, err, test.want)
			if err == nil && token.Key != test.ak {
				t.Errorf("%s: the key is %s, want %s", test.name, token.Key, test.ak)
			}
		}
	})
}

// A replacement is active, and has no token.
func TestReplacementCheck(t *testing.T) {
	t.Parallel()
	r := openRecords(t, registertest.SQLite)
	for _, test := range []struct {
		name  string
		alter func(in *registerclient.AccessRecord)
		want  string
	}{
		{"revoked", func(in *registerclient.AccessRecord) {
			in.AccessEvent.State = registerclient.StateRevoked
		}, "invalid VAL001 access-event.state"},
		{"with a token", func(in *registerclient.AccessRecord) {
			in.ReidentificationToken = new("mlr_0123456789abcdef01234567")
		}, "invalid VAL001 reidentification-token"},
	} {
		in := registertest.AccessRecord("ir_0123456789abcdef01234567", registerclient.BasisConsent)
		test.alter(&in)
		_, err := r.ReplaceAccess(t.Context(), "owner", "ak_0123456789abcdef01234567", in)
		expectRefusal(t, test.name, err, test.want)
	}
}

// A consent stays a consent, and access cannot be said to have begun earlier (docs/decisions.md, Replacing).
func TestWhatAReplacementCannotChange(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		const (
			basis = "unprocessable VAL001 processing.legal-basis"
			began = "unprocessable VAL001 access-event.registered-at"
			ahead = "invalid VAL001 access-event.registered-at"
		)
		for _, test := range []struct {
			name     string
			from, to registerclient.LegalBasis
			move     time.Duration // of registered-at
			want     string
		}{
			{"from consent to public task", registerclient.BasisConsent, registerclient.BasisPublicTask, 0, basis},
			{
				"from explicit consent to contract",
				registerclient.BasisExplicitConsent, registerclient.BasisContract, 0, basis,
			},
			{
				"from consent to explicit consent",
				registerclient.BasisConsent, registerclient.BasisExplicitConsent, 0, "",
			},
			{"from contract to consent", registerclient.BasisContract, registerclient.BasisConsent, 0, ""},
			{"from contract to public task", registerclient.BasisContract, registerclient.BasisPublicTask, 0, ""},
			{"back a second", registerclient.BasisContract, registerclient.BasisContract, -time.Second, began},
			{"forward a second", registerclient.BasisContract, registerclient.BasisContract, time.Second, ""},
			{"forward to 5 minutes ahead", registerclient.BasisContract, registerclient.BasisContract,
				today.Add(5 * time.Minute).Sub(sampleBegin()), ""},
			{"further ahead", registerclient.BasisContract, registerclient.BasisContract,
				today.Add(5*time.Minute + time.Second).Sub(sampleBegin()), ahead},
		} {
			ak := r.access(t, owner, ir, test.from)
			in := registertest.AccessRecord(ir, test.to)
			in.AccessEvent.RegisteredAt = sampleBegin().Add(test.move)
			_, err := r.ReplaceAccess(t.Context(), owner.AccountID, ak, in)
			expectRefusal(t, test.name, err, test.want)
		}
	})
}

// sampleBegin is when access of the sample record began.
func sampleBegin() time.Time {
	return registertest.AccessRecord("", registerclient.BasisContract).AccessEvent.RegisteredAt
}

// A record that was registered by token has an identity record that its owner does not see, and cannot name either.
func TestReplacementOfRecordByToken(t *testing.T) {
	t.Parallel()
	r := openRecords(t, registertest.SQLite)
	_, ir := r.owner(t, "owner")
	second := r.account(t, "second", registerclient.RoleDataUser)
	in := registertest.AccessRecord("", registerclient.BasisConsent)
	in.RecordMetadata.IdentityRecordRef = nil
	in.ReidentificationToken = new(r.token(t, second, meterPoint, ir, nil))
	ak := must(r.register(t, second, in))(t)

	in.ReidentificationToken = nil
	_, err := r.ReplaceAccess(t.Context(), second.AccountID, ak, in)
	expectRefusal(t, "without a reference", err, "")
	in.RecordMetadata.IdentityRecordRef = &ir
	_, err = r.ReplaceAccess(t.Context(), second.AccountID, ak, in)
	expectRefusal(t, "with the reference", err, "unprocessable VAL001 record-metadata.identity-record-ref")
}

// The list keeps the first registered-at, and says when the record was renewed.
func TestRenewal(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		ak := r.access(t, owner, ir, registerclient.BasisConsent)
		for _, move := range []time.Duration{0, time.Hour, time.Hour, 48 * time.Hour} {
			in := registertest.AccessRecord(ir, registerclient.BasisConsent)
			in.AccessEvent.RegisteredAt = sampleBegin().Add(move)
			must(r.ReplaceAccess(t.Context(), owner.AccountID, ak, in))(t)

			own := must(r.ListOwn(t.Context(), owner.AccountID, rules.RecordFilter{}, store.Page{Limit: 1}))(t)
			got := own.Records[0]
			if !got.RegisteredAt.Equal(sampleBegin()) {
				t.Errorf("%s later: registered at %s, want %s", move, got.RegisteredAt, sampleBegin())
			}
			if move == 0 && got.RenewedAt != nil {
				t.Errorf("not renewed: renewed at %s", got.RenewedAt)
			}
			if move != 0 && (got.RenewedAt == nil || !got.RenewedAt.Equal(in.AccessEvent.RegisteredAt)) {
				t.Errorf("%s later: renewed at %v, want %s", move, got.RenewedAt, in.AccessEvent.RegisteredAt)
			}
		}
	})
}

// A record is replaced ten times in a day of UTC. A refused replacement does not count, and each record has a limit of
// its own.
func TestReplacementsOfADay(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		ak := r.access(t, owner, ir, registerclient.BasisContract)
		other := r.access(t, owner, ir, registerclient.BasisContract)
		replace := func(ak string, begin time.Time) error {
			in := registertest.AccessRecord(ir, registerclient.BasisContract)
			in.AccessEvent.RegisteredAt = begin
			_, err := r.ReplaceAccess(t.Context(), owner.AccountID, ak, in)

			return err
		}

		r.clock.Set(time.Date(2026, time.June, 1, 23, 30, 0, 0, time.UTC))
		for range 10 {
			expectRefusal(t, "refused", replace(ak, sampleBegin().Add(-time.Second)),
				"unprocessable VAL001 access-event.registered-at")
			expectWait(t, "of ten", replace(ak, sampleBegin()), 0)
		}

		expectWait(t, "the eleventh", replace(ak, sampleBegin()), 30*time.Minute)
		expectWait(t, "another record", replace(other, sampleBegin()), 0)
		r.clock.Add(30*time.Minute - time.Second)
		expectWait(t, "a second before midnight", replace(ak, sampleBegin()), time.Second)
		r.clock.Add(time.Second)
		for range 10 {
			expectWait(t, "the next day", replace(ak, sampleBegin()), 0)
		}

		expectWait(t, "the eleventh of the next day", replace(ak, sampleBegin()), 24*time.Hour)
	})
}

// A token that read a record as an active consent withdraws it for the rest of its hour, also if the owner has made it
// end since.
func TestWithdrawWhatWasRead(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		portal := r.account(t, "portal", registerclient.RolePortal)
		ak := r.access(t, owner, ir, registerclient.BasisConsent)
		ending := registertest.AccessRecord(ir, registerclient.BasisConsent)
		ending.AccessEvent.Expiry = new(today.Add(time.Minute))
		expired := must(r.register(t, owner, ending))(t)
		token := r.token(t, portal, meterPoint, ir, nil)
		unread := r.token(t, portal, meterPoint, ir, nil)
		must(r.ReadWithToken(t.Context(), portal.AccountID, meterPoint, rules.RecordFilter{}, token))(t)

		ended := registertest.AccessRecord(ir, registerclient.BasisConsent)
		ended.AccessEvent.Expiry = new(today.Add(-time.Hour))
		must(r.ReplaceAccess(t.Context(), owner.AccountID, ak, ended))(t)
		r.clock.Add(time.Hour - time.Second)

		_, err := r.Withdraw(t.Context(), portal.AccountID, expired, rules.Withdrawal{Token: token})
		expectRefusal(t, "expired as it was read", err, "conflict CON001")
		_, err = r.Withdraw(t.Context(), portal.AccountID, ak, rules.Withdrawal{Token: unread})
		expectRefusal(t, "without a reading", err, "conflict CON001")
		at := must(r.Withdraw(t.Context(), portal.AccountID, ak, rules.Withdrawal{Token: token}))(t)
		again := must(r.Withdraw(t.Context(), portal.AccountID, ak, rules.Withdrawal{Token: token}))(t)
		if !at.Equal(r.Now()) || !again.Equal(at) {
			t.Errorf("withdrawn at %s and %s, want %s", at, again, r.Now())
		}

		r.clock.Add(time.Second)
		_, err = r.Withdraw(t.Context(), portal.AccountID, ak, rules.Withdrawal{Token: token})
		expectRefusal(t, "after the hour", err, "forbidden AUTH004 reidentification-token")
	})
}

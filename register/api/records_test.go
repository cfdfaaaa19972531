package api_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

const reading = "/meter-points/2312345678901/access-records"

// stateOf returns the state in the response of a verification.
func stateOf(a reply) any {
	return a.body["access-record"].(map[string]any)["access-event"].(map[string]any)["state"]
}

// Anyone with the key can verify an access record. The response holds nothing personal.
func TestVerification(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, _, ir := household(t, r)
	ak := create(t, owner, ir, registerclient.BasisConsent)
	a := get(t, r.URL+"/access-records/"+ak, "")
	if a.status != http.StatusOK || stateOf(a) != "ACTIVE" {
		t.Fatalf("%d %v", a.status, a.body)
	}

	got := must(owner.VerifyAccessRecord(t.Context(), ak))(t)
	if got.AccessRecord.RecordMetadata.IdentityRecordRef != nil ||
		got.AccessRecord.RecordMetadata.RecordIdentifier != ak {
		t.Errorf("metadata %+v", got.AccessRecord.RecordMetadata)
	}

	for _, unknown := range []string{"ak_0123456789abcdef01234567", "nonsense", "%00"} {
		expect(t, get(t, r.URL+"/access-records/"+unknown, ""), http.StatusNotFound, "NOT001")
	}
}

// A record reads as expired from its expiry on, before any sweep (docs/decisions.md, Expiry).
func TestExpiryIsImmediate(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, _, ir := household(t, r)
	in := registertest.AccessRecord(ir, registerclient.BasisConsent)
	in.AccessEvent.Expiry = new(r.Clock.Now().Add(time.Minute))
	ak := must(owner.CreateAccessRecord(t.Context(), in))(t).AccessToken.Key
	state := func() registerclient.AccessState {
		return must(owner.VerifyAccessRecord(t.Context(), ak))(t).AccessRecord.AccessEvent.State
	}
	r.Clock.Add(time.Minute - time.Second)
	if state() != registerclient.StateActive {
		t.Error("expired a second early")
	}

	r.Clock.Add(time.Second)
	if state() != registerclient.StateExpired {
		t.Error("still active at its expiry")
	}

	_, err := owner.RevokeAccessRecord(t.Context(), ak, registerclient.RevokeAccessRecordQuery{})
	if !errors.Is(err, registerclient.ErrConflict) {
		t.Errorf("revoking an expired record: %v", err)
	}
}

// An access record names an identity record of the same account.
func TestForeignIdentityRecordIsRefused(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	_, _, ir := household(t, r)
	other := r.Client(t, registerclient.RoleDataUser)
	for name, ref := range map[string]string{"another's": ir, "unknown": "ir_0123456789abcdef01234567"} {
		_, err := other.CreateAccessRecord(t.Context(), registertest.AccessRecord(ref, registerclient.BasisConsent))
		if !errors.Is(err, registerclient.ErrForbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A second Data User registers with a token that the customer confirmed, and never sees the identity record.
func TestRegisterWithToken(t *testing.T) {
	t.Parallel()
	r := registertest.New(t, registertest.HoldConfirmations())
	household(t, r)
	second := r.Client(t, registerclient.RoleDataUser)
	token := magicLink(t, second)
	in := recordByToken(registerclient.BasisConsent, token)
	attempt := func(want error) {
		t.Helper()
		if _, err := second.CreateAccessRecord(t.Context(), in); !errors.Is(err, want) {
			t.Fatalf("got %v, want %v", err, want)
		}
	}

	// Before the confirmation. Then a refusal does not consume the token, and a registration does.
	attempt(registerclient.ErrUnprocessable)
	r.Confirm(t, token)
	in.Processing.Purpose = ""
	attempt(registerclient.ErrInvalid)
	in.Processing.Purpose = "Comparing tariffs"
	attempt(nil)
	attempt(registerclient.ErrConflict)

	theirs := magicLink(t, r.Client(t, registerclient.RoleDataUser))
	r.Confirm(t, theirs)
	for _, unknown := range []string{"mlr_0123456789abcdef01234567", theirs} {
		in.ReidentificationToken = &unknown
		attempt(registerclient.ErrNotFound)
	}

	declined := magicLink(t, second)
	old := magicLink(t, second)
	r.Decline(t, declined)
	in.ReidentificationToken = &declined
	attempt(registerclient.ErrUnprocessable)
	r.Confirm(t, old)
	r.Clock.Add(time.Hour)
	in.ReidentificationToken = &old
	attempt(registerclient.ErrUnprocessable)

	got := list(t, second, "")
	if len(got) != 1 || got[0].RecordMetadata.IdentityRecordRef == nil {
		t.Fatalf("listed %+v", got)
	}

	reference := must(
		second.ReadIdentityRecord(t.Context(), *got[0].RecordMetadata.IdentityRecordRef),
	)(
		t,
	).IdentityRecord
	if reference.PIIPrincipal != nil || reference.HasEmail || len(reference.ContactStanding) != 0 {
		t.Errorf("the reference shows what another Data User gave: %+v", reference)
	}
}

// One organisation cannot make a list too long to read, by any way of writing records.
func TestRecordBytesAreLimited(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, portal, ir := household(t, r)
		large := func(name string) registerclient.AccessRecord {
			record := registertest.AccessRecord(ir, registerclient.BasisContract)
			arrangement := &record.RecordMetadata.ControllerArrangement
			arrangement.ArrangementType = registerclient.ArrangementGroup
			arrangement.Controllers[0].Role = registerclient.ControllerLead
			for i := range 100 {
				arrangement.Controllers = append(arrangement.Controllers, registerclient.Controller{
					Name:       fmt.Sprint(name, " ", i),
					Role:       registerclient.ControllerMember,
					ContactURL: "https://example.com/" + strings.Repeat("x", 1900),
				})
			}

			return record
		}
		small := create(t, owner, ir, registerclient.BasisContract)
		var refused error
		for i := 0; refused == nil; i++ {
			if i == 20 {
				t.Fatal("twenty large records were accepted")
			}

			_, refused = owner.CreateAccessRecord(t.Context(), large("Member"))
		}

		if !errors.Is(refused, registerclient.ErrConflict) {
			t.Errorf("one more: %v", refused)
		}

		_, err := owner.ReplaceAccessRecord(t.Context(), small, large("Another"))
		if !errors.Is(err, registerclient.ErrConflict) {
			t.Errorf("a large one in place of a small one: %v", err)
		}

		response := imports(t, owner, linesOf(t, 2, func(i int, line *registerclient.ImportLine) {
			line.IdentityRecord = nil
			line.AccessRecord = registertest.AccessRecord(ir, registerclient.BasisContract)
			if i == 0 {
				line.AccessRecord = large("Imported")
			}
		}))
		if counts(*response) != [4]int{2, 1, 0, 1} || response.Errors[0].Line != 1 ||
			response.Errors[0].Code != "CON001" {
			t.Errorf("of a large line and a small one: %+v", response)
		}
		if got := list(t, portal, magicLink(t, portal)); len(got) < 3 {
			t.Errorf("the list has %d records, want at least 3", len(got))
		}
	})
}

// A replaced record keeps its key, its owner and its creation time. Only its owner can replace it.
func TestReplaceKeepsIdentity(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, _, ir := household(t, r)
		ak := create(t, owner, ir, registerclient.BasisConsent)
		before := must(owner.VerifyAccessRecord(t.Context(), ak))(t)
		r.Clock.Add(time.Hour)
		record := registertest.AccessRecord(ir, registerclient.BasisConsent)
		record.Processing.Purpose = "Another purpose"
		if got := must(owner.ReplaceAccessRecord(t.Context(), ak, record))(t).AccessToken; got.Key != ak {
			t.Errorf("the key is %s, want %s", got.Key, ak)
		}

		after := must(owner.VerifyAccessRecord(t.Context(), ak))(t)
		if after.AccessRecord.Processing.Purpose != "Another purpose" || after.DUID != before.DUID ||
			!after.AccessRecord.RecordMetadata.CreatedAt.Equal(*before.AccessRecord.RecordMetadata.CreatedAt) {
			t.Errorf("after: %+v", after.AccessRecord)
		}

		record.RecordMetadata.IdentityRecordRef = nil // it stays as it is
		must(owner.ReplaceAccessRecord(t.Context(), ak, record))(t)

		expectRefused := func(name string, by *registerclient.Client, want error) {
			t.Helper()
			if _, err := by.ReplaceAccessRecord(t.Context(), ak, record); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
		stranger := r.Client(t, registerclient.RoleDataUser)
		expectRefused("by a stranger", stranger, registerclient.ErrNotFound)

		other := must(owner.CreateIdentityRecord(t.Context(), registertest.IdentityRecord("9900000000001", "")))(t).IR
		record.RecordMetadata.IdentityRecordRef = &other
		expectRefused("with another meter point", owner, registerclient.ErrUnprocessable)

		foreign := identity(t, stranger, "")
		record.RecordMetadata.IdentityRecordRef = &foreign
		expectRefused("with another's identity record", owner, registerclient.ErrUnprocessable)

		record.RecordMetadata.IdentityRecordRef = nil
		record.AccessEvent.State = registerclient.StateRevoked
		expectRefused("with the state REVOKED", owner, registerclient.ErrInvalid)

		record.AccessEvent.State = registerclient.StateActive
		revoke(t, owner, ak)
		expectRefused("once it is revoked", owner, registerclient.ErrConflict)
	})
}

// A record cannot be replaced from its expiry on.
func TestReplaceExpiredRecord(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, _, ir := household(t, r)
	record := registertest.AccessRecord(ir, registerclient.BasisContract)
	record.AccessEvent.Expiry = new(r.Clock.Now().Add(time.Minute))
	ak := must(owner.CreateAccessRecord(t.Context(), record))(t).AccessToken.Key
	r.Clock.Add(time.Minute)
	if _, err := owner.ReplaceAccessRecord(t.Context(), ak, record); !errors.Is(err, registerclient.ErrConflict) {
		t.Errorf("replaced: %v", err)
	}
}

// The key of a sighting verifies as DISCOVERED and does not name the meter point.
func TestVerifySighting(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	dcc := r.Client(t, registerclient.RoleDCC)
	in := sighting("SEC-OU-00429")
	in.LastSeen = ""
	submitted := must(dcc.SubmitDiscoveredAccess(t.Context(), in))(t)
	a := get(t, r.URL+"/access-records/"+submitted.AK, "")
	if a.status != http.StatusOK || stateOf(a) != "DISCOVERED" {
		t.Errorf("%d %v", a.status, a.body)
	}
	if strings.Contains(fmt.Sprint(a.body), registertest.MeterPoint) {
		t.Error("the response names the meter point")
	}
}

// The records of a suspended or terminated Data User stay on the list as they were, with its status.
func TestListedStatusOfTheDataUser(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, portal, ir := household(t, r)
	create(t, owner, ir, registerclient.BasisContract)
	another := r.ClientOf(t, registerclient.CreateAccountRequest{
		AccountID:   "another",
		Role:        registerclient.RoleDataUser,
		DisplayName: "Another Ltd",
	})
	identity := registertest.IdentityRecord(registertest.MeterPoint, "customer@example.com")
	theirs := create(t, another, must(another.CreateIdentityRecord(t.Context(), identity))(t).IR,
		registerclient.BasisConsent)
	admin := r.Client(t, registerclient.RoleAdmin)

	expect := func(want registerclient.DataUserStatus) {
		t.Helper()
		listed := list(t, portal, magicLink(t, portal))
		for _, record := range listed {
			wanted := registerclient.DataUserActive
			if record.AK == theirs {
				wanted = want
			}
			if record.State != registerclient.StateActive || *record.DataUserStatus != wanted {
				t.Errorf("%s is %s, of a Data User that is %s, want %s",
					record.AK, record.State, *record.DataUserStatus, wanted)
			}
		}
		if len(listed) != 2 {
			t.Errorf("the list has %d records, want 2", len(listed))
		}
		if got := must(owner.VerifyAccessRecord(t.Context(), theirs))(t).DataUserStatus; got != want {
			t.Errorf("verified as of a Data User that is %s, want %s", got, want)
		}
	}

	expect(registerclient.DataUserActive)
	must(admin.SuspendAccount(t.Context(), "another"))(t)
	expect(registerclient.DataUserSuspended)
	must(admin.TerminateAccount(t.Context(), "another"))(t)
	expect(registerclient.DataUserTerminated)
}

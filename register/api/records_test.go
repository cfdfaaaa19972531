package api_test

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

const reading = "/meter-points/2312345678901/access-records"

// Anyone who has the key can verify an access record, and learns nothing personal.
func TestVerification(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, _, ir := household(t, r)
	ak := create(t, owner, ir, registerclient.BasisConsent)
	a := get(t, r.URL+"/access-records/"+ak, "")
	if a.status != http.StatusOK ||
		a.body["access-record"].(map[string]any)["access-event"].(map[string]any)["state"] != "ACTIVE" {
		t.Fatalf("%d %v", a.status, a.body)
	}
	if got := must(
		owner.VerifyAccessRecord(t.Context(), ak),
	)(
		t,
	); got.AccessRecord.RecordMetadata.IdentityRecordRef != nil ||
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
		t.Error("expired before its time")
	}

	r.Clock.Add(time.Second)
	if state() != registerclient.StateExpired {
		t.Error("still active at its expiry")
	}
	if _, err := owner.RevokeAccessRecord(
		t.Context(),
		ak,
		registerclient.RevokeAccessRecordQuery{},
	); !errors.Is(
		err,
		registerclient.ErrConflict,
	) {
		t.Errorf("revoking it: %v", err)
	}
}

// An access record names an identity record of the same account.
func TestForeignIdentityRecordIsRefused(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	_, _, ir := household(t, r)
	other := r.Client(t, registerclient.RoleDataUser)
	for name, ref := range map[string]string{"another's": ir, "unknown": "ir_0123456789abcdef01234567"} {
		if _, err := other.CreateAccessRecord(
			t.Context(),
			registertest.AccessRecord(ref, registerclient.BasisConsent),
		); !errors.Is(
			err,
			registerclient.ErrForbidden,
		) {
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
	token := start(t, second, registerclient.MethodMagicLink).TokenRef()
	in := registertest.AccessRecord("", registerclient.BasisConsent)
	in.RecordMetadata.IdentityRecordRef, in.ReidentificationToken = nil, &token
	attempt := func(want error) {
		t.Helper()
		if _, err := second.CreateAccessRecord(t.Context(), in); !errors.Is(err, want) {
			t.Fatalf("got %v, want %v", err, want)
		}
	}
	attempt(registerclient.ErrUnprocessable) // unconfirmed
	r.Confirm(t, token)
	in.Processing.Purpose = ""
	attempt(registerclient.ErrInvalid) // does not burn the token
	in.Processing.Purpose = "Comparing tariffs"
	attempt(nil)
	attempt(registerclient.ErrConflict)
	theirs := start(t, r.Client(t, registerclient.RoleDataUser), registerclient.MethodMagicLink).TokenRef()
	r.Confirm(t, theirs)
	for _, unknown := range []string{"mlr_0123456789abcdef01234567", theirs} {
		in.ReidentificationToken = &unknown
		attempt(registerclient.ErrNotFound)
	}

	declined := start(t, second, registerclient.MethodMagicLink).TokenRef()
	old := start(t, second, registerclient.MethodMagicLink).TokenRef()
	r.Decline(t, declined)
	in.ReidentificationToken = &declined
	attempt(registerclient.ErrUnprocessable)
	r.Confirm(t, old)
	r.Clock.Add(time.Hour)
	in.ReidentificationToken = &old
	attempt(registerclient.ErrUnprocessable)
	if got := list(t, second, ""); len(got) != 1 || got[0].RecordMetadata.IdentityRecordRef != nil {
		t.Errorf("listed %+v", got)
	}
}

// One organisation cannot make a list too long to be read, however it writes its records.
func TestRecordBytesAreLimited(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, portal, ir := household(t, r)
		large := func(name string) registerclient.AccessRecord {
			record := registertest.AccessRecord(ir, registerclient.BasisContract)
			arrangement := &record.RecordMetadata.ControllerArrangement
			arrangement.ArrangementType, arrangement.Controllers[0].Role = registerclient.ArrangementGroup, registerclient.ControllerLead
			for i := range 100 {
				arrangement.Controllers = append(arrangement.Controllers, registerclient.Controller{
					Name: fmt.Sprint(
						name,
						" ",
						i,
					),
					Role:       registerclient.ControllerMember,
					ContactURL: "https://example.com/" + strings.Repeat("x", 1900),
				})
			}

			return record
		}
		small := create(t, owner, ir, registerclient.BasisConsent)
		var refused error
		for i := 0; refused == nil; i++ {
			if i == 20 {
				t.Fatal("twenty large records are taken")
			}
			_, refused = owner.CreateAccessRecord(t.Context(), large("Member"))
		}

		if !errors.Is(refused, registerclient.ErrConflict) {
			t.Errorf("one more: %v", refused)
		}
		if _, err := owner.ReplaceAccessRecord(
			t.Context(),
			small,
			large("Another"),
		); !errors.Is(
			err,
			registerclient.ErrConflict,
		) {
			t.Errorf("a large one in place of a small one: %v", err)
		}

		told := imports(t, owner, linesOf(t, 2, func(i int, line *registerclient.ImportLine) {
			line.IdentityRecord = nil
			line.AccessRecord = registertest.AccessRecord(ir, registerclient.BasisContract)
			if i == 0 {
				line.AccessRecord = large("Imported")
			}
		}))
		if counts(*told) != [4]int{2, 1, 0, 1} || told.Errors[0].Line != 1 || told.Errors[0].Code != "CON001" {
			t.Errorf("of a large line and a small one: %+v", told)
		}
		if got := list(t, portal, start(t, portal, registerclient.MethodMagicLink).TokenRef()); len(got) < 3 {
			t.Errorf("the list holds %d records", len(got))
		}
	})
}

// A replaced record keeps its key, its owner and the time of its creation. Only its owner can replace it.
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
			t.Errorf("the key is %s", got.Key)
		}

		after := must(owner.VerifyAccessRecord(t.Context(), ak))(t)
		if after.AccessRecord.Processing.Purpose != "Another purpose" || after.DUID != before.DUID ||
			!after.AccessRecord.RecordMetadata.CreatedAt.Equal(*before.AccessRecord.RecordMetadata.CreatedAt) {
			t.Errorf("after: %+v", after.AccessRecord)
		}

		record.RecordMetadata.IdentityRecordRef = nil // the link stays
		must(owner.ReplaceAccessRecord(t.Context(), ak, record))(t)

		stranger := r.Client(t, registerclient.RoleDataUser)
		if _, err := stranger.ReplaceAccessRecord(
			t.Context(),
			ak,
			record,
		); !errors.Is(
			err,
			registerclient.ErrNotFound,
		) {
			t.Errorf("a stranger replaces it: %v", err)
		}

		other := must(owner.CreateIdentityRecord(t.Context(), registertest.IdentityRecord("9900000000001", "")))(t).IR
		record.RecordMetadata.IdentityRecordRef = &other
		if _, err := owner.ReplaceAccessRecord(t.Context(), ak, record); !errors.Is(err, registerclient.ErrInvalid) {
			t.Errorf("it moves to another meter point: %v", err)
		}

		foreign := must(
			stranger.CreateIdentityRecord(t.Context(), registertest.IdentityRecord(registertest.MeterPoint, "")),
		)(
			t,
		).IR
		record.RecordMetadata.IdentityRecordRef = &foreign
		if _, err := owner.ReplaceAccessRecord(t.Context(), ak, record); !errors.Is(err, registerclient.ErrForbidden) {
			t.Errorf("it takes somebody else's identity record: %v", err)
		}

		record.RecordMetadata.IdentityRecordRef = nil
		record.AccessEvent.State = registerclient.StateRevoked
		if _, err := owner.ReplaceAccessRecord(t.Context(), ak, record); !errors.Is(err, registerclient.ErrInvalid) {
			t.Errorf("it is revoked by replacement: %v", err)
		}

		record.AccessEvent.State = registerclient.StateActive
		must(owner.RevokeAccessRecord(t.Context(), ak, registerclient.RevokeAccessRecordQuery{}))(t)
		if _, err := owner.ReplaceAccessRecord(t.Context(), ak, record); !errors.Is(err, registerclient.ErrConflict) {
			t.Errorf("a revoked record is replaced: %v", err)
		}
	})
}

// Readers of a record see what it said before each change.
func TestAmendments(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, portal, ir := household(t, r)
		ak := create(t, owner, ir, registerclient.BasisConsent)
		replace := func(change func(*registerclient.AccessRecord)) {
			t.Helper()
			record := registertest.AccessRecord(ir, registerclient.BasisConsent)
			change(&record)
			must(owner.ReplaceAccessRecord(t.Context(), ak, record))(t)
		}
		past := func() []registerclient.Amendment {
			t.Helper()
			return list(t, portal, start(t, portal, registerclient.MethodMagicLink).MagicLink.TokenRef)[0].Amendments
		}
		// What customers are not told is no change, nor is the order of the data types or the place of a clock.
		replace(func(record *registerclient.AccessRecord) {
			record.Notice.SharedNotice.NoticeVersion = "v4"
			slices.Reverse(record.Processing.DataTypes)
			*record.AccessEvent.Expiry = record.AccessEvent.Expiry.In(time.FixedZone("", 3600))
		})
		if got := past(); got != nil {
			t.Errorf("nothing was changed, and %+v is told", got)
		}

		r.Clock.Add(time.Hour)
		first := r.Clock.Now()
		replace(func(record *registerclient.AccessRecord) {
			record.Processing.DataTypes = append(record.Processing.DataTypes, registerclient.HalfHourlyExport)
			record.AccessEvent.Expiry = nil
		})
		r.Clock.Add(time.Hour)
		second := r.Clock.Now()
		replace(func(record *registerclient.AccessRecord) {
			record.Processing.Purpose = "Another purpose"
			record.RecordMetadata.ControllerArrangement.Controllers[0].Name = "Brighter Energy Ltd"
		})
		ends := *registertest.AccessRecord(ir, registerclient.BasisConsent).AccessEvent.Expiry
		want := []registerclient.Amendment{
			{
				AmendedAt:          first,
				LeadControllerName: "Bright Energy Ltd",
				LegalBasis:         registerclient.BasisConsent,
				Purpose:            "Energy efficiency analysis",
				DataTypes: []registerclient.DataType{
					registerclient.HalfHourlyConsumption,
					registerclient.TariffImport,
				},
				Expiry: &ends,
			},
			{
				AmendedAt:          second,
				LeadControllerName: "Bright Energy Ltd",
				LegalBasis:         registerclient.BasisConsent,
				Purpose:            "Energy efficiency analysis",
				DataTypes: []registerclient.DataType{
					registerclient.HalfHourlyConsumption,
					registerclient.HalfHourlyExport,
					registerclient.TariffImport,
				},
			},
		}
		if got := past(); !reflect.DeepEqual(got, want) {
			t.Errorf("told is\n%+v, want\n%+v", got, want)
		}

		// However many replace it at once, each leaves one amendment behind. Past the fiftieth the oldest are forgotten, but for
		// the first: a flood of changes does not wash away what the customer said yes to.
		var all sync.WaitGroup
		for i := range 60 {
			all.Go(func() {
				replace(func(record *registerclient.AccessRecord) {
					record.Processing.Purpose = fmt.Sprint("Purpose ", i)
					record.RecordMetadata.IdentityRecordRef = nil // or they would wait for each other there
				})
			})
		}

		all.Wait()
		purposes := map[string]bool{}
		kept := past()
		if !reflect.DeepEqual(kept[0], want[0]) {
			t.Errorf("first of all it said %+v, want %+v", kept[0], want[0])
		}
		for _, amendment := range kept {
			purposes[amendment.Purpose] = true
		}
		if len(purposes) != 50 || len(kept) != 50 {
			t.Errorf("%d purposes of 50 are remembered, in %d amendments", len(purposes), len(kept))
		}
	})
}

// A record cannot be replaced from its expiry on.
func TestReplaceExpiredRecord(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, _, ir := household(t, r)
	record := registertest.AccessRecord(ir, registerclient.BasisContract)
	ends := r.Clock.Now().Add(time.Minute)
	record.AccessEvent.Expiry = &ends
	ak := must(owner.CreateAccessRecord(t.Context(), record))(t).AccessToken.Key
	r.Clock.Add(time.Minute)
	if _, err := owner.ReplaceAccessRecord(t.Context(), ak, record); !errors.Is(err, registerclient.ErrConflict) {
		t.Errorf("replaced: %v", err)
	}
}

// The key of a sighting verifies as DISCOVERED and does not tell the meter point.
func TestVerifySighting(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	seen := must(
		r.Client(t, registerclient.RoleDCC).SubmitDiscoveredAccess(t.Context(), registerclient.DiscoveredAccess{
			MPxN:                  registertest.MeterPoint,
			OrganisationName:      "Acme Energy Services Ltd",
			OrganisationReference: "SEC-OU-00429",
			FirstSeen:             "2024-06-01",
			DataTypesObserved:     []registerclient.DataType{registerclient.HalfHourlyConsumption},
			SourceReference:       "DCC-1",
		}),
	)(
		t,
	)
	a := get(t, r.URL+"/access-records/"+seen.AK, "")
	if event := a.body["access-record"].(map[string]any)["access-event"].(map[string]any); a.status != http.StatusOK ||
		event["state"] != "DISCOVERED" {
		t.Errorf("%d %v", a.status, a.body)
	}
	if text := fmt.Sprint(a.body); strings.Contains(text, registertest.MeterPoint) {
		t.Error("it names the meter point")
	}
}

package register_test

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

func TestPagesStayStableWhileRecordsAreAdded(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, _, ir := household(t, r)
		want := map[string]bool{}
		for i := range 23 {
			want[create(t, owner, ir, registerclient.BasisContract)] = true
			if i%5 == 0 {
				r.Clock.Add(time.Second)
			}
		}

		r.Clock.Add(time.Second)
		seen := map[string]bool{}
		cursor := ""
		for pages := 0; ; pages++ {
			page := must(
				owner.ListOwnRecords(t.Context(), registerclient.ListOwnRecordsQuery{Limit: 5, Cursor: cursor}),
			)(
				t,
			)
			for _, record := range page.Records {
				if seen[record.AK] || !want[record.AK] {
					t.Errorf("%s is listed twice, or was added since", record.AK)
				}

				seen[record.AK] = true
				if record.MPxN != registertest.MeterPoint || record.DUID == "" || record.CreatedAt.IsZero() ||
					record.RecordMetadata.IdentityRecordRef == nil {
					t.Errorf("row %+v", record)
				}
			}

			if page.Total != len(want)+pages {
				t.Errorf("total %d on page %d", page.Total, pages)
			}
			if cursor = page.NextCursor; cursor == "" {
				break
			}

			create(t, owner, ir, registerclient.BasisContract)
		}

		if len(seen) != len(want) {
			t.Errorf("%d of %d were listed", len(seen), len(want))
		}

		first := must(
			owner.ListAccessRecords(
				t.Context(),
				registertest.MeterPoint,
				registerclient.ListAccessRecordsQuery{Limit: 20},
			),
		)(
			t,
		)
		second := must(
			owner.ListAccessRecords(
				t.Context(),
				registertest.MeterPoint,
				registerclient.ListAccessRecordsQuery{Limit: 20, Cursor: first.NextCursor},
			),
		)(
			t,
		)
		if len(first.AccessRecords) != 20 || len(second.AccessRecords) != 7 || second.NextCursor != "" {
			t.Errorf("a meter point's pages have %d and %d rows", len(first.AccessRecords), len(second.AccessRecords))
		}
	})
}

func TestOwnRecordsAreFilteredByWhatTheyAreNow(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, _, ir := household(t, r)
		active := create(t, owner, ir, registerclient.BasisContract)
		revoked := create(t, owner, ir, registerclient.BasisConsent)
		ends := registertest.AccessRecord(ir, registerclient.BasisConsent)
		soon := r.Clock.Now().Add(time.Hour)
		ends.AccessEvent.Expiry = &soon
		expired := must(owner.CreateAccessRecord(t.Context(), ends))(t).AccessToken.Key
		must(owner.RevokeAccessRecord(t.Context(), revoked, registerclient.RevokeAccessRecordQuery{}))(t)
		r.Clock.Add(time.Hour) // to the moment
		for _, test := range []struct {
			by   registerclient.ListOwnRecordsQuery
			want string
		}{
			{registerclient.ListOwnRecordsQuery{State: registerclient.StateActive}, active},
			{registerclient.ListOwnRecordsQuery{State: registerclient.StateExpired}, expired},
			{registerclient.ListOwnRecordsQuery{State: registerclient.StateRevoked}, revoked},
			{registerclient.ListOwnRecordsQuery{LegalBasis: registerclient.BasisContract}, active},
		} {
			page := must(owner.ListOwnRecords(t.Context(), test.by))(t)
			if len(page.Records) != 1 || page.Records[0].AK != test.want || page.Total != 1 {
				t.Errorf("%+v: %+v", test.by, page.Records)
			}
		}
	})
}

func TestMalformedPagesAreRefusedByName(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	token := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	for query, field := range map[string]string{
		"limit=0": "limit", "limit=501": "limit", "limit=x": "limit", "limit=": "limit", "cursor=x": "cursor", "cursor=": "cursor", "cursor=MTIgYWs": "cursor",
		"state=DISCOVERED": "state", "state=active": "state", "legal-basis=consent": "legal-basis", "page=2": "page", "limit=1&limit=2": "limit",
	} {
		a := get(t, r.URL+"/records?"+query, token)
		if a.status != http.StatusBadRequest || a.fields() != field {
			t.Errorf("%s: %d %q", query, a.status, a.fields())
		}
	}

	portal := bearer(t, r, "portal_ops", registerclient.RolePortal)
	if a := get(
		t,
		r.URL+"/meter-points/2312345678901/access-records?limit=5&reidentification-token=x",
		portal,
	); a.status != http.StatusBadRequest ||
		a.fields() != "limit" {
		t.Errorf("a portal pages: %d %q", a.status, a.fields())
	}
}

func TestAReplacedRecordKeepsItsKeyItsOwnerAndItsAge(t *testing.T) {
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

func TestWhatARecordSaidBeforeItWasChangedIsToldToWhoeverReadsIt(t *testing.T) {
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

func TestAnExpiredRecordCannotBeReplacedFromThatMoment(t *testing.T) {
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

func TestWhatIsDiscoveredVerifiesAsDiscoveredAndReleasesNothing(t *testing.T) {
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

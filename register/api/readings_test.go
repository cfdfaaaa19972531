package api_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// A token opens one reading, of its own meter point, for its own account, within an hour. A refusal does not
// consume it.
func TestTokenReadsOnce(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d), registertest.HoldConfirmations())
		owner, _, ir := household(t, r)
		create(t, owner, ir, registerclient.BasisConsent)
		portal := bearer(t, r, "portal_ops", registerclient.RolePortal)
		begin := func() string {
			a := post(t, r.URL+"/identity-records/reidentify", portal, `{"mpxn":"2312345678901","method":"magic-link"}`)

			return a.body["magic-link"].(map[string]any)["token-ref"].(string)
		}
		read := func(authorization, path, token string) reply {
			return get(t, r.URL+path+"?reidentification-token="+token, authorization)
		}
		expect(t, get(t, r.URL+reading, portal), http.StatusForbidden, "AUTH004")
		expect(t, read(portal, reading, "mlr_0123456789abcdef01234567"), http.StatusForbidden, "AUTH004")
		token := begin()
		expect(t, read(portal, reading, token), http.StatusForbidden, "AUTH004")
		r.Confirm(t, token)

		stranger := bearer(t, r, "stranger", registerclient.RolePortal)
		expect(t, read(stranger, reading, token), http.StatusForbidden, "AUTH004")
		expect(t, read(portal, "/meter-points/9900000000001/access-records", token), http.StatusForbidden, "AUTH004")
		for filter, code := range map[string]string{
			"state=NONSENSE":      "VAL002",
			"legal-basis=uk-whim": "VAL003",
			"sate=ACTIVE":         "VAL001",
		} {
			a := get(t, r.URL+reading+"?"+filter+"&reidentification-token="+token, portal)
			expect(t, a, http.StatusBadRequest, code)
		}

		a := read(portal, reading, token)
		if a.status != http.StatusOK || len(a.body["access-records"].([]any)) != 1 {
			t.Fatalf("refusals consumed the token: %d %v", a.status, a.body)
		}

		expect(t, read(portal, reading, token), http.StatusConflict, "CON001")

		late := begin()
		r.Confirm(t, late)
		r.Clock.Add(time.Hour - time.Second)
		if a := read(portal, reading, late); a.status != http.StatusOK {
			t.Errorf("a second before the hour: %d", a.status)
		}

		r.Clock.Add(-time.Hour)
		later := begin()
		r.Confirm(t, later)
		r.Clock.Add(time.Hour)
		expect(t, read(portal, reading, later), http.StatusForbidden, "AUTH004")
	})
}

// A portal sees the records of every organisation, in the order of the list.
func TestPortalSeesEveryOrganisation(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, portal, ir := household(t, r)
	dcc := r.Client(t, registerclient.RoleDCC)
	expired := registertest.AccessRecord(ir, registerclient.BasisConsent)
	expired.AccessEvent.Expiry = new(r.Clock.Now().Add(time.Hour))
	must(owner.CreateAccessRecord(t.Context(), expired))(t)
	revoked := create(t, owner, ir, registerclient.BasisContract)
	must(owner.RevokeAccessRecord(t.Context(), revoked, registerclient.RevokeAccessRecordQuery{
		Reason: registerclient.ReasonContractEnded,
	}))(t)
	must(dcc.SubmitDiscoveredAccess(t.Context(), sighting("SEC-OU-00429")))(t)
	create(t, owner, ir, registerclient.BasisPublicTask)
	create(t, owner, ir, registerclient.BasisExplicitConsent)
	r.Clock.Add(time.Hour)
	got := list(t, portal, magicLink(t, portal))
	var states []string
	for _, record := range got {
		states = append(states, string(record.State))
		if record.RecordMetadata != nil && record.RecordMetadata.IdentityRecordRef != nil {
			t.Error("a portal gets the key of an identity record")
		}
	}

	if want := []string{"ACTIVE", "ACTIVE", "DISCOVERED", "EXPIRED", "REVOKED"}; !slices.Equal(states, want) {
		t.Fatalf("states %v, want %v", states, want)
	}
	if *got[0].LegalBasis != registerclient.BasisExplicitConsent ||
		*got[0].LeadControllerName != "Bright Energy Ltd" ||
		got[0].Notice == nil ||
		got[0].RegisteredAt == nil {
		t.Errorf("first %+v", got[0])
	}

	discovered := got[2].DiscoveredAccess
	if discovered.OrganisationReference != "SEC-OU-00429" ||
		discovered.FirstSeen != "2024-06-01" ||
		discovered.LastSeen != "2026-02-28" {
		t.Errorf("discovered %+v", discovered)
	}
	if *got[4].RevokedBy != registerclient.RevokedByOrganisation || got[4].RevokedAt == nil {
		t.Errorf("revoked %+v", got[4])
	}
}

// A meter point without records is an empty list, not 404.
func TestEmptyList(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	_, portal, _ := household(t, r)
	got := list(t, portal, magicLink(t, portal))
	if got == nil || len(got) != 0 {
		t.Errorf("listed %+v", got)
	}
}

// The filters narrow a meter point's list.
func TestListFilters(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, portal, ir := household(t, r)
	create(t, owner, ir, registerclient.BasisConsent)
	create(t, owner, ir, registerclient.BasisContract)
	must(r.Client(t, registerclient.RoleDCC).SubmitDiscoveredAccess(t.Context(), sighting("SEC-OU-00429")))(t)
	type filter = registerclient.ListAccessRecordsQuery
	for _, test := range []struct {
		query filter
		want  int
	}{
		{filter{}, 3},
		{filter{State: registerclient.StateActive}, 2},
		{filter{State: registerclient.StateDiscovered}, 1},
		{filter{LegalBasis: registerclient.BasisContract}, 1},
		{filter{State: registerclient.StateRevoked, LegalBasis: registerclient.BasisContract}, 0},
	} {
		test.query.ReidentificationToken = magicLink(t, portal)
		got := must(portal.ListAccessRecords(t.Context(), registertest.MeterPoint, test.query))(t)
		if len(got.AccessRecords) != test.want {
			t.Errorf("%+v: %d records, want %d", test.query, len(got.AccessRecords), test.want)
		}
	}
}

// A Data User lists its own records only (docs/decisions.md, Scope of every read).
func TestDataUserListsOwnRecords(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, _, ir := household(t, r)
	other, _, otherIR := household(t, r)
	create(t, owner, ir, registerclient.BasisConsent)
	_, err := other.ListAccessRecords(t.Context(), registertest.MeterPoint, registerclient.ListAccessRecordsQuery{})
	if !errors.Is(err, registerclient.ErrForbidden) {
		t.Errorf("without a record: %v", err)
	}

	mine := create(t, other, otherIR, registerclient.BasisContract)
	got := list(t, other, "")
	if len(got) != 1 || got[0].AK != mine || *got[0].RecordMetadata.IdentityRecordRef != otherIR {
		t.Errorf("listed %+v", got)
	}
}

// No page repeats or misses a record while others are added.
func TestPagesAreStable(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, _, ir := household(t, r)
		want := map[string]bool{}
		for i := range 23 {
			ak := create(t, owner, ir, registerclient.BasisContract)
			want[ak] = true
			if i >= 10 { // no more than 20 may be active
				must(owner.RevokeAccessRecord(t.Context(), ak, registerclient.RevokeAccessRecordQuery{}))(t)
			}
			if i%5 == 0 {
				r.Clock.Add(time.Second)
			}
		}

		r.Clock.Add(time.Second)
		listed := map[string]bool{}
		query := registerclient.ListOwnRecordsQuery{Limit: 5}
		for pages := 0; ; pages++ {
			page := must(owner.ListOwnRecords(t.Context(), query))(t)
			for _, record := range page.Records {
				if listed[record.AK] || !want[record.AK] {
					t.Errorf("%s is listed twice, or was added since", record.AK)
				}

				listed[record.AK] = true
				if record.MPxN != registertest.MeterPoint ||
					record.DUID == "" ||
					record.CreatedAt.IsZero() ||
					record.RecordMetadata.IdentityRecordRef == nil {
					t.Errorf("row %+v", record)
				}
			}

			if page.Total != len(want)+pages {
				t.Errorf("total %d on page %d", page.Total, pages)
			}
			if query.Cursor = page.NextCursor; query.Cursor == "" {
				break
			}

			create(t, owner, ir, registerclient.BasisContract)
		}

		if len(listed) != len(want) {
			t.Errorf("%d of %d were listed", len(listed), len(want))
		}

		atMeterPoint := registerclient.ListAccessRecordsQuery{Limit: 20}
		first := must(owner.ListAccessRecords(t.Context(), registertest.MeterPoint, atMeterPoint))(t)
		atMeterPoint.Cursor = first.NextCursor
		second := must(owner.ListAccessRecords(t.Context(), registertest.MeterPoint, atMeterPoint))(t)
		if len(first.AccessRecords) != 20 || len(second.AccessRecords) != 7 || second.NextCursor != "" {
			t.Errorf("a meter point's pages have %d and %d rows", len(first.AccessRecords), len(second.AccessRecords))
		}
	})
}

// The state filter uses the state at the time of the request.
func TestOwnRecordsFilter(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, _, ir := household(t, r)
		active := create(t, owner, ir, registerclient.BasisContract)
		revoked := create(t, owner, ir, registerclient.BasisConsent)
		short := registertest.AccessRecord(ir, registerclient.BasisConsent)
		short.AccessEvent.Expiry = new(r.Clock.Now().Add(time.Hour))
		expired := must(owner.CreateAccessRecord(t.Context(), short))(t).AccessToken.Key
		revoke(t, owner, revoked)
		r.Clock.Add(time.Hour)
		for _, test := range []struct {
			query registerclient.ListOwnRecordsQuery
			want  string
		}{
			{registerclient.ListOwnRecordsQuery{State: registerclient.StateActive}, active},
			{registerclient.ListOwnRecordsQuery{State: registerclient.StateExpired}, expired},
			{registerclient.ListOwnRecordsQuery{State: registerclient.StateRevoked}, revoked},
			{registerclient.ListOwnRecordsQuery{LegalBasis: registerclient.BasisContract}, active},
		} {
			page := must(owner.ListOwnRecords(t.Context(), test.query))(t)
			if len(page.Records) != 1 || page.Records[0].AK != test.want || page.Total != 1 {
				t.Errorf("%+v: %+v", test.query, page.Records)
			}
		}
	})
}

// A wrong parameter of a list is refused by name.
func TestListQueryErrors(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	token := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	for query, field := range map[string]string{
		"limit=0":             "limit",
		"limit=501":           "limit",
		"limit=x":             "limit",
		"limit=":              "limit",
		"cursor=x":            "cursor",
		"cursor=":             "cursor",
		"cursor=MTIgYWs":      "cursor",
		"state=DISCOVERED":    "state",
		"state=active":        "state",
		"legal-basis=consent": "legal-basis",
		"page=2":              "page",
		"limit=1&limit=2":     "limit",
	} {
		a := get(t, r.URL+"/records?"+query, token)
		if a.status != http.StatusBadRequest || a.fields() != field {
			t.Errorf("%s: %d %q", query, a.status, a.fields())
		}
	}

	portal := bearer(t, r, "portal_ops", registerclient.RolePortal)
	a := get(t, r.URL+"/meter-points/2312345678901/access-records?limit=5&reidentification-token=x", portal)
	if a.status != http.StatusBadRequest || a.fields() != "limit" {
		t.Errorf("by a portal: %d %q", a.status, a.fields())
	}
}

// Of concurrent callers with one token, on several replicas, exactly one gets the records.
func TestTokenReadsOnceConcurrently(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		const callers = 1000
		r := registertest.New(t, registertest.On(d))
		replicas := []*registertest.Register{
			r,
			registertest.New(t, registertest.ReplicaOf(r)),
			registertest.New(t, registertest.ReplicaOf(r)),
		}
		owner, _, ir := household(t, r)
		create(t, owner, ir, registerclient.BasisConsent)
		authorization := bearer(t, r, "portal_ops", registerclient.RolePortal)
		token := magicLink(t, r.ClientWith(t, "portal_ops", secretKey))

		var served, refused, other atomic.Int64
		var readers sync.WaitGroup
		begin := make(chan struct{})
		for i := range callers {
			readers.Go(func() {
				<-begin
				address := replicas[i%len(replicas)].URL + reading + "?reidentification-token=" + token
				a := get(t, address, authorization)
				for a.status == http.StatusServiceUnavailable { // on a slow machine; nothing was done
					a = get(t, address, authorization)
				}

				switch a.status {
				case http.StatusOK:
					served.Add(1)
				case http.StatusConflict:
					refused.Add(1)
				default:
					other.Add(1)
					t.Logf("%d %v", a.status, a.body)
				}
			})
		}

		close(begin)
		readers.Wait()
		if served.Load() != 1 || refused.Load() != callers-1 {
			t.Errorf("%d got the records, %d were refused, %d got neither", served.Load(), refused.Load(), other.Load())
		}
	})
}

// A portal's list names the register's page of the contacts. A Data User's own list does not.
func TestContactsURL(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, portal, ir := household(t, r)
	create(t, owner, ir, registerclient.BasisConsent)
	byCustomer := registerclient.ListAccessRecordsQuery{ReidentificationToken: magicLink(t, portal)}
	shown := must(portal.ListAccessRecords(t.Context(), registertest.MeterPoint, byCustomer))(t)
	if !strings.HasSuffix(shown.ContactsURL, "/id/contacts") || !strings.HasPrefix(shown.ContactsURL, "http") {
		t.Errorf("the portal is told of %q", shown.ContactsURL)
	}

	own := registerclient.ListAccessRecordsQuery{}
	if got := must(owner.ListAccessRecords(t.Context(), registertest.MeterPoint, own))(t); got.ContactsURL != "" {
		t.Errorf("a Data User is told of %q", got.ContactsURL)
	}
}

package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// A Data User lists its own records by meter point and by its own reference.
func TestOwnRecordsBySubject(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, _, ir := household(t, r)
		other, _, otherIR := household(t, r)
		in := registertest.AccessRecord(ir, registerclient.BasisContract)
		in.AccessEvent.ControllerReference = "REF 1/ä"
		referenced := must(owner.CreateAccessRecord(t.Context(), in))(t).AccessToken.Key
		plain := create(t, owner, ir, registerclient.BasisContract)
		in.RecordMetadata.IdentityRecordRef = &otherIR
		must(other.CreateAccessRecord(t.Context(), in))(t)

		type query = registerclient.ListOwnRecordsQuery
		for name, test := range map[string]struct {
			query query
			want  []string
		}{
			"reference":       {query{ControllerReference: "REF 1/ä"}, []string{referenced}},
			"other reference": {query{ControllerReference: "REF 1"}, nil},
			"meter point":     {query{MPxN: "23 1234 567 8901"}, []string{plain, referenced}},
			"other meter":     {query{MPxN: "9900000000001"}, nil},
			"both": {
				query{MPxN: registertest.MeterPoint, ControllerReference: "REF 1/ä"}, []string{referenced},
			},
		} {
			got := must(owner.ListOwnRecords(t.Context(), test.query))(t)
			if keys := keysOf(got.Records); !slices.Equal(keys, test.want) || got.Total != len(test.want) {
				t.Errorf("%s: %v of %d, want %v", name, keys, got.Total, test.want)
			}
		}

		in.RecordMetadata.IdentityRecordRef = &ir
		in.AccessEvent.ControllerReference = ""
		must(owner.ReplaceAccessRecord(t.Context(), referenced, in))(t)
		got := must(owner.ListOwnRecords(t.Context(), query{ControllerReference: "REF 1/ä"}))(t)
		if len(got.Records) != 0 {
			t.Error("a reference that was replaced is found")
		}

		authorization := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
		for query, field := range map[string]string{
			"mpxn=":                              "mpxn",
			"mpxn=1":                             "mpxn",
			"controller-reference=":              "controller-reference",
			"controller-reference=%0a":           "controller-reference",
			"changed-since=":                     "changed-since",
			"changed-since=2026-06-01":           "changed-since",
			"changed-since=2026-06-01T09:06:00Z": "changed-since",
			"changed-since=0001-01-01T00:00:00Z": "changed-since",
		} {
			a := get(t, r.URL+"/records?"+query, authorization)
			if a.status != http.StatusBadRequest || a.fields() != field {
				t.Errorf("%s: %d %q", query, a.status, a.fields())
			}
		}
	})
}

func keysOf(records []registerclient.OwnRecord) []string {
	var keys []string
	for _, record := range records {
		keys = append(keys, record.AK)
	}

	return keys
}

// changes reads a whole list of changes in pages of one. It returns the keys in order, and where the next one begins.
func changes(t testing.TB, owner *registerclient.Client, since time.Time, between func()) ([]string, time.Time) {
	t.Helper()
	var keys []string
	query := registerclient.ListOwnRecordsQuery{ChangedSince: since, Limit: 1}
	through := time.Time{}
	for {
		page := must(owner.ListOwnRecords(t.Context(), query))(t)
		keys = append(keys, keysOf(page.Records)...)
		if !through.IsZero() && !through.Equal(*page.ChangedThrough) {
			t.Errorf("a later page is changed through %s, the first through %s", page.ChangedThrough, through)
		}

		through = *page.ChangedThrough
		if query.Cursor = page.NextCursor; query.Cursor == "" {
			return keys, through
		}

		between()
	}
}

// A list of changes has what was registered, replaced and ended, the oldest change first, and in the order of creation
// within one second.
func TestChangedRecords(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, portal, ir := household(t, r)
		var made []string
		for range 4 {
			made = append(made, create(t, owner, ir, registerclient.BasisConsent))
		}

		began := r.Clock.Now()
		nothing := func() {}
		if got, _ := changes(t, owner, began, nothing); !slices.Equal(got, made) {
			t.Errorf("registered: %v, want %v", got, made)
		}

		r.Clock.Add(time.Hour)
		replaced := registertest.AccessRecord(ir, registerclient.BasisConsent)
		replaced.Processing.Purpose = "Another one"
		must(owner.ReplaceAccessRecord(t.Context(), made[2], replaced))(t)
		r.Clock.Add(time.Second)
		if err := withdraw(t, portal, made[0], magicLink(t, portal)); err != nil {
			t.Fatal(err)
		}
		r.Clock.Add(time.Second)
		revoke(t, owner, made[1])

		got, _ := changes(t, owner, began.Add(time.Second), nothing)
		if want := []string{made[2], made[0], made[1]}; !slices.Equal(got, want) {
			t.Errorf("changed since: %v, want %v", got, want)
		}
		if got, _ := changes(t, owner, began, nothing); !slices.Equal(got[:1], made[3:]) || len(got) != 4 {
			t.Errorf("all changes: %v", got)
		}
	})
}

// A change that another request commits late, with the time at which it began, is missed by the list that is being
// read, and is in the next one. The next list begins before the first page of this one, however long its pages took.
func TestReconciliationMissesNothing(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, _, ir := household(t, r)
		want := map[string]bool{}
		add := func() string {
			if len(want)%20 == 19 { // an account may have 20 active records at a meter point
				mpxn := fmt.Sprintf("98%011d", len(want))
				ir = must(owner.CreateIdentityRecord(t.Context(), registertest.IdentityRecord(mpxn, "")))(t).IR
			}

			ak := create(t, owner, ir, registerclient.BasisContract)
			want[ak] = true

			return ak
		}
		for range 3 {
			add()
			r.Clock.Add(10 * time.Minute)
		}

		since := r.Clock.Now().Add(-time.Hour)
		late := 0
		listed := map[string]bool{}
		for range 3 {
			keys, through := changes(t, owner, since, func() {
				if late == 20 {
					return
				}

				// It began 10 minutes before the page that has just been read.
				ak := add()
				_, err := r.DB.Write.Exec(r.DB.Write.Rebind(
					`UPDATE access_records SET changed_at = ?, created_at = ? WHERE ak = ?`),
					r.Clock.Now().Add(-10*time.Minute).UnixMilli(), r.Clock.Now().Add(-10*time.Minute).UnixMilli(), ak)
				if err != nil {
					t.Fatal(err)
				}
				late++
				r.Clock.Add(4 * time.Minute)
			})
			for _, key := range keys {
				listed[key] = true
			}
			if through.Before(since) {
				t.Errorf("the next list begins at %s, this one at %s", through, since)
			}
			since = through
			r.Clock.Add(time.Hour)
		}

		if len(listed) != len(want) || late == 0 {
			t.Errorf("%d of %d records were listed, %d of them late", len(listed), len(want), late)
		}
	})
}

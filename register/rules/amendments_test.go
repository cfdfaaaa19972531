package rules_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// amended is an access record of an owner that is replaced.
type amended struct {
	*records
	owner  store.Account
	ir, ak string
}

func newAmended(t testing.TB, d registertest.Database) amended {
	t.Helper()
	r := openRecords(t, d)
	owner, ir := r.owner(t, "owner")

	return amended{r, owner, ir, r.access(t, owner, ir, registerclient.BasisConsent)}
}

// replace replaces the record by the sample, altered, and returns its amendments.
func (a amended) replace(t testing.TB, alter func(in *registerclient.AccessRecord)) []registerclient.Amendment {
	t.Helper()
	in := registertest.AccessRecord(a.ir, registerclient.BasisConsent)
	alter(&in)
	must(a.ReplaceAccess(t.Context(), a.owner.AccountID, a.ak, in))(t)
	page := must(a.ListOwn(t.Context(), a.owner.AccountID, rules.RecordFilter{}, store.Page{Limit: 1}))(t)

	return page.Records[0].Amendments
}

// A replacement adds an amendment if it tells the customer something else. Of many amendments the first is kept.
func TestAmendments(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		a := newAmended(t, d)
		for name, alter := range map[string]func(in *registerclient.AccessRecord){
			"nothing":        func(*registerclient.AccessRecord) {},
			"order of types": func(in *registerclient.AccessRecord) { slices.Reverse(in.Processing.DataTypes) },
			"own reference":  func(in *registerclient.AccessRecord) { in.AccessEvent.ControllerReference = "X" },
			"way of consent": func(in *registerclient.AccessRecord) { in.AccessEvent.Consent.Method = "Telephone" },
			"time zone": func(in *registerclient.AccessRecord) {
				in.AccessEvent.Expiry = new(in.AccessEvent.Expiry.In(time.FixedZone("", 3600)))
			},
		} {
			if got := a.replace(t, alter); len(got) != 0 {
				t.Errorf("%s: amendments %+v, want none", name, got)
			}
		}

		for i := range 60 {
			if i%10 == 0 {
				a.clock.Add(24 * time.Hour) // a record is replaced ten times a day at most
			}

			got := a.replace(t, func(in *registerclient.AccessRecord) {
				in.Processing.Purpose = fmt.Sprint("Purpose ", i)
			})
			if want := min(i+1, 50); len(got) != want {
				t.Fatalf("%d amendments after %d changes, want %d", len(got), i+1, want)
			}
			if got[0].Purpose != "Energy efficiency analysis" {
				t.Fatalf("the first amendment says %q", got[0].Purpose)
			}
			if i > 0 && got[len(got)-1].Purpose != fmt.Sprint("Purpose ", i-1) {
				t.Fatalf("the last amendment says %q after change %d", got[len(got)-1].Purpose, i)
			}
		}
	})
}

// Each field that a customer is shown makes an amendment, which has what was changed.
func TestAmendmentOfEachField(t *testing.T) {
	t.Parallel()
	lead := func(in *registerclient.AccessRecord) *registerclient.Controller {
		return &in.RecordMetadata.ControllerArrangement.Controllers[0]
	}
	for name, test := range map[string]struct {
		alter func(in *registerclient.AccessRecord)
		has   func(before registerclient.Amendment) bool
	}{
		"day of the agreement": {
			func(in *registerclient.AccessRecord) { in.AccessEvent.RegisteredAt = today },
			func(b registerclient.Amendment) bool {
				return b.RegisteredAt != nil && b.RegisteredAt.Equal(sampleBegin())
			},
		},
		"recipients": {
			func(in *registerclient.AccessRecord) {
				in.Processing.Recipients = []registerclient.Recipient{{Name: "Adverts Ltd", Role: "Advertiser"}}
			},
			func(b registerclient.Amendment) bool { return b.Recipients != nil && len(b.Recipients) == 0 },
		},
		"data source": {
			func(in *registerclient.AccessRecord) { in.Processing.DataSource = "DCC" },
			func(b registerclient.Amendment) bool { return b.DataSource != nil && *b.DataSource == "" },
		},
		"contact": {
			func(in *registerclient.AccessRecord) { lead(in).ContactURL = "https://example.org" },
			func(b registerclient.Amendment) bool {
				return b.ControllerArrangement != nil &&
					b.ControllerArrangement.Controllers[0].ContactURL == "https://bright-energy.com/contact"
			},
		},
		"storage": {
			func(in *registerclient.AccessRecord) {
				lead(in).StorageConditions = &registerclient.StorageConditions{Location: "US", RetentionPeriod: "P9Y"}
			},
			func(b registerclient.Amendment) bool {
				return b.ControllerArrangement != nil &&
					b.ControllerArrangement.Controllers[0].StorageConditions == nil
			},
		},
		"notice": {
			func(in *registerclient.AccessRecord) { in.Notice.SharedNotice.NoticeVersion = "v4" },
			func(b registerclient.Amendment) bool {
				return len(b.Notices) == 1 && b.Notices[0].NoticeVersion == "v3.2"
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newAmended(t, registertest.SQLite).replace(t, test.alter)
			if len(got) != 1 || !test.has(got[0]) {
				t.Fatalf("amendments %+v", got)
			}

			present := 0
			for _, given := range []bool{
				got[0].RegisteredAt != nil, got[0].Recipients != nil, got[0].DataSource != nil,
				got[0].ControllerArrangement != nil, got[0].Notices != nil,
			} {
				if given {
					present++
				}
			}
			if present != 1 {
				t.Errorf("%d fields are said to have changed, want 1: %+v", present, got[0])
			}
		})
	}
}

// However often a record is replaced, its amendments tell all that it ever allowed: each kind of data, each
// organisation, and the latest end, with the days.
func TestNothingWidensUnseen(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		a := newAmended(t, d)
		change := 0
		pass := func() time.Time {
			a.clock.Add(3 * time.Hour)
			change++

			return a.Now()
		}
		named := func(alter func(in *registerclient.AccessRecord)) []registerclient.Amendment {
			return a.replace(t, func(in *registerclient.AccessRecord) {
				in.Processing.Purpose = fmt.Sprint("Purpose ", change)
				alter(in)
			})
		}
		nothing := func(*registerclient.AccessRecord) {}
		wide := func(in *registerclient.AccessRecord) {
			in.Processing.DataTypes = append(in.Processing.DataTypes, registerclient.HalfHourlyExport)
			in.Processing.Recipients = []registerclient.Recipient{{Name: "Adverts Ltd", Role: "Advertiser"}}
			in.AccessEvent.Expiry = nil
		}

		for range 5 {
			pass()
			named(nothing)
		}
		began := pass()
		named(wide)
		for range 5 {
			pass()
			named(wide)
		}
		ended := pass()
		got := named(nothing)
		for range 120 {
			pass()
			got = named(nothing)
		}

		if len(got) < 50 || len(got) > 60 {
			t.Errorf("%d amendments are kept", len(got))
		}

		var recipients []registerclient.Recipient // of the record now
		var saw, shared, endless []time.Time
		for i, amendment := range slices.Backward(got) {
			if amendment.Recipients != nil {
				recipients = amendment.Recipients
			}
			from := time.Time{}
			if i > 0 {
				from = got[i-1].AmendedAt
			}
			if slices.Contains(amendment.DataTypes, registerclient.HalfHourlyExport) {
				saw = append(saw, from, amendment.AmendedAt)
			}
			if len(recipients) == 1 && recipients[0].Name == "Adverts Ltd" {
				shared = append(shared, from, amendment.AmendedAt)
			}
			if amendment.Expiry == nil {
				endless = append(endless, from, amendment.AmendedAt)
			}
		}

		for name, period := range map[string][]time.Time{"data": saw, "recipient": shared, "end": endless} {
			if len(period) == 0 {
				t.Errorf("%s: nothing is kept", name)

				continue
			}

			from := slices.MinFunc(period, time.Time.Compare)
			until := slices.MaxFunc(period, time.Time.Compare)
			if !from.Equal(began) || !until.Equal(ended) {
				t.Errorf("%s: from %s until %s, want %s until %s", name, from, until, began, ended)
			}
		}
	})
}

// What is kept does not grow without bound: replacements add 50 organisations in all, under whatever spelling.
func TestOrganisationsAddedByReplacement(t *testing.T) {
	t.Parallel()
	a := newAmended(t, registertest.SQLite)
	add := func(name string) error {
		in := registertest.AccessRecord(a.ir, registerclient.BasisConsent)
		in.Processing.Recipients = []registerclient.Recipient{{Name: name, Role: "Processor"}}
		_, err := a.ReplaceAccess(t.Context(), a.owner.AccountID, a.ak, in)

		return err
	}

	for i := range 50 {
		a.clock.Add(3 * time.Hour)
		expectRefusal(t, "of fifty", add(fmt.Sprint("Recipient ", i)), "")
	}

	a.clock.Add(3 * time.Hour)
	expectRefusal(t, "one more", add("Another"), "unprocessable VAL001 processing.recipients")
	expectRefusal(t, "one of before", add("  RECIPIENT  7"), "")
	expectRefusal(t, "the controller itself", add("Bright Energy Ltd"), "")

	for range 100 {
		a.clock.Add(3 * time.Hour)
		a.replace(t, func(in *registerclient.AccessRecord) { in.Processing.Purpose = a.Now().String() })
	}
	expectRefusal(t, "one more, much later", add("Another"), "unprocessable VAL001 processing.recipients")
}

package rules_test

import (
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// An administrator finds records by access key or meter point. Each record shown, and each search that found none, is
// audited.
func TestSearchRecords(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		elsewhere := r.identity(t, owner, otherMeterPoint, "2022-06-30")
		ak := r.access(t, owner, ir, registerclient.BasisContract)
		r.access(t, owner, elsewhere, registerclient.BasisConsent)

		for _, test := range []struct {
			name  string
			query *string
			want  int
			err   string
		}{
			{"everything", nil, 2, ""},
			{"access key", new(" " + ak + " "), 1, ""},
			{"meter point", new("23 1234 5678 901"), 1, ""},
			{"unknown meter point", new("1234567890"), 0, ""},
			{"unknown access key", new("ak_0123456789abcdef01234567"), 0, ""},
			{"nothing", new(""), 0, "invalid VAL001 q"},
			{"another key", new("ir_0123456789abcdef01234567"), 0, "invalid VAL001 q"},
		} {
			query, err := rules.ParseRecordQuery(test.query)
			expectRefusal(t, test.name, err, test.err)
			if err != nil {
				continue
			}

			const looked = "audit_events WHERE event_type = 'administrator.looked'"
			before := r.count(t, looked)
			got := must(r.SearchRecords(t.Context(), "admin", query, rules.RecordFilter{}, store.Page{Limit: 5}))(t)
			if len(got.Records) != test.want || got.Total.Rows != test.want {
				t.Errorf("%s: %d records of %d, want %d", test.name, len(got.Records), got.Total.Rows, test.want)
			}
			if rows := r.count(t, looked) - before; rows != max(test.want, 1) {
				t.Errorf("%s: %d rows in the audit log, want %d", test.name, rows, max(test.want, 1))
			}
		}
	})
}

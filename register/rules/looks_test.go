package rules_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// readings returns the readings of the meter point that a token shows, one word each: the name of the reader, the kind
// and the adviser.
func (r *records) readings(t testing.TB, account store.Account, token string, kind *registerclient.ReadingKind) string {
	t.Helper()
	query := rules.ReadingsQuery{AccountID: account.AccountID, MPxN: meterPoint, Token: token, Kind: kind}
	var shown []string
	page := store.Page{Limit: 1}
	for {
		readings, next, err := r.ListReadings(t.Context(), query, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, reading := range readings {
			name := strings.TrimPrefix(reading.ReaderName, "Example ")
			shown = append(shown, fmt.Sprintf("%s/%s/%s", name, reading.Kind, reading.Adviser))
		}
		if next == nil {
			return strings.Join(shown, " ")
		}
		page.After = next
	}
}

// byAdviser is the context of a call that an adviser makes.
func byAdviser(t testing.TB, name string) context.Context {
	t.Helper()

	return must(rules.WithAdviser(t.Context(), name))(t)
}

// A household reads who looked at its list: the newest first, through pages of one, with the name of the adviser. The
// token is not consumed, and it shows nothing once it opens nothing.
func TestListReadings(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		portal := r.account(t, "portal", registerclient.RolePortal)
		admin := r.account(t, "admin", registerclient.RoleAdmin)
		ak := r.access(t, owner, ir, registerclient.BasisConsent)
		read := func(name string) string {
			t.Helper()
			token := r.token(t, portal, meterPoint, ir, nil)
			must(r.ReadWithToken(
				byAdviser(t, name), portal.AccountID, meterPoint, rules.RecordFilter{}, token,
			))(t)

			return token
		}

		fresh := r.token(t, portal, meterPoint, ir, nil)
		if got := r.readings(t, portal, fresh, nil); got != "" {
			t.Errorf("before any reading: %q", got)
		}

		used := read("Ann")
		read("Ben")
		query := must(rules.ParseRecordQuery(new(meterPoint)))(t)
		must(r.SearchRecords(t.Context(), admin.AccountID, query, rules.RecordFilter{}, store.Page{Limit: 1}))(t)
		for range 3 { // one a day
			must(r.ListOwn(t.Context(), owner.AccountID, rules.RecordFilter{}, store.Page{Limit: 1}))(t)
		}

		const want = "owner/own-records/ admin/administrator/ portal/customer-list/Ben portal/customer-list/Ann"
		for _, token := range []string{used, fresh} {
			if got := r.readings(t, portal, token, nil); got != want {
				t.Errorf("the readings are %q, want %q", got, want)
			}
		}
		if got := r.readings(t, portal, used, new(registerclient.ReadingCustomerList)); got !=
			"portal/customer-list/Ben portal/customer-list/Ann" {
			t.Errorf("the readings of one kind are %q", got)
		}

		must(r.Withdraw(byAdviser(t, "Cat"), portal.AccountID, ak, rules.Withdrawal{Token: used}))(t)
		for eventType, adviser := range map[string]string{"records.read": "Ann", "record.revoked": "Cat"} {
			if r.count(t, `audit_events WHERE event_type = '`+eventType+`'
				AND detail LIKE '%"adviser":"`+adviser+`"%'`) != 1 {
				t.Errorf("%s does not name the adviser", eventType)
			}
		}

		other := r.account(t, "other_portal", registerclient.RolePortal)
		for _, test := range []struct {
			name, token string
			account     store.Account
			mpxn        string
		}{
			{"no token", "", portal, meterPoint},
			{"unknown", "mlr_0123456789abcdef01234567", portal, meterPoint},
			{"another account's", used, other, meterPoint},
			{"for another meter point", used, portal, otherMeterPoint},
			{"unconfirmed", r.token(t, portal, meterPoint, ir, func(c *store.Reidentification) {
				c.ConfirmedAt = nil
			}), portal, meterPoint},
		} {
			_, _, err := r.ListReadings(t.Context(), rules.ReadingsQuery{
				AccountID: test.account.AccountID, MPxN: test.mpxn, Token: test.token,
			}, store.Page{Limit: 1})
			expectRefusal(t, test.name, err, "forbidden AUTH004 reidentification-token")
		}

		r.clock.Add(time.Hour)
		_, _, err := r.ListReadings(t.Context(), rules.ReadingsQuery{
			AccountID: portal.AccountID, MPxN: meterPoint, Token: used,
		}, store.Page{Limit: 1})
		expectRefusal(t, "an hour old", err, "forbidden AUTH004 reidentification-token")
	})
}

// The name of an adviser has 1 to 60 characters on one line.
func TestAdviserName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Siân Evans":            "",
		strings.Repeat("â", 60): "",
		strings.Repeat("â", 61): "invalid VAL001 X-DAR-Adviser",
		"":                      "invalid VAL001 X-DAR-Adviser",
		" ":                     "invalid VAL001 X-DAR-Adviser",
		"a\u202eb":              "invalid VAL001 X-DAR-Adviser",
		"a\nb":                  "invalid VAL001 X-DAR-Adviser",
	} {
		_, err := rules.WithAdviser(t.Context(), name)
		expectRefusal(t, name, err, want)
	}
}

package rules

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

const (
	halfHourly = string(registerclient.HalfHourlyConsumption)
	tariff     = string(registerclient.TariffImport)
)

// activeClaim is a claim without an end, to these data types.
func activeClaim(dataTypes ...string) claim { return claim{dataTypes: dataTypes} }

// endedClaim is a claim that ended at noon of a day of 2026, as month and day. Its key is that day.
func endedClaim(day string, dataTypes ...string) claim {
	noon, err := time.Parse("2006-01-02T15", "2026-"+day+"T12")
	if err != nil {
		panic(err)
	}

	return claim{ak: day, dataTypes: dataTypes, end: &accessEnd{at: noon}}
}

// A sighting is hidden while the records of its organisation, taken together, cover every data type that was seen. They
// are active, or ended no earlier than 2 working days before the last day seen. Otherwise it is shown, and if the last
// day seen lies past an end and those 2 working days, as still seen after it was stopped (docs/decisions.md, Claiming).
func TestClaiming(t *testing.T) {
	t.Parallel()
	var (
		reading = []string{halfHourly}
		both    = []string{halfHourly, tariff}
		unknown = endedClaim("03-02", halfHourly)
	)
	unknown.endIsHidden = true
	for _, test := range []struct {
		name     string
		lastSeen string // month and day of 2026
		observed []string
		claims   []claim
		// want is "covered", "shown", or the day of the end that the organisation was seen after.
		want string
	}{
		{"no record", "06-10", reading, nil, "shown"},
		{"covered", "06-10", reading, []claim{activeClaim(halfHourly)}, "covered"},
		{"covered by more", "06-10", reading, []claim{activeClaim(tariff, halfHourly)}, "covered"},
		{"narrower", "06-10", both, []claim{activeClaim(halfHourly)}, "shown"},
		{"something else", "06-10", reading, []claim{activeClaim(tariff)}, "shown"},
		{"two records together", "06-10", both, []claim{activeClaim(halfHourly), activeClaim(tariff)}, "covered"},
		{"two records, one ended just before", "06-10", both,
			[]claim{activeClaim(halfHourly), endedClaim("06-08", tariff)}, "covered"},
		{"two records, one ended long before", "06-10", both,
			[]claim{activeClaim(halfHourly), endedClaim("06-05", tariff)}, "06-05"},

		{"ended after the last day seen", "06-10", reading, []claim{endedClaim("06-11", halfHourly)}, "covered"},
		{"ended on the last day seen", "06-10", reading, []claim{endedClaim("06-10", halfHourly)}, "covered"},
		{"1 working day after the end", "06-09", reading, []claim{endedClaim("06-08", halfHourly)}, "covered"},
		{"2 working days after the end", "06-10", reading, []claim{endedClaim("06-08", halfHourly)}, "covered"},
		{"3 working days after the end", "06-11", reading, []claim{endedClaim("06-08", halfHourly)}, "06-08"},
		{"narrower, and ended just before", "06-10", both, []claim{endedClaim("06-08", halfHourly)}, "shown"},

		{"over a weekend", "06-09", reading, []claim{endedClaim("06-05", halfHourly)}, "covered"},
		{"over a weekend, a day more", "06-10", reading, []claim{endedClaim("06-05", halfHourly)}, "06-05"},
		{"seen on the Sunday", "06-07", reading, []claim{endedClaim("06-04", halfHourly)}, "covered"},
		{"seen on the Sunday, ended on the Wednesday", "06-07", reading,
			[]claim{endedClaim("06-03", halfHourly)}, "06-03"},
		{"ended on the Saturday", "06-09", reading, []claim{endedClaim("06-06", halfHourly)}, "covered"},
		{"over a bank holiday", "05-27", reading, []claim{endedClaim("05-22", halfHourly)}, "covered"},
		{"over a bank holiday, a day more", "05-28", reading, []claim{endedClaim("05-22", halfHourly)}, "05-22"},
		{"over Easter", "04-08", reading, []claim{endedClaim("04-02", halfHourly)}, "covered"},
		{"over Easter, a day more", "04-09", reading, []claim{endedClaim("04-02", halfHourly)}, "04-02"},

		{"after several ends", "06-10", reading,
			[]claim{endedClaim("03-02", halfHourly), endedClaim("06-05", tariff), endedClaim("04-01", halfHourly)},
			"06-05"},
		{"renewed", "06-10", reading,
			[]claim{endedClaim("03-02", halfHourly), activeClaim(halfHourly)}, "covered"},
		{"renewed for less", "06-10", both,
			[]claim{endedClaim("03-02", halfHourly, tariff), activeClaim(halfHourly)}, "03-02"},
		{"renewed, and ended just before", "06-10", reading,
			[]claim{endedClaim("03-02", halfHourly), endedClaim("06-09", halfHourly)}, "covered"},

		{"after an end of an earlier household", "06-10", reading, []claim{unknown}, "shown"},
		{"after an end of an earlier household and of its own", "06-10", reading,
			[]claim{unknown, endedClaim("02-02", halfHourly)}, "02-02"},
		{"just after an end of an earlier household", "03-03", reading, []claim{unknown}, "covered"},
	} {
		verdict := judgeSighting("2026-"+test.lastSeen, test.observed, test.claims)
		if got := nameOf(verdict); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// nameOf returns "covered", "shown", or the key of the claim that had ended before the last day seen.
func nameOf(verdict judgement) string {
	switch {
	case verdict.isCovered:
		return "covered"
	case verdict.stop != nil:
		return verdict.stop.ak
	default:
		return "shown"
	}
}

// Days are London's: in summer a record that ends an hour before midnight UTC ends on the next day.
func TestClaimEndsOnDayInLondon(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		end  time.Time
		want string
	}{
		{"before midnight in London", time.Date(2026, time.June, 3, 22, 59, 59, 0, time.UTC), "2026-06-05"},
		{"midnight in London", time.Date(2026, time.June, 3, 23, 0, 0, 0, time.UTC), "2026-06-08"},
		{"before midnight in winter", time.Date(2026, time.January, 14, 23, 59, 59, 0, time.UTC), "2026-01-16"},
	} {
		if got := (accessEnd{at: test.end}).lastDay(); got != test.want {
			t.Errorf("%s: seen until %s, want %s", test.name, got, test.want)
		}
	}
}

// A record ends when it is revoked or expires, whichever comes first. One that lasted a second covers what was seen
// until 2 working days after that second.
func TestEndOfRecord(t *testing.T) {
	t.Parallel()
	var (
		now     = time.Date(2026, time.June, 10, 12, 0, 0, 0, time.UTC)
		created = store.Millis(now.AddDate(0, 0, -9))
		second  = store.Millis(created.Time().Add(time.Second))
		later   = store.Millis(now.Add(time.Hour))
	)
	for _, test := range []struct {
		name   string
		record store.AccessRecord
		want   *accessEnd
	}{
		{"active", store.AccessRecord{State: store.StateActive}, nil},
		{"active until later", store.AccessRecord{State: store.StateActive, Expiry: &later}, nil},
		{"a second long", store.AccessRecord{State: store.StateActive, Expiry: &second},
			&accessEnd{at: second.Time()}},
		{"registered as expired", store.AccessRecord{State: store.StateExpired, Expiry: &second},
			&accessEnd{at: second.Time()}},
		{"revoked by the customer", store.AccessRecord{
			State: store.StateRevoked, RevokedAt: &second, RevokedBy: new("customer"), Expiry: &later,
		}, &accessEnd{at: second.Time(), by: registerclient.RevokedByCustomer}},
		{"registered as revoked, long after its expiry", store.AccessRecord{
			State: store.StateRevoked, RevokedAt: &second, RevokedBy: new("organisation"), Expiry: &created,
		}, &accessEnd{at: created.Time()}},
	} {
		test.record.CreatedAt = created
		got := endOf(test.record, now)
		if (got == nil) != (test.want == nil) || got != nil && (got.by != test.want.by || !got.at.Equal(test.want.at)) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// Random records and sightings are judged as by a slow model, which knows the bank holidays from the published list and
// counts working days one by one.
func TestClaimingAgainstModel(t *testing.T) {
	t.Parallel()
	var (
		types = []string{halfHourly, tariff, string(registerclient.AnnualExport)}
		first = time.Date(2026, time.December, 20, 0, 0, 0, 0, time.UTC)
	)
	rapid.Check(t, func(draw *rapid.T) {
		someTypes := rapid.SliceOfNDistinct(rapid.SampledFrom(types), 1, len(types), rapid.ID[string])
		seconds := rapid.Int64Range(0, 30*24*60*60)
		lastSeen := first.AddDate(0, 0, rapid.IntRange(0, 30).Draw(draw, "last seen")).Format(time.DateOnly)
		observed := someTypes.Draw(draw, "observed")

		claims := make([]claim, rapid.IntRange(0, 5).Draw(draw, "records"))
		for i := range claims {
			claims[i] = activeClaim(someTypes.Draw(draw, "types")...)
			if rapid.IntRange(0, 3).Draw(draw, "is active") > 0 {
				at := first.Add(time.Duration(seconds.Draw(draw, "end")) * time.Second)
				claims[i].end = &accessEnd{at: at}
				claims[i].ak = at.Format(time.RFC3339)
				claims[i].endIsHidden = rapid.IntRange(0, 4).Draw(draw, "is hidden") == 0
			}
		}

		want := modelOf(lastSeen, observed, claims)
		if got := nameOf(judgeSighting(lastSeen, observed, claims)); got != want {
			draw.Fatalf("%s, want %s", got, want)
		}
	})
}

// modelOf judges a sighting of the winter of 2026, when London is on UTC, in the form of nameOf.
func modelOf(lastSeen string, observed []string, claims []claim) string {
	explained := 0
	latest := ""
	for _, dataType := range observed {
		isExplained := false
		for _, c := range claims {
			switch {
			case c.end == nil || workingDaysBetween(c.end.at, lastSeen) < 2:
				isExplained = isExplained || slices.Contains(c.dataTypes, dataType)
			case !c.endIsHidden:
				latest = max(latest, c.ak)
			}
		}

		if isExplained {
			explained++
		}
	}

	switch {
	case explained == len(observed):
		return "covered"
	case latest != "":
		return latest
	default:
		return "shown"
	}
}

// workingDaysBetween counts the working days after a day and before another one.
func workingDaysBetween(after time.Time, before string) int {
	count := 0
	day := after.Truncate(24*time.Hour).AddDate(0, 0, 1)
	for ; day.Format(time.DateOnly) < before; day = day.AddDate(0, 0, 1) {
		isHoliday := strings.Contains(bankHolidays[day.Format("2006")], day.Format("01-02"))
		if !isHoliday && day.Weekday() != time.Saturday && day.Weekday() != time.Sunday {
			count++
		}
	}

	return count
}

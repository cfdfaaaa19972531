package rules_test

import (
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// sightingOf returns a sighting of an organisation at the meter point, first seen on a day.
func sightingOf(reference string, day time.Time) registerclient.DiscoveredAccess {
	return registerclient.DiscoveredAccess{
		MPxN:                  meterPoint,
		OrganisationName:      "Acme Energy Services Ltd",
		OrganisationReference: reference,
		FirstSeen:             registerclient.Date(day.Format(time.DateOnly)),
		DataTypesObserved:     []registerclient.DataType{registerclient.HalfHourlyConsumption},
		SourceReference:       "DCC-1",
	}
}

// sighting reports a sighting of an organisation at the meter point and returns its key.
func (r *records) sighting(t testing.TB, reference string, day time.Time) (ak string) {
	t.Helper()
	prepared := must(r.PrepareSighting(sightingOf(reference, day)))(t)
	r.change(t, func(tx *store.Tx) (err error) {
		ak, _, err = r.ReportSighting(t.Context(), tx, "dcc", prepared)

		return err
	})

	return ak
}

// A sighting is refused with every mistake. It may not lie in the future, by the day in London.
func TestSightingCheck(t *testing.T) {
	t.Parallel()
	ruleset := rules.New(rules.Options{
		SecretCost: rules.SecretCost{Memory: 8, Passes: 1},
		Clock:      func() time.Time { return today },
	})
	for _, test := range []struct {
		name  string
		alter func(in *registerclient.DiscoveredAccess)
		want  string
	}{
		{"correct", func(*registerclient.DiscoveredAccess) {}, ""},
		{"tomorrow", func(in *registerclient.DiscoveredAccess) {
			in.FirstSeen = "2026-06-02"
			in.LastSeen = "2026-06-02"
		}, "invalid VAL001 first-seen"},
		{"last before first", func(in *registerclient.DiscoveredAccess) {
			in.LastSeen = "2026-05-31"
		}, "invalid VAL001 last-seen"},
		{"superseded", func(in *registerclient.DiscoveredAccess) {
			in.SupersededBy = new("ak_0123456789abcdef01234567")
		}, "invalid VAL001 superseded-by"},
		{"empty", func(in *registerclient.DiscoveredAccess) {
			*in = registerclient.DiscoveredAccess{LastSeen: "x"}
		}, "invalid VAL001 mpxn organisation-name organisation-reference first-seen last-seen data-types-observed " +
			"source-reference"},
	} {
		in := sightingOf("SEC-1", today)
		test.alter(&in)
		_, err := ruleset.PrepareSighting(in)
		expectRefusal(t, test.name, err, test.want)
	}
}

// Days are London's: in summer a day begins there an hour before it begins in UTC.
func TestSightingOfTodayInLondon(t *testing.T) {
	t.Parallel()
	midnight := time.Date(2026, time.June, 1, 23, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name string
		now  time.Time
		want string
	}{
		{"a second before midnight", midnight.Add(-time.Second), "invalid VAL001 first-seen"},
		{"midnight", midnight, ""},
	} {
		ruleset := rules.New(rules.Options{
			SecretCost: rules.SecretCost{Memory: 8, Passes: 1},
			Clock:      func() time.Time { return test.now },
		})
		in := sightingOf("SEC-1", today)
		in.FirstSeen = "2026-06-02"
		_, err := ruleset.PrepareSighting(in)
		expectRefusal(t, test.name, err, test.want)
	}
}

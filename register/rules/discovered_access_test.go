package rules_test

import (
	"slices"
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
		{"last seen tomorrow", func(in *registerclient.DiscoveredAccess) {
			in.LastSeen = "2026-06-02"
		}, "invalid VAL001 last-seen"},
		{"last seen in 2099", func(in *registerclient.DiscoveredAccess) {
			in.LastSeen = "2099-01-01"
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

// readSightings returns the discovered access that the customer of an identity record sees, in the order of the list.
func (r *records) readSightings(
	t testing.TB, portal store.Account, ir string,
) (list []registerclient.AccessRecordSummary) {
	t.Helper()
	token := r.token(t, portal, meterPoint, ir, nil)
	for i, record := range must(r.ReadWithToken(
		t.Context(), portal.AccountID, meterPoint, rules.RecordFilter{}, token,
	))(t).Records {
		if record.StillSeenAfterStop && i != len(list) {
			t.Errorf("%s was seen after its stop and has place %d", record.AK, i)
		}
		if record.DiscoveredAccess != nil {
			list = append(list, record)
		}
	}

	return list
}

// expectSightings compares what the customer of an identity record sees of discovered access with references, each
// followed by who ended the access if the organisation was seen after that.
func (r *records) expectSightings(t testing.TB, name string, portal store.Account, ir string, want ...string) {
	t.Helper()
	var got []string
	for _, record := range r.readSightings(t, portal, ir) {
		text := record.DiscoveredAccess.OrganisationReference
		if record.StillSeenAfterStop {
			text += " after " + string(record.EndedBy)
		}
		got = append(got, text)
	}

	if !slices.Equal(got, want) {
		t.Errorf("%s: %q is listed, want %q", name, got, want)
	}
}

// A sighting is listed unless records of the organisation that the reference on the account names explain it, whichever
// comes first. It is listed again once the organisation was seen after they ended (docs/decisions.md, Claiming).
func TestSightingIsClaimed(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		portal := r.account(t, "portal", registerclient.RolePortal)
		owner, ir := r.owner(t, "owner")
		before := r.sighting(t, "OWNER", today)
		r.sighting(t, "STRANGER", today)
		if again := r.sighting(t, "OWNER", today); again != before {
			t.Errorf("a second sighting has the key %s, want %s", again, before)
		}
		r.expectSightings(t, "no record", portal, ir, "OWNER", "STRANGER")

		first := r.access(t, owner, ir, registerclient.BasisContract)
		r.expectSightings(t, "a record", portal, ir, "STRANGER")

		must(r.RevokeOwn(t.Context(), owner.AccountID, first, nil))(t)
		r.expectSightings(t, "revoked", portal, ir, "STRANGER")

		r.clock.Add(3 * 24 * time.Hour)
		r.sighting(t, "OWNER", r.Now())
		r.expectSightings(t, "seen 3 working days later", portal, ir, "OWNER after organisation", "STRANGER")
		if list := r.readSightings(t, portal, ir); !list[0].EndedAt.Equal(today) {
			t.Errorf("the access ended at %s, want %s", list[0].EndedAt, today)
		}

		second := registertest.AccessRecord(ir, registerclient.BasisContract)
		second.AccessEvent.Expiry = new(r.Now().Add(time.Second))
		must(r.register(t, owner, second))(t)
		r.expectSightings(t, "renewed", portal, ir, "STRANGER")

		r.clock.Add(8 * 24 * time.Hour)
		r.expectSightings(t, "after a second", portal, ir, "STRANGER")
		r.sighting(t, "OWNER", r.Now())
		r.expectSightings(t, "seen a week later", portal, ir, "OWNER after ", "STRANGER")
	})
}

// A household does not learn of a record of an earlier one that ended before it came. It learns that access went on
// after the end of one that it ended itself.
func TestSightingAfterRecordOfEarlierHousehold(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		portal := r.account(t, "portal", registerclient.RolePortal)
		moved, movedIR := r.owner(t, "moved")
		stayed, stayedIR := r.owner(t, "stayed")
		present := r.identity(t, stayed, meterPoint, "2026-06-10")
		ended := r.access(t, moved, movedIR, registerclient.BasisConsent)
		active := r.access(t, stayed, stayedIR, registerclient.BasisConsent)
		must(r.RevokeOwn(t.Context(), moved.AccountID, ended, nil))(t)

		r.clock.Set(today.AddDate(0, 0, 10))
		r.tenancyChange(t, meterPoint, "2026-06-10")
		must(r.RevokeOwn(t.Context(), stayed.AccountID, active, nil))(t)

		r.clock.Add(7 * 24 * time.Hour)
		r.sighting(t, "MOVED", r.Now())
		r.sighting(t, "STAYED", r.Now())
		r.expectSightings(t, "the present household", portal, present, "STAYED after organisation", "MOVED")
	})
}

// A Data User that asks for it is told that it was seen after its own access ended: once for each day last seen and for
// each set of data types. Another account of the same organisation is not told of it.
func TestAccessAfterStopEvent(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		in := dataUser()
		in.AccountID = "twin"
		in.OrganisationReference = "OWNER"
		if _, _, err := h.AddAccount(t.Context(), in); err != nil {
			t.Fatal(err)
		}

		twin := must(h.store.FindAccount(t.Context(), "twin"))(t)
		wanted := h.subscribe(t, h.owner, "https://a.example/hook", registerclient.EventAccessAfterStop).WID
		h.subscribe(t, h.owner, "https://b.example/hook")
		h.subscribe(t, twin, "https://c.example/hook", registerclient.EventAccessAfterStop)

		ak := h.access(t, h.owner, h.ir, registerclient.BasisContract)
		must(h.RevokeOwn(t.Context(), "owner", ak, nil))(t)
		ended := h.Now()
		expectEvents := func(name string, want int) {
			t.Helper()
			events := h.events(t)
			if len(events) != want {
				t.Errorf("%s: %d events, want %d", name, len(events), want)
			}
			for _, event := range events {
				payload := must(event.AccessAfterStop())(t)
				if event.WID != wanted || payload.MPxN != meterPoint || !payload.EndedAt.Equal(ended) ||
					string(payload.LastSeen) != dayOf(h.Now()) ||
					!slices.Equal(payload.DataTypes, []registerclient.DataType{registerclient.HalfHourlyConsumption}) {
					t.Errorf("%s: the event is %+v, %+v", name, event, payload)
				}
			}
		}

		h.sighting(t, "OWNER")
		expectEvents("on the day of the end", 0)
		h.clock.Add(7 * 24 * time.Hour)
		h.sighting(t, "STRANGER")
		expectEvents("another organisation", 0)
		h.sighting(t, "OWNER")
		expectEvents("a week later", 1)
		h.sighting(t, "OWNER")
		expectEvents("reported again", 0)
		h.clock.Add(24 * time.Hour)
		h.sighting(t, "OWNER")
		expectEvents("a day later", 1)

		h.access(t, twin, h.identity(t, twin, meterPoint, "2022-06-30"), registerclient.BasisContract)
		h.clock.Add(24 * time.Hour)
		h.sighting(t, "OWNER")
		expectEvents("covered by another account", 0)
	})
}

// A sighting that an older version of the program hid for good is judged like any other.
func TestSightingHiddenByOlderVersion(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		portal := h.account(t, "reader", registerclient.RolePortal)
		ak := h.access(t, h.owner, h.ir, registerclient.BasisContract)
		h.sighting(t, "OWNER")
		h.sighting(t, "OTHER")
		for _, reference := range []string{"OWNER", "OTHER"} {
			h.exec(t, `UPDATE discovered_access SET superseded_by = ? WHERE organisation_reference = ?`, ak, reference)
		}
		h.expectSightings(t, "covered, and not", portal, h.ir, "OTHER")

		must(h.RevokeOwn(t.Context(), "owner", ak, nil))(t)
		h.clock.Add(7 * 24 * time.Hour)
		h.sighting(t, "OWNER")
		h.expectSightings(t, "seen after the end", portal, h.ir, "OWNER after organisation", "OTHER")
	})
}

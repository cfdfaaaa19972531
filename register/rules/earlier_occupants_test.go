package rules

import (
	"testing"
	"time"

	"central.consent/dar/register/store"
)

// at returns a time of 2026, UTC; London is an hour ahead from the end of March on.
func at(month time.Month, day, hour int) time.Time {
	return time.Date(2026, month, day, hour, 0, 0, 0, time.UTC)
}

// moved is a household that moved in on 20 May, as a report of 25 May says.
var moved = household{changes: []tenancyChange{{effective: "2026-05-20", reported: at(time.May, 25, 9)}}}

// An identity record is the present household's only if its move-in date lies between 30 days before the effective date
// and today, whenever it was made (docs/decisions.md, Which person).
func TestOccupantByMoveInDate(t *testing.T) {
	t.Parallel()
	const today = "2026-06-01"
	toCome := household{changes: []tenancyChange{{effective: "2026-05-31"}, {effective: "2026-05-20"}}}
	for _, test := range []struct {
		name    string
		present household
		moveIn  string
		want    bool
	}{
		{"no change", household{}, "1990-01-01", true},
		{"no change, today", household{}, today, true},
		{"no change, tomorrow", household{}, "2026-06-02", false},
		{"long before", moved, "2022-06-30", false},
		{"31 days before", moved, "2026-04-19", false},
		{"30 days before", moved, "2026-04-20", true},
		{"on the effective date", moved, "2026-05-20", true},
		{"since", moved, "2026-05-25", true},
		{"today", moved, today, true},
		{"tomorrow", moved, "2026-06-02", false},
		{"in a thousand years", moved, "2999-01-01", false},
		{"31 days before the latest of two changes", toCome, "2026-04-30", false},
		{"30 days before the latest of two changes", toCome, "2026-05-01", true},
	} {
		if got := test.present.isOccupant(test.moveIn, today); got != test.want {
			t.Errorf("%s: an occupant is %t, want %t", test.name, got, test.want)
		}
	}
}

// An access record is an earlier household's if it was on the register when the report arrived and its identity record
// was then an earlier occupant's, or if it was registered already ended and access began before the effective date. All
// others are the present household's (docs/decisions.md, Which person).
func TestHouseholdOfAccessRecord(t *testing.T) {
	t.Parallel()
	var (
		old       = new("2022-06-30")
		justOld   = new("2026-04-19")
		within    = new("2026-04-20")
		next      = new("2026-05-20")
		toCome    = new("2026-07-01")
		before    = at(time.May, 1, 9)
		lastHour  = at(time.May, 19, 22)
		firstHour = at(time.May, 19, 23)
		atReport  = at(time.May, 25, 9)
		after     = at(time.May, 25, 10)
		inAdvance = household{changes: []tenancyChange{{effective: "2026-05-20", reported: at(time.May, 10, 9)}}}
		twice     = household{changes: []tenancyChange{
			{effective: "2026-08-01", reported: at(time.August, 5, 9)},
			{effective: "2026-05-20", reported: at(time.May, 25, 9)},
		}}
		lateReport = household{changes: []tenancyChange{
			{effective: "2026-08-01", reported: at(time.August, 5, 9)},
			{effective: "2026-05-20", reported: at(time.September, 1, 9)},
		}}
	)
	for _, test := range []struct {
		name    string
		present household
		first   registration
		want    bool
	}{
		{"no change in force", household{}, registration{before, old, before, false, nil}, false},
		{"no change in force, ended", household{}, registration{before, old, before, true, nil}, false},

		{"(a) an earlier occupant's", moved, registration{before, old, before, false, nil}, true},
		{"(a) moved in 31 days before", moved, registration{before, justOld, before, false, nil}, true},
		{"moved in 30 days before", moved, registration{before, within, before, false, nil}, false},
		{"of those who moved in", moved, registration{before, next, before, false, nil}, false},
		{"of people still to move in", moved, registration{before, toCome, before, false, nil}, false},
		{"(a) registered after the change, before its report", moved,
			registration{atReport, old, after, false, nil}, true},
		{"registered since the report, for old people", moved, registration{after, old, before, false, nil}, false},
		{"registered since the report", moved, registration{after, next, after, false, nil}, false},

		{"(a) anonymised, began before", moved, registration{before, nil, lastHour, false, nil}, true},
		{"anonymised, began on the day in London", moved, registration{before, nil, firstHour, false, nil}, false},
		{"anonymised, registered since the report", moved, registration{after, nil, before, false, nil}, false},

		{"(b) registered as ended, began before", moved, registration{after, old, lastHour, true, nil}, true},
		{"(b) of those who moved in", moved, registration{after, next, lastHour, true, nil}, true},
		{"(b) before the report", moved, registration{before, within, before, true, nil}, true},
		{"registered as ended, began on the day in London", moved,
			registration{after, old, firstHour, true, nil}, false},

		{"(a) report in advance, registered before it", inAdvance,
			registration{before, old, before, false, nil}, true},
		{"(a) report in advance, registered since it", inAdvance,
			registration{lastHour, old, before, false, nil}, true},
		{"report in advance, registered on the day", inAdvance,
			registration{firstHour, old, before, false, nil}, false},
		{"report in advance, of those to come", inAdvance, registration{lastHour, next, before, false, nil}, false},

		{"(a) by the earlier of two changes", twice, registration{before, old, before, false, nil}, true},
		{"(a) by the later of two changes", twice, registration{after, old, before, false, nil}, true},
		{"(a) of those between two changes", twice, registration{after, next, after, false, nil}, true},
		{"since both", twice, registration{at(time.August, 6, 9), old, before, false, nil}, false},
		{"(a) by a report that came late", lateReport,
			registration{at(time.August, 6, 9), old, before, false, nil}, true},
	} {
		if got := test.present.isEarlier(test.first); got != test.want {
			t.Errorf("%s: an earlier household's is %t, want %t", test.name, got, test.want)
		}
	}
}

// The present household sees an earlier household's record while it is active, a sighting that was last seen on or
// after the change, and an amendment since the change (docs/decisions.md, Which person).
func TestWhatTheHouseholdSees(t *testing.T) {
	t.Parallel()
	earlier := registration{at(time.May, 1, 9), new("2022-06-30"), at(time.May, 1, 9), false, nil}
	own := registration{at(time.May, 26, 9), new("2026-05-20"), at(time.May, 26, 9), false, nil}
	none := household{}
	for _, test := range []struct {
		name string
		got  bool
		want bool
	}{
		{"own, active", moved.showsRecord(own, true), true},
		{"own, ended", moved.showsRecord(own, false), true},
		{"earlier, active", moved.showsRecord(earlier, true), true},
		{"earlier, ended", moved.showsRecord(earlier, false), false},
		{"no change, ended", none.showsRecord(earlier, false), true},

		{"last seen the day before", moved.showsSighting(at(time.May, 1, 9), "2026-05-19"), false},
		{"last seen on the day", moved.showsSighting(at(time.May, 1, 9), "2026-05-20"), true},
		{"last seen since", moved.showsSighting(at(time.May, 1, 9), "2026-06-01"), true},
		{"no change, seen long ago", none.showsSighting(at(time.May, 1, 9), "2020-01-01"), true},

		{"amended the day before, in London", moved.showsAmendment(at(time.May, 19, 22)), false},
		{"amended on the day, in London", moved.showsAmendment(at(time.May, 19, 23)), true},
		{"no change, amended long ago", none.showsAmendment(at(time.January, 1, 9)), true},
	} {
		if test.got != test.want {
			t.Errorf("%s: shown is %t, want %t", test.name, test.got, test.want)
		}
	}
}

// While a report is in dispute, those who lived here before it have what was on the register when it divided the
// households, and those since have what came after (docs/decisions.md, Occupants).
func TestSidesOfADispute(t *testing.T) {
	t.Parallel()
	may := tenancyChange{effective: "2026-05-20", reported: at(time.May, 25, 9), disputed: true}
	inAdvance := may
	inAdvance.reported = at(time.May, 10, 9)
	august := tenancyChange{effective: "2026-08-01", reported: at(time.August, 5, 9)}
	disputedAugust := august
	disputedAugust.disputed = true
	january := tenancyChange{effective: "2026-01-01", reported: at(time.January, 5, 9)}
	lateJanuary := tenancyChange{effective: "2026-01-01", reported: at(time.June, 5, 9), disputed: true}

	const (
		before  = "2022-06-30"
		since   = "2026-05-20"
		hidden  = "hidden"
		nothing = ""
	)
	var (
		old      = registration{at: at(time.May, 1, 9), moveIn: new(before), registeredAt: at(time.May, 1, 9)}
		atReport = registration{at: at(time.May, 25, 9), moveIn: new(before), registeredAt: at(time.May, 24, 9)}
		next     = registration{at: at(time.May, 25, 10), moveIn: new(since), registeredAt: at(time.May, 25, 9)}
		late     = registration{at: at(time.August, 6, 9), moveIn: new(since), registeredAt: at(time.August, 6, 9)}
		lateOld  = registration{
			at:           at(time.May, 26, 9),
			moveIn:       new(before),
			registeredAt: at(time.May, 1, 9),
			ended:        true,
		}
		between = registration{at: at(time.May, 15, 9), moveIn: new(before), registeredAt: at(time.May, 15, 9)}
	)
	for _, test := range []struct {
		name    string
		changes []tenancyChange
		moveIn  string
		first   registration
		// want is the first day of the household that sees the record and a sighting of the same time; hidden if it
		// does not, and nothing for the household before all changes.
		want string
	}{
		{"those before see what was there", []tenancyChange{may}, before, old, nothing},
		{"and what came in the moment of the report", []tenancyChange{may}, before, atReport, nothing},
		{"not what came since", []tenancyChange{may}, before, next, hidden},
		{"those since see what came since", []tenancyChange{may}, since, next, since},
		{"not what was there, even if it is active", []tenancyChange{may}, since, old, hidden},
		{"not what came since and had ended", []tenancyChange{may}, since, lateOld, hidden},
		{"moved in 30 days before", []tenancyChange{may}, "2026-04-20", next, since},
		{"moved in 31 days before", []tenancyChange{may}, "2026-04-19", old, nothing},
		{"reported in advance: there on the day", []tenancyChange{inAdvance}, before, between, nothing},
		{"reported in advance: not for those since", []tenancyChange{inAdvance}, since, between, hidden},

		{"an earlier change divides them still", []tenancyChange{may, january}, "2025-12-31", old, "2026-01-01"},
		{"of two disputes those between see theirs", []tenancyChange{disputedAugust, may}, since, next, since},
		{"not those of the one", []tenancyChange{disputedAugust, may}, since, old, hidden},
		{"not those of the other", []tenancyChange{disputedAugust, may}, since, late, hidden},
		{"those before both see what was there", []tenancyChange{disputedAugust, may}, before, old, nothing},
		{"not what came between the report of a later day and that of an earlier one",
			[]tenancyChange{may, lateJanuary}, "2025-06-30", next, hidden},
		{"that is of those since the later day", []tenancyChange{may, lateJanuary}, since, next, since},
		{"those since both see the last", []tenancyChange{disputedAugust, may}, "2026-08-01", late, "2026-08-01"},
	} {
		side := household{changes: test.changes}.sideOf(test.moveIn)
		got := hidden
		if side.showsRecord(test.first, !test.first.ended) {
			got = side.since()
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}

		sees := side.showsSighting(test.first.at, "2026-09-01")
		if !test.first.ended && sees != (test.want != hidden) {
			t.Errorf("%s: a sighting is shown: %t", test.name, sees)
		}
	}
}

// In a dispute the people of both sides are occupants, until a later report that nobody disputes.
func TestOccupantInDispute(t *testing.T) {
	t.Parallel()
	const today = "2026-09-01"
	may := tenancyChange{effective: "2026-05-20", disputed: true}
	august := tenancyChange{effective: "2026-08-01"}
	disputed := household{changes: []tenancyChange{may}}
	ended := household{changes: []tenancyChange{august, may}}
	for _, test := range []struct {
		name    string
		present household
		moveIn  string
		want    bool
	}{
		{"long before", disputed, "1990-01-01", true},
		{"since", disputed, "2026-05-20", true},
		{"tomorrow", disputed, "2026-09-02", false},
		{"of the side before", disputed.sideOf("1990-01-01"), "2026-05-20", false},
		{"of the side since", disputed.sideOf("2026-05-20"), "1990-01-01", false},
		{"a later change: long before", ended, "1990-01-01", false},
		{"a later change: since the disputed one", ended, "2026-05-20", false},
		{"a later change: since then", ended, "2026-08-01", true},
	} {
		if got := test.present.isOccupant(test.moveIn, today); got != test.want {
			t.Errorf("%s: an occupant is %t, want %t", test.name, got, test.want)
		}
	}
}

// A token reaches an earlier household's record that was active when its customer read the list or, before a reading,
// confirmed.
func TestTokenReachesWhatItsReadingShows(t *testing.T) {
	t.Parallel()
	confirmedAt := at(time.June, 1, 9)
	consumedAt := confirmedAt.Add(time.Minute)
	confirmed := store.Reidentification{ConfirmedAt: new(store.Millis(confirmedAt))}
	consumed := store.Reidentification{ConfirmedAt: confirmed.ConfirmedAt, ConsumedAt: new(store.Millis(consumedAt))}
	earlier := store.AccessRecord{
		State:             store.StateActive,
		CreatedAt:         store.Millis(at(time.May, 1, 9)),
		FirstRegisteredAt: new(store.Millis(at(time.May, 1, 9))),
	}
	ended := func(moment time.Time) store.AccessRecord {
		record := earlier
		record.State = store.StateRevoked
		record.RevokedAt = new(store.Millis(moment))

		return record
	}
	expired := func(moment time.Time) store.AccessRecord {
		record := earlier
		record.Expiry = new(store.Millis(moment))

		return record
	}
	registeredAsEnded := ended(at(time.June, 1, 10))
	registeredAsEnded.EndedAtRegistration = true

	for _, test := range []struct {
		name   string
		grant  store.Reidentification
		record store.AccessRecord
		want   bool
	}{
		{"active", confirmed, earlier, true},
		{"ended before", confirmed, ended(confirmedAt.Add(-time.Second)), false},
		{"ended since the confirmation", confirmed, ended(confirmedAt), true},
		{"ended between confirmation and reading", consumed, ended(consumedAt.Add(-time.Second)), false},
		{"ended since the reading", consumed, ended(consumedAt), true},
		{"expired by then", confirmed, expired(confirmedAt), false},
		{"expired since", confirmed, expired(confirmedAt.Add(time.Second)), true},
		{"registered as ended", confirmed, registeredAsEnded, false},
	} {
		row := store.ListedRecord{AccessRecord: test.record, MoveInDate: new("2022-06-30")}
		got, err := moved.showsToCustomer(test.grant, row)
		if err != nil || got != test.want {
			t.Errorf("%s: reached is %t, want %t (%v)", test.name, got, test.want, err)
		}
	}
}

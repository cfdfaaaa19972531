package rules

import (
	"testing"
	"time"

	"central.consent/dar/register/store"
)

// A household sees the readings that its own people confirmed, and of all else what was after it moved in. It learns
// nothing of a Data User whose records it does not see, and no side of a dispute of what the other one read.
func TestLooksShown(t *testing.T) {
	t.Parallel()
	var (
		before   = at(time.May, 1, 9)
		between  = at(time.May, 22, 9) // since the change, before its report
		atReport = at(time.May, 25, 9)
		after    = at(time.May, 26, 9)
		older    = new("2022-06-30")
		newer    = new("2026-05-20")
	)
	disputed := household{changes: []tenancyChange{
		{effective: "2026-05-20", reported: at(time.May, 25, 9), disputed: true},
	}}
	sides := disputed.sides()
	for _, test := range []struct {
		name    string
		present household
		kind    string
		moveIn  *string
		at      time.Time
		want    bool
	}{
		{"no change", household{}, store.LookCustomerList, older, before, true},
		{"no change, person unknown", household{}, store.LookCustomerList, nil, before, true},
		{"own", moved, store.LookCustomerList, newer, after, true},
		{"own, before the report", moved, store.LookCustomerList, newer, between, true},
		{"own, moved in before the effective date", moved, store.LookCustomerList, new("2026-04-25"), before, true},
		{"of the people before", moved, store.LookCustomerList, older, before, false},
		{"of the people before, since the change", moved, store.LookCustomerList, older, between, false},
		{"unknown person, before the report", moved, store.LookCustomerList, nil, between, false},
		{"unknown person, in the second of the report", moved, store.LookCustomerList, nil, atReport, false},
		{"unknown person, since the report", moved, store.LookCustomerList, nil, after, true},
		{"a Data User's, before", moved, store.LookOwnRecords, nil, before, false},
		{"a Data User's, since", moved, store.LookOwnRecords, nil, between, true},
		{"an administrator's, before", moved, store.LookAdministrator, nil, before, false},
		{"an administrator's, since", moved, store.LookAdministrator, nil, between, true},

		{"newer side: own", sides[0], store.LookCustomerList, newer, between, true},
		{"newer side: of the older side", sides[0], store.LookCustomerList, older, after, false},
		{"newer side: an administrator's, before the report", sides[0], store.LookAdministrator, nil, between, false},
		{"newer side: an administrator's, since", sides[0], store.LookAdministrator, nil, after, true},
		{"older side: own, since the report", sides[1], store.LookCustomerList, older, after, true},
		{"older side: of the newer side", sides[1], store.LookCustomerList, newer, between, false},
		{"older side: an administrator's, before the report", sides[1], store.LookAdministrator, nil, before, true},
		{"older side: an administrator's, since", sides[1], store.LookAdministrator, nil, after, false},
	} {
		shown := shownLooks{household: test.present, holders: map[string]bool{"bright": true}}
		look := store.ListedLook{
			Look:       store.Look{Kind: test.kind, AccountID: "bright", At: store.Millis(test.at)},
			MoveInDate: test.moveIn,
		}
		if got := shown.shows(look); got != test.want {
			t.Errorf("%s: shown is %t, want %t", test.name, got, test.want)
		}
		if look.AccountID = "other"; look.Kind == store.LookOwnRecords && shown.shows(look) {
			t.Errorf("%s: a reading is shown of a Data User without a record that the household sees", test.name)
		}
	}

	// A move-in date that was changed since the reading moves it to no other household.
	look := store.ListedLook{
		Look:          store.Look{Kind: store.LookCustomerList, At: store.Millis(between)},
		MoveInDate:    newer,
		FormerMoveIns: &store.JSON[[]store.FormerMoveIn]{V: []store.FormerMoveIn{{Date: *older, Until: after}}},
	}
	if (shownLooks{household: moved}).shows(look) {
		t.Error("a reading of the people before is shown since their move-in date was changed")
	}
}

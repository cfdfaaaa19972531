package rules

import (
	"strings"
	"testing"

	"central.consent/dar/register/store"
)

// moveDay is the first day of the household of the cases.
const moveDay = "2026-05-20"

// toldOf returns decisions as text: each address, or the account of a passkey, with why it stands or waits.
func toldOf(decisions []decision) string {
	var told []string
	for _, d := range decisions {
		name, _, _ := strings.Cut(d.contact.address, "@")
		if d.contact.isPasskey() {
			name = d.contact.AccountID + "'s passkey"
		}

		told = append(told, name+": "+d.verdict.state+" "+d.verdict.why)
	}

	return strings.Join(told, ", ")
}

// madeAgo makes a contact older.
func madeAgo(days int) func(c *contact) { return func(c *contact) { c.CreatedAt = ago(days) } }

// recordSince is an account that has access records here since some days.
func recordSince(account string, days int) store.RecordHolder {
	return store.RecordHolder{AccountID: account, Active: true, KnowsCustomer: true, FirstAt: new(ago(days))}
}

// Who stands after a change of tenancy, of those who were on the register before their household was
// (docs/decisions.md, Occupants).
func TestStandingAfterChange(t *testing.T) {
	t.Parallel()
	moved := func(account, address string, alter ...func(c *contact)) contact {
		return party(account, address, append([]func(c *contact){movesIn(moveDay), waits(40)}, alter...)...)
	}
	stands := func(c *contact) { c.Standing = party("", "").Standing }
	byToken := store.RecordHolder{AccountID: "bank", Active: true}
	old := party("supplier", "old@example.com")
	for _, test := range []struct {
		name string
		home home
		want string
	}{
		{"nobody has come", caseHome(old), ""},
		{"those before wait as they did", caseHome(old, party("shop", "other@example.com", waits(9))), ""},
		{"one has come", caseHome(old, moved("bank", "ann@example.com")), "ann: stands first"},
		{"who stood before goes on", caseHome(moved("bank", "ann@example.com", stands)), ""},
		{"and the others wait for them", caseHome(moved("bank", "ann@example.com", stands),
			moved("shop", "bob@example.com"), moved("shop", "ann@example.com")),
			"bob: provisional new, ann: stands same-address"},
		{"still to move in", caseHome(moved("bank", "ann@example.com", movesIn("2026-06-02"))), ""},
		{"moved in 30 days before", caseHome(moved("bank", "ann@example.com", movesIn("2026-04-20"))),
			"ann: stands first"},
		{"moved in 31 days before", caseHome(moved("bank", "ann@example.com", movesIn("2026-04-19"))), ""},

		{"moved in by a changed date", caseHome(moved("bank", "ann@example.com", patched)), "ann: provisional new"},
		{"stood, and moved in by a changed date", caseHome(moved("bank", "ann@example.com", stands, patched)),
			"ann: provisional new"},
		{"set aside before", caseHome(moved("bank", "ann@example.com", setAside)), "ann: provisional new"},
		{"one of two was set aside before", caseHome(moved("bank", "ann@example.com", setAside),
			moved("shop", "bob@example.com")), "ann: provisional new, bob: stands first"},
		{"of a verification that failed", caseHome(moved("bank", "ann@example.com", failed)), ""},
		{"one of two failed", caseHome(moved("bank", "ann@example.com", failed), moved("shop", "bob@example.com")),
			"bob: stands first"},
		{"of an account that misbehaved", caseHome(moved("bank", "ann@example.com", stopped("misconduct", 3))),
			"ann: provisional new"},
		{"of an account that failed", caseHome(moved("bank", "ann@example.com", stopped("failure", 3))),
			"ann: stands first"},

		{"two of one account", caseHome(moved("bank", "ann@example.com", madeAgo(9)), moved("bank", "bob@example.com",
			madeAgo(10))), "bob: stands first, ann: provisional new"},
		{"an address before a passkey", caseHome(moved("bank", "", passkeyUsed(9), madeAgo(10)),
			moved("bank", "ann@example.com")), "ann: stands first, bank's passkey: provisional new"},
		{"the same address of two accounts", caseHome(moved("bank", "ann@example.com"),
			moved("shop", "ann@example.com")), "ann: stands first, ann: stands same-address"},

		{"two accounts", caseHome(moved("bank", "ann@example.com"), moved("shop", "bob@example.com")),
			"ann: provisional two-households, bob: provisional two-households"},
		{"one of them verified its person, without a record", caseHome(moved("bank", "ann@example.com", verified),
			moved("shop", "bob@example.com")).withRecords(recordSince("shop", 9)),
			"ann: provisional two-households, bob: provisional two-households"},
		{"with one, by a token", caseHome(moved("bank", "ann@example.com", verified), moved("shop", "bob@example.com")).
			withRecords(byToken), "ann: provisional two-households, bob: provisional two-households"},
		{"with one of its own", caseHome(moved("shop", "bob@example.com"), moved("bank", "ann@example.com", verified)).
			withRecords(recordSince("bank", 3), recordSince("shop", 9)), "ann: stands first, bob: provisional new"},
		{"both verified, the earlier record", caseHome(moved("bank", "ann@example.com", verified),
			moved("shop", "bob@example.com", verified)).withRecords(recordSince("bank", 3), recordSince("shop", 9)),
			"bob: stands first, ann: provisional new"},
		{"both verified, records of one moment", caseHome(moved("bank", "ann@example.com", verified),
			moved("shop", "bob@example.com", verified)).withRecords(recordSince("bank", 9), recordSince("shop", 9)),
			"ann: provisional two-households, bob: provisional two-households"},
		{"two of three know one address", caseHome(moved("bank", "ann@example.com"), moved("shop", "bob@example.com"),
			moved("game", "ann@example.com")),
			"ann: provisional two-households, bob: provisional two-households, ann: provisional two-households"},
		{"an account joins two others", caseHome(moved("bank", "ann@example.com"),
			moved("shop", "bob@example.com"), moved("game", "ann@example.com"), moved("game", "bob@example.com")),
			"ann: stands first, bob: provisional new, ann: stands same-address, bob: provisional new"},
	} {
		if got := toldOf(test.home.withChange(moveDay).afterChange()); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// What contacts are after a report was withdrawn: what they were before it (docs/decisions.md, Occupants).
func TestStandingAfterWithdrawal(t *testing.T) {
	t.Parallel()
	since := func(household string) func(c *contact) { return func(c *contact) { c.Household = household } }
	came := func(account, address string, alter ...func(c *contact)) contact {
		return party(account, address, append([]func(c *contact){movesIn(moveDay), since(moveDay)}, alter...)...)
	}
	earlier := func(c *contact) {
		c.Standing = store.Standing{State: store.ContactProvisional, Why: whyEarlierOccupant}
	}
	old := party("supplier", "old@example.com")
	for _, test := range []struct {
		name string
		home home
		// was is what the contacts of ann were before the report.
		was  *store.Standing
		want string
	}{
		{"who stands since before", caseHome(old), nil, ""},
		{"who came since", caseHome(old, came("bank", "ann@example.com")), nil, "ann: provisional tenancy-report"},
		{"and nobody stands", caseHome(came("bank", "ann@example.com")), nil, "ann: provisional tenancy-report"},
		{"at the same address", caseHome(old, came("bank", "old@example.com")), nil, "old: stands same-address"},
		{"at the same address, of a failed verification", caseHome(old, came("bank", "old@example.com", failed)), nil,
			""},
		{"with a passkey", caseHome(old, came("bank", "", passkeyUsed(3))), nil,
			"bank's passkey: provisional tenancy-report"},
		{"two of one address", caseHome(old, came("bank", "ann@example.com"), came("shop", "ann@example.com")), nil,
			"ann: provisional tenancy-report, ann: provisional tenancy-report"},
		{"who waits since", caseHome(old, came("bank", "ann@example.com", waits(3), since(moveDay))), nil,
			"ann: provisional tenancy-report"},
		{"who was set aside since", caseHome(old, came("bank", "ann@example.com", setAside, since(moveDay))), nil, ""},
		{"who is still to move in", caseHome(old, came("bank", "ann@example.com", movesIn("2026-06-02"))), nil, ""},

		{"who waited before", caseHome(old, came("bank", "ann@example.com")),
			&store.Standing{State: store.ContactProvisional, Why: whyNew}, "ann: provisional tenancy-report"},
		{"who stood before", caseHome(old, came("bank", "ann@example.com", waits(3), since(moveDay))),
			&store.Standing{State: store.ContactStands, Why: whyYes}, "ann: stands said-yes"},
		{"who was set aside before", caseHome(old, came("bank", "ann@example.com", waits(3), since(moveDay))),
			&store.Standing{State: store.ContactSetAside, Why: whyNotMe}, "ann: set-aside not-me"},

		{"who came for those before", caseHome(old, party("bank", "ann@example.com", earlier)), nil,
			"ann: provisional new"},
		{"who came for those before, and none stands", caseHome(party("bank", "ann@example.com", earlier)), nil,
			"ann: stands first"},
	} {
		got := toldOf(test.home.afterWithdrawal(moveDay, func(c contact, _ household) (store.Standing, bool) {
			if test.was == nil || !strings.HasPrefix(c.address, "ann@") {
				return store.Standing{}, false
			}

			return *test.was, true
		}))
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// In a dispute each side has a say about its own contacts alone.
func TestStandingInDispute(t *testing.T) {
	t.Parallel()
	old := party("supplier", "old@example.com", confirmed(9))
	next := party("bank", "next@example.com", movesIn(moveDay), confirmed(3))
	both := caseHome(old, next, party("shop", "old@example.com", movesIn(moveDay), confirmed(1)),
		party("shop", "late@example.com", movesIn(moveDay), confirmed(2))).withChange(moveDay)
	both.present.changes[0].disputed = true
	both.holders = []store.RecordHolder{active("supplier"), active("bank"), active("shop")}

	alone := caseHome(old).withChange(moveDay)
	alone.present.changes[0].disputed = true
	former := alone
	former.formers = map[string]*store.FormerContact{moveDay: {ID: "cnt_former"}}

	// addresses returns the names of addresses.
	addresses := func(contacts []contact) string {
		var names []string
		for _, c := range contacts {
			name, _, _ := strings.Cut(c.address, "@")
			names = append(names, name+" "+c.AccountID)
		}

		return strings.Join(names, ", ")
	}
	newcomer := func(moveIn string) contact { return party("game", "new@example.com", waits(0), movesIn(moveIn)) }
	for _, test := range []struct{ name, got, want string }{
		{"both sides can be asked first", addresses(both.addresses()),
			"old shop, old supplier, late shop, next bank"},
		{"those before are told of theirs", addresses(both.toTell(newcomer("2020-01-01"))), "old supplier"},
		{"those since are told of theirs", addresses(both.toTell(newcomer(moveDay))),
			"old shop, late shop, next bank"},
		{"one comes for those before", alone.arrive(newcomer("2020-01-01"), nil).why, whyNew},
		{"the first comes for those since", alone.arrive(newcomer(moveDay), nil).why, whyFirst},
		{"and one has stood for them", former.arrive(newcomer(moveDay), nil).why, whyNew},
		{"an address of the other side", alone.arrive(party("game", "old@example.com", movesIn(moveDay)), nil).why,
			whyFirst},
		{"the household of those before", both.householdOf(old), ""},
		{"the household of those since", both.householdOf(next), moveDay},
	} {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", test.name, test.got, test.want)
		}
	}
}

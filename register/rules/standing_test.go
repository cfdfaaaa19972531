package rules

import (
	"slices"
	"testing"
	"time"

	"central.consent/dar/register/store"
)

// The day of the cases, and a household that nobody divides.
var standingNow = time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)

// ago is a moment before the day of the cases.
func ago(days int) store.Millis { return store.Millis(standingNow.AddDate(0, 0, -days)) }

// party describes a contact of a case: an address that stands since last year unless an alteration says otherwise.
func party(account, address string, alter ...func(c *contact)) contact {
	c := contact{address: address}
	c.ID = "cnt_" + account + " " + address
	c.IR = "ir_" + account
	c.AccountID = account
	c.AccountStatus = accountActive
	c.MoveInDate = "2020-01-01"
	c.Standing = store.Standing{State: store.ContactStands, Since: ago(365), Why: whyFirst}
	for _, change := range alter {
		change(&c)
	}

	return c
}

// The alterations of a case.
func failed(c *contact)   { c.outcome = outcomeFailed }
func verified(c *contact) { c.outcome = outcomeVerified }
func opened(c *contact)   { c.OpenedAt = new(ago(100)) }
func patched(c *contact)  { c.MovedByPatch = true }
func bounced(c *contact)  { c.BouncedAt = new(ago(1)) }

func movesIn(day string) func(c *contact) { return func(c *contact) { c.MoveInDate = day } }

func because(why string) func(c *contact) { return func(c *contact) { c.Why = why } }

func setAside(c *contact) {
	c.Standing = store.Standing{State: store.ContactSetAside, Why: whyNotMe, Since: ago(3)}
}

// waits makes a contact provisional for some days, of which everybody had been told that day in three rounds.
func waits(days int) func(c *contact) {
	return func(c *contact) {
		c.Standing = store.Standing{State: store.ContactProvisional, Why: whyNew, Since: ago(days)}
		c.ToldAt = new(ago(days))
		c.Letters = letterRounds
	}
}

func toldAgo(days int) func(c *contact) { return func(c *contact) { c.ToldAt = new(ago(days)) } }

func untold(c *contact) { c.ToldAt = nil }

func rounds(letters int) func(c *contact) { return func(c *contact) { c.Letters = letters } }

func replacing(old contact) func(c *contact) { return func(c *contact) { c.Replaces = &old.ID } }

func confirmed(days int) func(c *contact) { return func(c *contact) { c.ConfirmedAt = new(ago(days)) } }

func since(days int) func(c *contact) { return func(c *contact) { c.Since = ago(days) } }

// passkeyUsed makes a contact a passkey that was last used some days ago.
func passkeyUsed(days int) func(c *contact) {
	return func(c *contact) {
		c.address = ""
		c.CredentialID = new("cred_" + c.ID)
		c.PasskeyUsedAt = new(ago(days))
	}
}

// stopped makes the Data User of a contact suspended since some days.
func stopped(cause string, days int) func(c *contact) {
	return func(c *contact) {
		c.AccountStatus = "suspended"
		c.AccountCause = &cause
		c.AccountStoppedAt = new(ago(days))
	}
}

// The records of a case.
func active(account string) store.RecordHolder {
	return store.RecordHolder{AccountID: account, KnowsCustomer: true, Active: true}
}

func ended(account string, days int) store.RecordHolder {
	return store.RecordHolder{AccountID: account, KnowsCustomer: true, LastEndedAt: new(ago(days))}
}

// caseHome returns a home with contacts; records and the former contact are added by the case.
func caseHome(contacts ...contact) home { return home{now: standingNow, contacts: contacts} }

func (h home) withRecords(holders ...store.RecordHolder) home {
	h.holders = holders

	return h
}

func (h home) withFormer(why *string) home {
	h.former = &store.FormerContact{ID: "cnt_former", EndedWhy: why}

	return h
}

func (h home) withChange(effective string) home {
	h.present.changes = []tenancyChange{{effective: effective, reported: standingNow.AddDate(0, 0, -1)}}

	return h
}

// What a contact is when it comes (docs/decisions.md, Which person, 1, 2 and 4).
func TestContactArrives(t *testing.T) {
	t.Parallel()
	supplier := party("supplier", "ann@example.com")
	key := party("supplier", "", passkeyUsed(10))
	for _, test := range []struct {
		name  string
		home  home
		added contact
		by    *contact
		want  verdict
	}{
		{"the first at the meter point", caseHome(), party("shop", "bob@example.com"), nil,
			verdict{store.ContactStands, whyFirst}},
		{"the first, a passkey", caseHome(), party("shop", "", passkeyUsed(0)), nil,
			verdict{store.ContactStands, whyFirst}},
		{"another address", caseHome(supplier), party("shop", "bob@example.com"), nil,
			verdict{store.ContactProvisional, whyNew}},
		{"another address of the same account", caseHome(supplier), party("supplier", "bob@example.com"), nil,
			verdict{store.ContactProvisional, whyNew}},
		{"a later move-in date", caseHome(supplier), party("shop", "bob@example.com", movesIn("2026-05-31")), nil,
			verdict{store.ContactProvisional, whyNew}},
		{"an earlier move-in date", caseHome(supplier), party("shop", "bob@example.com", movesIn("1990-01-01")), nil,
			verdict{store.ContactProvisional, whyNew}},
		{"a move-in date to come", caseHome(), party("shop", "bob@example.com", movesIn("2026-06-02")), nil,
			verdict{store.ContactProvisional, whyToCome}},
		{"the same address", caseHome(supplier), party("shop", "ann@example.com"), nil,
			verdict{store.ContactStands, whySameAddress}},
		{"the same address, which waits", caseHome(supplier, party("game", "bob@example.com", waits(3))),
			party("shop", "bob@example.com"), nil, verdict{store.ContactProvisional, whyNew}},
		{"a planted passkey", caseHome(supplier), party("shop", "", passkeyUsed(0)), nil,
			verdict{store.ContactProvisional, whyNew}},
		{"a passkey made in a visit that a standing contact confirmed", caseHome(supplier),
			party("supplier", "", passkeyUsed(0)), &supplier, verdict{store.ContactStands, whyVisit}},
		{"a passkey made in a visit that a provisional contact confirmed", caseHome(supplier),
			party("shop", "", passkeyUsed(0)), new(party("shop", "bob@example.com", waits(3))),
			verdict{store.ContactProvisional, whyNew}},
		{"an address that was set aside", caseHome(supplier, party("shop", "bob@example.com", setAside)),
			party("game", "bob@example.com"), nil, verdict{store.ContactSetAside, whyNotMe}},
		{"another address of an account whose first one was set aside",
			caseHome(party("shop", "bob@example.com", setAside)), party("shop", "rob@example.com"), nil,
			verdict{store.ContactProvisional, whyNew}},
		{"of another account", caseHome(party("game", "bob@example.com", setAside)),
			party("shop", "rob@example.com"), nil, verdict{store.ContactStands, whyFirst}},
		{"a failed verification", caseHome(), party("shop", "bob@example.com", failed), nil,
			verdict{store.ContactProvisional, whyFailed}},
		{"the only other one waits", caseHome(party("game", "eve@example.com", waits(3))),
			party("shop", "bob@example.com"), nil, verdict{store.ContactStands, whyFirst}},
		{"a passkey alone stands", caseHome(key), party("shop", "bob@example.com"), nil,
			verdict{store.ContactProvisional, whyNew}},
		{"one stood and is gone", caseHome().withFormer(new(endedAnonymised)), party("shop", "bob@example.com"), nil,
			verdict{store.ContactProvisional, whyNew}},
		{"one stood by the word of an account that misbehaved",
			caseHome(party("rogue", "eve@example.com", opened, stopped("misconduct", 2))).withFormer(nil),
			party("shop", "bob@example.com"), nil, verdict{store.ContactProvisional, whyNew}},
		{"the supplier failed and its customer stands",
			caseHome(party("supplier", "ann@example.com", stopped("failure", 2))),
			party("shop", "bob@example.com"), nil, verdict{store.ContactProvisional, whyNew}},
		{"after a change of tenancy", caseHome(supplier).withChange("2026-05-20"),
			party("shop", "bob@example.com", movesIn("2026-05-20")), nil, verdict{store.ContactStands, whyFirst}},
		{"an earlier occupant after a change of tenancy", caseHome().withChange("2026-05-20"),
			party("shop", "bob@example.com", movesIn("2026-04-19")), nil,
			verdict{store.ContactProvisional, whyEarlierOccupant}},
		{"moved into the household by a changed date", caseHome().withChange("2026-05-20"),
			party("shop", "bob@example.com", movesIn("2026-05-20"), patched), nil,
			verdict{store.ContactProvisional, whyNew}},
		{"an administrator has to choose between two",
			caseHome(party("a", "a@example.com", waits(1), because(whyTie)),
				party("b", "b@example.com", waits(1), because(whyTie))),
			party("shop", "bob@example.com"), nil, verdict{store.ContactProvisional, whyNew}},
	} {
		if got := test.home.arrive(test.added, test.by); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// What the wait of a provisional contact brings (docs/decisions.md, Which person, 2). An empty want is that time alone
// brings nothing.
func TestContactWaits(t *testing.T) {
	t.Parallel()
	supplier := party("supplier", "ann@example.com")
	newAddress := func(alter ...func(c *contact)) contact {
		return party(
			"supplier",
			"ann@new.example.com",
			append([]func(c *contact){waits(7), replacing(supplier)}, alter...)...)
	}
	shop := func(days int, alter ...func(c *contact)) contact {
		return party("shop", "bob@example.com", append([]func(c *contact){waits(days)}, alter...)...)
	}
	for _, test := range []struct {
		name string
		home home
		c    contact
		want string
		// left is how many days the wait still has.
		left int
	}{
		{"the supplier changes the address", caseHome(supplier), newAddress(), whyReplaced, 0},
		{"of which nobody was told yet", caseHome(supplier), newAddress(untold), "", 0},
		{"told two days later", caseHome(supplier), newAddress(toldAgo(5)), whyReplaced, 2},
		{"of a verification that failed", caseHome(supplier), newAddress(failed), "", 0},
		{"that another account gave as well", caseHome(supplier, party("bank", "ann@example.com")).
			withRecords(active("supplier")), newAddress(), "", 0},
		{"to which an administrator said yes", caseHome(party("supplier", "ann@example.com",
			because(whyAdministrator))).withRecords(active("supplier")), newAddress(), "", 0},
		{"a second record of the supplier replaces nothing", caseHome(supplier).withRecords(active("supplier")),
			party("supplier", "bob@example.com", waits(60)), "", 0},
		{"another account replaces nothing", caseHome(supplier).withRecords(active("supplier")),
			shop(60, replacing(supplier)), "", 0},

		{"the account behind the standing address has an active record", caseHome(supplier).
			withRecords(active("supplier"), active("shop")), shop(60), "", 0},
		{"it never had one", caseHome(supplier).withRecords(active("shop")), shop(30), whyWaited, 0},
		{"its last record ended ten days ago", caseHome(supplier).withRecords(ended("supplier", 10)),
			shop(60), whyWaited, 20},
		{"the mail server took the first letter five days later", caseHome(supplier), shop(30, toldAgo(25)),
			whyWaited, 5},
		{"two rounds of letters were written", caseHome(supplier), shop(60, rounds(2)), whyWaited, 1},
		{"a passkey stands that was used within 13 months",
			caseHome(supplier, party("supplier", "", passkeyUsed(390))), shop(60), "", 0},
		{"a passkey stands that was not", caseHome(supplier, party("supplier", "", passkeyUsed(400))), shop(60),
			whyWaited, -30},
		{"the supplier failed and its record is active", caseHome(party("supplier", "ann@example.com",
			stopped("failure", 40))).withRecords(active("supplier")), shop(60), "", 0},
		{"an administrator chooses", caseHome(), shop(60, because(whyTie)), "", 0},
		{"an administrator chooses between others", caseHome(party("supplier", "ann@example.com", waits(60),
			because(whyTie))), shop(60), "", 0},
		{"still to move in", caseHome(supplier), shop(60, movesIn("2026-07-01")), "", 0},
		{"of an account that misbehaved", caseHome(supplier), shop(60, stopped("misconduct", 1)), "", 0},
		{"set aside", caseHome(supplier), party("shop", "bob@example.com", setAside), "", 0},

		{"passkeys alone stand", caseHome(party("supplier", "", passkeyUsed(400))), shop(60), "", 0},
		{"passkeys alone stand, and their account adds an address", caseHome(party("supplier", "", passkeyUsed(10))),
			party("supplier", "ann@example.com", waits(30), rounds(0)), whyWaited, 0},

		{"none is left", caseHome().withFormer(new(endedRemoved)), shop(7, rounds(0)), whyWaited, 23},
		{"none is left, the last one was erased", caseHome().withFormer(new(endedAnonymised)).
			withRecords(active("shop")), shop(7, rounds(0)), whyWaited, 23},
		{"and the new one is verified", caseHome().withFormer(new(endedAnonymised)).withRecords(active("shop")),
			shop(7, rounds(0), verified), whyWaited, 0},
		{"but its account has no active record", caseHome().withFormer(new(endedAnonymised)).
			withRecords(ended("shop", 1)), shop(7, rounds(0), verified), whyWaited, 23},
		{"the last one misbehaved", caseHome().withFormer(nil).withRecords(active("shop")),
			shop(7, rounds(0), verified), whyWaited, 23},
	} {
		got, at, ok := test.home.afterWait(test.c)
		if !ok {
			got.why = ""
		}
		if got.why != test.want {
			t.Errorf("%s: %q, want %q", test.name, got.why, test.want)
		}

		want := standingNow.AddDate(0, 0, test.left)
		if ok && !at.Equal(want) {
			t.Errorf("%s: at %v, want %v", test.name, at, want)
		}
	}
}

// Who answers the challenges of everybody (docs/decisions.md, Which person, 1 and 4).
func TestContactAnswersEverybody(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		home home
		c    contact
		want bool
	}{
		{"who stands", caseHome().withRecords(active("supplier")), party("supplier", "ann@example.com"), true},
		{"who waits", caseHome(), party("supplier", "ann@example.com", waits(3)), false},
		{"who is set aside", caseHome(), party("supplier", "ann@example.com", setAside), false},
		{"the first, and nobody has a record", caseHome(), party("shop", "bob@example.com"), true},
		{"the first, and another account has a record", caseHome().withRecords(ended("supplier", 900)),
			party("shop", "bob@example.com"), false},
		{"the first, and its account has one, too", caseHome().withRecords(active("supplier"), ended("shop", 3)),
			party("shop", "bob@example.com"), true},
		{"the first, and another account registered by its token", caseHome().withRecords(
			store.RecordHolder{AccountID: "game", Active: true}), party("shop", "bob@example.com"), true},
		{"not the first", caseHome().withRecords(active("supplier")),
			party("shop", "bob@example.com", because(whyYes)), true},
		{"whose verification failed", caseHome(), party("supplier", "ann@example.com", failed), false},
		{"who is still to move in", caseHome(), party("supplier", "ann@example.com", movesIn("2026-06-02")), false},
		{"who moves in today", caseHome(), party("supplier", "ann@example.com", movesIn("2026-06-01")), true},
		{"an earlier occupant", caseHome().withChange("2026-05-01"), party("supplier", "ann@example.com"), false},
		{"of a supplier that failed", caseHome(), party("supplier", "ann@example.com", stopped("failure", 3)), true},
		{"of an account that misbehaved", caseHome(), party("rogue", "eve@example.com", stopped("misconduct", 3)),
			false},
		{"restored since", caseHome(), party("rogue", "eve@example.com", stopped("misconduct", 3), since(2),
			because(whyAdministrator)), true},
		{"restored before", caseHome(), party("rogue", "eve@example.com", stopped("misconduct", 3), since(4),
			because(whyAdministrator)), false},
	} {
		if got := test.home.answersEverybody(test.c); got != test.want {
			t.Errorf("%s: %t, want %t", test.name, got, test.want)
		}
	}
}

// Mail goes to the standing address that confirmed last, and else to the longest standing. One that the mail server
// refused comes last (docs/decisions.md, Which person, 5).
func TestMailOrder(t *testing.T) {
	t.Parallel()
	h := caseHome(
		party("a", "waits@example.com", waits(30)),
		party("b", "", passkeyUsed(1)),
		party("c", "newer@example.com", since(10)),
		party("d", "older@example.com", since(20)),
		party("e", "confirmed@example.com", since(5), confirmed(3)),
		party("f", "confirmed@example.com", since(5), confirmed(9)),
		party("g", "last@example.com", since(5), confirmed(1)),
		party("h", "bounced@example.com", since(500), confirmed(0), bounced),
	)
	h.holders = []store.RecordHolder{active("c"), active("d"), active("e"), active("f"), active("g"), active("h")}

	var got []string
	for _, c := range h.addresses() {
		got = append(got, c.address)
	}

	want := []string{
		"last@example.com", "confirmed@example.com", "older@example.com", "newer@example.com", "bounced@example.com",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

package rules

import (
	"testing"

	"central.consent/dar/register/store"
)

// What a change of a person's verification or move-in date does to a contact's standing (docs/decisions.md, Which
// person, 4 and 7). The household changed on May 10th, so a person of it moved in since April 10th.
func TestPersonChanges(t *testing.T) {
	t.Parallel()
	const (
		within  = "2026-05-10"
		before  = "2020-01-01"
		toCome  = "2026-06-20"
		another = "2026-05-12"
	)
	changed := func(contacts ...contact) home { return caseHome(contacts...).withChange(within) }
	other := party("other", "bob@example.com", movesIn(within))
	// at returns a contact of the case, with a move-in date.
	at := func(day string, alter ...func(c *contact)) contact {
		return party("shop", "ann@example.com", append(alter, movesIn(day))...)
	}
	kept := verdict{}

	for _, test := range []struct {
		name     string
		home     home
		was, now contact
		want     verdict
	}{
		{"nothing changes", changed(), at(within), at(within), kept},
		{"verified, not failed", changed(), at(within), at(within, verified), kept},
		{"moved within the household", changed(), at(within), at(another, patched), kept},

		{"the verification fails", changed(), at(within), at(within, failed),
			verdict{store.ContactProvisional, whyFailed}},
		{"it fails while the contact waits", changed(other), at(within, waits(3)), at(within, waits(3), failed),
			verdict{store.ContactProvisional, whyFailed}},
		{"it fails and did before", changed(), at(within, failed), at(within, failed), kept},
		{"no failure any more, alone", changed(), at(within, failed, waits(3)), at(within, waits(3)),
			verdict{store.ContactStands, whyFirst}},
		{"no failure any more, beside another one", changed(other), at(within, failed, waits(3)), at(within, waits(3)),
			verdict{store.ContactProvisional, whyNew}},
		{"no failure any more, the address stands", changed(party("other", "ann@example.com", movesIn(within))),
			at(within, failed, waits(3)), at(within, waits(3)), verdict{store.ContactStands, whySameAddress}},
		{"no failure any more, between two households", changed(party("other", "bob@example.com", movesIn(within),
			waits(3), because(whyTie))), at(within, failed, waits(3)), at(within, waits(3)),
			verdict{store.ContactProvisional, whyTie}},

		{"moved out by another date", changed(), at(within), at(before, patched),
			verdict{store.ContactProvisional, whyEarlierOccupant}},
		{"moved to a day to come", changed(), at(within), at(toCome, patched),
			verdict{store.ContactProvisional, whyToCome}},
		{"moved in by another date, alone", changed(), at(before), at(within, patched),
			verdict{store.ContactProvisional, whyNew}},
		{"moved in by another date, beside another one", changed(other), at(before), at(within, patched),
			verdict{store.ContactProvisional, whyNew}},
		{"moved in, and the address stands", changed(party("other", "ann@example.com", movesIn(within))),
			at(before), at(within, patched), verdict{store.ContactStands, whySameAddress}},
		{"between two days of an earlier household", changed(), at(before), at("2021-01-01", patched),
			verdict{store.ContactProvisional, whyEarlierOccupant}},
		{"a day to come that comes earlier", changed(), at("2026-08-01", waits(3), because(whyToCome)),
			at(toCome, patched, waits(3), because(whyToCome)), verdict{store.ContactProvisional, whyToCome}},

		{"set aside, and failed", changed(), at(within, setAside), at(within, setAside, failed), kept},
		{"set aside, and moved", changed(), at(before, setAside), at(within, setAside, patched), kept},
	} {
		h := test.home
		h.contacts = append(h.contacts, test.now)
		got, ok := h.reconsider(test.was, test.now)
		if got != test.want || ok != (test.want != kept) {
			t.Errorf("%s: %v %t, want %v", test.name, got, ok, test.want)
		}
	}
}

// In a dispute over a change of tenancy, another move-in date does not take a standing to the other side.
func TestMoveBetweenSides(t *testing.T) {
	t.Parallel()
	older := party("shop", "ann@example.com")
	newer := party("shop", "ann@example.com", movesIn("2026-05-10"), patched)
	h := caseHome(newer, party("other", "bob@example.com", movesIn("2026-05-10"))).withChange("2026-05-10")
	h.present.changes[0].disputed = true

	got, _ := h.reconsider(older, newer)
	if want := (verdict{store.ContactProvisional, whyNew}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

package rules

import (
	"testing"

	"central.consent/dar/register/store"
)

// onRecordOf puts a contact on the identity record of another one.
func onRecordOf(other contact) func(c *contact) { return func(c *contact) { c.IR = other.IR } }

// made makes a contact some days old.
func made(days int) func(c *contact) { return func(c *contact) { c.CreatedAt = ago(days) } }

// A visitor removes at once what it is and what it enrolled, and nothing that another person may rely on.
func TestRemovalByVisitor(t *testing.T) {
	t.Parallel()
	ann := party("supplier", "ann@example.com", since(100), made(365))
	partner := party("retailer", "partner@example.com")
	annsPhone := party("supplier", "", onRecordOf(ann), passkeyUsed(1), because(whyVisit), made(50))
	lostPhone := party("lost", "", passkeyUsed(1), because(whyVisit), made(50))
	for name, test := range map[string]struct {
		visitor, c contact
		want       Removal
	}{
		"itself":                           {ann, ann, RemovalNow},
		"the same address elsewhere":       {ann, party("retailer", "ann@example.com"), RemovalNow},
		"a passkey that it enrolled":       {ann, annsPhone, RemovalNow},
		"one before it stood":              {ann, annsPhone.with(made(101)), RemovalLater},
		"one of its record that was there": {ann, annsPhone.with(because(whyFirst)), RemovalLater},
		"another address":                  {ann, partner, RemovalLater},
		"a passkey of another record":      {ann, lostPhone, RemovalLater},
		"the address of its own record":    {annsPhone, ann, RemovalLater},
		"a new address":                    {ann, partner.with(waits(1)), RemovalNone},
		"one that was set aside":           {ann, partner.with(setAside), RemovalNone},
		"one whose removal was asked for":  {ann, partner.with(removed), RemovalNone},
		"itself, asked for by another":     {partner.with(removed), partner.with(removed), RemovalNow},
	} {
		h := caseHome(ann, partner, annsPhone, lostPhone)
		if got := h.removal(test.visitor, test.c); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}

	if got := caseHome(annsPhone, lostPhone).removal(annsPhone, lostPhone); got != RemovalUntold {
		t.Errorf("a passkey in a home without an address: %q, want %q", got, RemovalUntold)
	}
}

func (c contact) with(change func(c *contact)) contact {
	change(&c)

	return c
}

func removed(c *contact) { c.RemovalAt = new(store.Millis(standingNow)) }

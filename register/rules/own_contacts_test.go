package rules_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/passkey"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// visit confirms by the address that mail goes to, and returns the visit.
func (h *house) visit(t testing.TB) rules.Visit {
	t.Helper()

	return must(h.OpenVisit(t.Context(), h.ticket(t)))(t)
}

// visitBy confirms by a passkey, and returns the visit.
func (h *house) visitBy(t testing.TB, d *device) rules.Visit {
	t.Helper()
	_, permission := h.askToShow(t, registerclient.ReidentifyRequest{})
	d.credential.Counter++
	result := must(h.showPasskey(t, permission, d, ""))(t)

	return must(h.OpenVisit(t.Context(), result.Ticket))(t)
}

// ownTicket confirms a challenge that the owner of an identity record started on it, and returns the ticket.
func (h *house) ownTicket(t testing.TB, account store.Account, ir string) string {
	t.Helper()
	h.letters(t)
	must(h.reidentifyOwn(t, account, ir, registerclient.ReidentifyOwnRequest{
		Method: registerclient.MethodMagicLink,
	}))(t)
	opened := must(h.Open(t.Context(), store.LinkSecret, linkSecret(t, h.letters(t)[0])))(t)

	return must(h.ConfirmByLink(t.Context(), opened, rules.LinkConfirmation{ByHand: true}))(t)
}

// own returns the contact of this name in the list of a visit.
func (h *house) own(t testing.TB, visit rules.Visit, name string) rules.OwnContact {
	t.Helper()
	for _, c := range must(h.ListOwnContacts(t.Context(), visit))(t) {
		if c.Name == name {
			return c
		}
	}

	t.Fatalf("no contact %s", name)

	return rules.OwnContact{}
}

// listed returns the names and standings of the contacts in the list of a visit.
func (h *house) listed(t testing.TB, visit rules.Visit) string {
	t.Helper()
	var lines []string
	for _, c := range must(h.ListOwnContacts(t.Context(), visit))(t) {
		lines = append(lines, fmt.Sprintf("%s %s %s", c.Name, c.Standing, c.Removal))
	}

	return strings.Join(lines, ", ")
}

// expectListed compares the names, standings and removals in the list of a visit.
func (h *house) expectListed(t testing.TB, name string, visit rules.Visit, want string) {
	t.Helper()
	if got := h.listed(t, visit); got != want {
		t.Errorf("%s: the list is\n%s, want\n%s", name, got, want)
	}
}

// expectEnded checks that a ticket opens nothing.
func (h *house) expectEnded(t testing.TB, name, ticket string) {
	t.Helper()
	if _, err := h.OpenVisit(t.Context(), ticket); !errors.Is(err, rules.ErrEnded) {
		t.Errorf("%s: %v, want %v", name, err, rules.ErrEnded)
	}
}

// A visit begins with a confirmation by a contact that stands. It lasts ten minutes, unless the customer closes it.
func TestOpenVisit(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		other := h.asking(t, "other", registerclient.RoleDataUser)
		planted := h.lives(t, other, "stranger@example.com", "2023-01-01")
		d := h.enrol(t)
		h.expectEnded(t, "unknown", rules.NewSecret())
		h.expectEnded(t, "none", "")
		h.expectEnded(t, "of a contact that is provisional", h.ownTicket(t, other, planted))
		must(h.OpenVisit(t.Context(), h.ownTicket(t, h.owner, h.ir)))(t)

		for _, begin := range []func() rules.Visit{
			func() rules.Visit { return h.visit(t) },
			func() rules.Visit { return h.visitBy(t, d) },
		} {
			visit := begin()
			if !visit.Until.Equal(h.Now().Add(10*time.Minute)) || visit.Account.AccountID != h.portal.AccountID {
				t.Errorf("the visit is %+v", visit)
			}

			h.clock.Add(10*time.Minute - time.Second)
			must(h.OpenVisit(t.Context(), visit.Secret))(t)
			h.clock.Add(time.Second)
			h.expectEnded(t, "after ten minutes", visit.Secret)
			h.clock.Add(time.Hour)
		}

		ticket := h.ticket(t)
		must(h.OpenTicket(t.Context(), ticket))(t)
		if err := h.CloseVisit(t.Context(), ticket); err != nil {
			t.Fatal(err)
		}
		h.expectEnded(t, "closed", ticket)
		if _, err := h.OpenTicket(t.Context(), ticket); !errors.Is(err, rules.ErrEnded) {
			t.Errorf("a closed visit enrols: %v", err)
		}
	})
}

// What ends the authority of a confirmation ends its ticket to enrol a passkey too, also while the device is asked.
func TestTicketEndsWithItsContact(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ticket := h.ticket(t)
		permission := must(h.PermitEnrolment(t.Context(), "", ticket))(t)
		h.decide(t, rules.SetAside, h.contactOf(t, h.ir).ID)
		if _, err := h.PermitEnrolment(t.Context(), "", ticket); !errors.Is(err, rules.ErrEnded) {
			t.Errorf("the ticket of a contact that was set aside: %v", err)
		}
		if _, err := h.makePasskey(t, permission, newDevice(), ""); !errors.Is(err, passkey.ErrRefused) {
			t.Errorf("a passkey begun before: %v", err)
		}
	})
}

// A ticket enrols one passkey, and opens the contacts afterwards too. That of a passkey enrols none.
func TestVisitOutlivesItsEnrolment(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	ticket := h.ticket(t)
	d := newDevice()
	must(h.makePasskey(t, must(h.PermitEnrolment(t.Context(), "", ticket))(t), d, ""))(t)
	must(h.OpenVisit(t.Context(), ticket))(t)
	if _, err := h.PermitEnrolment(t.Context(), "", ticket); !errors.Is(err, rules.ErrEnded) {
		t.Errorf("a ticket enrols twice: %v", err)
	}

	visit := h.visitBy(t, d)
	if _, err := h.PermitEnrolment(t.Context(), "", visit.Secret); !errors.Is(err, rules.ErrEnded) {
		t.Errorf("the ticket of a passkey enrols: %v", err)
	}
}

// The list has the contacts of the present household: no earlier occupant's, and no future occupant's.
func TestListOwnContacts(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		other := h.asking(t, "other", registerclient.RoleDataUser)
		h.clock.Add(time.Second)
		h.enrol(t)
		h.lives(t, h.owner, partnerEmail, "2023-01-01")
		h.lives(t, other, "next@example.com", "2026-07-01")
		h.clock.Add(time.Second)
		h.lives(t, other, customerEmail, "2022-06-30")
		visit := h.visit(t)
		h.expectListed(t, "at first", visit, "c*****r@example.com works now, "+
			"A phone works now, c*****r@example.com works now, p*****r@example.com asks none")

		visitor := h.own(t, visit, "c*****r@example.com")
		if !visitor.IsVisitor || visitor.IsLast || visitor.Org != h.owner.DisplayName || !visitor.Used.Equal(h.Now()) {
			t.Errorf("the visitor is listed as %+v", visitor)
		}

		partner := h.own(t, visit, "p*****r@example.com")
		if partner.IsVisitor || !partner.IsAsked || partner.Used != nil ||
			!partner.Added.Equal(today.Add(time.Second)) {
			t.Errorf("the new address is listed as %+v", partner)
		}

		must(h.AnswerOwnContact(t.Context(), visit, partner.ID, false))(t)
		h.setStatus(t, rules.Suspend, "other")
		h.expectListed(t, "after a no and a suspension", visit, "c*****r@example.com works now, "+
			"A phone works now, p*****r@example.com not-me none, c*****r@example.com paused now")
	})
}

// In a dispute over a change of tenancy neither household sees the contacts of the other one, or decides about them.
func TestOwnContactsInADispute(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.tenancyChange(t, meterPoint, "2026-06-01")
		question := h.letters(t)[0]
		other := h.asking(t, "other", registerclient.RoleDataUser)
		next := h.lives(t, other, "next@example.com", "2026-06-01")
		h.lives(t, other, "stranger@example.com", "2026-06-01")
		newcomer := must(h.OpenVisit(t.Context(), h.ownTicket(t, other, next)))(t)
		if err := h.answer(t, question, true); err != nil {
			t.Fatal(err)
		}

		earlier := must(h.OpenVisit(t.Context(), h.ownTicket(t, h.owner, h.ir)))(t)
		h.expectListed(t, "the earlier household", earlier, "c*****r@example.com works now")
		h.expectListed(t, "the new household", newcomer,
			"n*****t@example.com works now, s*****r@example.com waits none")

		stranger := h.own(t, newcomer, "s*****r@example.com").ID
		if must(h.AnswerOwnContact(t.Context(), earlier, stranger, true))(t) {
			t.Error("a household answers for the other one")
		}
		must(h.RemoveOwnContact(t.Context(), earlier, h.own(t, newcomer, "n*****t@example.com").ID))(t)
		h.expectAudited(t, "contact.removal-asked", 0)
	})
}

// A first contact does not open a meter point at which others have registered access, and not its contacts either.
func TestPlantedFirstContactOpensNoVisit(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	other := h.asking(t, "other", registerclient.RoleDataUser)
	must(h.register(t, other, registertest.AccessRecord(h.lives(t, other, "", "2022-06-30"), "uk-consent")))(t)
	h.expectEnded(t, "of an account without access here", h.ownTicket(t, h.owner, h.ir))
	must(h.register(t, h.owner, registertest.AccessRecord(h.ir, "uk-consent")))(t)
	must(h.OpenVisit(t.Context(), h.ownTicket(t, h.owner, h.ir)))(t)
}

// A yes makes a new contact stand at once, and a no sets it aside. Each counts once.
func TestAnswerOwnContact(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		other := h.asking(t, "other", registerclient.RoleDataUser)
		h.lives(t, h.owner, partnerEmail, "2023-01-01")
		planted := h.lives(t, other, "stranger@example.com", "2023-01-01")
		visit := h.visit(t)
		partner := h.own(t, visit, "p*****r@example.com").ID
		stranger := h.own(t, visit, "s*****r@example.com").ID
		h.ownTicket(t, other, planted)

		for _, test := range []struct {
			name, contact string
			yes, want     bool
		}{
			{"yes", partner, true, true},
			{"no after yes", partner, false, false},
			{"no", stranger, false, true},
			{"yes after no", stranger, true, false},
			{"unknown", rules.NewID("cnt"), true, false},
		} {
			got := must(h.AnswerOwnContact(t.Context(), visit, test.contact, test.yes))(t)
			if got != test.want {
				t.Errorf("%s: answered is %t, want %t", test.name, got, test.want)
			}
		}

		h.expectListed(t, "answered", visit, "c*****r@example.com works now, "+
			"p*****r@example.com works later, s*****r@example.com not-me none")
		must(h.OpenVisit(t.Context(), h.ownTicket(t, h.owner, h.ir)))(t)
		h.expectEnded(t, "of a contact that was set aside", h.ownTicket(t, other, planted))
		h.expectAudited(t, "contact.standing", 5)
	})
}

// A contact that stops to stand ends its visit, and the visit changes nothing any more.
func TestVisitEndsWithItsContact(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		other := h.asking(t, "other", registerclient.RoleDataUser)
		h.lives(t, other, partnerEmail, "2023-01-01")
		visit := h.visit(t)
		partner := h.own(t, visit, "p*****r@example.com").ID
		h.setStatus(t, rules.Suspend, "owner")
		h.expectEnded(t, "of a suspended account", visit.Secret)

		_, err := h.AnswerOwnContact(t.Context(), visit, partner, true)
		if !errors.Is(err, rules.ErrEnded) {
			t.Errorf("yes: %v", err)
		}
		if _, err = h.RemoveOwnContact(t.Context(), visit, partner); !errors.Is(err, rules.ErrEnded) {
			t.Errorf("remove: %v", err)
		}
		if err = h.KeepOwnContact(t.Context(), visit, partner); !errors.Is(err, rules.ErrEnded) {
			t.Errorf("keep: %v", err)
		}
		if _, err = h.ListOwnContacts(t.Context(), visit); !errors.Is(err, rules.ErrEnded) {
			t.Errorf("list: %v", err)
		}
	})
}

// passkeyAlone enrols a passkey, and removes the address of the house.
func (h *house) passkeyAlone(t testing.TB) *device {
	t.Helper()
	d := h.enrol(t)
	visit := h.visit(t)
	removed := must(h.RemoveOwnContact(t.Context(), visit, h.own(t, visit, "c*****r@example.com").ID))(t)
	if !removed {
		t.Fatal("the address was not removed")
	}
	h.letters(t)

	return d
}

// In a home in which passkeys alone stand, a passkey is asked about a new contact before it goes back. The challenge
// stays pending for as long as the visit lasts, and the way back is always open.
func TestPasskeyIsAskedBeforeItReturns(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		d := h.passkeyAlone(t)
		show := func(in registerclient.ReidentifyRequest) (registerclient.ReidentifyResponse, rules.CeremonyResult) {
			started, permission := h.askToShow(t, in)
			d.credential.Counter++

			return started, must(h.showPasskey(t, permission, d, ""))(t)
		}

		back := registerclient.ReidentifyRequest{PasskeyReturnURL: new(returnURL), MatchCode: true}
		if _, result := show(back); result.Asks || result.ReturnTo == "" {
			t.Errorf("without a new contact the passkey leads to %+v", result)
		}

		other := h.asking(t, "other", registerclient.RoleDataUser)
		h.lives(t, other, partnerEmail, "2023-01-01")
		started, result := show(back)
		if !result.Asks || result.ReturnTo != "" {
			t.Errorf("with a new contact the passkey leads to %+v", result)
		}

		h.clock.Add(10*time.Minute - time.Second)
		h.expectStatus(t, "asked", started, "pending")
		visit := must(h.OpenVisit(t.Context(), result.Ticket))(t)
		code := func() string {
			return queryOf(t, must(h.ReturnFromVisit(t.Context(), visit))(t)).Get("dar-completion-code")
		}
		first := code()
		second := code() // the customer pressed the button twice
		if first == "" || first == second {
			t.Errorf("the codes are %q and %q", first, second)
		}
		if _, err := h.complete(t, "portal", started.TokenRef(), first); err == nil {
			t.Error("a replaced code completes the challenge")
		}
		must(h.complete(t, "portal", started.TokenRef(), second))(t)
		h.expectStatus(t, "back", started, "confirmed")

		// A yes to it, and the question is over.
		partner := h.own(t, visit, "p*****r@example.com")
		if !must(h.AnswerOwnContact(t.Context(), visit, partner.ID, true))(t) {
			t.Error("the yes of a passkey does not count")
		}
		if _, result := show(back); result.Asks {
			t.Error("the passkey is asked again")
		}
	})
}

// Too late is too late: after the visit the challenge has expired, and the passkey page does not open again.
func TestPasskeyIsAskedForTenMinutes(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		d := h.passkeyAlone(t)
		h.lives(t, h.asking(t, "other", registerclient.RoleDataUser), partnerEmail, "2023-01-01")
		started, permission := h.askToShow(t, registerclient.ReidentifyRequest{
			PasskeyReturnURL: new(returnURL), MatchCode: true,
		})
		result := must(h.showPasskey(t, permission, d, ""))(t)
		visit := must(h.OpenVisit(t.Context(), result.Ticket))(t)
		if _, err := h.PermitAssertion(t.Context(), sessionOf(t, started)); !errors.Is(err, rules.ErrEnded) {
			t.Errorf("the passkey page opens again: %v", err)
		}

		h.clock.Add(10 * time.Minute)
		h.expectStatus(t, "late", started, "expired")
		if _, err := h.ReturnFromVisit(t.Context(), visit); !errors.Is(err, rules.ErrEnded) {
			t.Errorf("late: %v", err)
		}
	})
}

// The browser goes back to the account that asked with the token alone if the challenge is confirmed, and stays if
// there is no address to go to, or if the token has been used.
func TestReturnFromVisit(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	if got := must(h.ReturnFromVisit(t.Context(), h.visit(t)))(t); got != "" {
		t.Errorf("without an address: %s", got)
	}

	d := h.enrol(t)
	started, permission := h.askToShow(t, registerclient.ReidentifyRequest{PasskeyReturnURL: new(returnURL)})
	d.credential.Counter++
	result := must(h.showPasskey(t, permission, d, ""))(t)
	visit := must(h.OpenVisit(t.Context(), result.Ticket))(t)
	query := queryOf(t, must(h.ReturnFromVisit(t.Context(), visit))(t))
	if query.Get("dar-passkey-token") != started.TokenRef() || query.Has("dar-completion-code") {
		t.Errorf("the browser goes back with %v", query)
	}

	h.letters(t)
	started = h.ask(t, registerclient.ReidentifyRequest{
		Method: registerclient.MethodMagicLink, RedirectURL: new(returnURL),
	})
	opened := must(h.Open(t.Context(), store.LinkSecret, linkSecret(t, h.letters(t)[0])))(t)
	ticket := must(h.ConfirmByLink(t.Context(), opened, rules.LinkConfirmation{ByHand: true}))(t)
	visit = must(h.OpenVisit(t.Context(), ticket))(t)
	query = queryOf(t, must(h.ReturnFromVisit(t.Context(), visit))(t))
	if query.Get("dar-reid-token") != started.TokenRef() {
		t.Errorf("the browser goes back with %v", query)
	}
}

// A passkey that completes a challenge counts as used to open something.
func TestCompletedPasskeyHasOpened(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	d := h.enrol(t)
	started, permission := h.askToShow(t, registerclient.ReidentifyRequest{
		PasskeyReturnURL: new(returnURL), MatchCode: true,
	})
	h.clock.Add(time.Minute)
	result := must(h.showPasskey(t, permission, d, ""))(t)
	code := queryOf(t, result.ReturnTo).Get("dar-completion-code")
	must(h.complete(t, "portal", started.TokenRef(), code))(t)

	for _, c := range must(h.store.ListContacts(t.Context(), meterPoint))(t) {
		if c.CredentialID != nil && (c.OpenedAt == nil || !c.OpenedAt.Time().Equal(h.Now())) {
			t.Errorf("the passkey is stored as %+v", c)
		}
	}
}

package outbox_test

import (
	"context"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

const (
	customer = "customer@example.com"
	partner  = "partner@example.com"
)

// asked is a register with a mail server and one household, whose address is asked about another one.
type asked struct {
	*registertest.Register
	server registertest.Inbox
	portal *registerclient.Client
	other  string // the identity record of the new address
}

func newAsked(t *testing.T, d registertest.Database) asked {
	t.Helper()
	server, sender := registertest.NewInbox(t)
	r := registertest.New(t, registertest.On(d), registertest.HoldConfirmations(), registertest.WithMail(sender))
	_, portal, _ := household(t, r)
	r.Clock.Add(time.Minute)
	other := registertest.Identity(t, r.Client(t, registerclient.RoleDataUser), partner)

	return asked{r, server, portal, other}
}

// contact returns the address of the new identity record.
func (a asked) contact(t *testing.T) store.Contact {
	t.Helper()

	return must(a.Store.ListContactsOf(t.Context(), []string{a.other}))(t)[0]
}

// The worker writes the letters that are due when it starts, sends them, and records that the mail server has them.
func TestWorkerWritesContactLetters(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		a := newAsked(t, d)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			a.Work(ctx)
		}()

		letters := must(a.server.Wait(t.Context(), 1))(t)
		stop()
		<-stopped
		if len(letters) != 1 || letters[0].To != customer {
			t.Fatalf("the letters are %v", letters)
		}
		if a.contact(t).ToldAt == nil {
			t.Error("the wait of the contact has not begun")
		}
	})
}

// A mail server that refuses the standing address for good has told as well as one that accepts it. One that is away
// for long has not: the letter goes the next day.
func TestContactLettersAndTheMailServer(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		t.Run("refused", func(t *testing.T) {
			t.Parallel()
			a := newAsked(t, d)
			a.server.RefuseRecipient(customer)
			a.WriteContactLetters(t)
			a.WorkOff(t)
			if a.contact(t).ToldAt == nil || len(a.server.Messages()) != 0 {
				t.Error("a refused letter does not count as told")
			}
		})

		t.Run("away", func(t *testing.T) {
			t.Parallel()
			a := newAsked(t, d)
			a.server.Down()
			a.WriteContactLetters(t)
			for range 12 {
				a.WorkOff(t)
				a.Clock.Add(time.Hour)
			}
			if a.contact(t).ToldAt != nil {
				t.Fatal("told although the mail server is down")
			}

			a.server.Up()
			a.WorkOff(t)
			if len(a.server.Messages()) != 0 {
				t.Error("the letter was tried again before the next day")
			}

			a.Clock.Add(20 * time.Hour)
			a.WorkOff(t)
			if len(a.server.Messages()) != 1 || a.contact(t).ToldAt == nil {
				t.Errorf("%d letters arrived the next day, told at %v", len(a.server.Messages()), a.contact(t).ToldAt)
			}
		})
	})
}

// A link to a mailbox that does not exist arrives at the next standing address in the same visit.
func TestRefusedLinkGoesToTheNextAddress(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		a := newAsked(t, d)
		a.WriteContactLetters(t)
		a.WorkOff(t)
		link, code := a.server.Reply(t)
		browser := a.Browser(t)
		browser.Submit(browser.Open(link), "/id/letter", "code", code)
		if state := a.contact(t).State; state != store.ContactStands {
			t.Fatalf("the second address is %s", state)
		}

		a.server.Clear()
		a.server.RefuseRecipient(customer)
		started := start(t, a.portal, registerclient.MethodMagicLink)
		if started.MagicLink.DispatchedTo != "c*****r@example.com" {
			t.Fatalf("the link goes to %s first", started.MagicLink.DispatchedTo)
		}

		a.WorkOff(t)
		letters := a.server.Messages()
		if len(letters) != 1 || letters[0].To != partner {
			t.Fatalf("the letters are %v", letters)
		}

		browser.Submit(browser.Open(a.server.Link(t)), "/id/link")
		status := must(a.portal.ReidentificationStatus(t.Context(), started.TokenRef()))(t)
		if status.Status != registerclient.StatusConfirmed {
			t.Errorf("the challenge is %s", status.Status)
		}
	})
}

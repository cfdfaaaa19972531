package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"central.consent/dar/internal/web"
)

func TestTicketWorksOnceForAMinute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	frame := w.frame(t)
	records := frame.signInFramed()

	used := frame.ticket(records)
	tab := w.browser(t)
	if p := tab.useTicket(used); p.StatusCode != http.StatusSeeOther {
		t.Fatalf("the first use answers %d", p.StatusCode)
	}

	tab.useTicket(used).wants(t, http.StatusGone, "error.ticket.title")
	w.browser(t).useTicket(used).wants(t, http.StatusGone, "error.ticket.title")

	late := frame.ticket(records)
	w.register.Clock.Add(59 * time.Second)
	inTime := frame.ticket(records)
	w.register.Clock.Add(time.Second)
	w.browser(t).useTicket(late).wants(t, http.StatusGone, "error.ticket.title")
	w.register.Clock.Add(58 * time.Second)
	if p := w.browser(t).useTicket(inTime); p.StatusCode != http.StatusSeeOther {
		t.Errorf("after 59 seconds a ticket answers %d", p.StatusCode)
	}

	// A made-up ticket, one of a visit that has ended, and the form of another browser.
	w.browser(t).useTicket("/portal/ticket?ticket="+newSecret()).wants(t, http.StatusGone, "error.ticket.title")
	w.browser(t).get("/portal/ticket").wants(t, http.StatusGone, "error.ticket.title")
	stolen := frame.ticket(records)
	other := frame.ticket(records)
	thief := w.browser(t)
	thief.get(stolen)
	token := web.MaskToken(ticketFormToken(strings.SplitAfter(other, "=")[1]))
	thief.post("/portal/ticket", url.Values{"token": {token}}).
		wants(t, 403, "error.forbidden.title")
	frame.post("/portal/embed/sign-out", url.Values{"token": {records.token(t)}}).sendsTo(t, "/portal/embed/signed-out")
	w.browser(t).useTicket(stolen).wants(t, http.StatusGone, "error.ticket.title")
}

func TestTicketHasOneWinner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	frame := w.frame(t)
	address := frame.ticket(frame.signInFramed())
	var wins sync.Map
	var requests sync.WaitGroup
	for i := range 12 {
		tab := w.browser(t)
		tab.get(address)
		token := tab.get("/portal/ticket").token(t)
		requests.Go(func() {
			if tab.post("/portal/ticket", url.Values{"token": {token}}).StatusCode == http.StatusSeeOther {
				wins.Store(i, true)
			}
		})
	}

	requests.Wait()
	n := 0
	wins.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d browsers got in with one ticket", n)
	}
}

// A ticket of one operator is used at the portal of another one on the same database.
func TestTicketOfAnotherOperator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	frame := w.frame(t)
	address := frame.ticket(frame.signInFramed())
	w.options.Operator = "another"
	_, server := w.newPortal(t)
	tab := w.browser(t)
	tab.base = server.URL
	tab.useTicket(address).wants(t, http.StatusGone, "error.ticket.title")
}

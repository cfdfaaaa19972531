package id_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

const contactsPage = "/id/contacts"

// visit confirms by mail in a browser, and returns the page of the customer's own contacts.
func (h *home) visit(t *testing.T, b *registertest.Browser) *registertest.Shown {
	t.Helper()
	h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink, Language: "en"})
	page := h.confirmByMail(t, b, "")
	if page.Page.Find(`a[href="`+contactsPage+`"]`).Length() != 1 {
		t.Fatalf("no way to the contacts from %s: %s", page.URL.Path, page.Text())
	}

	return b.Open(contactsPage)
}

// actionOf returns the address of the form or link on a page that ends like this, of the contact with this name.
func actionOf(t *testing.T, page *registertest.Shown, name, end string) string {
	t.Helper()
	for _, section := range page.Page.Find("section").EachIter() {
		if section.Find("h2").Text() != name {
			continue
		}
		for _, attribute := range []string{"action", "formaction", "href"} {
			if found := section.Find("[" + attribute + `$="` + end + `"]`); found.Length() == 1 {
				return found.AttrOr(attribute, "")
			}
		}
	}

	t.Fatalf("%s has no %s of %s: %s", page.URL.Path, end, name, page.Text())

	return ""
}

// removeAddress removes the address that mail goes to, so that passkeys alone stand.
func (h *home) removeAddress(t *testing.T) {
	t.Helper()
	b := h.Browser(t)
	review := b.Open(actionOf(t, h.visit(t, b), "c*****r@example.com", "/remove"))
	expectPage(t, b.Submit(review, review.URL.Path), http.StatusOK, "It has been removed")
	h.WorkOff(t)
	h.inbox.Clear()
}

// After a confirmation the page lists what works for the home, with the headers of every page, until it is closed.
func TestContactsPage(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		movedIn(t, h.owner, "2023-01-01", "partner@example.com")
		b := h.Browser(t)
		page := h.visit(t, b)
		for _, text := range []string{
			"electricity meter ending in 901", "c*****r@example.com", "You have just used it.", "Bright <Energy>",
			"This page stays open until 10:10am", "p*****r@example.com", "Yes, that is right", "This is not me",
		} {
			expectPage(t, page, http.StatusOK, text)
		}
		if page.Page.Find("script").Length() != 0 || page.Header.Get("Content-Security-Policy") != pagePolicy ||
			page.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("the page has the headers %v", page.Header)
		}

		expectPage(t, b.Open(contactsPage+"?lang=cy"), http.StatusOK, "Eich cyfeiriadau")
		expectPage(t, b.Open(contactsPage+"?lang=en"), http.StatusOK, "Your addresses")
		closed := b.Submit(page, contactsPage+"/close")
		expectPage(t, closed, http.StatusOK, "The page is closed")
		for _, cookie := range []string{"dar-visit", "dar-enrol"} {
			if b.Cookie(cookie) != "" {
				t.Errorf("the browser keeps %s", cookie)
			}
		}
		expectPage(t, b.Open(contactsPage), http.StatusGone, "This page is not open")
		expectPage(t, b.Open("/id/link/confirmed"), http.StatusGone, "does not work")
	})
}

// The page opens for ten minutes, in the browser of the confirmation, and from no planted secret.
func TestContactsPageNeedsATicket(t *testing.T) {
	t.Parallel()
	h := newHome(t, registertest.SQLite)
	b := h.Browser(t)
	h.visit(t, b)
	expectPage(t, h.Browser(t).Open(contactsPage), http.StatusGone, "This page is not open")
	for _, planted := range []string{"cnt_0123456789abcdef01234567", h.ir, strings.Repeat("x", 5000)} {
		other := h.Browser(t)
		other.SetCookie("dar-visit", planted)
		expectPage(t, other.Open(contactsPage), http.StatusGone, "This page is not open")
		expectPage(t, other.Open(contactsPage+"/new"), http.StatusGone, "This page is not open")
	}

	h.Clock.Add(10 * time.Minute)
	expectPage(t, b.Open(contactsPage), http.StatusGone, "This page is not open")
}

// A customer says yes to a new address, and no to another one. A form of another page or another site changes nothing.
func TestAnswersOnContactsPage(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		movedIn(t, h.owner, "2023-01-01", "partner@example.com")
		movedIn(t, h.owner, "2023-01-01", "stranger@example.org")
		b := h.Browser(t)
		page := h.visit(t, b)
		yes := actionOf(t, page, "p*****r@example.com", "/yes")
		no := actionOf(t, page, "s*****r@example.org", "/no")

		b.Submit(page, yes, "form", "0123456789abcdef")
		expectPage(t, b.Open(contactsPage), http.StatusOK, "Yes, that is right: p*****r@example.com")
		form := "form=" + page.Page.Find(`input[name="form"]`).AttrOr("value", "")
		foreign := b.Do(http.MethodPost, yes, []byte(form), http.Header{
			"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"cross-site"},
		})
		if foreign.Status != http.StatusForbidden {
			t.Errorf("another site's form: %d", foreign.Status)
		}

		expectPage(t, b.Submit(page, yes), http.StatusOK, "Thank you. It works for your home now.")
		expectPage(t, b.Submit(page, no), http.StatusOK, "Thank you. We have set it aside.")
		again := b.Submit(page, no)
		expectPage(t, again, http.StatusOK, "Set aside")
		if again.URL.RawQuery != "" || strings.Contains(again.Text(), "Yes, that is right") {
			t.Errorf("an answer that changes nothing leads to %s: %s", again.URL, again.Text())
		}
		if got := h.audited(t, "contact.standing"); got != 5 {
			t.Errorf("%d times contact.standing in the audit log, want 5", got)
		}
	})
}

// A customer asks to remove another address, and keeps it. The address of the visit goes at once.
func TestRemovalOnContactsPage(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		movedIn(t, h.owner, "2023-01-01", "partner@example.com")
		b := h.Browser(t)
		page := h.visit(t, b)
		page = b.Submit(page, actionOf(t, page, "p*****r@example.com", "/yes"))
		review := b.Open(actionOf(t, page, "p*****r@example.com", "/remove"))
		expectPage(t, review, http.StatusOK, "If nobody asks us to keep it, we remove it on 8 June 2026.")
		page = b.Submit(review, review.URL.Path)
		expectPage(t, page, http.StatusOK, "We are writing about it now.")
		expectPage(t, b.Open(review.URL.Path), http.StatusOK, "We remove it on 8 June 2026")

		page = b.Submit(page, actionOf(t, page, "p*****r@example.com", "/keep"))
		expectPage(t, page, http.StatusOK, "It stays. Nothing has been removed.")
		expectPage(t, b.Submit(b.Open(review.URL.Path), review.URL.Path), http.StatusOK, "a short time ago")

		review = b.Open(actionOf(t, page, "c*****r@example.com", "/remove"))
		expectPage(t, review, http.StatusOK, "It stops working for your home at once.")
		if strings.Contains(review.Text(), "Nothing else works") {
			t.Errorf("the page says that it is the last one: %s", review.Text())
		}
		expectPage(t, b.Submit(review, review.URL.Path), http.StatusOK, "It has been removed")
		if b.Cookie("dar-visit") != "" {
			t.Error("the browser keeps the ticket of a removed contact")
		}
		expectPage(t, b.Open(contactsPage), http.StatusGone, "This page is not open")
		if record := must(h.owner.ReadIdentityRecord(t.Context(), h.ir))(t).IdentityRecord; record.HasEmail {
			t.Error("the identity record has the address still")
		}
	})
}

// In a home in which passkeys alone stand, the page after the passkey asks about a new address. It never blocks the way
// back, which leads to the portal with a code that completes the challenge.
func TestPasskeyIsAsked(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrol(t)
		h.removeAddress(t)
		movedIn(t, h.owner, "2023-01-01", "partner@example.com")
		movedIn(t, h.owner, "2023-01-01", "stranger@example.org")
		show := func() (*registertest.Browser, *registerclient.ReidentifyResponse, *registertest.Shown) {
			started := h.ask(t, registerclient.ReidentifyRequest{
				Method: registerclient.MethodPasskeyAssert, PasskeyReturnURL: new(returnURL), MatchCode: true,
			})
			b := h.Browser(t)
			c := openCeremony(t, b, b.Open(started.Passkey.RedirectURL))
			d.held.Counter++
			expectLocation(t, c, d.assert(t, c.options()), contactsPage+"/new")
			page := b.Open(contactsPage + "/new?lang=en")
			expectPage(t, page, http.StatusOK, "Is this yours?")
			if got := page.Header.Get("Content-Security-Policy"); got != pagePolicy+" https://portal.example.org" {
				t.Errorf("Content-Security-Policy: %s", got)
			}

			return b, started, page
		}
		back := func(started *registerclient.ReidentifyResponse, page *registertest.Shown) {
			t.Helper()
			target, err := url.Parse(page.Away)
			if err != nil || !strings.HasPrefix(page.Away, returnURL) {
				t.Fatalf("the way back leads to %s %s", page.URL, page.Away)
			}

			code := target.Query().Get("dar-completion-code")
			must(h.portal.CompleteReidentification(
				t.Context(), started.TokenRef(), registerclient.CompleteReidentificationRequest{CompletionCode: code},
			))(t)
			h.expectStatus(t, started, "confirmed")
		}

		b, started, page := show()
		h.Clock.Add(5 * time.Minute)
		h.expectStatus(t, started, "pending")
		back(started, b.Submit(page, contactsPage+"/return"))

		b, started, page = show()
		page = b.Submit(page, actionOf(t, page, "p*****r@example.com", "/yes"))
		expectPage(t, page, http.StatusOK, "Is this yours?")
		if strings.Contains(page.Text(), "p*****r") {
			t.Errorf("the page asks again: %s", page.Text())
		}
		back(started, b.Submit(page, actionOf(t, page, "s*****r@example.org", "/no")))

		// There is an address that works now, and letters reach it.
		started = h.ask(t, registerclient.ReidentifyRequest{
			Method: registerclient.MethodPasskeyAssert, PasskeyReturnURL: new(returnURL),
		})
		b = h.Browser(t)
		movedIn(t, h.owner, "2023-01-01", "third@example.org")
		c := openCeremony(t, b, b.Open(started.Passkey.RedirectURL))
		d.held.Counter++
		_, response := c.step("/finish", d.assert(t, c.options()))
		if location, _ := response["location"].(string); !strings.HasPrefix(location, returnURL) {
			t.Errorf("the passkey leads to %v", response)
		}
		expectPage(t, b.Open(contactsPage), http.StatusOK, "Go on to Advice & Co")
	})
}

// The browser shows the question after the passkey, and takes the customer back to the portal by either button.
func TestPasskeyIsAskedInABrowser(t *testing.T) {
	t.Parallel()
	h := newHome(t, registertest.SQLite)
	c := newChromium(t, h.Register)
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/back" && r.URL.Query().Get("dar-completion-code") == "" {
			http.Error(w, "no code", http.StatusBadRequest)
		}
	}))
	t.Cleanup(portal.Close)
	must(h.portal.ReplaceReturnURLs(t.Context(), registerclient.ReplaceReturnURLsRequest{
		ReturnURLs: []string{portal.URL + "/back"},
	}))(t)

	h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink, Language: "en"})
	h.WorkOff(t)
	press := chromedp.Click("#passkey button")
	c.run(
		chromedp.Navigate(h.inbox.Link(t)),
		chromedp.Click(`form[action="/id/link"] button`), arrive("/id/link/confirmed"),
		chromedp.Click(`a[href="`+enrolPage+`"]`), arrive(enrolPage), press, arrive(addedPage),
		chromedp.Click(`a[href="`+contactsPage+`"]`), arrive(contactsPage),
	)
	h.removeAddress(t)
	movedIn(t, h.owner, "2023-01-01", "partner@example.com")

	for _, button := range []string{`form[action="/id/contacts/return"] button`, `form[action$="/yes"] button`} {
		started := h.ask(t, registerclient.ReidentifyRequest{
			Method:           registerclient.MethodPasskeyAssert,
			PasskeyReturnURL: new(portal.URL + "/back"),
			MatchCode:        true,
			Language:         "en",
		})
		c.run(
			chromedp.Navigate(started.Passkey.RedirectURL), arrive(contactsPage+"/new"),
			chromedp.Click(button), arrive("/back"),
		)
	}
	if got := mailedTo(t, h.portal); got != "p*****r@example.com" {
		t.Errorf("after the yes mail goes to %s", got)
	}
	c.expectNoMessages()
}

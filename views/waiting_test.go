package views

import (
	"strings"
	"testing"
	"time"

	"central.consent/dar/views/i18n"
)

func waitingPage() WaitingPage {
	page := WaitingPage{
		Page:        customer("en"),
		MeterPoint:  meterPoint,
		Method:      Method{"magic-link"},
		State:       WaitingPending,
		SentTo:      "c*****r@example.com",
		SecondsLeft: 61,
		PollSeconds: 4,
		PollingLeft: 1200,
		ExpiresAt:   time.Date(2026, 5, 3, 13, 15, 0, 0, time.UTC),
	}
	page.SignedIn = false

	return page
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	doc := render(t, Waiting(waitingPage()))
	status := doc.Find("#waiting")
	if status.AttrOr("hx-get", "") != "/portal/waiting/status" || status.AttrOr("hx-trigger", "") != "every 4s" {
		t.Error("the waiting page does not poll every 4 seconds")
	}
	if doc.Find(`a[href="/portal/waiting/check"]`).Text() != "Continue" {
		t.Error("the waiting page has no way on without a script")
	}
	if doc.Find(`#waiting [role="status"]`).Length() != 0 || doc.Find(`#waiting-live[role="status"]`).Length() != 1 {
		t.Error("the live region must stand outside the part that is fetched again")
	}
	if got := doc.Find("#waiting-left").Text(); got != "About 2 minutes left." {
		t.Errorf("61 seconds are %q", got)
	}
}

func TestWaitingEnds(t *testing.T) {
	t.Parallel()
	page := waitingPage()
	for _, state := range []WaitingState{WaitingExpired, WaitingDeclined, WaitingLost} {
		page.State = state
		ended := render(t, WaitingStatus(page))
		if ended.Find("[hx-get]").Length() != 0 {
			t.Errorf("%s goes on polling", state)
		}
		if ended.Find(`h1[tabindex="-1"]`).Length() != 1 || ended.Find(`a[href="/portal/prove"]`).Length() != 1 {
			t.Errorf("%s has no heading to go to, or no way to try again", state)
		}
	}
}

func TestMatchCode(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, code    string
		method        string
		demonstration bool
		shown         bool
	}{
		{"by mail", "7KQ4", "magic-link", false, true},
		{"by passkey", "7KQ4", "passkey-assert", false, true},
		{"a register that asks for none", "", "magic-link", false, false},
		{"in a demonstration", "7KQ4", "magic-link", true, false},
	} {
		page := waitingPage()
		page.Method.Name = test.method
		page.MatchCode = test.code
		page.Demonstration = test.demonstration

		code := render(t, Waiting(page)).Find("section.code")
		if got := code.Length() == 1; got != test.shown {
			t.Errorf("%s: shown is %v", test.name, got)
		}
		if !test.shown {
			continue
		}
		if got := code.Find(".match-code").Text(); got != test.code {
			t.Errorf("%s: the code is %q", test.name, got)
		}
		// A screen reader must spell the code, and not try to say it as a word.
		if got := code.Find(".unseen").Text(); got != "7 K Q 4" {
			t.Errorf("%s: heard as %q", test.name, got)
		}
		if !strings.Contains(code.Text(), "Never give it to somebody who rings") {
			t.Errorf("%s: the page does not warn", test.name)
		}
	}
}

// A demonstration promises no message, and sets no time in which to answer one.
func TestDemonstrationWaitsForNothing(t *testing.T) {
	t.Parallel()
	page := waitingPage()
	page.Page = Page{Text: i18n.For("en"), Base: "/portal", FormToken: "t", IdleMinutes: 15, Demonstration: true}
	page.SecondsLeft = 900

	doc := render(t, Waiting(page))
	text := doc.Find("main").Text()
	if doc.Find("[data-seconds]").Length() != 0 ||
		strings.Contains(text, "can confirm until") ||
		strings.Contains(text, "when you have confirmed") {
		t.Error("the waiting page of a demonstration waits for a confirmation")
	}
}

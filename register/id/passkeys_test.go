package id_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// An unknown, used, declined or expired session gets the same page, and the same response for the script.
func TestEndedPasskeyPagesLookAlike(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrol(t)
		secret := func(address string) string { return address[strings.Index(address, "pks_"):] }
		used, _ := h.askToAssert(t)
		b := h.Browser(t)
		c := openCeremony(t, b, b.Open(used))
		expectLocation(t, c, d.assert(t, c.options()), confirmedPage)

		declined, started := h.askToAssert(t)
		page := b.Submit(b.Open(declined), assertPage+"/decline")
		if page.URL.Path != "/id/passkey/declined" || h.status(t, started) != "expired declined" {
			t.Errorf("declining leads to %s, and the challenge is %s", page.URL, h.status(t, started))
		}

		late, _ := h.askToAssert(t)
		h.Clock.Add(5 * time.Minute)

		var want string
		for name, session := range map[string]string{
			"unknown":  "pks_0123456789abcdef01234567",
			"used":     secret(used),
			"declined": secret(declined),
			"late":     secret(late),
		} {
			h.ForgetLimits(t)
			b := h.Browser(t)
			page := b.Open(assertPage + "?session=" + session)
			page.Page.Find("strong").Remove() // the reference, which is the request's own
			got := fmt.Sprint(page.Status, page.Text())
			for _, end := range []string{"/options", "/finish"} {
				shown := b.Fetch(assertPage+end, []byte(`{"form":"`+formTokenOf(session)+`"}`))
				got += fmt.Sprint(shown.Status, string(shown.Body))
			}

			if want == "" {
				want = got
			}
			if got != want || page.Status != http.StatusGone {
				t.Errorf("%s gets %s\nanother %s", name, got, want)
			}
		}
	})
}

// A decline on a passkey page is final in every browser. WebKit does not say whether a person pressed the button, but
// the address of the page is never mailed, so no mail scanner opens it.
func TestPasskeyDeclineInASilentBrowser(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrol(t)
		address, started := h.askToAssert(t)
		b := h.Browser(t)
		b.Header["Sec-Fetch-User"] = nil
		page := b.Open(address)
		c := openCeremony(t, b, page)
		credential := d.assert(t, c.options())

		expectPage(t, b.Submit(page, assertPage+"/decline"), http.StatusOK, "We have stopped it")
		expectRefusal(t, c, credential)
		h.expectStatus(t, started, "expired declined")
	})
}

// Opening a page changes nothing, and neither does a request of another site or a form of another page.
func TestOpeningPasskeyPagesChangesNothing(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrol(t)
		address, started := h.askToAssert(t)
		state := func() string {
			return fmt.Sprint(
				h.count(t, `SELECT COUNT(*) FROM audit_events`),
				h.count(t, `SELECT COUNT(*) FROM passkey_ceremonies`),
				h.status(t, started),
			)
		}
		before := state()
		b := h.Browser(t)
		for _, method := range []string{http.MethodHead, http.MethodGet} {
			for _, path := range []string{
				address,
				assertPage,
				assertPage + "?lang=en",
				enrolPage,
				assertPage + "/options",
				assertPage + "/finish",
				assertPage + "/decline",
			} {
				if shown := b.Do(method, path, nil, nil); shown.Status >= 500 {
					t.Errorf("%s %s: %d", method, path, shown.Status)
				}
			}
		}

		if after := state(); after != before {
			t.Errorf("%s, before %s", after, before)
		}

		// Another site sends what the page would send.
		page := b.Open(assertPage)
		c := openCeremony(t, b, page)
		credential := d.assert(t, c.options())
		before = state()
		b.Header.Set("Sec-Fetch-Site", "cross-site")
		b.Header.Set("Origin", "https://evil.example")
		for _, end := range []string{"/options", "/finish"} {
			status, response := c.step(end, credential)
			if status != http.StatusForbidden || response["error"] == nil {
				t.Errorf("%s from another site: %d %v", end, status, response)
			}
		}

		if shown := b.Submit(page, assertPage+"/decline"); shown.Status != http.StatusForbidden {
			t.Errorf("declining from another site: %d", shown.Status)
		}

		delete(b.Header, "Sec-Fetch-Site")
		delete(b.Header, "Origin")
		if after := state(); after != before {
			t.Errorf("%s, before %s", after, before)
		}

		// A form without a token, and one of another challenge's page.
		for _, form := range []string{"", formTokenOf("x")} {
			b.Submit(page, assertPage+"/decline", "form", form)
			other := *c
			other.form = form
			expectRefusal(t, &other, credential)
		}

		h.expectStatus(t, started, "pending")
		expectLocation(t, c, credential, confirmedPage)
	})
}

// A passkey that its Data User removes stops working at once, and every standing address gets a letter about that.
func TestRemovedPasskey(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrol(t)
		h.Stand(t, movedIn(t, h.owner, "2023-01-01", "partner@example.com"))
		h.AddPasskey(t, movedIn(t, h.owner, "2023-01-01", ""))
		address, _ := h.askToAssert(t)
		b := h.Browser(t)
		c := openCeremony(t, b, b.Open(address))
		credential := d.assert(t, c.options())

		record := must(h.owner.ReadIdentityRecord(t.Context(), h.ir))(t).IdentityRecord
		if err := h.owner.DeletePasskeyCredential(t.Context(), h.ir, record.Credentials[0].CredentialID); err != nil {
			t.Fatal(err)
		}

		expectRefusal(t, c, credential)
		h.WorkOff(t)
		letters := h.inbox.Messages()
		if len(letters) != 2 || !strings.Contains(letters[0].Subject, "passkey was removed") ||
			!strings.Contains(letters[0].Text, "My device") {
			t.Errorf("%d letters, want 2", len(letters))
		}
	})
}

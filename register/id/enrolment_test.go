package id_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// A customer follows a mailed link, creates a passkey because of it, and next time confirms with the passkey. Every
// standing address gets a letter about the new passkey, once.
func TestEnrolmentAfterAMailedLink(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		h.Stand(t, movedIn(t, h.owner, "2023-01-01", "Partner@Example.com"))
		movedIn(t, h.owner, "2023-01-01", "customer@EXAMPLE.com")
		h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink, Language: "cy"})
		b := h.Browser(t)
		d := newDevice()
		b.Header.Set("User-Agent", "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 Mobile")
		if page := h.confirmByMail(t, b, ""); page.URL.Path != "/id/link/confirmed" {
			t.Fatalf("confirming leads to %s", page.URL)
		}

		h.inbox.Clear()
		page := b.Open(enrolPage + "?lang=en")
		if got := page.Page.Find("#name").AttrOr("value", ""); got != "Android phone" {
			t.Errorf("the page proposes the name %q", got)
		}

		c := openCeremony(t, b, page)
		options := c.options()
		expectCreationOptions(t, options)

		c.fields["name"] = "  Mum's   phone "
		expectLocation(t, c, d.create(t, options), addedPage)
		if b.Cookie("dar-enrol") != "" {
			t.Error("the browser keeps a spent ticket")
		}

		h.WorkOff(t)
		var recipients []string
		for _, letter := range h.inbox.Messages() {
			recipients = append(recipients, letter.To)
			if !strings.Contains(letter.Text, "Mum's phone") || !strings.Contains(letter.Subject, "cod-allwedd") ||
				letter.Header.Get("Content-Language") != "cy" {
				t.Errorf("the letter says %s\n%s", letter.Subject, letter.Text)
			}
		}

		slices.Sort(recipients)
		if want := []string{"customer@example.com", "partner@example.com"}; !slices.Equal(recipients, want) {
			t.Errorf("letters went to %q, want %q", recipients, want)
		}

		address, started := h.askToAssert(t)
		b = h.Browser(t)
		page = b.Open(address)
		if page.URL.String() != registertest.PublicURL+assertPage || !strings.Contains(page.Text(), "Advice & Co") ||
			!strings.Contains(page.Text(), "ending in 901") {
			t.Errorf("the page at %s says %s", page.URL, page.Text())
		}

		c = openCeremony(t, b, page)
		options = c.options()
		if strings.Contains(options, "allowCredentials") ||
			!strings.Contains(options, `"userVerification":"required"`) {
			t.Errorf("the browser gets %s", options)
		}

		d.held.Counter = 1
		expectLocation(t, c, d.assert(t, options), confirmedPage)
		h.expectStatus(t, started, "confirmed")
		if b.Cookie("dar-passkey") != "" {
			t.Error("the browser keeps a spent secret")
		}

		for event, want := range map[string]int{
			"credential.created":         1,
			"credential.used":            1,
			"credential.refused":         0,
			"reidentification.confirmed": 2,
		} {
			if got := h.audited(t, event); got != want {
				t.Errorf("%d times %s in the audit log, want %d", got, event, want)
			}
		}
	})
}

// expectCreationOptions checks the options of the first enrolment at a home.
func expectCreationOptions(t *testing.T, options string) {
	t.Helper()
	var asked struct {
		RP, User               struct{ ID, Name, DisplayName string }
		Attestation, Challenge string
		Timeout                int
		ExcludeCredentials     []any
		AuthenticatorSelection map[string]any
	}
	if err := json.Unmarshal([]byte(options), &asked); err != nil {
		t.Fatal(err)
	}
	if asked.RP.ID != "localhost" ||
		asked.User.Name != "Electricity meter ending 901" ||
		asked.User.DisplayName != asked.User.Name ||
		len(asked.User.ID) != 43 ||
		len(asked.Challenge) != 43 ||
		asked.Timeout != 300_000 ||
		asked.Attestation != "none" ||
		len(asked.ExcludeCredentials) != 0 ||
		asked.AuthenticatorSelection["userVerification"] != "required" ||
		asked.AuthenticatorSelection["residentKey"] != "required" {
		t.Errorf("the browser gets %s", options)
	}
}

// A person may have several passkeys. All have the same user handle, and a device gets one of them at most.
func TestPasskeysOfAPersonShareAUserHandle(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		first := h.enrol(t)
		h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodPasskeyRegister})
		b := h.Browser(t)
		second := newDevice()
		page := h.confirmByMail(t, b, "")
		if page.URL.Path != enrolPage || !strings.Contains(page.Text(), "added on 1 June 2026") {
			t.Fatalf("confirming leads to %s: %s", page.URL, page.Text())
		}

		c := openCeremony(t, b, b.Open(enrolPage))
		options := c.options()
		parsed, err := virtualwebauthn.ParseAttestationOptions(options)
		if err != nil || !first.held.IsExcludedForAttestation(*parsed) ||
			parsed.UserID != string(first.auth.Options.UserHandle) {
			t.Errorf("the second device gets %s", options)
		}

		expectLocation(t, c, second.create(t, options), addedPage)
		for _, d := range []*device{first, second} {
			address, started := h.askToAssert(t)
			b := h.Browser(t)
			c := openCeremony(t, b, b.Open(address))
			expectLocation(t, c, d.assert(t, c.options()), confirmedPage)
			h.expectStatus(t, started, "confirmed")
		}

		record := must(h.owner.ReadIdentityRecord(t.Context(), h.ir))(t).IdentityRecord
		if record.Credentials[0].RegisteredAt.IsZero() {
			t.Error("the Data User does not read of the passkey")
		}
	})
}

// An enrolment needs a ticket, which only a confirmed mailed link gives. A ticket is single use, for ten minutes.
func TestEnrolmentNeedsATicket(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		// No secret, and planted secrets.
		b := h.Browser(t)
		for _, planted := range []string{"", "pks_0123456789abcdef01234567", h.ir, strings.Repeat("x", 5000)} {
			for _, cookie := range []string{"dar-passkey", "dar-enrol", "dar-link"} {
				h.ForgetLimits(t)
				b.SetCookie(cookie, planted)
				if page := b.Open(enrolPage); page.Status != http.StatusGone || page.Page.Find("form").Length() != 0 {
					t.Errorf("%s %.20q: %d %s", cookie, planted, page.Status, page.Text())
				}
			}
		}

		// The session of a mailed challenge: its page sends the customer to the mailbox.
		started := h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodPasskeyRegister})
		b = h.Browser(t)
		page := b.Open(started.Passkey.RedirectURL)
		if page.Status != http.StatusOK || page.URL.RawQuery != "" ||
			!strings.Contains(page.Text(), "Look in your email") ||
			page.Page.Find("form").Length() != 0 {
			t.Errorf("the page of a mailed challenge: %d %s", page.Status, page.Text())
		}

		mailedSession := b.Cookie("dar-passkey")
		c := &ceremony{t: t, browser: b, path: enrolPage, form: formTokenOf(mailedSession), fields: map[string]any{}}
		for _, end := range []string{"/options", "/finish"} {
			status, response := c.step(end, `{}`)
			if status != http.StatusUnprocessableEntity || response["error"] != refusal {
				t.Errorf("%s of a mailed challenge: %d %v", end, status, response)
			}
		}

		// The session of an assertion.
		h.AddPasskey(t, h.ir)
		address, _ := h.askToAssert(t)
		b = h.Browser(t)
		b.Open(address)
		if page := b.Open(enrolPage); page.Status != http.StatusGone {
			t.Errorf("the session of an assertion: %d", page.Status)
		}

		for _, age := range []time.Duration{10*time.Minute - time.Second, 10 * time.Minute} {
			h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
			b := h.Browser(t)
			d := newDevice()
			h.confirmByMail(t, b, "")
			h.Clock.Add(9 * time.Minute)
			c := openCeremony(t, b, b.Open(enrolPage))
			ticket := b.Cookie("dar-enrol")
			options := c.options()
			if !strings.Contains(options, `"timeout":60000`) {
				t.Errorf("the options outlive their ticket: %s", options)
			}

			h.Clock.Add(age - 9*time.Minute)
			if age == 10*time.Minute {
				expectRefusal(t, c, d.create(t, options))
				continue
			}

			again := newDevice()
			more := c.options()
			expectLocation(t, c, d.create(t, options), addedPage)
			b.SetCookie("dar-enrol", ticket)
			expectRefusal(t, c, again.create(t, more))
			if page := b.Open(enrolPage); page.Status != http.StatusGone {
				t.Errorf("a spent ticket: %d", page.Status)
			}
		}

		if got := h.passkeys(t); got != 2 {
			t.Errorf("%d passkeys, want the one from before and the one with a fresh ticket", got)
		}
	})
}

// An attestation with any wrong part is refused (Web Authentication level 3, 7.1), and so is a name that is not one
// short line.
func TestWrongEnrolments(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		existing := h.enrol(t)
		h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
		b := h.Browser(t)
		h.confirmByMail(t, b, "")
		c := openCeremony(t, b, b.Open(enrolPage))
		for name, change := range map[string]func(*device){
			"origin":              func(d *device) { d.party.Origin = "https://evil.example" },
			"relying party":       func(d *device) { d.party.ID = "evil.example" },
			"user verification":   func(d *device) { d.auth.Options.UserNotVerified = true },
			"presence":            func(d *device) { d.auth.Options.UserNotPresent = true },
			"backup state":        func(d *device) { d.auth.Options.BackupEligible = false },
			"an existing passkey": func(d *device) { d.held = existing.held },
		} {
			h.ForgetLimits(t)
			d := newDevice()
			change(d)
			t.Log(name)
			expectRefusal(t, c, d.create(t, c.options()))
		}

		// The options of an assertion do not enrol.
		address, _ := h.askToAssert(t)
		asserting := openCeremony(t, b, b.Open(address))
		c.options()
		expectRefusal(t, c, newDevice().create(t, asserting.options()))

		for _, name := range []string{strings.Repeat("x", 51), "two\u0007lines", "hid\u200bden", "back\u202ewards"} {
			c.fields["name"] = name
			for _, end := range []string{"/options", "/finish"} {
				status, response := c.step(end, "{}")
				if status != http.StatusUnprocessableEntity ||
					response["error"] != "Enter a name of one line, with at most 50 letters" {
					t.Errorf("%q: %d %v", name, status, response)
				}
			}
		}

		c.fields["name"] = strings.Repeat("é", 50)
		expectLocation(t, c, newDevice().create(t, c.options()), addedPage)
	})
}

// A Data User that has verified its customer sends them to enrol without a mailed link. The passkey confirms the
// challenge. It is refused if the person has moved out or the record was anonymised while the page was open.
func TestEnrolmentByTheDataUser(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		own := must(h.owner.ReidentifyOwn(t.Context(), h.ir, registerclient.ReidentifyOwnRequest{
			Method:           registerclient.MethodPasskeyRegister,
			PasskeyReturnURL: new(returnURL),
		}))(t)
		b := h.Browser(t)
		d := newDevice()
		page := b.Open(own.Passkey.RedirectURL)
		if !strings.Contains(page.Text(), "Bright <Energy>") ||
			page.Page.Find(`a[href="`+returnURL+`?dar-action=cancelled"]`).Length() != 1 {
			t.Errorf("the page says %s", page.Text())
		}

		c := openCeremony(t, b, page)
		expectLocation(t, c, d.create(t, c.options()), returnURL+"?dar-passkey-token="+own.TokenRef())
		status := must(h.owner.ReidentificationStatus(t.Context(), own.TokenRef()))(t).Status
		if status != registerclient.StatusConfirmed {
			t.Errorf("the challenge is %s", status)
		}
		if page := b.Open(own.Passkey.RedirectURL); page.Status != http.StatusGone {
			t.Errorf("the page works twice: %d", page.Status)
		}

		// With a new identity record.
		in := registertest.IdentityRecord("9900000000001", "")
		in.InitiatePasskeyRegistration = true
		in.PasskeyReturnURL = new(returnURL)
		made := must(h.owner.CreateIdentityRecord(t.Context(), in))(t)
		redirect := made.PasskeyRegistrationRedirect
		c = openCeremony(t, b, b.Open(redirect.RedirectURL))
		credential := newDevice().create(t, c.options())
		expectLocation(t, c, credential, returnURL+"?dar-passkey-token="+redirect.TokenRef)

		// The tenancy changes, then the record is anonymised, while the page is open.
		own = h.askOwn(t, h.ir, registerclient.MethodPasskeyRegister)
		c = openCeremony(t, b, b.Open(own.Passkey.RedirectURL))
		options := c.options()
		reportTenancy(t, h.Register, "2026-05-01")
		expectRefusal(t, c, newDevice().create(t, options))

		own = h.askOwn(t, made.IR, registerclient.MethodPasskeyRegister)
		c = openCeremony(t, b, b.Open(own.Passkey.RedirectURL))
		options = c.options()
		must(h.owner.AnonymiseIdentityRecord(t.Context(), made.IR))(t)
		expectRefusal(t, c, newDevice().create(t, options))
		if got := h.passkeys(t); got != 1 {
			t.Errorf("%d passkeys, want 1", got)
		}
	})
}

// A ticket ends with the tenancy of its person.
func TestEnrolmentEndsWithTheTenancy(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
		b := h.Browser(t)
		h.confirmByMail(t, b, "")
		c := openCeremony(t, b, b.Open(enrolPage))
		options := c.options()

		reportTenancy(t, h.Register, "2026-05-01")
		expectRefusal(t, c, newDevice().create(t, options))
		if h.passkeys(t) != 0 {
			t.Error("a former occupant got a passkey")
		}
	})
}

// A customer who was asked to enrol by mail returns to the portal after the passkey, or without one.
func TestEnrolmentReturnsToThePortal(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		started := h.ask(t, registerclient.ReidentifyRequest{
			Method:           registerclient.MethodPasskeyRegister,
			PasskeyReturnURL: new(returnURL),
			MatchCode:        true,
		})
		b := h.Browser(t)
		page := h.confirmByMail(t, b, started.MatchCode)
		if page.URL.Path != enrolPage || h.status(t, started) != "confirmed" {
			t.Fatalf("the link leads to %s, and the challenge is %s", page.URL, h.status(t, started))
		}

		back := returnURL + "?dar-passkey-token=" + started.TokenRef()
		if page.Page.Find(`a[href="`+back+`"]`).Length() != 1 {
			t.Error("the page has no link back for a customer who wants no passkey")
		}

		c := openCeremony(t, b, page)
		expectLocation(t, c, newDevice().create(t, c.options()), back)
	})
}

// A Data User that starts an enrolment opens the page in its own browser. No response there tells of the passkeys that
// the customer has.
func TestDataUserIsShownNoPasskeys(t *testing.T) {
	t.Parallel()
	h := newHome(t, registertest.SQLite)
	theirs := h.enrol(t)
	started := h.askOwn(t, h.ir, registerclient.MethodPasskeyRegister)
	b := h.Browser(t)
	page := b.Open(started.Passkey.RedirectURL)
	c := openCeremony(t, b, page)
	options := c.options()
	told := string(page.Body) + options
	for _, secret := range [][]byte{theirs.held.ID, theirs.auth.Options.UserHandle} {
		if strings.Contains(told, base64.RawURLEncoding.EncodeToString(secret)) {
			t.Errorf("the Data User reads %s", told)
		}
	}
	if strings.Contains(page.Text(), "added on") || strings.Contains(options, `"excludeCredentials":[{`) {
		t.Errorf("the Data User is shown %s %s", page.Text(), options)
	}

	expectLocation(t, c, newDevice().create(t, options), addedPage)
}

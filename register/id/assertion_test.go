package id_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// An assertion with any wrong part is refused and audited (Web Authentication level 3, 7.2). It ends neither the
// challenge nor the passkey.
func TestWrongAssertions(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrol(t)
		d.held.Counter = 7
		address, _ := h.askToAssert(t)
		b := h.Browser(t)
		c := openCeremony(t, b, b.Open(address))
		expectLocation(t, c, d.assert(t, c.options()), confirmedPage)

		address, started := h.askToAssert(t)
		c = openCeremony(t, b, b.Open(address))

		other := *d
		other.party.ID = "127.0.0.1"
		stranger := *newDevice()
		stranger.auth.Options.UserHandle = d.auth.Options.UserHandle
		forged := *d
		forged.held.Key = stranger.held.Key
		otherUser := *d
		otherUser.auth.Options.UserHandle = bytes.Repeat([]byte{1}, 32)
		noUser := *d
		noUser.auth.Options.UserHandle = nil

		// by signs good client data with a device; flagged has other flags; changed has another member of the client
		// data.
		by := func(d device) string { return d.sign(t, clientData(c.options()), up|uv|be|bs, 8) }
		flagged := func(flags byte) string { return d.sign(t, clientData(c.options()), flags, 8) }
		changed := func(name string, value any) string {
			data := clientData(c.options())
			data[name] = value

			return d.sign(t, data, up|uv|be|bs, 8)
		}

		for _, test := range []struct {
			name       string
			credential func() string
		}{
			{
				"no longer backup eligible",
				func() string { return flagged(up | uv) },
			},
			{
				"backed up, but not eligible",
				func() string { return flagged(up | uv | bs) },
			},
			{
				"no user verification",
				func() string { return flagged(up | be | bs) },
			},
			{
				"no user presence",
				func() string { return flagged(uv | be | bs) },
			},
			{
				"another origin",
				func() string { return changed("origin", "https://evil.example") },
			},
			{
				"origin with another port",
				func() string { return changed("origin", "http://localhost:5002") },
			},
			{
				"origin in another spelling",
				func() string { return changed("origin", "http://LOCALHOST:5001") },
			},
			{
				"origin with a path",
				func() string { return changed("origin", registertest.PublicURL+"/") },
			},
			{
				"in a frame",
				func() string { return changed("crossOrigin", true) },
			},
			{
				"under a foreign page",
				func() string { return changed("topOrigin", "https://evil.example") },
			},
			{
				"under our own page",
				func() string { return changed("topOrigin", registertest.PublicURL) },
			},
			{
				"of an enrolment",
				func() string { return changed("type", "webauthn.create") },
			},
			{
				"a challenge of its own",
				func() string {
					return changed("challenge", base64.RawURLEncoding.EncodeToString(make([]byte, 32)))
				},
			},
			{
				"for another relying party",
				func() string { return by(other) },
			},
			{
				"of an unknown passkey",
				func() string { return by(stranger) },
			},
			{
				"by another key",
				func() string { return by(forged) },
			},
			{
				"of another user",
				func() string { return by(otherUser) },
			},
			{
				"of no user",
				func() string { return by(noUser) },
			},
			{
				"empty",
				func() string { return "{}" },
			},
		} {
			// Not parallel: they share one ceremony.
			t.Run(test.name, func(t *testing.T) {
				h.ForgetLimits(t)
				expectRefusal(t, c, test.credential())
			})
		}

		h.expectStatus(t, started, "pending")
		if got := h.audited(t, "credential.refused"); got != 19 {
			t.Errorf("%d refusals in the audit log, want 19", got)
		}

		// The backup state may change.
		h.ForgetLimits(t)
		expectLocation(t, c, flagged(up|uv|be), confirmedPage)
		if got := h.passkeyFlags(t); got != up|uv|be {
			t.Errorf("stored flags %b, want %b", got, up|uv|be)
		}
	})
}

// A signature counter that does not rise shows a copy of the passkey (Web Authentication level 3, 6.1.1). The holder of
// the copy could try until its counter has caught up, so the passkey is removed.
func TestCopiedPasskey(t *testing.T) {
	for _, counter := range []uint32{7, 6, 0} {
		t.Run(fmt.Sprint(counter), func(t *testing.T) {
			eachHome(t, func(t *testing.T, h *home) {
				d := h.enrol(t)
				d.held.Counter = 7
				address, _ := h.askToAssert(t)
				b := h.Browser(t)
				c := openCeremony(t, b, b.Open(address))
				expectLocation(t, c, d.assert(t, c.options()), confirmedPage)

				address, started := h.askToAssert(t)
				c = openCeremony(t, b, b.Open(address))
				expectRefusal(t, c, d.sign(t, clientData(c.options()), up|uv|be|bs, counter))
				if got := h.passkeys(t); got != 0 {
					t.Errorf("%d passkeys, want none", got)
				}

				expectRefusal(t, c, d.assert(t, c.options()))
				h.expectStatus(t, started, "pending")

				h.WorkOff(t)
				letters := h.inbox.Messages()
				if last := letters[len(letters)-1]; !strings.Contains(last.Subject, "removed") {
					t.Errorf("no letter about the removal; the last subject is %q", last.Subject)
				}
			})
		})
	}
}

// A passkey confirms only if its person lives at the meter point today. If a Data User asks by its own identity record,
// the passkey must belong to that record.
func TestPasskeyOfAnotherPerson(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrol(t)
		newer := movedIn(t, h.owner, "2026-05-01", "newcomer@example.com")
		h.AddPasskey(t, newer)
		h.Stand(t, newer)
		b := h.Browser(t)

		// The Data User asks by the newer record, then by the passkey's.
		own := h.askOwn(t, newer, registerclient.MethodPasskeyAssert)
		c := openCeremony(t, b, b.Open(own.Passkey.RedirectURL))
		expectRefusal(t, c, d.assert(t, c.options()))
		own = h.askOwn(t, h.ir, registerclient.MethodPasskeyAssert)
		c = openCeremony(t, b, b.Open(own.Passkey.RedirectURL))
		expectLocation(t, c, d.assert(t, c.options()), confirmedPage)

		// Another meter point.
		in := registertest.IdentityRecord("9900000000001", "other@example.com")
		elsewhere := must(h.owner.CreateIdentityRecord(t.Context(), in))(t).IR
		h.AddPasskey(t, elsewhere)
		started := must(h.portal.Reidentify(t.Context(), registerclient.ReidentifyRequest{
			MPxN:   "9900000000001",
			Method: registerclient.MethodPasskeyAssert,
		}))(t)
		c = openCeremony(t, b, b.Open(started.Passkey.RedirectURL))
		expectRefusal(t, c, d.assert(t, c.options()))

		// The tenancy changes while the page is open: the passkey is the former occupant's, the challenge the
		// newcomer's.
		address, _ := h.askToAssert(t)
		c = openCeremony(t, b, b.Open(address))
		credential := d.assert(t, c.options())
		reportTenancy(t, h.Register, "2026-05-01")
		expectRefusal(t, c, credential)
		address, _ = h.askToAssert(t)
		c = openCeremony(t, b, b.Open(address))
		expectRefusal(t, c, d.assert(t, c.options()))

		// The newcomer's device stores nothing under the former occupant's user handle.
		h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
		h.confirmByMail(t, b, "")
		c = openCeremony(t, b, b.Open(enrolPage))
		parsed, err := virtualwebauthn.ParseAttestationOptions(c.options())
		if err != nil || parsed.UserID == string(d.auth.Options.UserHandle) ||
			d.held.IsExcludedForAttestation(*parsed) {
			t.Errorf("the newcomer's device gets %+v (%v)", parsed, err)
		}
	})
}

// A passkey of a suspended account's identity record confirms nothing, even if its page was open before
// (docs/decisions.md, Which person).
func TestPasskeyOfASuspendedAccount(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrol(t)
		address, started := h.askToAssert(t)
		b := h.Browser(t)
		c := openCeremony(t, b, b.Open(address))
		credential := d.assert(t, c.options())

		h.Suspend(t, accountOf(t, h.owner))
		expectRefusal(t, c, credential)
		h.expectStatus(t, started, "expired")
	})
}

// The account that asks may be suspended while its passkey page is open. A step is then refused, and the refusal is
// audited as any other.
func TestPasskeyPageOfASuspendedAccount(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrol(t)
		address, _ := h.askToAssert(t)
		b := h.Browser(t)
		c := openCeremony(t, b, b.Open(address))
		credential := d.assert(t, c.options())

		h.Suspend(t, accountOf(t, h.portal))
		expectRefusal(t, c, credential)
		if n := audited(t, h.Register, "credential.refused", registertest.MeterPoint); n != 1 {
			t.Errorf("audited %d refusals, want 1", n)
		}
	})
}

// In the same window the customer types no code: the browser brings a completion code back to the portal. The code
// works for the portal that asked and for its own challenge, for a minute.
func TestCompletionCode(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrol(t)
		stranger := h.Client(t, registerclient.RolePortal)
		assert := func() (started *registerclient.ReidentifyResponse, code string) {
			t.Helper()
			started = h.ask(t, registerclient.ReidentifyRequest{
				Method:           registerclient.MethodPasskeyAssert,
				PasskeyReturnURL: new(returnURL),
				MatchCode:        true,
			})
			b := h.Browser(t)
			page := b.Open(started.Passkey.RedirectURL)
			if page.Page.Find("#code").Length() != 0 ||
				page.Page.Find(`a[href="`+returnURL+`?dar-action=cancelled"]`).Length() != 1 {
				t.Errorf("the page says %s", page.Text())
			}

			c := openCeremony(t, b, page)
			status, response := c.step("/finish", d.assert(t, c.options()))
			location, err := url.Parse(fmt.Sprint(response["location"]))
			if status != http.StatusOK || err != nil ||
				location.Query().Get("dar-passkey-token") != started.TokenRef() ||
				!strings.HasPrefix(location.String(), returnURL+"?") {
				t.Fatalf("finish: %d %v", status, response)
			}

			return started, location.Query().Get("dar-completion-code")
		}
		complete := func(c *registerclient.Client, started *registerclient.ReidentifyResponse, code string) error {
			in := registerclient.CompleteReidentificationRequest{CompletionCode: code}
			_, err := c.CompleteReidentification(t.Context(), started.TokenRef(), in)

			return err
		}

		started, code := assert()
		other, otherCode := assert()
		if len(code) != 43 || code == otherCode || h.status(t, started) != "pending" {
			t.Errorf("the code is %q, the challenge %s", code, h.status(t, started))
		}

		for name, err := range map[string]error{
			"another account":     complete(stranger, started, code),
			"an unknown code":     complete(h.portal, started, "x"),
			"another challenge's": complete(h.portal, started, otherCode),
		} {
			if err == nil {
				t.Errorf("%s completes the challenge", name)
			}
		}

		if err := complete(h.portal, started, code); err != nil || h.status(t, started) != "confirmed" {
			t.Errorf("%v, the challenge is %s", err, h.status(t, started))
		}
		if err := complete(h.portal, started, code); err != nil {
			t.Errorf("a repetition: %v", err)
		}

		h.Clock.Add(time.Minute)
		if err := complete(h.portal, other, otherCode); err == nil || h.status(t, other) != "expired" {
			t.Errorf("too late: %v, the challenge is %s", err, h.status(t, other))
		}
	})
}

package id_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// chromium is a tab of Chromium with a virtual authenticator.
type chromium struct {
	t      *testing.T
	ctx    context.Context
	device webauthn.AuthenticatorID

	mu       sync.Mutex
	messages []string
}

// newChromium starts Chromium, in which PublicURL leads to the register. Without Chromium the test is skipped; in CI it
// fails.
func newChromium(t *testing.T, r *registertest.Register) *chromium {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no Chromium to test the script in")
		}

		t.Skip("there is no Chromium")
	}

	public := strings.TrimPrefix(registertest.PublicURL, "http://")
	server := strings.TrimSuffix(strings.TrimPrefix(r.URL, "http://"), "/v1")
	options := append(
		chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("host-resolver-rules", "MAP "+public+" "+server),
	)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)

	c := &chromium{t: t, ctx: ctx}
	chromedp.ListenTarget(ctx, func(event any) {
		c.mu.Lock()
		defer c.mu.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded:
			c.messages = append(c.messages, e.Entry.Text+" "+e.Entry.URL)
		case *runtime.EventExceptionThrown:
			c.messages = append(c.messages, e.ExceptionDetails.Error())
		}
	})
	c.run(log.Enable(), webauthn.Enable(), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		c.device, err = webauthn.AddVirtualAuthenticator(&webauthn.VirtualAuthenticatorOptions{
			Protocol:                    webauthn.AuthenticatorProtocolCtap2,
			Transport:                   webauthn.AuthenticatorTransportInternal,
			HasResidentKey:              true,
			HasUserVerification:         true,
			IsUserVerified:              true,
			AutomaticPresenceSimulation: true,
		}).Do(ctx)

		return err
	}))

	return c
}

// run runs actions in the tab.
func (c *chromium) run(actions ...chromedp.Action) {
	c.t.Helper()
	if err := chromedp.Run(c.ctx, actions...); err != nil {
		var address, text string
		_ = chromedp.Run(c.ctx, chromedp.Location(&address), chromedp.Text("main", &text, chromedp.ByQuery))
		c.mu.Lock()
		defer c.mu.Unlock()
		c.t.Fatalf("%v at %s: %s %q", err, address, text, c.messages)
	}
}

// arrive waits for a page. A page that goes away while it is polled is an error of chromedp, and polled again.
func arrive(path string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		poll := chromedp.Poll(
			`location.pathname === "`+path+`" && document.readyState === "complete"`,
			nil,
			chromedp.WithPollingTimeout(20*time.Second),
		)
		err := poll.Do(ctx)
		for err != nil && ctx.Err() == nil && strings.Contains(err.Error(), "(-32000)") {
			err = poll.Do(ctx)
		}

		return err
	})
}

// expectProblem waits for the sentence that the script shows.
func (c *chromium) expectProblem(want string) {
	c.t.Helper()
	var got string
	c.run(chromedp.WaitVisible("#passkey-problem"), chromedp.Text("#passkey-problem", &got))
	if got != want {
		c.t.Errorf("the page says %q, want %q", got, want)
	}
}

// expectNoMessages checks that the browser logged nothing but the one refused code.
func (c *chromium) expectNoMessages() {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, message := range c.messages {
		if !strings.Contains(message, "422") {
			c.t.Errorf("a message in the browser: %s", message)
		}
	}
}

// The pages' own script enrols a passkey after a mailed link, and then confirms with it, by the button and by the
// browser's list. It shows a sentence if the customer cancels, forgets the code, or has a passkey already.
func TestPasskeyInABrowser(t *testing.T) {
	t.Parallel()
	h := newHome(t, registertest.SQLite)
	c := newChromium(t, h.Register)
	press := chromedp.Click("#passkey button")
	verify := func(verified bool) chromedp.Action { return webauthn.SetUserVerified(c.device, verified) }
	followLink := func() chromedp.Action {
		h.WorkOff(t)

		return chromedp.Tasks{
			chromedp.Navigate(h.inbox.Link(t)),
			chromedp.Click(`form[action="/id/link"] button`),
		}
	}

	h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink, Language: "en"})
	c.run(followLink(), arrive("/id/link/confirmed"), chromedp.Click(`a[href="`+enrolPage+`"]`), arrive(enrolPage))
	c.run(verify(false), press)
	c.expectProblem("No passkey has been set up yet. You can try again.")
	c.run(verify(true), chromedp.SetValue("#name", "In the hall"), press, arrive(addedPage))
	stored := `SELECT COUNT(*) FROM credentials WHERE name = 'In the hall' AND transports = '["internal"]'`
	if got := h.count(t, stored); got != 1 {
		t.Errorf("%d passkeys, want 1", got)
	}

	// The device gets no second passkey.
	h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodPasskeyRegister, Language: "en"})
	c.run(followLink(), arrive(enrolPage), press)
	c.expectProblem("This device already has a passkey for your home. You need no other one here.")

	// By the button, with the code.
	started := h.ask(t, registerclient.ReidentifyRequest{
		Method:    registerclient.MethodPasskeyAssert,
		Language:  "en",
		MatchCode: true,
	})
	c.run(chromedp.Navigate(started.Passkey.RedirectURL), arrive(assertPage), press)
	c.expectProblem("Enter the code from the page where you started")
	c.run(chromedp.SendKeys("#code", strings.ToLower(started.MatchCode)), verify(false), press)
	c.expectProblem("You have not confirmed yet. Try again, or go back and choose the email.")
	h.expectStatus(t, started, "pending")
	c.run(verify(true), press, arrive(confirmedPage))
	h.expectStatus(t, started, "confirmed")

	// By the browser's list beside the button. This browser chooses from it by itself.
	address, started := h.askToAssert(t)
	c.run(chromedp.Navigate(address), arrive(confirmedPage))
	h.expectStatus(t, started, "confirmed")

	// If no person is present, the list gives way to the button.
	address, started = h.askToAssert(t)
	c.run(
		webauthn.SetAutomaticPresenceSimulation(c.device, false),
		chromedp.Navigate(address),
		chromedp.WaitVisible("#passkey-autofill"),
		webauthn.SetAutomaticPresenceSimulation(c.device, true),
		press,
		arrive(confirmedPage),
	)
	h.expectStatus(t, started, "confirmed")
	c.expectNoMessages()
}

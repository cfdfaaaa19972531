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

// TestPasskeyInABrowser works the pages' own script in Chromium, with an authenticator that Chromium makes up: a mailed
// link, a passkey made, and the same shown; then the ways in which it does not come to that.
func TestPasskeyInABrowser(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("chromium"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no Chromium to test the script in")
		}
		t.Skip("there is no Chromium")
	}

	h := newHome(t, registertest.SQLite)
	server := strings.TrimSuffix(strings.TrimPrefix(h.URL, "http://"), "/v1")
	options := append(
		chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("host-resolver-rules", "MAP "+strings.TrimPrefix(registertest.PublicURL, "http://")+" "+server),
	)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	var mu sync.Mutex
	var troubles []string
	chromedp.ListenTarget(ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded:
			troubles = append(troubles, e.Entry.Text+" "+e.Entry.URL)
		case *runtime.EventExceptionThrown:
			troubles = append(troubles, e.ExceptionDetails.Error())
		}
	})
	run := func(actions ...chromedp.Action) {
		t.Helper()
		if err := chromedp.Run(ctx, actions...); err != nil {
			var at, says string
			_ = chromedp.Run(ctx, chromedp.Location(&at), chromedp.Text("main", &says, chromedp.ByQuery))
			t.Fatalf("%v at %s: %s %q", err, at, says, troubles)
		}
	}
	var device webauthn.AuthenticatorID
	run(log.Enable(), webauthn.Enable(), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		device, err = webauthn.AddVirtualAuthenticator(&webauthn.VirtualAuthenticatorOptions{
			Protocol:                    webauthn.AuthenticatorProtocolCtap2,
			Transport:                   webauthn.AuthenticatorTransportInternal,
			HasResidentKey:              true,
			HasUserVerification:         true,
			IsUserVerified:              true,
			AutomaticPresenceSimulation: true,
		}).Do(ctx)
		return err
	}))
	// A page that goes away while it is polled is an error to chromedp, and here the point.
	arrive := func(path string) chromedp.Action {
		return chromedp.ActionFunc(func(ctx context.Context) error {
			there := chromedp.Poll(
				`location.pathname === "`+path+`" && document.readyState === "complete"`,
				nil,
				chromedp.WithPollingTimeout(20*time.Second),
			)
			err := there.Do(ctx)
			for err != nil && ctx.Err() == nil && strings.Contains(err.Error(), "(-32000)") {
				err = there.Do(ctx)
			}

			return err
		})
	}
	says := func(want string) {
		t.Helper()
		var got string
		run(chromedp.WaitVisible("#passkey-problem"), chromedp.Text("#passkey-problem", &got))
		if got != want {
			t.Errorf("the page says %q, want %q", got, want)
		}
	}

	h.asks(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink, Language: "en"})
	h.WorkOff(t)
	run(
		chromedp.Navigate(registertest.Inbox{Catcher: h.inbox}.Link(t)),
		chromedp.Click(`form[action="/id/link"] button`),
		arrive("/id/link/confirmed"),
		chromedp.Click(`a[href="`+enrolPage+`"]`),
		arrive(enrolPage),
	)
	run(webauthn.SetUserVerified(device, false), chromedp.Click("#passkey button"))
	says("No passkey has been set up yet. You can try again.")
	run(
		webauthn.SetUserVerified(device, true),
		chromedp.SetValue("#name", "In the hall"),
		chromedp.Click("#passkey button"),
		arrive("/id/passkey/added"),
	)
	if got := h.count(
		t,
		`SELECT COUNT(*) FROM credentials WHERE name = 'In the hall' AND transports = '["internal"]'`,
	); got != 1 {
		t.Errorf("%d passkeys", got)
	}

	// On the same device there is no second one.
	h.asks(t, registerclient.ReidentifyRequest{Method: registerclient.MethodPasskeyRegister, Language: "en"})
	h.WorkOff(t)
	run(
		chromedp.Navigate(registertest.Inbox{Catcher: h.inbox}.Link(t)),
		chromedp.Click(`form[action="/id/link"] button`),
		arrive(enrolPage),
		chromedp.Click("#passkey button"),
	)
	says("This device already has a passkey for your home. You need no other one here.")

	// By the button, and typing the code.
	started := h.asks(
		t,
		registerclient.ReidentifyRequest{Method: registerclient.MethodPasskeyAssert, Language: "en", MatchCode: true},
	)
	run(chromedp.Navigate(started.Passkey.RedirectURL), arrive(assertPage), chromedp.Click("#passkey button"))
	says("Enter the code from the page where you started")
	run(
		chromedp.SendKeys("#code", strings.ToLower(started.MatchCode)),
		webauthn.SetUserVerified(device, false),
		chromedp.Click("#passkey button"),
	)
	says("You have not confirmed yet. Try again, or go back and choose the email.")
	if got := h.status(t, started); got != "pending" {
		t.Errorf("the challenge is %s", got)
	}

	run(webauthn.SetUserVerified(device, true), chromedp.Click("#passkey button"), arrive("/id/passkey/confirmed"))
	if got := h.status(t, started); got != "confirmed" {
		t.Errorf("the challenge is %s", got)
	}

	// Beside the button there is the browser's list, from which this browser chooses by itself.
	address, started := h.asksToAssert(t)
	run(chromedp.Navigate(address), arrive("/id/passkey/confirmed"))
	if got := h.status(t, started); got != "confirmed" {
		t.Errorf("the challenge is %s", got)
	}

	// Unless nobody is there: then the list gives way to the button.
	address, started = h.asksToAssert(t)
	run(
		webauthn.SetAutomaticPresenceSimulation(device, false),
		chromedp.Navigate(address),
		chromedp.WaitVisible("#passkey-autofill"),
		webauthn.SetAutomaticPresenceSimulation(
			device,
			true,
		),
		chromedp.Click("#passkey button"),
		arrive("/id/passkey/confirmed"),
	)
	if got := h.status(t, started); got != "confirmed" {
		t.Errorf("the challenge is %s", got)
	}

	mu.Lock()
	defer mu.Unlock()
	for _, trouble := range troubles {
		if !strings.Contains(trouble, "422") { // the one code that was not typed
			t.Errorf("trouble in the browser: %s", trouble)
		}
	}
}

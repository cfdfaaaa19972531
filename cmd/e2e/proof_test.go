package e2e

import (
	"context"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// confirmByLetter waits and confirms in the same window.
func confirmByLetter(b *tab) {
	b.Helper()
	b.at("/portal/waiting")
	pause(b)
	b.inspect("waiting")
	openLetter(b, b.text(".match-code"))
}

// openLetter finds the letter in the inbox, presses its button and types the code.
func openLetter(b *tab, code string) {
	b.Helper()
	b.open("/demo/inbox", 200)
	b.inspect("inbox")
	b.press("main h2 a")
	b.inspect("letter")
	// The letter is a page of another origin, which the test cannot reach into. It uses the keyboard, like a customer
	// without a mouse.
	eval[any](b, `document.querySelector("iframe").focus()`)
	b.run("press the letter's button", chromedp.KeyEvent("\t"), chromedp.KeyEvent("\r"))
	b.at("/id/link")
	b.inspect("link")
	b.fill("#code", code)
	b.press("form[action='/id/link'] button")
	b.at("/id/link/confirmed")
	b.inspect("link confirmed")
}

// finishWaiting returns to the page that waited, which leads to the list.
func finishWaiting(b *tab) {
	b.Helper()
	b.open("/portal/waiting", 200)
	if !b.script {
		goOn(b)
	}

	b.at("/portal/records")
}

// plugIn gives the tab an authenticator that the browser reaches by this transport.
func plugIn(b *tab, transport webauthn.AuthenticatorTransport) webauthn.AuthenticatorID {
	b.Helper()
	var device webauthn.AuthenticatorID
	b.run("plug in a device", webauthn.Enable(), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		device, err = webauthn.AddVirtualAuthenticator(&webauthn.VirtualAuthenticatorOptions{
			Protocol:                    webauthn.AuthenticatorProtocolCtap2,
			Transport:                   transport,
			HasResidentKey:              true,
			HasUserVerification:         true,
			IsUserVerified:              true,
			AutomaticPresenceSimulation: true,
		}).Do(ctx)

		return err
	}))

	return device
}

// enrol creates a passkey after a letter.
func enrol(b *tab) {
	b.Helper()
	b.tabTo("a[href='/id/passkey/register']")
	b.enter()
	b.inspect("new passkey")
	b.tabTo("#passkey button")
	b.key(kb.Enter)
	b.at("/id/passkey/added")
	b.inspect("new passkey added")
}

// signOut ends the session of the customer.
func signOut(b *tab) {
	b.Helper()
	b.press("form[action='/portal/sign-out'] button")
	b.at("/portal/signed-out")
}

// askForPasskey leads a new customer to the first way to prove, which is a passkey if the person has one.
func askForPasskey(b *tab) {
	b.Helper()
	toProve(b)
	b.press("#method form[action='/portal/prove'] button")
}

// A customer proves by a letter: it arrives in the inbox of the demonstration, its button leads out of the frame that
// shows it, and the code of the waiting page confirms.
func TestLetter(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	for _, l := range []look{{1280, "en", true}, {360, "en", false}} {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			b := openTab(t, program(t, "demo", "--reidentification", "live"), l)
			toProve(b)
			b.press("form[action='/portal/prove'] button")
			confirmByLetter(b)
			finishWaiting(b)
		})
	}
}

// A customer has two devices: each creates a passkey after a letter and signs in with it. Once the customer cancels and
// takes the letter. A copy of a passkey is refused.
func TestPasskeys(t *testing.T) {
	t.Parallel()
	b := openTab(t, program(t, "demo", "--reidentification", "live"), look{360, "en", true})
	phone := plugIn(b, webauthn.AuthenticatorTransportInternal)
	toProve(b)
	b.press("form[action='/portal/prove'] button")
	confirmByLetter(b)
	enrol(b)
	finishWaiting(b)
	signOut(b)

	// The page opens the list of passkeys of the browser, and this browser chooses from it by itself.
	askForPasskey(b)
	b.at("/portal/records")
	_, addresses, _ := b.history()
	if end := addresses[len(addresses)-2:]; !slices.Equal(end, []string{"/portal", "/portal/records"}) {
		t.Errorf("the history holds the way to the passkey: %v", addresses)
	}

	signOut(b)

	// The customer is not at the device, cancels, and takes the letter instead.
	b.run("leave the device", webauthn.SetAutomaticPresenceSimulation(phone, false))
	askForPasskey(b)
	b.at("/id/passkey/assert")
	b.inspect("passkey")
	b.tabTo("a.button[href*='dar-action=cancelled']")
	b.enter()
	b.at("/portal/prove")
	b.inspect("passkey cancelled")
	b.press("#method form[action='/portal/prove'] button")
	confirmByLetter(b)

	// Another device has no passkey yet.
	b.run("unplug the device", webauthn.RemoveVirtualAuthenticator(phone))
	tablet := plugIn(b, webauthn.AuthenticatorTransportInternal)
	enrol(b)
	finishWaiting(b)
	signOut(b)
	askForPasskey(b)
	b.at("/portal/records")
	signOut(b)

	refuseCopy(b, tablet)
}

// refuseCopy replaces the passkey of the device by a copy, whose counter starts at zero, and expects its refusal.
func refuseCopy(b *tab, device webauthn.AuthenticatorID) {
	b.Helper()
	b.run("copy the passkey", chromedp.ActionFunc(func(ctx context.Context) error {
		credentials, err := webauthn.GetCredentials(device).Do(ctx)
		if err != nil {
			return err
		}
		if err := webauthn.ClearCredentials(device).Do(ctx); err != nil {
			return err
		}

		credentials[0].SignCount = 0

		return webauthn.AddCredential(device, credentials[0]).Do(ctx)
	}))
	b.mu.Lock()
	b.refused = 422
	b.mu.Unlock()

	askForPasskey(b)
	b.run("wait for the refusal", chromedp.WaitVisible("#passkey-problem", chromedp.ByQuery))
	b.inspect("passkey refused")
	// The button asks once more, and has the focus again for another try.
	b.tabTo("#passkey button")
	b.key(kb.Enter)
	b.until(`document.getElementById("passkey-problem").checkVisibility() &&
		document.activeElement.matches("#passkey button:enabled")`)
	b.open("/portal/records", 200)
	if at := b.path(); at != "/portal/waiting" {
		b.Errorf("a copy leads to %s", at)
	}
}

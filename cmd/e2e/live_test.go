package e2e

import (
	"context"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestLive is the customer who is asked: the letter comes into the demonstration's inbox, its button leads out of the
// frame that it is shown in, and the code of the waiting page confirms.
func TestLive(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	for _, l := range []look{{1280, "en", true}, {360, "en", false}} {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			b := openTab(t, program(t, "demo", "--reidentification", "live"), l)
			toProve(b)
			b.press("form[action='/portal/prove'] button")
			confirmByLetter(b)
			goOn(b)
		})
	}
}

// confirmByLetter is the customer who waits and confirms in the same window.
func confirmByLetter(b *tab) {
	b.Helper()
	b.at("/portal/waiting")
	b.inspect("waiting")
	openLetter(b, b.text(".match-code"))
}

// openLetter is the customer who finds the letter, presses its button and types the code.
func openLetter(b *tab, code string) {
	b.Helper()
	b.open("/demo/inbox", 200)
	b.inspect("inbox")
	b.press("main h2 a")
	b.inspect("letter")
	// The letter is a page of another origin, out of the test's reach: as a customer without a mouse.
	eval[any](b, `document.querySelector("iframe").focus()`)
	b.run("press the letter's button", chromedp.KeyEvent("\t"), chromedp.KeyEvent("\r"))
	b.at("/id/link")
	b.inspect("link")
	b.fill("#code", code)
	b.press("form[action='/id/link'] button")
	b.at("/id/link/confirmed")
	b.inspect("link confirmed")
}

// goOn is the page that waited, moving on.
func goOn(b *tab) {
	b.Helper()
	b.open("/portal/waiting", 200)
	if !b.script {
		b.press("a[href='/portal/waiting/check']")
	}

	b.at("/portal/records")
}

// plugIn gives the tab an authenticator, which the browser reaches in this way.
func plugIn(b *tab, way webauthn.AuthenticatorTransport) (device webauthn.AuthenticatorID) {
	b.Helper()
	b.run("plug in a device", webauthn.Enable(), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		device, err = webauthn.AddVirtualAuthenticator(&webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: way, HasResidentKey: true,
			HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}).Do(ctx)
		return err
	}))
	return device
}

// enrol makes a passkey, after a letter.
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

// TestPasskeys is a customer with two devices: each makes a passkey after a letter and signs in with it, one gives up
// once and takes the letter, and a copy of a passkey is refused.
func TestPasskeys(t *testing.T) {
	t.Parallel()
	b := openTab(t, program(t, "demo", "--reidentification", "live"), look{360, "en", true})
	signOut := func() {
		b.press("form[action='/portal/sign-out'] button")
		b.at("/portal/signed-out")
	}
	askForPasskey := func() {
		toProve(b)
		b.press("#method form[action='/portal/prove'] button") // which a passkey is, once there is one
	}

	phone := plugIn(b, webauthn.AuthenticatorTransportInternal)
	toProve(b)
	b.press("form[action='/portal/prove'] button")
	confirmByLetter(b)
	enrol(b)
	goOn(b)
	signOut()

	// The browser's own list stands open on the page, and this browser chooses from it by itself.
	askForPasskey()
	b.at("/portal/records")
	if _, addresses, _ := b.history(); !slices.Equal(
		addresses[len(addresses)-2:],
		[]string{"/portal", "/portal/records"},
	) {
		t.Errorf("the history holds the way to the passkey: %v", addresses)
	}

	signOut()

	// The customer gives up: nobody is at the device, and the letter takes its place.
	b.run("leave the device", webauthn.SetAutomaticPresenceSimulation(phone, false))
	askForPasskey()
	b.at("/id/passkey/assert")
	b.inspect("passkey")
	b.tabTo("a.button[href*='dar-action=cancelled']")
	b.enter()
	b.at("/portal/prove")
	b.inspect("passkey cancelled")
	b.press("#method form[action='/portal/prove'] button")
	confirmByLetter(b)

	// Another device, which has no passkey yet.
	b.run("unplug the device", webauthn.RemoveVirtualAuthenticator(phone))
	tablet := plugIn(b, webauthn.AuthenticatorTransportInternal)
	enrol(b)
	goOn(b)
	signOut()
	askForPasskey()
	b.at("/portal/records")
	signOut()

	// A copy of its passkey, which counts from where it was copied.
	b.run("copy the passkey", chromedp.ActionFunc(func(ctx context.Context) error {
		has, err := webauthn.GetCredentials(tablet).Do(ctx)
		if err != nil {
			return err
		}
		if err := webauthn.ClearCredentials(tablet).Do(ctx); err != nil {
			return err
		}

		has[0].SignCount = 0
		return webauthn.AddCredential(tablet, has[0]).Do(ctx)
	}))
	b.mu.Lock()
	b.refused = 422
	b.mu.Unlock()
	askForPasskey()
	b.run("wait for the refusal", chromedp.WaitVisible("#passkey-problem", chromedp.ByQuery))
	b.inspect("passkey refused")
	// Asked once more by its button, which then has the focus again for another try.
	b.tabTo("#passkey button")
	b.key(kb.Enter)
	b.until(
		`document.getElementById("passkey-problem").checkVisibility() && document.activeElement.matches("#passkey button:enabled")`,
	)
	b.open("/portal/records", 200)
	if at := b.path(); at != "/portal/waiting" {
		t.Errorf("a copy leads to %s", at)
	}
}

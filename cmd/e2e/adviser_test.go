package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"central.consent/dar/registerclient"
)

// The page on which the advice charity of the demonstration helps customers, and one of its advisers.
const (
	advisers    = "/o/harbour-advice/portal/adviser"
	adviserName = "Siân Hughes"
	adviserCode = "harbour-sian-demo"
)

// takenAway is an expression that lists what would save the list, or deal with several records at once.
const takenAway = `[...document.querySelectorAll("a[download], a[href*='/records.'], ` +
	`a[href*='/several'], form[action*='/several'], [form=several], ` +
	`main:not(:has(.handover, .letter)) [data-print]")]` +
	`.map(e => e.outerHTML)`

// adviser is the tab of an adviser who helps a customer.
type adviser struct{ *tab }

// signInAdviser signs an adviser in.
func signInAdviser(b *tab) *adviser {
	b.Helper()
	b.open(advisers, 200)
	b.inspect("adviser: sign in")
	b.fill("#name", adviserName)
	b.fill("#secret", adviserCode)
	b.press("form[action='" + advisers + "/sign-in'] button")
	b.at(advisers)

	return &adviser{b}
}

// inspect inspects the page, which must say that an adviser helps and must not let the adviser save the list.
func (a *adviser) inspect(name string) {
	a.Helper()
	a.tab.inspect("adviser: " + name)
	helping := `!!document.querySelector("header .helping")?.textContent.startsWith("Helping a customer.")`
	if !eval[bool](a.tab, helping) {
		a.Errorf("%s does not say that a customer is helped", name)
	}
	if found := eval[[]string](a.tab, takenAway); len(found) > 0 {
		a.Errorf("%s offers %s", name, found)
	}
}

// toWaiting asks for a letter to the customer.
func (a *adviser) toWaiting() {
	a.Helper()
	a.inspect("start")
	a.fill("#number", demoMPxN)
	a.press("main form[action='" + advisers + "/meter'] button")
	a.inspect("is this right")
	a.press("form:has(input[name=confirmed]) button")
	a.at(advisers + "/prove")
	a.inspect("prove")
	a.press("#method button")
	a.at(advisers + "/waiting")
	pause(a.tab)
	a.inspect("waiting")
}

// readList reads the list, of which no file can be had.
func (a *adviser) readList() {
	a.Helper()
	if !a.script {
		goOn(a.tab)
	}

	a.at(advisers + "/records")
	a.inspect("records")
	if text := a.text("#active"); !strings.Contains(text, "You gave permission") {
		a.Errorf("the list is not in the customer's words: %s", text)
	}
	for _, file := range []string{"records.json", "records.csv", "records.pdf", "records/several"} {
		a.open(advisers+"/"+file, 403)
		a.inspect(file)
	}
}

// withdraw stops a record, first without the customer's yes, and returns the reference of the withdrawal.
func (a *adviser) withdraw() string {
	a.Helper()
	a.open(advisers+"/records", 200)
	a.markCard()
	a.press("[data-e2e=card] a[href$='/withdraw']")
	a.inspect("withdraw")
	a.click("input[value=no-longer-needed]")
	a.pressFor("form[action$='/withdraw'] button", 422)
	if a.script {
		a.until(`document.activeElement.id === "error-summary"`)
	}

	a.inspect("withdraw without a yes")
	changed := `document.querySelector("#customer-yes").checked ||
		!document.querySelector("input[value=no-longer-needed]").checked`
	if eval[bool](a.tab, changed) {
		a.Error("the form is not as the adviser left it")
	}
	if got := recordState(a.T, a.base); got != registerclient.StateActive {
		a.Errorf("without a yes the record is %s", got)
	}

	a.click("#customer-yes")
	a.press("form[action$='/withdraw'] button")
	a.inspect("withdrawn")
	if got := recordState(a.T, a.base); got != registerclient.StateRevoked {
		a.Errorf("with a yes the record is %s", got)
	}

	return a.text(".reference")
}

// handOver opens the page that the customer takes home.
func (a *adviser) handOver(reference string) {
	a.Helper()
	a.press(".helping a")
	a.at(advisers + "/handover")
	a.inspect("handover")
	paper := a.text("main")
	if !strings.Contains(paper, reference) || !strings.Contains(paper, "ends in "+demoMPxN[len(demoMPxN)-3:]) {
		a.Errorf("the page to hand over lacks %s, or the last digits: %s", reference, paper)
	}
	if leak := leaks(eval[string](a.tab, "document.documentElement.outerHTML")); leak != "" {
		a.Errorf("the page to hand over holds %s", leak)
	}

	a.click("input[name=letter]")
	a.press("#letters button")
	a.inspect("handover with a letter")
	letters := eval[int](a.tab, `document.querySelectorAll(".handover .letter").length`)
	if letters != 1 || !strings.Contains(a.text("main"), "SEC-OU-") {
		a.Errorf("%d letters, or no reference: %s", letters, a.text("main"))
	}
}

// finish ends the visit of the customer. The next one must find nothing of it, also not by Back.
func (a *adviser) finish(reference string) {
	a.Helper()
	a.press("header form[action='" + advisers + "/sign-out'] button")
	a.at(advisers + "/signed-out")
	a.inspect("finished")
	a.press("main a.button")
	a.at(advisers)
	a.inspect("next customer")
	if number := eval[string](a.tab, `document.querySelector("#number").value`); number != "" {
		a.Errorf("the next customer's start holds %s", number)
	}

	a.expect(403)
	at, addresses, _ := a.history()
	first := 0
	if !a.script {
		first = int(at) - 3 // before it is the response to a form, which a browser would have to send again
	}

	for i := int(at) - 1; i >= first; i-- {
		eval[any](a.tab, "void (window.before = true)")
		a.goTo(i)
		a.until(`!window.before && document.readyState === "complete"`)
		html := eval[string](a.tab, "document.documentElement.outerHTML")
		if leaks(html) != "" || strings.Contains(html, organisation) || strings.Contains(html, reference) {
			a.Errorf("Back to %s shows something of the customer: %s", addresses[i], a.text("main"))
		}
	}
}

// An adviser and a customer have a device each. The customer types the code of the adviser's screen on the phone. The
// adviser then gets the list, which ends with the customer's visit.
func TestAdviser(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	for _, script := range []bool{true, false} {
		l := look{1280, "en", script}
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			base := program(t, "demo", "--reidentification", "live")
			phone := openTab(t, base, look{360, "en", true})
			a := signInAdviser(openTab(t, base, l))
			a.toWaiting()
			openLetter(phone, a.text(".match-code"))
			a.readList()
			reference := a.withdraw()
			a.handOver(reference)
			a.finish(reference)
		})
	}
}

// The adviser's computer holds no passkey: the phone of the customer serves as one.
func TestAdviserPasskeyNearby(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	base := program(t, "demo", "--reidentification", "live")
	phone := openTab(t, base, look{360, "en", true})
	device := plugIn(phone, webauthn.AuthenticatorTransportInternal)
	toProve(phone)
	phone.press("form[action='/portal/prove'] button")
	confirmByLetter(phone)
	enrol(phone)

	b := openTab(t, base, look{1280, "en", true})
	b.open(advisers, 200)
	b.fill("#name", adviserName)
	b.fill("#secret", adviserCode)
	b.press("form[action='" + advisers + "/sign-in'] button")
	b.at(advisers)
	b.fill("#number", demoMPxN)
	b.press("main form[action='" + advisers + "/meter'] button")
	b.press("form:has(input[name=confirmed]) button")
	b.at(advisers + "/prove")
	if first := eval[string](b, `document.querySelector("#method [name=method]").value`); first != "magic-link" {
		t.Errorf("%s comes before what also works on the telephone", first)
	}

	b.click("main summary")
	b.press("form:has([value=passkey-assert]) button")
	b.at(advisers + "/waiting")
	b.inspect("adviser: passkey")
	code := b.text(".match-code")
	address := eval[string](b, `document.querySelector("a.button[target=_blank]").href`)
	nearby := b.another(strings.TrimPrefix(address, base))
	copyPasskey(phone, device, nearby, plugIn(nearby, webauthn.AuthenticatorTransportCable))
	nearby.fill("#code", code)
	nearby.press("#passkey button")
	b.at(advisers + "/records")
}

// copyPasskey gives a device of another tab the passkey of a device.
func copyPasskey(from *tab, device webauthn.AuthenticatorID, to *tab, other webauthn.AuthenticatorID) {
	from.Helper()
	var credentials []*webauthn.Credential
	from.run("read the passkey", chromedp.ActionFunc(func(ctx context.Context) (err error) {
		credentials, err = webauthn.GetCredentials(device).Do(ctx)
		return err
	}))
	to.run("bring the phone near", webauthn.AddCredential(other, credentials[0]))
}

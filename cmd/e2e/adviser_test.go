package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"central.consent/dar/registerclient"
)

// Where the demonstration's advice charity helps customers, and its advisers' code.
const (
	advisers     = "/o/harbour-advice/portal/adviser"
	advisersCode = "harbour-advisers-demo"
)

// takenAway is whatever would carry the list off, or deal with several records at once.
const takenAway = `[...document.querySelectorAll("a[download], a[href*='/records.'], a[href*='/letter'], a[href*='/several'], form[action*='/several'], [form=several], main:not(:has(.handover)) [data-print]")].map(e => e.outerHTML)`

// TestAdviser is an adviser and a customer with a device each. The code is read from the adviser's screen and typed on the
// customer's phone; the list then comes to the adviser, and goes with the customer.
func TestAdviser(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	for _, script := range []bool{true, false} {
		l := look{1280, "en", script}
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			base := program(t, "demo", "--reidentification", "live")
			b := openTab(t, base, l)
			phone := openTab(t, base, look{360, "en", true})
			marked := func(name string) {
				t.Helper()
				b.inspect("adviser: " + name)
				if !eval[bool](
					b,
					`!!document.querySelector("header .helping")?.textContent.startsWith("Helping a customer.")`,
				) {
					t.Errorf("%s does not say that somebody is helped", name)
				}
				if found := eval[[]string](b, takenAway); len(found) > 0 {
					t.Errorf("%s offers %s", name, found)
				}
			}

			b.open(advisers, 200)
			b.inspect("adviser: sign in")
			b.fill("#secret", advisersCode)
			b.press("form[action='" + advisers + "/sign-in'] button")
			b.at(advisers)
			marked("start")
			b.fill("#number", demoMPxN)
			b.press("main form[action='" + advisers + "/meter'] button")
			marked("is this right")
			b.press("form:has(input[name=confirmed]) button")
			b.at(advisers + "/prove")
			marked("prove")
			b.press("#method button")
			b.at(advisers + "/waiting")
			marked("waiting")

			openLetter(phone, b.text(".match-code"))
			if !script {
				b.press("a[href='" + advisers + "/waiting/check']")
			}

			b.at(advisers + "/records")
			marked("records")
			if said := b.text("#active"); !strings.Contains(said, "You gave permission") {
				t.Errorf("the list is not in the customer's words: %s", said)
			}
			for _, file := range []string{"records.json", "records.csv", "records.pdf", "records/several"} {
				b.open(advisers+"/"+file, 403)
				marked(file)
			}

			b.open(advisers+"/records", 200)
			b.markCard()
			b.press("[data-e2e=card] a[href$='/withdraw']")
			marked("withdraw")
			b.run("give a reason", chromedp.Click("input[value=no-longer-needed]", chromedp.ByQuery))
			b.pressFor("form[action$='/withdraw'] button", 422)
			if script {
				b.until(`document.activeElement.id === "error-summary"`)
			}

			marked("withdraw without a yes")
			if eval[bool](
				b,
				`document.querySelector("#customer-yes").checked || !document.querySelector("input[value=no-longer-needed]").checked`,
			) {
				t.Error("the form is not as the adviser left it")
			}
			if got := recordState(t, base); got != registerclient.StateActive {
				t.Errorf("without a yes the record is %s", got)
			}

			b.run("tick", chromedp.Click("#customer-yes", chromedp.ByQuery))
			b.press("form[action$='/withdraw'] button")
			marked("withdrawn")
			if got := recordState(t, base); got != registerclient.StateRevoked {
				t.Errorf("with a yes the record is %s", got)
			}

			reference := b.text(".reference")

			b.press(".helping a")
			b.at(advisers + "/handover")
			marked("handover")
			if paper := b.text(
				"main",
			); !strings.Contains(paper, reference) ||
				!strings.Contains(paper, "ends in "+demoMPxN[len(demoMPxN)-3:]) {
				t.Errorf("the page to hand over lacks %s, or the last digits: %s", reference, paper)
			}
			if leak := leaks(eval[string](b, "document.documentElement.outerHTML")); leak != "" {
				t.Errorf("the page to hand over holds %s", leak)
			}

			b.press("header form[action='" + advisers + "/sign-out'] button")
			b.at(advisers + "/signed-out")
			marked("finished")
			b.press("main a.button")
			b.at(advisers)
			marked("next customer")
			if number := eval[string](b, `document.querySelector("#number").value`); number != "" {
				t.Errorf("the next customer's start holds %s", number)
			}

			b.expect(403)
			at, addresses, _ := b.history()
			first := 0
			if !script {
				first = int(
					at,
				) - 3 // further back stands the answer to a form, which a browser would have to send again
			}

			for i := int(at) - 1; i >= first; i-- {
				eval[any](b, "void (window.left = true)")
				b.run("go back", chromedp.ActionFunc(func(ctx context.Context) error {
					_, entries, err := page.GetNavigationHistory().Do(ctx)
					if err != nil {
						return err
					}
					return page.NavigateToHistoryEntry(entries[i].ID).Do(ctx)
				}))
				b.until(`!window.left && document.readyState === "complete"`)
				seen := eval[string](b, "document.documentElement.outerHTML")
				if leak := leaks(
					seen,
				); leak != "" || strings.Contains(seen, organisation) ||
					strings.Contains(seen, reference) {
					t.Errorf("Back to %s shows something of the customer: %s", addresses[i], b.text("main"))
				}
			}
		})
	}
}

// TestAdviserAcrossTheDesk is a customer whose phone serves as a passkey for the adviser's computer, which holds none itself.
func TestAdviserAcrossTheDesk(t *testing.T) {
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
	b.fill("#secret", advisersCode)
	b.press("form[action='" + advisers + "/sign-in'] button")
	b.at(advisers)
	b.fill("#number", demoMPxN)
	b.press("main form[action='" + advisers + "/meter'] button")
	b.press("form:has(input[name=confirmed]) button")
	b.at(advisers + "/prove")
	if first := eval[string](b, `document.querySelector("#method [name=method]").value`); first != "magic-link" {
		t.Errorf("%s comes before what also works on the telephone", first)
	}

	b.run("unfold the other way", chromedp.Click("main summary", chromedp.ByQuery))
	b.press("form:has([value=passkey-assert]) button")
	b.at(advisers + "/waiting")
	b.inspect("adviser: passkey")
	code := b.text(".match-code")
	beside := b.another(
		strings.TrimPrefix(eval[string](b, `document.querySelector("a.button[target=_blank]").href`), base),
	)
	near := plugIn(beside, webauthn.AuthenticatorTransportCable)
	var has []*webauthn.Credential
	phone.run("read the passkey", chromedp.ActionFunc(func(ctx context.Context) (err error) {
		has, err = webauthn.GetCredentials(device).Do(ctx)
		return err
	}))
	beside.run("bring the phone near", webauthn.AddCredential(near, has[0]))
	beside.fill("#code", code)
	beside.press("#passkey button")
	b.at(advisers + "/records")
}

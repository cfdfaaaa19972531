package e2e

import (
	"strings"
	"testing"
	"time"

	"central.consent/dar/registerclient"
)

// organisation is the Data User whose access the customer stops.
const organisation = "Bright Energy Ltd"

// activeText is what the portal says of the organisations that can see. The words of an organisation are left out: they
// name another one if the data comes from it.
const activeText = `(() => {
	const active = document.querySelector("#active").cloneNode(true);
	for (const words of active.querySelectorAll("p[lang] > bdi")) words.remove();

	return active.textContent;
})()`

// walk is the whole journey of the customer of the demonstration, who follows what each page says. It calls visit at
// every page.
func walk(b *tab, visit func(name string)) {
	b.Helper()
	b.open("/portal?lang="+b.lang, 200)
	visit("start")
	b.fill("#number", "23123")
	b.pressFor("main form[action='/portal/meter'] button", 422)
	visit("start-with-error")
	b.fill("#number", "2312 3456 78901")
	b.press("main form[action='/portal/meter'] button")
	visit("is-this-right")
	b.press("form:has(input[name=confirmed]) button")
	b.at("/portal/prove")
	visit("prove")

	b.press("form[action='/portal/prove'] button")
	if !b.script {
		pause(b)
		visit("waiting")
		goOn(b)
	}

	// With scripts the waiting page asks by itself and leads on.
	b.at("/portal/records")
	visit("records")

	b.markCard()
	b.press("[data-e2e=card] a[href$='/withdraw']")
	visit("withdraw")
	b.press("form[action$='/withdraw'] button")
	if path := b.path(); !strings.HasSuffix(path, "/withdrawn") {
		b.Fatalf("after the withdrawal at %s", path)
	}

	visit("withdrawn")
	b.press("a[href='/portal/records']")
	visit("records-after")
	if ended := b.text("#ended"); !strings.Contains(ended, organisation) {
		b.Errorf("%s is not among those that can no longer see: %s", organisation, ended)
	}

	active := eval[string](b, activeText)
	if strings.Contains(active, organisation) {
		b.Errorf("%s is still among those that can see", organisation)
	}

	b.press("header form[action='/portal/sign-out'] button")
	b.at("/portal/signed-out")
	visit("signed-out")
	b.open("/portal/records", 403)
	visit("session-ended")
}

// markCard marks the record of the organisation, which has no address that is known outside the session.
func (b *tab) markCard() {
	b.Helper()
	marked := eval[bool](b, `(() => {
		const cards = [...document.querySelectorAll("#active article")];
		const card = cards.find(a => a.querySelector("h3").textContent.includes("`+organisation+`"));
		if (card) card.dataset.e2e = "card";
		return !!card;
	})()`)
	if !marked {
		b.Fatalf("no record of %s among those that can see: %s", organisation, b.text("main"))
	}
}

// toProve leads a new customer to the page that asks for a proof.
func toProve(b *tab) {
	b.Helper()
	b.open("/portal?lang="+b.lang, 200)
	b.fill("#number", demoMPxN)
	b.press("main form[action='/portal/meter'] button")
	b.press("form:has(input[name=confirmed]) button")
	b.at("/portal/prove")
}

// toRecords leads a new customer to the list.
func toRecords(b *tab) {
	b.Helper()
	toProve(b)
	b.press("form[action='/portal/prove'] button")
	if !b.script {
		goOn(b)
	}

	b.at("/portal/records")
}

// asOrganisation returns a client that calls the register as the organisation.
func asOrganisation(t *testing.T, base string) *registerclient.Client {
	t.Helper()
	client, err := registerclient.New(registerclient.Options{
		BaseURL:   base + "/v1",
		AccountID: "bright_energy",
		SecretKey: "bright-secret-demo",
		Timeout:   time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}

	return client
}

// recordState returns the state of the organisation's record at the register.
func recordState(t *testing.T, base string) registerclient.AccessState {
	t.Helper()
	client := asOrganisation(t, base)
	list, err := client.ListAccessRecords(t.Context(), demoMPxN, registerclient.ListAccessRecordsQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.AccessRecords) != 1 {
		t.Fatalf("the organisation has %d records, want 1", len(list.AccessRecords))
	}

	return list.AccessRecords[0].State
}

func TestJourney(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	for _, l := range []look{
		{1280, "en", true},
		{360, "en", true},
		{1280, "en", false},
		{360, "en", false},
		{360, "cy", true},
		{1280, "cy", false},
	} {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			base := program(t, "demo")
			if got := recordState(t, base); got != registerclient.StateActive {
				t.Fatalf("before: the record is %s", got)
			}

			b := openTab(t, base, l)
			walk(b, b.inspect)
			if got := recordState(t, base); got != registerclient.StateRevoked {
				t.Errorf("after: the record is %s at the register, want REVOKED", got)
			}
		})
	}
}

// Pages that the journey does not visit.
func TestOtherPages(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	base := program(t, "demo")
	for _, l := range []look{{1280, "en", true}, {360, "cy", true}, {360, "en", false}} {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			b := openTab(t, base, l)
			b.open("/portal?lang="+l.lang, 200)
			b.open("/portal/no-such-page", 404)
			b.inspect("not found")
			b.open("/portal/meter", 405)
			b.inspect("wrong method")
			b.open("/portal", 200)
			b.pressFor("main form[action='/portal/meter'] button", 422)
			b.inspect("no number")
			b.fill("#number", "what's this?")
			b.pressFor("main form[action='/portal/meter'] button", 422)
			b.inspect("no digits")
			// The demonstration has no record of this gas meter.
			b.fill("#number", "1234567810")
			b.press("main form[action='/portal/meter'] button")
			b.inspect("no record")
		})
	}
}

// The waiting page leaves after one poll: the test holds the first response back to inspect it.
func TestWaitingPage(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	base := program(t, "demo")
	for _, l := range []look{{1280, "en", true}, {360, "cy", true}} {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			b := openTab(t, base, l)
			b.wire.hold("/portal/waiting/status")
			toProve(b)
			b.press("form[action='/portal/prove'] button")
			b.at("/portal/waiting")
			b.inspect("waiting")
			b.wire.release()
			b.at("/portal/records")
		})
	}
}

// The register's page for engineers who call its API.
func TestDocs(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	base := program(t, "demo")
	for _, l := range []look{{1280, "en", true}, {360, "en", false}} {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			b := openTab(t, base, l)
			b.open("/docs", 200)
			b.inspect("docs")
		})
	}
}

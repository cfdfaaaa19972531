package id_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/id"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
	"central.consent/dar/views/i18n"
)

const letterPage = "/id/letter"

// asked is a home whose address has a letter about a new one.
type asked struct {
	*home
	// other is the identity record of the new address. link and code are those of the letter.
	other, link, code string
}

func newAsked(t *testing.T, d registertest.Database) asked {
	t.Helper()
	h := newHome(t, d)
	h.Clock.Add(time.Minute)
	other := h.ClientOf(t, registerclient.CreateAccountRequest{
		Role:        registerclient.RoleDataUser,
		DisplayName: "Other <Energy>",
	})
	a := asked{home: h, other: movedIn(t, other, "2022-06-30", "partner@example.com")}
	h.WriteContactLetters(t)
	h.WorkOff(t)
	a.link, a.code = h.inbox.Reply(t)

	return a
}

// eachAsked runs a test on an asked home of each database.
func eachAsked(t *testing.T, test func(t *testing.T, a asked)) {
	t.Helper()
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) { test(t, newAsked(t, d)) })
}

// expectState compares the state of the new address.
func (a asked) expectState(t *testing.T, want string) {
	t.Helper()
	contacts := must(a.Store.ListContactsOf(t.Context(), []string{a.other}))(t)
	if len(contacts) != 1 || contacts[0].State != want {
		t.Errorf("the contacts are %+v, want one that is %s", contacts, want)
	}
}

// The page says what the letter said, without the secret in its address, and takes either answer with the code of the
// letter, however it is typed.
func TestLetterIsAnsweredByItsCode(t *testing.T) {
	for action, want := range map[string]struct{ state, title string }{
		letterPage:              {store.ContactStands, "You have said yes"},
		letterPage + "/decline": {store.ContactSetAside, "We have stopped it"},
	} {
		t.Run(want.state, func(t *testing.T) {
			eachAsked(t, func(t *testing.T, a asked) {
				browser := a.Browser(t)
				page := browser.Open(a.link)
				expectPage(t, page, http.StatusOK, "Other <Energy> says that this new email address is yours.")
				if page.URL.RawQuery != "" || !strings.Contains(page.Text(), "p*****r@example.com") {
					t.Errorf("%s: %s", page.URL, page.Text())
				}
				if strings.Contains(string(page.Body), a.code) {
					t.Error("the page shows the code")
				}

				typed := " " + strings.ToLower(a.code[:2]) + "-" + a.code[2:] + " "
				expectPage(t, browser.Submit(page, action, "code", typed), http.StatusOK, want.title)
				a.expectState(t, want.state)

				expectPage(t, browser.Open(a.link), http.StatusGone, "does not work")
			})
		})
	}
}

// A browser that does not say who sends a form (Sec-Fetch-User) can answer too: the typed code is the proof.
func TestLetterWithoutFetchMetadata(t *testing.T) {
	t.Parallel()
	a := newAsked(t, registertest.SQLite)
	browser := a.Browser(t)
	browser.Header = http.Header{"Sec-Fetch-User": nil, "Sec-Ch-Ua": nil}
	page := browser.Submit(browser.Open(a.link), letterPage, "code", a.code)
	expectPage(t, page, http.StatusOK, "You have said yes")
	a.expectState(t, store.ContactStands)
}

// A mail scanner opens the link and presses every button, and types text that cannot be the code. It answers nothing,
// and uses up no try.
func TestMailScannerAnswersNoLetter(t *testing.T) {
	t.Parallel()
	a := newAsked(t, registertest.SQLite)
	scanner := a.Browser(t)
	for range 20 {
		scanner.Do(http.MethodHead, a.link, nil, nil)
		page := scanner.Open(a.link)
		for _, action := range []string{letterPage, letterPage + "/decline"} {
			for _, code := range []string{"", "test test", "12345", "I0O1"} {
				if got := scanner.Submit(page, action, "code", code); got.Status != http.StatusUnprocessableEntity {
					t.Fatalf("code %q: %d %s", code, got.Status, got.Text())
				}
			}
		}
	}
	a.expectState(t, store.ContactProvisional)

	person := a.Browser(t)
	page := person.Submit(person.Open(a.link), letterPage+"/decline", "code", a.code)
	expectPage(t, page, http.StatusOK, "We have stopped it")
	a.expectState(t, store.ContactSetAside)
}

// Enter in the field of the code chooses neither answer: the first button, which it presses, is disabled.
func TestEnterChoosesNoAnswer(t *testing.T) {
	t.Parallel()
	a := newAsked(t, registertest.SQLite)
	first := a.Browser(t).Open(a.link).Page.Find("form [type=submit]").First()
	_, disabled := first.Attr("disabled")
	if _, hidden := first.Attr("hidden"); !disabled || !hidden {
		t.Error("the first button of the form sends it")
	}
}

// Nine wrong codes end the letter, and the page says how many tries are left.
func TestWrongCodesEndTheLetter(t *testing.T) {
	eachAsked(t, func(t *testing.T, a asked) {
		browser := a.Browser(t)
		page := browser.Open(a.link)
		wrong := otherCode(a.code)
		for left := store.MaxWrongLetterCodes - 1; left > 0; left-- {
			want := fmt.Sprintf("%d tries left", left)
			if left == 1 {
				want = "1 try left"
			}
			page = browser.Submit(page, letterPage, "code", wrong)
			expectPage(t, page, http.StatusUnprocessableEntity, want)
		}

		expectPage(t, browser.Submit(page, letterPage, "code", wrong), http.StatusGone, "wrong too often")
		expectPage(t, browser.Submit(page, letterPage, "code", a.code), http.StatusGone, "does not work")
		a.expectState(t, store.ContactProvisional)
	})
}

// A form of another page, or of another site, answers nothing.
func TestForeignFormAnswersNoLetter(t *testing.T) {
	t.Parallel()
	a := newAsked(t, registertest.SQLite)
	browser := a.Browser(t)
	browser.Open(a.link)
	form := func(token string, header http.Header) *registertest.Shown {
		header.Set("Content-Type", "application/x-www-form-urlencoded")

		return browser.Do(http.MethodPost, letterPage, []byte("form="+token+"&code="+a.code), header)
	}
	own := http.Header{"Origin": {registertest.PublicURL}, "Sec-Fetch-Site": {"same-origin"}}
	expectPage(t, form(formTokenOf("another"), own.Clone()), http.StatusForbidden, "This page was too old")

	secret := a.link[strings.Index(a.link, "token=")+len("token="):]
	foreign := http.Header{"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"}}
	expectPage(t, form(formTokenOf(secret), foreign), http.StatusForbidden, "could not accept this")
	a.expectState(t, store.ContactProvisional)

	expectPage(t, form(formTokenOf(secret), own.Clone()), http.StatusOK, "You have said yes")
}

// An unknown, answered or expired letter, and the secret of a link, get the same response.
func TestEndedLettersLookAlike(t *testing.T) {
	t.Parallel()
	a := newAsked(t, registertest.SQLite)
	ended := map[string]string{
		"unknown": registertest.PublicURL + letterPage + "?token=" + strings.Repeat("A", 43),
		"empty":   registertest.PublicURL + letterPage + "?token=",
	}
	a.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
	a.WorkOff(t)
	ended["a link"] = strings.Replace(a.inbox.Link(t), "/id/link", letterPage, 1)

	person := a.Browser(t)
	person.Submit(person.Open(a.link), letterPage, "code", a.code)
	ended["answered"] = a.link

	want := ""
	for name, link := range ended {
		page := a.Browser(t).Open(link)
		page.Header.Del("X-Request-Id")
		page.Header.Del("Date")
		got := fmt.Sprintln(page.Status, page.URL, page.Header, string(page.Body))
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%s gets\n%s\nothers\n%s", name, got, want)
		}
	}
}

// An address that tries many secrets has to wait.
func TestGuessedLettersAreLimited(t *testing.T) {
	t.Parallel()
	a := newAsked(t, registertest.SQLite)
	browser := a.Browser(t)
	for i := range 40 {
		page := browser.Open(fmt.Sprintf("%s%s?token=%043d", registertest.PublicURL, letterPage, i))
		if page.Status == http.StatusTooManyRequests {
			return
		}
	}

	t.Error("40 secrets were tried from one address")
}

// Every kind of letter has its page, in both languages: the words of the letter, the code, and its answers.
func TestLetterPages(t *testing.T) {
	t.Parallel()
	for _, lang := range i18n.Languages() {
		text := i18n.For(lang)
		shell := id.Page{Text: text, Other: text, OtherHref: "#"}
		pages := map[string]id.LetterPage{}
		for kind, model := range map[rules.LetterKind]id.LetterPage{
			rules.LetterAddition: {Org: "O’Neill & <Daughters>", Contact: "c*****r@example.com"},
			rules.LetterRemoval:  {Contact: "c*****r@example.com"},
			rules.LetterReading:  {Org: "O’Neill & <Daughters>"},
			rules.LetterTenancy:  {},
		} {
			model.Page = shell
			model.Kind = kind
			model.MeterEnding = "901"
			model.At = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
			model.OpenUntil = model.At.AddDate(0, 1, 0)
			pages[string(kind)] = model
		}

		device := pages["addition"]
		device.Passkey = true
		device.Contact = "Mair’s <phone>"
		pages["addition of a passkey"] = device

		answers := map[string][]string{
			"addition": {"id.letter.addition.yes", "id.letter.addition.no"},
			"addition of a passkey": {
				"id.letter.addition.yes",
				"id.letter.addition.no",
				"contact.addition.passkey.title",
			},
			"removal": {"id.letter.removal.no", "contact.removal.means"},
			"reading": {"id.letter.reading.no", "contact.reading.new"},
			"tenancy": {"id.letter.tenancy.yes", "contact.tenancy.moved"},
		}
		for name, model := range pages {
			t.Run(lang+" "+name, func(t *testing.T) {
				t.Parallel()
				words := wordsOf(t, id.Letter(model))
				for _, want := range append([]string{"id.letter.code", "id.letter.alone"}, answers[name]...) {
					if !strings.Contains(words, text.T(want)) {
						t.Errorf("it does not say %q:\n%s", text.T(want), words)
					}
				}
				if !strings.Contains(words, model.Org) || !strings.Contains(words, model.Contact) {
					t.Errorf("it does not say who or what:\n%s", words)
				}
			})
		}
	}
}

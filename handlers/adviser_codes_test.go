package handlers

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web/argon"
)

// The advisers of newNamedWorld and their codes.
const (
	samName = "Siân O’Brien"
	samCode = "sian-canary-0123456789"
	aliName = "Ali Khan"
	aliCode = "ali-canary-0123456789"
)

// cheap is a cost of hashing for which tests need not wait.
var cheap = argon.Cost{Memory: 64, Passes: 1}

// newNamedWorld is newWorld for an operator with named advisers.
func newNamedWorld(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	w.options.Advisers = []Adviser{
		{Name: samName, SecretHash: cheap.Hash(samCode)},
		{Name: aliName, SecretHash: cheap.Hash(aliCode)},
	}
	w.echo, w.server = w.newPortal(t)

	return w
}

// signInAs sends the form of the adviser's sign-in.
func (b *browser) signInAs(name, code string) *page {
	b.t.Helper()
	return b.post("/portal/adviser/sign-in", url.Values{"name": {name}, "secret": {code}})
}

// office returns a browser behind the address of another one, without its cookies.
func (b *browser) office() *browser {
	b.t.Helper()
	other := b.world.browser(b.t)
	other.base = b.base
	other.header = b.header

	return other
}

// An adviser signs in with the name and the code that belong together, however the name is spelled.
func TestNamedAdvisers(t *testing.T) {
	t.Parallel()
	w := newNamedWorld(t)
	for name, code := range map[string]string{
		samName:              samCode,
		" siân  o’brien ":    samCode,
		"SIA\u0302N O’BRIEN": samCode,
		aliName:              aliCode,
	} {
		b := w.browser(t)
		b.signInAs(name, code).sendsTo(t, "/portal/adviser")
		banner := b.get("/portal/adviser").wants(t, 200, "start.title.adviser").doc.Find("header .helping").Text()
		if want := map[string]string{samCode: samName, aliCode: aliName}[code]; !strings.Contains(banner, want) {
			t.Errorf("%q is shown as %q, want %q", name, banner, want)
		}
	}

	for name, code := range map[string]string{
		aliName:   samCode,
		samName:   aliCode + " ",
		"Unknown": samCode,
		"Ali":     aliCode,
	} {
		b := w.browser(t)
		p := b.signInAs(name, code).wants(t, 422, "adviser.signin.title").blames(t, "#secret", "error.adviser.named")
		if p.doc.Find("#name").AttrOr("value", "") != name || p.doc.Find("#secret").AttrOr("value", "") != "" {
			t.Errorf("%q: the form is not as it was, or holds the code", name)
		}
		b.get("/portal/adviser").sendsTo(t, "/portal/adviser/sign-in")
	}

	w.browser(t).signInAs(" ", samCode).wants(t, 422, "adviser.signin.title").blames(t, "#name", "error.adviser.name")
	for _, canary := range []string{samCode, aliCode, "argon2id"} {
		if strings.Contains(w.log.String(), canary) {
			t.Errorf("the log tells %q", canary)
		}
	}
}

// While an operator gives names to its advisers, those without one sign in with the shared code.
func TestSharedCodeBesideNames(t *testing.T) {
	t.Parallel()
	w := newNamedWorld(t)
	w.browser(t).signInAs("", "").wants(t, 422, "adviser.signin.title")
	w.options.AdviserSecret = adviserSecret
	_, server := w.newPortal(t)
	w.server = server
	b := w.browser(t)
	b.signInAs("", adviserSecret).sendsTo(t, "/portal/adviser")
	if banner := b.get("/portal/adviser").doc.Find("header .helping").Text(); strings.Contains(banner, "Signed in") {
		t.Errorf("the shared code is shown as %q", banner)
	}

	w.browser(t).signInAs(aliName, adviserSecret).wants(t, 422, "adviser.signin.title")
	w.browser(t).signInAs("", aliCode).wants(t, 422, "adviser.signin.title")
	w.browser(t).signInAs(aliName, aliCode).sendsTo(t, "/portal/adviser")
}

// The register is told with every reading and withdrawal who helped, and nobody for a shared code or a customer.
func TestRegisterIsToldTheAdviser(t *testing.T) {
	t.Parallel()
	w := newNamedWorld(t)
	w.options.AdviserSecret = adviserSecret
	_, server := w.newPortal(t)
	w.server = server
	var told []string
	w.wire.set(func(r *http.Request) *http.Response {
		if operation := operationOf(r); operation == "list" || operation == "revoke" {
			name, err := url.PathUnescape(r.Header.Get("X-DAR-Adviser"))
			if err != nil {
				t.Error(err)
			}

			told = append(told, operation+" "+name)
		}

		return nil
	}, nil)

	named := w.browser(t)
	named.signInAs("SIÂN O’Brien", samCode)
	path := named.help().withdrawPath(t)
	stop := url.Values{"token": {named.get(path).token(t)}, "customer-yes": {"yes"}}
	if p := named.post(path, stop); p.StatusCode != 303 {
		t.Fatalf("the withdrawal answers %d", p.StatusCode)
	}

	w.register.Clock.Add(time.Hour)
	shared := w.browser(t)
	shared.signInAs("", adviserSecret)
	shared.help()
	w.register.Clock.Add(time.Hour)
	w.browser(t).signIn()
	want := []string{"list " + samName, "revoke " + samName, "list ", "list "}
	if !slices.Equal(told, want) {
		t.Errorf("the register is told %q, want %q", told, want)
	}
}

// Wrong codes from an office, even a great many, neither end the session of anyone there nor keep anyone out for a
// minute.
func TestWrongCodesSlowDown(t *testing.T) {
	t.Parallel()
	w := newNamedWorld(t)
	working := w.browser(t)
	working.signInAs(aliName, aliCode).sendsTo(t, "/portal/adviser")
	office := working.office()
	asked := 0
	for range 200 {
		switch p := office.signInAs(samName, "guess"); p.StatusCode {
		case 422:
			asked++
		case 429:
			if wait := p.Header.Get("Retry-After"); len(wait) > 2 {
				t.Fatalf("a try has to wait for %s s", wait)
			}
		default:
			t.Fatalf("a guess is answered %d", p.StatusCode)
		}

		w.register.Clock.Add(100 * time.Millisecond)
	}

	// After 3 at once come waits of 1, 2, 4 and 8 seconds.
	if asked != wrongOfOne.Free+4 {
		t.Errorf("in 20 seconds %d codes were compared", asked)
	}
	// A right code does not show during the wait that it is right.
	office.signInAs(samName, samCode).wants(t, 429, "error.too-often.title")
	working.get("/portal/adviser").wants(t, 200, "start.title.adviser")
	working.office().signInAs(aliName, aliCode).sendsTo(t, "/portal/adviser")

	for range 10 {
		w.register.Clock.Add(longestDelay)
		office.signInAs(samName, "guess").wants(t, 422, "adviser.signin.title")
	}

	office.signInAs(samName, samCode).wants(t, 429, "error.too-often.title")
	w.register.Clock.Add(longestDelay)
	office.signInAs(samName, samCode).sendsTo(t, "/portal/adviser")

	// The right code has cleared what was counted for this name.
	office.office().signInAs(samName, "slip").wants(t, 422, "adviser.signin.title")
	office.office().signInAs(samName, samCode).sendsTo(t, "/portal/adviser")
}

// A stranger who tries many names, or one name from many addresses, is slowed down too. An adviser does not notice it
// in the browser in which they signed in before.
func TestStrangersDoNotSlowAdvisersDown(t *testing.T) {
	t.Parallel()
	w := newNamedWorld(t)
	own := w.browser(t)
	own.signInAs(samName, samCode).sendsTo(t, "/portal/adviser")
	own.post("/portal/adviser/sign-in/end", nil).sendsTo(t, "/portal/adviser/sign-in")

	slowed := func(guess func(int) *page) bool {
		for i := range wrongOfMany.Free + 1 {
			if p := guess(i); p.StatusCode == 429 {
				return i >= 20
			}
		}

		return false
	}
	stranger := own.office()
	if !slowed(func(i int) *page { return stranger.signInAs("name "+mprnOf(i), "guess") }) {
		t.Error("a stranger can try as many names as they like")
	}
	if !slowed(func(int) *page { return w.browser(t).signInAs(samName, "guess") }) {
		t.Error("a stranger can try one name from as many addresses as they like")
	}

	own.office().signInAs(samName, samCode).wants(t, 429, "error.too-often.title")
	own.signInAs(samName, samCode).sendsTo(t, "/portal/adviser")
	// The browser is known for this name alone.
	own.signInAs(aliName, aliCode).wants(t, 429, "error.too-often.title")
	w.register.Clock.Add(longestDelay)
	own.office().signInAs(aliName, aliCode).sendsTo(t, "/portal/adviser")
}

// Many advisers of an office sign in at the same time in the morning, none of them for the first time that day.
func TestOfficeSignsIn(t *testing.T) {
	t.Parallel()
	w := newNamedWorld(t)
	first := w.browser(t)
	for range wrongOfMany.Free + 10 {
		first.office().signInAs(samName, samCode).sendsTo(t, "/portal/adviser")
	}
}

// Operators share a database. An adviser of one operator gets no extra guesses at another's secret.
func TestGuessesAreCountedByOperator(t *testing.T) {
	t.Parallel()
	w := newAdvisedWorld(t)
	own := w.browser(t)
	w.options.Operator = "another"
	w.options.AdviserSecret = "another-0123456789"
	other, _ := w.newPortal(t)
	for i := range wrongOfOne.Free + 1 {
		guess := httptest.NewRequest(http.MethodPost, "/portal/adviser/sign-in", strings.NewReader("secret=guess"))
		guess.Header.Set("Content-Type", echo.MIMEApplicationForm)
		guess.Header.Set("X-Forwarded-For", own.header.Get("X-Forwarded-For"))
		answer := httptest.NewRecorder()
		other.ServeHTTP(answer, guess)
		if want := map[bool]int{true: 422, false: 429}[i < wrongOfOne.Free]; answer.Code != want {
			t.Errorf("guess %d is answered %d, want %d", i+1, answer.Code, want)
		}

		own.post("/portal/adviser/sign-in", url.Values{"secret": {adviserSecret}}).sendsTo(t, "/portal/adviser")
	}
}

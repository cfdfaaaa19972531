package id_test

import (
	"net/http"
	"strings"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// newStub is a register that confirms every customer at once, with a portal that customers can return to.
func newStub(t *testing.T) (*registertest.Register, *registerclient.Client) {
	t.Helper()
	r := registertest.New(t)
	_, portal, ir := household(t, r)
	r.AddPasskey(t, ir)
	must(portal.ReplaceReturnURLs(t.Context(), registerclient.ReplaceReturnURLsRequest{
		ReturnURLs: []string{returnURL},
	}))(t)

	return r, portal
}

// startPasskey starts a challenge by a passkey method, and returns the address of its page.
func startPasskey(t *testing.T, c *registerclient.Client, method registerclient.Method, back *string) string {
	t.Helper()

	return must(c.Reidentify(t.Context(), registerclient.ReidentifyRequest{
		MPxN: registertest.MeterPoint, Method: method, PasskeyReturnURL: back, Language: "en",
	}))(t).Passkey.RedirectURL
}

// In a demonstration every page of the register says so, in the language of the page. A real register never does.
func TestEveryPageOfADemonstrationSaysSo(t *testing.T) {
	t.Parallel()
	stub, portal := newStub(t)
	h := newHome(t, registertest.SQLite)
	asserting := startPasskey(t, portal, registerclient.MethodPasskeyRegister, nil)
	for _, address := range []string{
		asserting, "/id/passkey/assert", "/id/link", "/id/link/confirmed", "/id/link/declined", "/id/letter",
		"/id/letter/here", "/id/contacts", "/id/contacts/new", "/id/contacts/closed", "/id/passkey/confirmed",
		"/id/passkey/added", "/id/passkey/declined", "/id/passkey/stopped", "/id/none",
	} {
		for language, words := range map[string]string{
			"en": "Demonstration Nobody checks who you are here",
			"cy": "Arddangosiad",
		} {
			stub.ForgetLimits(t)
			b := stub.Browser(t)
			if strings.HasPrefix(address, "http") {
				address = b.Open(address).URL.Path
			}
			page := b.Open(address + "?lang=" + language)
			said := strings.Join(strings.Fields(page.Page.Find("header .demonstration").Text()), " ")
			if !strings.Contains(said, words) {
				t.Errorf("%s in %s says %q", address, language, said)
			}
		}
		if page := h.Browser(t).Open(address); page.Page.Find(".demonstration").Length() != 0 {
			t.Errorf("%s of a real register says that it is a demonstration", address)
		}
		h.ForgetLimits(t)
	}
}

// In a demonstration a passkey can be enrolled: the challenge was confirmed when it was started, and its page opens
// all the same, once. The browser returns with the token.
func TestDemonstrationEnrolsAPasskey(t *testing.T) {
	t.Parallel()
	for _, back := range []*string{nil, new(returnURL)} {
		r, portal := newStub(t)
		b := r.Browser(t)
		page := b.Open(startPasskey(t, portal, registerclient.MethodPasskeyRegister, back))
		if page.Status != http.StatusOK || page.Page.Find(`a[href="/id/link/confirmed"]`).Length() != 0 {
			t.Fatalf("the page is %d: %s", page.Status, page.Text())
		}

		c := openCeremony(t, b, page)
		status, response := c.step("/finish", newDevice().create(t, c.options()))
		location, _ := response["location"].(string)
		if status != http.StatusOK || back == nil && location != addedPage ||
			back != nil && !strings.HasPrefix(location, returnURL+"?dar-passkey-token=mlr_") {
			t.Errorf("the ceremony ends with %d %v", status, response)
		}
		if again := b.Open(enrolPage); again.Status != http.StatusGone {
			t.Errorf("a second time the page is %d", again.Status)
		}
	}
}

// A demonstration has no passkeys. The page says so, and leads back with the token.
func TestDemonstrationAsksForNoPasskey(t *testing.T) {
	t.Parallel()
	r, portal := newStub(t)
	for _, back := range []*string{nil, new(returnURL)} {
		b := r.Browser(t)
		page := b.Open(startPasskey(t, portal, registerclient.MethodPasskeyAssert, back))
		expectPage(t, page, http.StatusOK, "Here you would use your passkey")
		if page.Page.Find("script, form").Length() != 0 {
			t.Error("the page asks for a passkey")
		}

		link := page.Page.Find("main .buttons a").AttrOr("href", "")
		if back == nil && link != "" || back != nil && !strings.HasPrefix(link, returnURL+"?dar-passkey-token=mlr_") {
			t.Errorf("the way back is %q", link)
		}
	}

	expectPage(
		t,
		r.Browser(t).Open("/id/passkey/assert?session=pks_0123456789abcdef01234567"),
		http.StatusGone,
		"no longer",
	)
}

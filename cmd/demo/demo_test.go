package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"central.consent/dar/registerclient"
)

// The five steps of a portal operator, as published, with nothing but HTTP.
func TestFiveStepsAgainstTheDemonstration(t *testing.T) {
	t.Parallel()
	base, _ := demo(t, options{dataDir: t.TempDir(), reidentification: "stub"})
	api := base + "/v1"
	bearer := bearerOfThePortal(t, api)

	status, exists := call(t, http.MethodGet, api+"/identity-records/exists?mpxn=2312345678901", bearer, "")
	if status != http.StatusOK || exists["exists"] != true ||
		!slices.Contains(exists["available-methods"].([]any), any("magic-link")) {
		t.Fatalf("exists: %d %v", status, exists)
	}

	body := `{"mpxn":"2312345678901","method":"magic-link"}`
	status, started := call(t, http.MethodPost, api+"/identity-records/reidentify", bearer, body)
	if status != http.StatusOK {
		t.Fatalf("reidentify: %d %v", status, started)
	}

	link := started["magic-link"].(map[string]any)
	if link["dispatched-to"] != "d*****r@example.com" || started["passkey"] != nil {
		t.Errorf("reidentify: %v", started)
	}

	ref := link["token-ref"].(string)
	status, poll := call(t, http.MethodGet, api+"/identity-records/reidentify/"+ref, bearer, "")
	if status != http.StatusOK || poll["status"] != "confirmed" {
		t.Fatalf("poll: %d %v", status, poll)
	}

	address := api + "/meter-points/2312345678901/access-records?reidentification-token=" + ref
	status, list := call(t, http.MethodGet, address, bearer, "")
	if status != http.StatusOK {
		t.Fatalf("list: %d %v", status, list)
	}

	var rows []string
	for _, record := range list["access-records"].([]any) {
		row := rowOf(record.(map[string]any))
		// By the real clock, which the demonstration runs on, Bright Energy's permission ends on 10 November 2027.
		rows = append(rows, strings.Replace(row, "Ltd EXPIRED uk-consent", "Ltd ACTIVE uk-consent", 1))
	}

	slices.Sort(rows)
	want := []string{
		"Acme Energy Services Ltd SEC-OU-00429 2024-06-01 2026-02-28 DISCOVERED",
		"Bright Energy Ltd ACTIVE uk-consent 2027-11-10T17:07:01Z",
		"GreenSwitch Analytics EXPIRED uk-consent 2024-03-03T00:00:00Z",
		"Northern Networks plc ACTIVE uk-public-task",
		"OctopusFlux Ltd ACTIVE uk-consent 2028-01-14T00:00:00Z",
	}
	if !slices.Equal(rows, want) {
		t.Errorf("rows\n%s\nwant\n%s", strings.Join(rows, "\n"), strings.Join(want, "\n"))
	}
}

// bearerOfThePortal signs in as the published portal.
func bearerOfThePortal(t *testing.T, api string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, api+"/auth/token", nil)
	if err != nil {
		t.Fatal(err)
	}

	request.SetBasicAuth("portal_ops", "portal-secret-demo")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}

	defer response.Body.Close()
	var token registerclient.BearerToken
	if err = json.NewDecoder(response.Body).Decode(&token); err != nil || token.Expires != 7200 {
		t.Fatalf("token: %v, expires %d", err, token.Expires)
	}

	return "Bearer " + token.Token
}

// rowOf writes what a portal shows of a record in one line.
func rowOf(record map[string]any) string {
	name, _ := record["lead-controller-name"].(string)
	expiry, _ := record["expiry"].(string)
	basis, _ := record["legal-basis"].(string)
	if sighting, ok := record["discovered-access"].(map[string]any); ok {
		var words []string
		for _, key := range []string{"organisation-name", "organisation-reference", "first-seen", "last-seen"} {
			words = append(words, sighting[key].(string))
		}
		name = strings.Join(words, " ")
	}

	return strings.TrimSpace(strings.Join([]string{name, record["state"].(string), basis, expiry}, " "))
}

func TestStubIsRefusedIfOthersCouldReachIt(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"0.0.0.0:0", "[::]:0", ":0"} {
		o := options{addr: addr, dataDir: t.TempDir(), reidentification: "stub"}
		if err := runDemo(t.Context(), o, io.Discard, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%s: accepted", addr)
		}
	}
}

func TestLiveDemonstrationAsksByMail(t *testing.T) {
	t.Parallel()
	base, _ := demo(t, options{dataDir: t.TempDir(), reidentification: "live"})
	portal, err := clientOf(base+"/v1", publishedPortal(t))
	if err != nil {
		t.Fatal(err)
	}

	started, err := portal.Reidentify(t.Context(), registerclient.ReidentifyRequest{
		MPxN:      meterPoint,
		Method:    registerclient.MethodMagicLink,
		MatchCode: true,
		Language:  "en",
	})
	if err != nil {
		t.Fatal(err)
	}

	expectStatus := func(want registerclient.ReidentificationStatus) {
		t.Helper()
		got, pollErr := portal.ReidentificationStatus(t.Context(), started.TokenRef())
		if pollErr != nil || got.Status != want {
			t.Fatalf("%v: %v, want %s", got, pollErr, want)
		}
	}

	browser := newBrowser(t)
	address, letter := letterOf(t, browser, base)
	text := letter.Find("pre").Text()
	for _, want := range []string{publishedPortal(t).DisplayName, "Ends in 901"} {
		if !strings.Contains(text, want) {
			t.Errorf("the letter does not have %q:\n%s", want, text)
		}
	}

	if strings.Contains(text, started.MatchCode) {
		t.Error("the letter has the match code")
	}

	facts := letter.Find("dl").Text()
	for _, want := range []string{"no-reply@central.consent", "demo.customer@example.com", "en"} {
		if !strings.Contains(facts, want) {
			t.Errorf("the facts of the letter do not have %q: %q", want, facts)
		}
	}

	link := letter.Find(`pre a[href^="` + base + `/id/link?"]`)
	if link.Length() != 1 {
		t.Fatalf("%d links to confirm by", link.Length())
	}

	_, html := open(t, browser, address+"/html", http.StatusOK)
	if button := html.Find(`a[href="` + link.AttrOr("href", "") + `"]`); button.Length() == 0 {
		t.Error("the HTML part leads elsewhere")
	}

	_, page := open(t, browser, link.AttrOr("href", ""), http.StatusOK)
	expectStatus(registerclient.StatusPending)
	form := page.Find("form").First()
	response, err := browser.PostForm(base+form.AttrOr("action", ""), url.Values{
		"form": {form.Find("input[name=form]").First().AttrOr("value", "")},
		"code": {started.MatchCode},
	})
	if err != nil {
		t.Fatal(err)
	}

	read(t, response, http.StatusOK)
	expectStatus(registerclient.StatusConfirmed)

	_, page = open(t, browser, base+"/portal", http.StatusOK)
	note := page.Find(".demonstration")
	if !strings.Contains(note.Text(), "invented") || strings.Contains(note.Text(), "Nobody checks") ||
		note.Find("a").AttrOr("href", "") != inboxPath {
		t.Errorf("the portal says of itself %q", note.Text())
	}
}

func TestLiveDemonstrationComesBackOnAnotherPort(t *testing.T) {
	t.Parallel()
	o := options{dataDir: t.TempDir(), reidentification: "live"}
	for range 2 {
		base, stop := demo(t, o)
		portal, err := clientOf(base+"/v1", publishedPortal(t))
		if err != nil {
			t.Fatal(err)
		}

		back := base + "/portal/return"
		self, err := portal.ReadSelf(t.Context())
		if err != nil || !slices.Equal(self.Account.ReturnURLs, []string{back}) {
			t.Errorf("registered are %v (%v), want %s", self.Account.ReturnURLs, err, back)
		}

		_, err = portal.Reidentify(t.Context(), registerclient.ReidentifyRequest{
			MPxN:        meterPoint,
			Method:      registerclient.MethodMagicLink,
			RedirectURL: &back,
		})
		if err != nil {
			t.Fatal(err)
		}

		_, letter := letterOf(t, newBrowser(t), base)
		if letter.Find(`pre a[href^="`+base+`/id/link?"]`).Length() == 0 {
			t.Errorf("the letter leads elsewhere:\n%s", letter.Find("pre").Text())
		}

		stop()
		// The next run cannot have the same port.
		blocker, err := net.Listen("tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			t.Fatal(err)
		}

		defer blocker.Close()
	}
}

package id_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// A ceremony is single use across replicas. It works for its own challenge and page only, and for five minutes.
func TestCeremonyIsSingleUse(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrol(t)
		replica := registertest.New(t, registertest.HoldConfirmations(), registertest.ReplicaOf(h.Register))
		address, first := h.askToAssert(t)
		b := h.Browser(t)
		c := openCeremony(t, b, b.Open(address))
		credential := d.assert(t, c.options())

		// On the page of another challenge.
		otherAddress, second := h.askToAssert(t)
		otherBrowser := h.Browser(t)
		otherPage := openCeremony(t, otherBrowser, otherBrowser.Open(otherAddress))
		expectRefusal(t, otherPage, credential)

		// A second time, on both replicas.
		expectLocation(t, c.on(b.On(replica)), credential, confirmedPage)
		b.SetCookie("dar-passkey", address[strings.Index(address, "pks_"):])
		expectRefusal(t, c, credential)
		expectRefusal(t, c.on(b.On(replica)), credential)
		if h.status(t, first) != "confirmed" || h.status(t, second) != "pending" {
			t.Errorf("%s, %s", h.status(t, first), h.status(t, second))
		}

		// Twice at once on two replicas: exactly one is accepted.
		credential = d.assert(t, otherPage.on(otherBrowser.On(replica)).options())
		results := make(chan int, 2)
		for _, browser := range []*registertest.Browser{otherBrowser, otherBrowser.On(replica)} {
			go func() {
				body, _ := json.Marshal(map[string]any{
					"form":       otherPage.form,
					"credential": json.RawMessage(credential),
				})
				results <- browser.Fetch(assertPage+"/finish", body).Status
			}()
		}

		if got := []int{<-results, <-results}; got[0]+got[1] != http.StatusOK+http.StatusUnprocessableEntity {
			t.Errorf("two at once: %v", got)
		}

		// The options expire with their challenge, after five minutes.
		address, third := h.askToAssert(t)
		c = openCeremony(t, b, b.Open(address))
		h.Clock.Add(2 * time.Minute)
		credential = d.assert(t, c.options())
		if !strings.Contains(c.options(), `"timeout":180000`) {
			t.Error("the options outlive their challenge")
		}

		h.Clock.Add(3 * time.Minute)
		expectRefusal(t, c, credential)
		h.expectStatus(t, third, "expired")
		if got := h.usedPasskeys(t); got != 1 {
			t.Errorf("%d used passkeys, want 1", got)
		}
	})
}

// A step is JSON in UTF-8, as every body of the API is.
func TestStepIsJSON(t *testing.T) {
	t.Parallel()
	h := newHome(t, registertest.SQLite)
	h.AddPasskey(t, h.ir)
	address, _ := h.askToAssert(t)
	b := h.Browser(t)
	c := openCeremony(t, b, b.Open(address))
	for contentType, want := range map[string]int{
		"":                                   http.StatusUnprocessableEntity,
		"text/plain":                         http.StatusUnprocessableEntity,
		"application/json; charset=latin1":   http.StatusUnprocessableEntity,
		"application/json; charset=utf-8; =": http.StatusUnprocessableEntity,
		"application/json":                   http.StatusOK,
		`Application/JSON ; charset="UTF-8"`: http.StatusOK,
	} {
		b.Header = http.Header{"Content-Type": {contentType}}
		if status, response := c.step("/options", ""); status != want {
			t.Errorf("%q: %d %v, want %d", contentType, status, response, want)
		}
	}
}

// An address with too many failures has to wait. The script of the page gets that as a sentence.
func TestCeremonyFailuresAreLimited(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		h.AddPasskey(t, h.ir)
		address, _ := h.askToAssert(t)
		b := h.Browser(t)
		c := openCeremony(t, b, b.Open(address))
		for range 30 {
			expectRefusal(t, c, "{}")
		}

		shown := b.Fetch(assertPage+"/finish", []byte("{}"))
		if shown.Status != http.StatusTooManyRequests || shown.Header.Get("Retry-After") != "900" ||
			!strings.Contains(string(shown.Body), `{"error":"Too many tries`) {
			t.Errorf("%d %s", shown.Status, shown.Body)
		}

		page := b.Open(assertPage)
		if page.Status != http.StatusTooManyRequests || !strings.Contains(page.Text(), "Too many tries") {
			t.Errorf("the page: %d %s", page.Status, page.Text())
		}
	})
}

// In a tab of its own the customer types the match code, which only the starting page shows. Three wrong codes end the
// challenge; text that cannot be a code is not counted.
func TestMatchCodeInANewTab(t *testing.T) {
	const (
		missing   = "Enter the code from the page where you started"
		malformed = "Enter 4 letters and digits, such as K7QX. The code never has 0, 1, I or O"
	)
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrol(t)
		open := func() (*ceremony, *registerclient.ReidentifyResponse) {
			t.Helper()
			started := h.ask(t, registerclient.ReidentifyRequest{
				Method:    registerclient.MethodPasskeyAssert,
				MatchCode: true,
			})
			b := h.Browser(t)
			page := b.Open(started.Passkey.RedirectURL)
			if page.Page.Find("#code").Length() != 1 || page.Page.Find("#passkey-autofill").Length() != 0 ||
				strings.Contains(page.Text(), started.MatchCode) {
				t.Errorf("the page says %s", page.Text())
			}

			return openCeremony(t, b, page), started
		}
		expectMistake := func(c *ceremony, end, credential, code, want string) {
			t.Helper()
			c.fields["code"] = code
			status, response := c.step(end, credential)
			if status != http.StatusUnprocessableEntity || response["error"] != want {
				t.Errorf("%s with %q: %d %v", end, code, status, response)
			}
		}

		c, started := open()
		c.fields["code"] = strings.ToLower(started.MatchCode[:2]) + " - " + started.MatchCode[2:]
		credential := d.assert(t, c.options())
		for range 5 {
			expectMistake(c, "/options", "", "", missing)
			expectMistake(c, "/finish", credential, " - ", missing)
			expectMistake(c, "/finish", credential, "0O1I", malformed)
		}

		wrong := otherCode(started.MatchCode)
		expectMistake(c, "/options", "", wrong, "That is not the code. You have 2 tries left")
		expectMistake(c, "/finish", credential, wrong, "That is not the code. You have 1 try left")
		h.expectStatus(t, started, "pending")

		c.fields["code"] = started.MatchCode
		expectLocation(t, c, d.assert(t, c.options()), confirmedPage)
		h.expectStatus(t, started, "confirmed")

		c, started = open()
		c.fields["code"] = started.MatchCode
		credential = d.assert(t, c.options())
		c.fields["code"] = otherCode(started.MatchCode)
		c.step("/options", "")
		c.step("/options", "")
		expectLocation(t, c, credential, "/id/passkey/stopped")
		h.expectStatus(t, started, "expired wrong-code")
	})
}

// A response with any change is refused with a 4xx status, and nothing else happens.
func TestMutatedResponses(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrol(t)
		address, started := h.askToAssert(t)
		b := h.Browser(t)
		asserting := openCeremony(t, b, b.Open(address))
		h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
		h.confirmByMail(t, b, "")
		enrolling := openCeremony(t, b, b.Open(enrolPage))
		before := h.passkeys(t)

		tried := 0
		try := func(c *ceremony, body []byte) {
			t.Helper()
			if tried++; tried%10 == 0 {
				h.ForgetLimits(t)
			}
			if shown := c.browser.Fetch(c.path+"/finish", body); shown.Status < 400 || shown.Status >= 500 {
				t.Errorf("%d %s to %.300s", shown.Status, shown.Body, body)
			}
		}

		for _, c := range []*ceremony{asserting, enrolling} {
			credential := func() string {
				if c == asserting {
					return d.assert(t, c.options())
				}

				return newDevice().create(t, c.options())
			}
			tryMutatedParts(t, c, credential, try)
			tryMutatedText(c, credential(), try)
			tryMutatedMembers(t, c, credential, try)
		}

		t.Logf("%d bodies", tried)
		h.expectStatus(t, started, "pending")
		if got := h.passkeys(t); got != before {
			t.Errorf("%d passkeys, before %d", got, before)
		}
	})
}

// parse decodes a credential to mutate.
func parse(t *testing.T, credential string) map[string]any {
	t.Helper()
	var parsed map[string]any
	if err := json.Unmarshal([]byte(credential), &parsed); err != nil {
		t.Fatal(err)
	}

	return parsed
}

// tryMutatedParts flips a bit, cuts the end, or adds a byte in every part that a device signs or sends.
func tryMutatedParts(t *testing.T, c *ceremony, credential func() string, try func(*ceremony, []byte)) {
	t.Helper()
	parts := parse(t, credential())["response"].(map[string]any)
	for _, part := range []string{
		"clientDataJSON",
		"authenticatorData",
		"signature",
		"userHandle",
		"attestationObject",
	} {
		whole, _ := parts[part].(string)
		raw, _ := base64.RawURLEncoding.DecodeString(whole)
		for i := 0; i < len(raw); i += 1 + len(raw)/24 {
			fresh := parse(t, credential())
			response := fresh["response"].(map[string]any)
			bits, _ := base64.RawURLEncoding.DecodeString(response[part].(string))
			switch i % 3 {
			case 0:
				bits[i%len(bits)] ^= 1 << (i % 8)
			case 1:
				bits = bits[:i%len(bits)]
			case 2:
				bits = slices.Insert(bits, i%len(bits), byte(i))
			}

			response[part] = base64.RawURLEncoding.EncodeToString(bits)
			body, _ := json.Marshal(map[string]any{"form": c.form, "credential": fresh})
			try(c, body)
		}
	}
}

// tryMutatedText cuts the body off at many places, and adds a quote there.
func tryMutatedText(c *ceremony, credential string, try func(*ceremony, []byte)) {
	whole, _ := json.Marshal(map[string]any{"form": c.form, "credential": json.RawMessage(credential)})
	for i := 0; i < len(whole); i += 1 + len(whole)/40 {
		try(c, whole[:i])
		try(c, slices.Concat(whole[:i], []byte(`"`), whole[i:]))
	}
}

// tryMutatedMembers sends credentials of other JSON types, and credentials with such members.
func tryMutatedMembers(t *testing.T, c *ceremony, credential func() string, try func(*ceremony, []byte)) {
	t.Helper()
	for _, value := range []string{
		"null",
		"1",
		`""`,
		"[]",
		"{}",
		`{"response":null}`,
		`{"response":{"clientDataJSON":"e30"}}`,
		`{"response":{"clientDataJSON":1}}`,
		strings.Repeat("[", 40) + strings.Repeat("]", 40),
		`"` + strings.Repeat("x", 70_000) + `"`,
	} {
		try(c, []byte(`{"form":"`+c.form+`","credential":`+value+`}`))
	}

	for _, member := range []string{"id", "rawId", "type", "response"} {
		for _, value := range []any{nil, "", 1, []any{}, "AAAA", map[string]any{}} {
			fresh := parse(t, credential())
			fresh[member] = value
			body, _ := json.Marshal(map[string]any{"form": c.form, "credential": fresh})
			try(c, body)
		}
	}
}

package register_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"central.consent/dar/migrations"
	"central.consent/dar/register"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
)

// The identity pages answer to their own host alone, and the API to its names. Health checks may come for any host, and
// no other header says for which host a request is.
func TestHosts(t *testing.T) {
	t.Parallel()
	db := registertest.SQLite.Open(t, migrations.Register)
	public := serviceOn(t, db, func(o *register.Options) {
		o.PublicURL = "https://ID.example.org"
		o.APIHosts = []string{"api.example.org", "Register.internal:5002"}
	})
	local := serviceOn(t, db, nil)

	const page, api, health = "/id/link", "/v1/self", "/healthz"
	for _, test := range []struct {
		service           *register.Register
		host              string
		page, api, health int
	}{
		{public, "id.example.org", 410, 401, 200},
		{public, "ID.EXAMPLE.ORG:443", 410, 401, 200},
		{public, "api.example.org", 421, 401, 200},
		{public, "register.internal:5002", 421, 401, 200},
		{public, "localhost:5002", 421, 401, 200},
		{public, "127.0.0.1:5002", 421, 401, 200},
		{public, "register.internal", 421, 421, 200},
		{public, "register.internal:5003", 421, 421, 200},
		{public, "id.example.org:8443", 421, 421, 200},
		{public, "id.example.org.", 421, 421, 200},
		{public, "id.example.org.evil.example", 421, 421, 200},
		{public, "evil.example", 421, 421, 200},
		{public, "10.0.0.1", 421, 421, 200},
		{public, "", 421, 421, 200},
		{local, "localhost:5001", 410, 401, 200},
		{local, "127.0.0.1:60000", 410, 401, 200},
		{local, "[::1]:5001", 410, 401, 200},
		{local, "localhost.evil.example", 421, 421, 200},
		{local, "evil.example:5001", 421, 421, 200},
	} {
		for path, want := range map[string]int{page: test.page, api: test.api, health: test.health} {
			request := httptest.NewRequest(http.MethodGet, path, nil)
			request.Host = test.host
			request.Header.Set("X-Forwarded-Host", "id.example.org")
			request.Header.Set("Forwarded", "host=id.example.org")
			response := httptest.NewRecorder()
			test.service.ServeHTTP(response, request)
			if response.Code != want {
				t.Errorf("%q %s: %d, want %d", test.host, path, response.Code, want)
			}
			if want != http.StatusMisdirectedRequest {
				continue
			}

			body := response.Body.String()
			if len(response.Result().Cookies()) != 0 || !strings.Contains(body, "does not answer to this host") ||
				strings.Contains(body, "ERR000") != (path == api) {
				t.Errorf("%q %s: %v %s", test.host, path, response.Header(), body)
			}
		}
	}
}

// A form for another host changes nothing, and neither does one for an unknown path.
func TestForeignHostIsRefusedEverywhere(t *testing.T) {
	t.Parallel()
	service := serviceOn(t, registertest.SQLite.Open(t, migrations.Register), func(o *register.Options) {
		o.PublicURL = "https://id.example.org"
		o.APIHosts = []string{"api.example.org"}
	})
	for _, path := range []string{
		"/id", "/id/", "/id/none", "/id/link", "/id/passkey/assert/options", "/id/contacts/close",
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions} {
			request := httptest.NewRequest(method, "https://api.example.org"+path, nil)
			response := httptest.NewRecorder()
			service.ServeHTTP(response, request)
			if response.Code != http.StatusMisdirectedRequest {
				t.Errorf("%s %s: %d", method, path, response.Code)
			}
		}
	}
}

// Each wrong name of the API is reported.
func TestAPIHostsAreChecked(t *testing.T) {
	t.Parallel()
	keys := registertest.Must(rules.NewKeyring(rules.GenerateKey("a")))(t)
	for _, name := range []string{
		"https://a.example", "a.example/", "*.example", "a b", "", "a.example:x", "a_b.example",
	} {
		_, err := register.New(register.Options{
			Keys: keys, PublicURL: "https://id.example.org", APIHosts: []string{"api.example.org", name},
		})
		if err == nil || !strings.Contains(err.Error(), `"`+name+`" is not a host`) {
			t.Errorf("%q: %v", name, err)
		}
	}

	_, err := register.New(register.Options{
		Keys: keys, PublicURL: "https://id.example.org", APIHosts: make([]string, 21),
	})
	if err == nil || !strings.Contains(err.Error(), "at most 20 further hosts") {
		t.Errorf("21 hosts: %v", err)
	}
}

// Over https each cookie of the identity pages is bound to the host and to https (RFC 6265bis, 4.1.3.2), also on a
// loopback address. Over http, which is for loopback addresses alone, browsers refuse the prefix.
func TestCookiesAreBoundToTheHost(t *testing.T) {
	t.Parallel()
	db := registertest.SQLite.Open(t, migrations.Register)
	for publicURL, prefix := range map[string]string{
		"https://id.example.org": "__Host-", "https://localhost:5443": "__Host-", "http://localhost:5001": "",
	} {
		service := serviceOn(t, db, func(o *register.Options) { o.PublicURL = publicURL })
		for path, name := range map[string]string{
			"/id/link?token=x":               "dar-link",
			"/id/letter?token=x":             "dar-letter",
			"/id/passkey/assert?session=x":   "dar-passkey",
			"/id/passkey/register?session=x": "dar-passkey",
			"/id/link?lang=cy":               "dar-language",
			"/id/none?lang=cy":               "dar-language",
		} {
			response := httptest.NewRecorder()
			service.ServeHTTP(response, httptest.NewRequest(http.MethodGet, publicURL+path, nil))
			cookies := response.Result().Cookies()
			if len(cookies) != 1 || cookies[0].Name != prefix+name || cookies[0].Path != "/" ||
				cookies[0].Domain != "" || cookies[0].Secure != (prefix != "") || !cookies[0].HttpOnly {
				t.Errorf("%s%s: %v", publicURL, path, cookies)
			}
		}
	}
}

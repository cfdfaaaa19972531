package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// A body is decoded strictly: media type, encoding, unknown, repeated and misspelt members, types, depth and size. All
// mistakes are reported at once.
func TestBodyIsStrict(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	const (
		media = "application/json"
		valid = `"pii-principal":{"mpxn":"2312345678901","move-in-date":"2022-06-30"},"expressed-by":"data-subject"`
		deep  = `{"principal-verification":{"detail":{"a":`
		wrong = `{"pii-principal":{"mpxn":"1","move-in-date":"30/06/2022",` +
			`"address":{"addressLine1":"","townCity":"x","postcode":"?"}},"expressed-by":"me","email":"no"}`
		withNUL = `{` + valid + `,"principal-verification":{"method":"a\u0000b",` +
			`"verified-at":"2024-01-01T00:00:00Z","outcome":"verified"}}`
	)
	for _, test := range []struct {
		name, contentType, body string
		status                  int
		fields                  string
	}{
		{"valid", "application/json; charset=utf-8", `{` + valid + `}`, 201, ""},
		{"a form", "application/x-www-form-urlencoded", "mpxn=1", 415, ""},
		{"no content type", "", `{` + valid + `}`, 415, ""},
		{"another charset", "application/json; charset=iso-8859-1", `{` + valid + `}`, 415, ""},
		{"empty", media, "", 400, ""},
		{"cut off", media, `{` + valid, 400, ""},
		{"two values", media, `{` + valid + `}{}`, 400, ""},
		{"an array", media, `[]`, 400, ""},
		{"not UTF-8", media, "{\"expressed-by\":\"\xff\"}", 400, "expressed-by"},
		{"unknown member", media, `{` + valid + `,"colour":"red"}`, 400, "colour"},
		{
			"unknown member inside",
			media,
			`{"pii-principal":{"mpxn":"2312345678901","name":"x"}}`,
			400,
			"pii-principal.name",
		},
		{"member in other capitals", media, `{` + valid + `,"Email":"a@example.com"}`, 400, "Email"},
		{"member twice", media, `{` + valid + `,"expressed-by":"data-subject"}`, 400, "expressed-by"},
		{
			"member twice inside", media, `{"pii-principal":{"mpxn":"2312345678901","mpxn":"2312345678901"}}`,
			400, "pii-principal.mpxn",
		},
		{"wrong type", media, `{"pii-principal":{"mpxn":2312345678901}}`, 400, "pii-principal.mpxn"},
		{
			"wrong time", media, `{"principal-verification":{"verified-at":"yesterday"}}`,
			400, "principal-verification.verified-at",
		},
		{
			"too deep", media, deep + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}}}`,
			400, "principal-verification.detail.a",
		},
		{
			"null for an object", media, `{"pii-principal":null,"expressed-by":"data-subject"}`,
			400, "pii-principal.mpxn pii-principal.move-in-date",
		},
		{
			"several mistakes", media, wrong,
			400, "pii-principal.mpxn pii-principal.move-in-date pii-principal.address.addressLine1 " +
				"pii-principal.address.postcode expressed-by email",
		},
		{"NUL", media, withNUL, 400, "principal-verification.method"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := send(t, http.MethodPost, r.URL+"/identity-records", owner, test.contentType, []byte(test.body))
			got := a.fields()
			if strings.HasPrefix(got, test.fields) && test.name == "too deep" {
				got = test.fields // the path goes on to the array that is too deep
			}
			if a.status != test.status || got != test.fields {
				t.Errorf("%d naming %q, want %d naming %q", a.status, a.fields(), test.status, test.fields)
			}
		})
	}

	big := `{"email":"` + strings.Repeat("x", 300<<10) + `"}`
	expect(t, post(t, r.URL+"/identity-records", owner, big), http.StatusRequestEntityTooLarge, "VAL001")
}

// The message about a wrong body names what JSON type is expected.
func TestBodyMessages(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	for body, want := range map[string]string{
		"":                       "The body is empty.",
		" \n":                    "The body is empty.",
		"[]":                     "The body must be a JSON object.",
		`"a"`:                    "The body must be a JSON object.",
		`{"expressed-by":1}`:     "expressed-by: must be a string.",
		`{"email":{}}`:           "email: must be a string.",
		`{"pii-principal":[]}`:   "pii-principal: must be an object.",
		`{"pii-principal":true}`: "pii-principal: must be an object.",
		"null":                   "The body must be a JSON object.",
		`{"\u202e":1}`:           `"\u202e": is not a member of this request.`,
		`{"":1}`:                 `"": is not a member of this request.`,
	} {
		a := post(t, r.URL+"/identity-records", owner, body)
		refusals, _ := a.body["errors"].([]any)
		if a.status != http.StatusBadRequest || len(refusals) != 1 || a.message() != want {
			t.Errorf("%q: %d %v, want %q", body, a.status, a.body["errors"], want)
		}
	}

	for path, test := range map[string]struct{ media, body, want string }{
		"/access-records": {
			"application/json",
			`{"processing":{"data-types":"HH"}}`,
			"processing.data-types: must be an array.",
		},
		"/webhooks": {
			"application/json",
			`{"notify-days-before":1e999}`,
			"notify-days-before: must be a whole number.",
		},
		"/access-records/batch": {"application/x-ndjson", `null`, "The line must be a JSON object."},
	} {
		a := send(t, http.MethodPost, r.URL+path, owner, test.media, []byte(test.body))
		if got := a.message(); got != test.want {
			t.Errorf("%s: %q, want %q", path, got, test.want)
		}
	}
}

// A form that was not filled in sends null or an empty string for an optional member. Both mean that it is missing.
func TestOptionalMembersMayBeEmpty(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	admin := bearer(t, r, "admin_ops", registerclient.RoleAdmin)
	for _, nothing := range []string{`null`, `""`} {
		body := fmt.Sprintf(`{"pii-principal":{"mpxn":"2312345678901","move-in-date":"2022-06-30",
			"address":{"addressLine1":"1 High Street","addressLine2":%[1]s,
				"townCity":"Leeds","county":%[1]s,"postcode":"LS1 1AA"}},
			"expressed-by":"data-subject","email":%[1]s,"passkey-return-url":%[1]s}`, nothing)
		a := post(t, r.URL+"/identity-records", owner, body)
		if a.status != http.StatusCreated {
			t.Fatalf("an identity record with %s: %d %v", nothing, a.status, a.body["errors"])
		}

		read := get(t, r.URL+"/identity-records/"+a.body["ir"].(string), owner).body["identity-record"].(map[string]any)
		address := read["pii-principal"].(map[string]any)["address"].(map[string]any)
		if _, stored := address["county"]; stored || read["has-email"] != false {
			t.Errorf("%s was stored: %v", nothing, read)
		}

		body = fmt.Sprintf(`{"account-id":"portal_%d","display-name":"x","role":"portal","secret-key":%[2]s,
			"duid":%[2]s,"contact-url":%[2]s,"organisation-reference":%[2]s,
			"data-types":null,"return-urls":null}`, len(nothing), nothing)
		a = post(t, r.URL+"/admin/accounts", admin, body)
		if a.status != http.StatusCreated {
			t.Errorf("an account with %s: %d %v", nothing, a.status, a.body["errors"])
		}
	}

	// A blank reference could match that of a sighting.
	blank := `{"account-id":"blank","display-name":"x","role":"portal","organisation-reference":" "}`
	if a := post(t, r.URL+"/admin/accounts", admin, blank); a.fields() != "organisation-reference" {
		t.Errorf("a blank reference: %d naming %q", a.status, a.fields())
	}
}

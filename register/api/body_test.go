package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

func TestBodyIsReadStrictly(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	const valid = `"pii-principal":{"mpxn":"2312345678901","move-in-date":"2022-06-30"},"expressed-by":"data-subject"`
	for _, test := range []struct {
		name, contentType, body string
		status                  int
		fields                  string
	}{
		{"valid", "application/json; charset=utf-8", `{` + valid + `}`, 201, ""},
		{"a form", "application/x-www-form-urlencoded", "mpxn=1", 415, ""},
		{"no content type", "", `{` + valid + `}`, 415, ""},
		{"empty", "application/json", "", 400, ""},
		{"cut off", "application/json", `{` + valid, 400, ""},
		{"two values", "application/json", `{` + valid + `}{}`, 400, ""},
		{"an array", "application/json", `[]`, 400, ""},
		{"not UTF-8", "application/json", "{\"expressed-by\":\"\xff\"}", 400, "expressed-by"},
		{"unknown member", "application/json", `{` + valid + `,"colour":"red"}`, 400, "colour"},
		{"unknown member inside", "application/json", `{"pii-principal":{"mpxn":"2312345678901","name":"x"}}`, 400, "pii-principal.name"},
		{"member in other capitals", "application/json", `{` + valid + `,"Email":"a@example.com"}`, 400, "Email"},
		{"member twice", "application/json", `{` + valid + `,"expressed-by":"data-subject"}`, 400, "expressed-by"},
		{"member twice inside", "application/json", `{"pii-principal":{"mpxn":"2312345678901","mpxn":"2312345678901"}}`, 400, "pii-principal.mpxn"},
		{"wrong type", "application/json", `{"pii-principal":{"mpxn":2312345678901}}`, 400, "pii-principal.mpxn"},
		{"wrong time", "application/json", `{"principal-verification":{"verified-at":"yesterday"}}`, 400, "principal-verification.verified-at"},
		{"too deep", "application/json", `{"principal-verification":{"detail":{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}}}`, 400, "principal-verification.detail.a"},
		{"null for an object", "application/json", `{"pii-principal":null,"expressed-by":"data-subject"}`, 400, "pii-principal.mpxn pii-principal.move-in-date"},
		{"everything wrong is told at once", "application/json", `{"pii-principal":{"mpxn":"1","move-in-date":"30/06/2022","address":{"addressLine1":"","townCity":"x","postcode":"?"}},"expressed-by":"me","email":"no"}`,
			400, "pii-principal.mpxn pii-principal.move-in-date pii-principal.address.addressLine1 pii-principal.address.postcode expressed-by email"},
		{"another charset", "application/json; charset=iso-8859-1", `{` + valid + `}`, 415, ""},
		{"NUL", "application/json", `{` + valid + `,"principal-verification":{"method":"a\u0000b","verified-at":"2024-01-01T00:00:00Z","outcome":"verified"}}`, 400, "principal-verification.method"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := send(t, http.MethodPost, r.URL+"/identity-records", owner, test.contentType, []byte(test.body))
			got := a.fields()
			if strings.HasPrefix(got, test.fields) && test.name == "too deep" {
				got = test.fields // the path goes on to where it became too deep
			}
			if a.status != test.status || got != test.fields {
				t.Errorf(
					"%d naming %q, want %d naming %q: %v",
					a.status,
					a.fields(),
					test.status,
					test.fields,
					a.body["errors"],
				)
			}
		})
	}

	big := send(
		t,
		http.MethodPost,
		r.URL+"/identity-records",
		owner,
		"application/json",
		[]byte(`{"email":"`+strings.Repeat("x", 300<<10)+`"}`),
	)
	expect(t, big, http.StatusRequestEntityTooLarge, "VAL001")
}

// What is wrong with a body is said in the words of JSON, and by what is expected.
func TestBodyIsRefusedInWordsThatHelp(t *testing.T) {
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
		wrong, _ := a.body["errors"].([]any)
		if a.status != http.StatusBadRequest || len(wrong) != 1 || wrong[0].(map[string]any)["message"] != want {
			t.Errorf("%q: %d %v, want %q", body, a.status, a.body["errors"], want)
		}
	}

	for path, test := range map[string][2]string{
		"/access-records":       {`{"processing":{"data-types":"HH"}}`, "processing.data-types: must be an array."},
		"/webhooks":             {`{"notify-days-before":1e999}`, "notify-days-before: must be a whole number."},
		"/access-records/batch": {`null`, "The line must be a JSON object."},
	} {
		media := map[bool]string{true: "application/x-ndjson", false: "application/json"}[path == "/access-records/batch"]
		a := send(t, http.MethodPost, r.URL+path, owner, media, []byte(test[0]))
		if message := a.body["errors"].([]any)[0].(map[string]any)["message"]; message != test[1] {
			t.Errorf("%s: got %q", path, message)
		}
	}
}

// A form that was not filled in sends null or nothing but quotes.
func TestWhatNeedNotBeGivenMayBeNullOrEmpty(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	admin := bearer(t, r, "admin_ops", registerclient.RoleAdmin)
	for _, nothing := range []string{`null`, `""`} {
		a := post(
			t,
			r.URL+"/identity-records",
			owner,
			fmt.Sprintf(`{"pii-principal":{"mpxn":"2312345678901","move-in-date":"2022-06-30",
			"address":{"addressLine1":"1 High Street","addressLine2":%[1]s,"townCity":"Leeds","county":%[1]s,"postcode":"LS1 1AA"}},
			"expressed-by":"data-subject","email":%[1]s,"passkey-return-url":%[1]s}`, nothing),
		)
		if a.status != http.StatusCreated {
			t.Fatalf("an identity record with %s: %d %v", nothing, a.status, a.body["errors"])
		}

		read := get(t, r.URL+"/identity-records/"+a.body["ir"].(string), owner).body["identity-record"].(map[string]any)
		address := read["pii-principal"].(map[string]any)["address"].(map[string]any)
		if _, kept := address["county"]; kept || read["has-email"] != false {
			t.Errorf("%s was kept: %v", nothing, read)
		}

		a = post(
			t,
			r.URL+"/admin/accounts",
			admin,
			fmt.Sprintf(`{"account-id":"portal_%d","display-name":"x","role":"portal","secret-key":%[2]s,
			"duid":%[2]s,"contact-url":%[2]s,"organisation-reference":%[2]s,"data-types":null,"return-urls":null}`, len(nothing), nothing),
		)
		if a.status != http.StatusCreated {
			t.Errorf("an account with %s: %d %v", nothing, a.status, a.body["errors"])
		}
	}

	blank := `{"account-id":"blank","display-name":"x","role":"portal","organisation-reference":" "}`
	if a := post(t, r.URL+"/admin/accounts", admin, blank); a.fields() != "organisation-reference" {
		t.Errorf("a blank reference, which a discovered record could match: %d naming %q", a.status, a.fields())
	}
}

// sameWords compares lists whatever their order.
func sameWords(a, b []string) bool {
	count := map[string]int{}
	for _, word := range a {
		count[word]++
	}
	for _, word := range b {
		count[word]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}

	return true
}

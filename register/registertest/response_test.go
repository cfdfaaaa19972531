package registertest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestCheckAnswersReportsResponses(t *testing.T) {
	t.Parallel()

	const (
		thing = `{"name":"a","at":"2026-05-03T13:03:09Z"}`
		wrong = `{"errors":[{}]}`
		there = "Location: /v1/things/1"
	)
	for _, test := range []struct {
		name, method, path string
		server             http.Handler
		want               string // empty if nothing is reported
	}{
		{"a success", "POST", "/v1/things", answer(201, thing, there, "X-Colour: red"), ""},
		{
			"an allowed null", "POST", "/v1/things",
			answer(201, `{"name":null,"at":"2026-05-03T13:03:09Z","kind":"thing"}`, there),
			"",
		},
		{"a refusal", "POST", "/v1/things", answer(401, wrong, "WWW-Authenticate: Bearer"), ""},
		{"a failure", "POST", "/v1/things", answer(500, wrong), ""},
		{"an unknown status", "POST", "/v1/things", answer(418, wrong), "createThing does not have this status"},
		{"an undocumented failure", "GET", "/v1/things/1", answer(500, wrong), "readThing does not have this status"},
		{
			"an unknown content type", "POST", "/v1/things",
			answer(201, thing, there, "Content-Type: text/html"),
			`content type "text/html"`,
		},
		{"no content type", "POST", "/v1/things", answer(201, thing, there, "Content-Type: "), "content type"},
		{
			"an unknown member", "POST", "/v1/things",
			answer(201, `{"name":"a","at":"2026-05-03T13:03:09Z","more":1}`, there),
			"additional properties 'more'",
		},
		{"a missing member", "POST", "/v1/things", answer(201, `{"name":"a"}`, there), "missing property 'at'"},
		{"a wrong type", "POST", "/v1/things", answer(201, `{"name":1,"at":"2026-05-03T13:03:09Z"}`, there), "'/name'"},
		{
			"a wrong constant", "POST", "/v1/things",
			answer(201, `{"name":"a","at":"2026-05-03T13:03:09Z","kind":"b"}`, there),
			"'/kind'",
		},
		{"no date and time", "POST", "/v1/things", answer(201, `{"name":"a","at":"yesterday"}`, there), "'/at'"},
		{"no JSON", "POST", "/v1/things", answer(201, `{"name":`, there), "not JSON"},
		{"something after the JSON", "POST", "/v1/things", answer(201, thing+"x", there), "not JSON"},
		{"a missing body", "POST", "/v1/things", answer(201, "", there), "not JSON"},
		{"a missing Location", "POST", "/v1/things", answer(201, thing), "header Location is missing"},
		{"a wrong Location", "POST", "/v1/things", answer(201, thing, "Location: /elsewhere"), "header Location"},
		{
			"a wrong optional header", "POST", "/v1/things",
			answer(201, thing, there, "X-Colour: blue"),
			"header X-Colour",
		},
		{"a missing WWW-Authenticate", "POST", "/v1/things", answer(401, wrong), "header WWW-Authenticate is missing"},
		{
			"a refusal in another shape", "POST", "/v1/things",
			answer(401, `{"message":"no"}`, "WWW-Authenticate: Bearer"),
			"missing property 'errors'",
		},
		{
			"another documented media type", "GET", "/v1/things/1",
			answer(200, "a: b", "Content-Type: application/yaml"),
			"",
		},
		{
			"another media type, against its schema", "GET", "/v1/things/1",
			answer(200, "", "Content-Type: application/yaml"),
			"minLength",
		},
		{"no body", "DELETE", "/v1/things/1", answer(204, ""), ""},
		{
			"the literal path before the parameter", "GET", "/v1/things/latest",
			answer(200, thing, "Content-Type: application/yaml"),
			"latestThing",
		},
		{"a parameter that is more than one segment", "GET", "/v1/things/1/2", answer(200, thing), ""},
		{"a parameter in the middle", "GET", "/v1/things/1%2F2/parts", answer(200, "[]"), ""},
		{"a wrong method, refused", "PUT", "/v1/things/1", answer(405, wrong, "Allow: GET, DELETE"), ""},
		{"a wrong method, without Allow", "PUT", "/v1/things/1", answer(405, wrong), "header Allow is missing"},
		{
			"a wrong method, in another shape", "PUT", "/v1/things/1",
			answer(405, `{}`, "Allow: GET"),
			"missing property 'errors'",
		},
		{"a wrong method, accepted", "PUT", "/v1/things/1", answer(200, thing), "refused with 405"},
		{"the list of methods", "OPTIONS", "/v1/things/1", answer(204, "", "Allow: GET, DELETE"), ""},
		{"an unknown path, refused", "GET", "/v1/nowhere", answer(404, wrong), ""},
		{
			"an unknown path, in another shape", "GET", "/v1/nowhere",
			answer(404, `{"message":"Not Found"}`),
			"missing property 'errors'",
		},
		{"an unknown path, accepted", "GET", "/v1/nowhere", answer(200, thing), "refused with 404"},
		{"an unknown path, failed", "GET", "/v1/nowhere", answer(500, wrong), "refused with 404"},
		{"the base itself", "GET", "/v1", answer(404, wrong), ""},
		{"a large body anywhere", "POST", "/v1/nowhere", answer(413, wrong), ""},
		{"a large body, in another shape", "PUT", "/v1/things/1", answer(413, `{}`), "missing property 'errors'"},
		{"a path outside the base", "GET", "/docs", answer(200, "anything", "Content-Type: text/html"), ""},
		{"a path that begins like the base", "GET", "/v10", answer(200, "anything", "Content-Type: text/html"), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()

			w := &witness{TB: t}
			plain := httptest.NewRecorder()
			checked := httptest.NewRecorder()
			test.server.ServeHTTP(plain, httptest.NewRequest(test.method, test.path, nil))
			handler := CheckAnswers(w, []byte(small), test.server)
			handler.ServeHTTP(checked, httptest.NewRequest(test.method, test.path, nil))
			if checked.Code != plain.Code || checked.Body.String() != plain.Body.String() ||
				fmt.Sprint(checked.Header()) != fmt.Sprint(plain.Header()) {
				t.Errorf("the client received %d %v %q", checked.Code, checked.Header(), checked.Body)
			}

			switch {
			case test.want == "" && len(w.problems) > 0:
				t.Errorf("reported %q", w.problems)
			case test.want != "" && (len(w.problems) != 1 || !strings.Contains(w.problems[0], test.want)):
				t.Errorf("reported %q, want %q", w.problems, test.want)
			}
		})
	}
}

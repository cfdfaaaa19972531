package registertest

import (
	"cmp"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestCheckAnswersReportsRequests(t *testing.T) {
	t.Parallel()

	const thing = `{"name":"a","at":"2026-01-01T00:00:00Z"` // without its end
	const media = "application/json"
	const lines = "application/x-ndjson"

	for name, test := range map[string]struct {
		path, media, body, answer string
		want                      string // empty if nothing is reported
	}{
		"a documented request":     {"/boxes?colour=red&limit=9", media, thing + `}`, "", ""},
		"an unknown member":        {"/boxes", media, thing + `,"colour":1}`, "", "colour"},
		"a member of another kind": {"/boxes", media, thing + `,"kind":1}`, "", "kind"},
		"an optional null":         {"/boxes", media, thing + `,"kind":null}`, "", ""},
		"an optional empty string": {"/boxes", media, thing + `,"kind":""}`, "", ""},
		"a required null":          {"/boxes", media, `{"name":"a","at":null}`, "", "at"},
		"an unknown null":          {"/boxes", media, thing + `,"colour":null}`, "", ""},
		"an unknown parameter":     {"/boxes?shape=round", media, thing + `}`, "", "shape"},
		"a parameter twice":        {"/boxes?limit=1&limit=1", media, thing + `}`, "", "limit"},
		"another value":            {"/boxes?colour=blue", media, thing + `}`, "", "colour"},
		"too large a number":       {"/boxes?limit=10", media, thing + `}`, "", "limit"},
		"another content type":     {"/boxes", "text/plain", thing + `}`, "", "content type"},
		"valid lines":              {"/lines/1", lines, thing + "}\n\n" + thing + `}`, "", ""},
		"an invalid line":          {"/lines/1", lines, thing + "}\n{}", "", "line 2"},
		"an invalid line, refused": {"/lines/1", lines, thing + "}\n{}", `{"refused":1,"errors":[{"line":2}]}`, ""},
		"a wrong path":             {"/lines/a%20b", lines, thing + "}", "", "path"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := &witness{TB: t}
			next := answer(200, cmp.Or(test.answer, `{}`))
			read := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				next.ServeHTTP(w, r)
			})

			request := httptest.NewRequest(http.MethodPost, "/v1"+test.path, strings.NewReader(test.body))
			request.Header.Set("Content-Type", test.media)
			CheckAnswers(w, []byte(small), read).ServeHTTP(httptest.NewRecorder(), request)

			reported := strings.Join(w.problems, "\n")
			if (test.want == "") != (reported == "") || !strings.Contains(reported, test.want) {
				t.Errorf("reported %q, want %q", reported, test.want)
			}
		})
	}
}

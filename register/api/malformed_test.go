package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"central.consent/dar/register/registertest"
)

// No change to a good request makes the register fail. A refusal says what is wrong. A request that still succeeds is
// one that the document describes: registertest checks it.
func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	for _, s := range seeds(t, r) {
		// Not parallel: a seed may rest on those before it.
		t.Run(s.operation, func(t *testing.T) {
			if a := s.send(t, r, s.path(""), s.query, s.body); a.status >= 300 {
				t.Fatalf("the seed itself: %d %v", a.status, a.body["errors"])
			}
			for _, query := range malformedQueries(s.query) {
				expectSensible(t, s.send(t, r, s.path(""), query, s.body), query)
			}

			if s.hasParameter() {
				for _, last := range malformedSegments {
					a := s.send(t, r, s.path(last), s.query, s.body)
					expectSensible(t, a, last)
					if a.status < 300 {
						t.Errorf("%q in the path: %d", last, a.status)
					}
				}
			}

			if s.body == "" {
				return
			}

			for _, body := range malformedBodies {
				a := s.send(t, r, s.path(""), s.query, body)
				expectSensible(t, a, body)
				leftOut := s.optional && body == ""
				if a.status < 300 && s.operation != "POST /access-records/batch" && !leftOut {
					t.Errorf("%q: %d", body, a.status)
				}
			}

			for _, m := range mutations(t, s.body) {
				a := s.send(t, r, s.path(""), s.query, m.body)
				if s.operation == "POST /access-records" {
					a.end(t, r, s.credentials)
				}
				expectSensible(t, a, m.body)
				imported, _ := a.body["imported"].(float64)
				if m.illegible && a.status < 300 && (a.body["lines"] == nil || imported > 0) {
					t.Errorf("a text with an invisible character: %d for %s", a.status, m.body)
				}
			}
		})
	}
}

// expectSensible checks that a response is no failure, and that a refusal names a field or says what is wrong. The
// refusals of an import are checked too.
func expectSensible(t testing.TB, a reply, sent string) {
	t.Helper()
	if a.status >= 500 {
		t.Errorf("%d for %.2000q", a.status, sent)
	}

	refusals, _ := a.body["errors"].([]any)
	for _, element := range refusals {
		refusal := element.(map[string]any)
		field, _ := refusal["field"].(string)
		message := refusal["message"].(string)
		if a.status == http.StatusBadRequest && field == "" && !strings.HasPrefix(message, "The ") ||
			strings.Contains(message, "something else") ||
			strings.Contains(message, "%!") ||
			strings.HasSuffix(message, ": ") {
			t.Errorf("%d %v for %.2000q", a.status, refusal, sent)
		}
	}
}

var malformedSegments = []string{
	"x",
	"\x00",
	"\xff",
	"\u202e",
	"../..",
	"%00",
	"'; DROP TABLE accounts; --",
	strings.Repeat("9", 3000),
	"ak_0123456789ABCDEF01234567",
	"０１２３４５６",
}

// malformedQueries returns queries with one wrong part each.
func malformedQueries(query string) []string {
	queries := []string{"colour=red", "=", "&&", "a;b", "%zz", "%00=1", strings.Repeat("a=1&", 500)}
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if name == "" {
			continue
		}

		queries = append(queries, query+"&"+part, query+"&"+part+";")
		for _, value := range []string{
			"",
			"+",
			"x",
			"%00",
			"%ff",
			"%zz",
			"%E2%80%AE",
			"-1",
			"0",
			"1e3",
			"99999999999999999999",
			strings.Repeat("x", 3000),
		} {
			queries = append(queries, strings.Replace(query, part, name+"="+value, 1), name+"="+value)
		}
	}

	return queries
}

var malformedBodies = []string{
	"",
	" ",
	"null",
	"true",
	"1",
	`"x"`,
	"[]",
	"{}x",
	"{",
	`{"a":1}`,
	`{"":1}`,
	`{"a":1,"a":1}`,
	"\xff",
	"\ufeff{}",
	"<a/>",
	strings.Repeat("[", 5000),
	strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40),
	`{"\ud800":1}`,
	"{\"a\":\"\xff\"}",
}

// mutation is a good body with one change.
type mutation struct {
	body string
	// illegible reports that the change put an invisible character into a text.
	illegible bool
}

var illegibleValues = []string{`"\u0000"`, `"a\u202eb"`, `"a\nb"`, `"a\u200bb"`}

var mutatedValues = append([]string{
	`null`,
	`true`,
	`0`,
	`-1`,
	`1.5`,
	`1e999`,
	`123456789012345678901234567890`,
	`""`,
	`" "`,
	`"x"`,
	`"2999-12-31"`,
	`"0000-01-01"`,
	`"HTTPS://x"`,
	`"2026-01-01T00:00:00+24:00"`,
	`"2026-01-01 00:00:00Z"`,
	`[]`,
	`{}`,
	`[null]`,
	`{"a":1,"a":2}`,
	`{"x":{}}`,
	`"` + strings.Repeat("é", 501) + `"`,
	`[` + strings.Repeat(`"x",`, 60) + `"x"]`,
	strings.Repeat("[", 40) + strings.Repeat("]", 40),
}, illegibleValues...)

// mutations returns a JSON object with one change each: a value of another kind, or a member that is missing, given
// twice, or unknown.
func mutations(t testing.TB, body string) []mutation {
	t.Helper()
	var value any
	if err := json.NewDecoder(bytes.NewBufferString(body)).Decode(&value); err != nil {
		t.Fatal(err)
	}

	return mutateValue(t, value, false, func(raw json.RawMessage) string { return string(raw) })
}

// mutateValue returns the mutations of a value inside a body. whole puts a changed value back into the body. In a
// detail, which may hold any text, no text is illegible.
func mutateValue(t testing.TB, value any, inDetail bool, whole func(json.RawMessage) string) []mutation {
	t.Helper()
	var mutated []mutation
	for _, v := range mutatedValues {
		illegible := slices.Contains(illegibleValues, v) && !inDetail
		mutated = append(mutated, mutation{whole(json.RawMessage(v)), illegible})
	}

	switch value := value.(type) {
	case []any:
		for i, element := range value {
			mutated = append(mutated, mutateValue(t, element, inDetail, func(raw json.RawMessage) string {
				changed := slices.Clone(value)
				changed[i] = raw

				return whole(must(json.Marshal(changed))(t))
			})...)
		}
	case map[string]any:
		mutated = append(mutated, mutateMembers(t, value, inDetail, whole)...)
	}

	return mutated
}

// mutateMembers returns the mutations of the members of an object.
func mutateMembers(
	t testing.TB, object map[string]any, inDetail bool, whole func(json.RawMessage) string,
) []mutation {
	t.Helper()
	with := func(extra string) string {
		text := must(json.Marshal(object))(t)

		return whole(json.RawMessage(strings.TrimSuffix(string(text), "}") + "," + extra + "}"))
	}
	mutated := []mutation{{with(`"colour":"red"`), false}, {with(`"\u202e":1`), false}}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		member := object[name]
		without := maps.Clone(object)
		delete(without, name)
		text := must(json.Marshal(member))(t)
		mutated = append(mutated,
			mutation{whole(must(json.Marshal(without))(t)), false},
			mutation{with(fmt.Sprintf("%q:%s", name, text)), false},
			mutation{with(fmt.Sprintf("%q:%s", strings.ToUpper(name), text)), false},
		)
		putBack := func(raw json.RawMessage) string {
			changed := maps.Clone(object)
			changed[name] = raw

			return whole(must(json.Marshal(changed))(t))
		}
		mutated = append(mutated, mutateValue(t, member, inDetail || name == "detail", putBack)...)
	}

	return mutated
}

// fuzzReporter reports to the fuzz test's current run: the fuzz test itself must not report once it fuzzes.
type fuzzReporter struct {
	testing.TB
	current atomic.Pointer[testing.T]
}

func (r *fuzzReporter) Errorf(format string, a ...any) {
	if t := r.current.Load(); t != nil {
		t.Errorf(format, a...)
	} else {
		r.TB.Errorf(format, a...)
	}
}

// Every request to every operation succeeds or gets a refusal that says what is wrong.
func FuzzMalformedRequests(f *testing.F) {
	reporter := &fuzzReporter{TB: f}
	r := registertest.New(reporter)
	operations := seeds(reporter, r)
	for i, s := range operations {
		f.Add(uint8(i), "", s.query, []byte(s.body))
		f.Add(uint8(i), "\x00/..%2f", "email=%ff&a;b", []byte(`{"a":{"a":[1e999,"\ud800"]}}`))
	}

	f.Fuzz(func(t *testing.T, which uint8, last, query string, body []byte) {
		reporter.current.Store(t)
		s := operations[int(which)%len(operations)]
		switch {
		case s.hasParameter() && (last == "." || last == ".."):
			t.Skip("another route")
		case strings.ContainsFunc(query, func(c rune) bool { return c <= ' ' || c == 0x7f || c == '#' }):
			t.Skip("not a query that can be sent")
		case s.operation == "POST /self/rotate-secret" && query == "":
			t.Skip("ends the token that asks")
		}

		expectSensible(t, s.send(t, r, s.path(last), query, string(body)), query+" "+string(body))
	})
}

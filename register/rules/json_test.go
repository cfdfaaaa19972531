package rules_test

import (
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/rules"
)

// decoded is what the tests decode into.
type decoded struct {
	Text  string         `json:"text"`
	Maybe *string        `json:"maybe"`
	Days  int            `json:"days"`
	Ratio float64        `json:"ratio"`
	Yes   bool           `json:"yes"`
	At    time.Time      `json:"at"`
	List  []string       `json:"list"`
	Inner *decoded       `json:"inner"`
	Rest  map[string]any `json:"rest"`
}

// A text is read strictly, and a refusal names the member and what is expected of it.
func TestDecodeJSON(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"everything", `{"text":"a","maybe":"b","days":1,"ratio":1.5,"yes":true,"at":"2024-01-15T10:00:00Z",` +
			`"list":["a"],"inner":{"text":"c"},"rest":{"a":{}}}`, ""},
		{"no members", ` {} `, ""},
		{"nothing", "", "The body is empty."},
		{"spaces", " \n", "The body is empty."},
		{"an array", `[]`, "The body must be a JSON object."},
		{"null", `null`, "The body must be a JSON object."},
		{"unknown member", `{"colour":1}`, "colour: is not a member of this request."},
		{"unknown member inside", `{"inner":{"colour":1}}`, "inner.colour: is not a member of this request."},
		{"other capitals", `{"Text":"a"}`, "Text: is not a member of this request."},
		{"a member twice", `{"text":"a","text":"a"}`, "text: is given twice."},
		{"a member twice inside", `{"inner":{"days":1,"days":1}}`, "inner.days: is given twice."},
		{"number for a string", `{"text":1}`, "text: must be a string."},
		{"number for an optional string", `{"maybe":1}`, "maybe: must be a string."},
		{"string for a whole number", `{"days":"1"}`, "days: must be a whole number."},
		{"fraction for a whole number", `{"days":1.5}`, "days: must be a whole number."},
		{"string for a number", `{"ratio":"1"}`, "ratio: must be a number."},
		{"string for a bool", `{"yes":"true"}`, "yes: must be true or false."},
		{"string for an array", `{"list":"a"}`, "list: must be an array."},
		{"wrong element", `{"list":["a",1]}`, "list[1]: must be a string."},
		{"array for an object", `{"inner":[]}`, "inner: must be an object."},
		{"a day for a time", `{"at":"2024-01-15"}`, "at: must be a date and time, as 2024-01-15T10:00:00Z."},
		{"cut off", `{"text":"a"`, "The body is not JSON: it goes wrong at byte 11."},
		{"two objects", `{}{}`, "The body is not JSON: it goes wrong at byte 2."},
		{"not UTF-8", "{\"text\":\"\xff\"}", "text: The body is not JSON: it goes wrong at byte 9."},
		{"a direction mark as name", `{"\u202e":1}`, `"\u202e": is not a member of this request.`},
		{"no name", `{"":1}`, `"": is not a member of this request.`},
	} {
		got := ""
		if err := rules.DecodeJSON("body", []byte(test.text), new(decoded)); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// A text may nest 32 levels deep. One that nests deeper is refused before it is decoded.
func TestDecodeJSONDepth(t *testing.T) {
	t.Parallel()
	const around = 2 // {"rest":{"a":…}}
	for depth, want := range map[int]string{
		32: "",
		33: "The line nests deeper than 32 levels.",
	} {
		nested := strings.Repeat("[", depth-around) + strings.Repeat("]", depth-around)
		err := rules.DecodeJSON("line", []byte(`{"rest":{"a":`+nested+`}}`), new(decoded))
		if got := err != nil && strings.HasSuffix(err.Error(), want); got != (want != "") {
			t.Errorf("%d levels: %v, want %q", depth, err, want)
		}
	}
}

// An empty optional string counts as absent. Null is absent too.
func TestDecodeOptionalText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{`"a"`: "a", `" "`: " ", `""`: "absent", `null`: "absent"} {
		in := decoded{Maybe: new("before")}
		if err := rules.DecodeJSON("body", []byte(`{"maybe":`+text+`}`), &in); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}

		got := "absent"
		if in.Maybe != nil {
			got = *in.Maybe
		}
		if got != want {
			t.Errorf("%s is read as %q, want %q", text, got, want)
		}
	}
}

// No text panics. A refusal is one, holds no control character, and is no longer than a line.
func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"text":1}`, `{"rest":{"a":[[[]]]}}`, `{"inner":{"\u202e":1}}`, `{"days":1e999}`, "{\"\xff\":1}",
		`{"text":"a","text":1}`,
	} {
		f.Add([]byte(seed))
	}

	f.Fuzz(func(t *testing.T, text []byte) {
		err := rules.DecodeJSON("body", text, new(decoded))
		if err == nil {
			return
		}

		refusals := rules.Refusals(err)
		if len(refusals) != 1 || refusals[0].Kind != rules.KindInvalid {
			t.Fatalf("%q is refused with %v", text, err)
		}
		if !rules.Legible(refusals[0].Error()) || len([]rune(refusals[0].Error())) > 200 {
			t.Errorf("%q is refused with %q", text, refusals[0])
		}
	})
}

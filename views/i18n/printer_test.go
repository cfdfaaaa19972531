package i18n

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// sources are where texts are asked for, seen from this folder.
var sources = []string{
	"..",
	"../ui",
	"../../handlers",
	"../../register",
	"../../register/idpages",
	"../../register/mail",
}

// made lists the keys that are put together at run time: a beginning, and every end that it is given. The first
// end may be empty, and ends may have parts.
var made = map[string][]string{
	"date.month.":   {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"},
	"page.meter.":   {"electricity", "gas"},
	"prove.method.": product(methods, ".title", ".body", ".button"),
	"waiting.": append(
		product(methods, ".title", ".step.1", ".step.2", ".step.3", ".code"),
		product(
			[]string{"expired", "declined", "wrong-code", "cancelled", "lost", "gone"},
			".title",
			".body",
			".more",
			".again",
		)...),
	"records.":       product([]string{"discovered", "active", "ended"}, ".title"),
	"records.state.": {"active", "ending", "expired", "stopped", "closed"},
	"records.ended.": {"expired", "stopped", "closed"},
	"records.with.":  {"joint", "group"},
	"records.role.":  {"sole", "lead", "joint", "member"},
	"records.data.": product(
		[]string{
			"half-hourly-use",
			"half-hourly-export",
			"monthly-use",
			"monthly-export",
			"yearly-use",
			"yearly-export",
			"price-of-use",
			"price-of-export",
			"other",
		},
		"",
		".reveals",
	),
	"records.basis.": append(
		product(
			[]string{
				"consent",
				"explicit-consent",
				"contract",
				"legal-obligation",
				"public-task",
				"legitimate-interests",
				"other",
			},
			"",
			".means",
			".do",
		),
		"consent.elsewhere",
		"explicit-consent.elsewhere",
	),
	"records.arrangement.":       {"joint", "group"},
	"records.discovered.letter.": {"electricity", "gas"},
	"filter.state":               {".label", ".any"},
	"filter.reason":              {".label", ".any"},
	"timeline.kind.":             {"seen", "active", "open", "ended"},
	"withdraw.why.":              {"unsaid", "changed-my-mind", "no-longer-needed", "something-else"},
	"withdrawn.notice.":          {"delivered", "pending", "undelivered", "none", "unknown"},
	"takeaway.":                  {"pdf", "csv", "json"},
	"takeaway.column.": {
		"organisation",
		"status",
		"data",
		"why",
		"purpose",
		"since",
		"until",
		"ended",
		"others",
		"teller",
		"reference",
		"contact",
		"changed",
	},
	"letter.data.": {
		"half-hourly-use",
		"half-hourly-export",
		"monthly-use",
		"monthly-export",
		"yearly-use",
		"yearly-export",
		"price-of-use",
		"price-of-export",
		"other",
	},
	"letter.why.": {
		"consent",
		"explicit-consent",
		"contract",
		"legal-obligation",
		"public-task",
		"legitimate-interests",
		"other",
		"earlier",
	},
	"letter.about.": {"electricity", "gas"},
	"letter.facts.": {"active", "ended"},
	"letter.": append(
		product(
			[]string{
				"contract",
				"legal-obligation",
				"public-task",
				"legitimate-interests",
				"other",
				"consent",
				"elsewhere",
				"earlier",
				"delete",
			},
			".right",
			".ask",
		),
		"discovered.right",
	),
	"stopped.failed.": {"over", "refused", "unanswered"},
	"id.link.":        {"list", "customer", "passkey"},
	"id.end.": product(
		[]string{
			"dead",
			"declined",
			"soft-declined",
			"wrong-code",
			"busy",
			"not-found",
			"refused",
			"failed",
			"passkey-dead",
			"passkey-declined",
			"passkey-shown",
			"passkey-added",
			"passkey-mailed",
		},
		".title",
		".body",
		".next",
	),
	"id.passkey.account.": {"electricity", "gas"},
	"id.passkey.device.": {
		"iphone",
		"ipad",
		"android",
		"tablet",
		"chromebook",
		"windows",
		"mac",
		"linux",
		"phone",
		"key",
		"other",
	},
	"mail.passkey.":          product([]string{"added", "removed"}, ".subject", ".title", ".body", ".yours"),
	"error.prove.":           methods,
	"adviser.handover.what.": {"electricity", "gas"},
	"error.": product(
		[]string{
			"not-found",
			"method",
			"invalid",
			"too-long",
			"media",
			"escape",
			"repeated",
			"forbidden",
			"session-ended",
			"conflict",
			"busy",
			"ticket",
			"no-download",
			"too-often",
			"unavailable",
			"withdraw-failed",
			"internal",
		},
		".title",
		".body",
	),
}

var methods = []string{"magic-link", "passkey-assert", "passkey-register"}

func product(heads []string, tails ...string) []string {
	var all []string
	for _, head := range heads {
		for _, tail := range tails {
			all = append(all, head+tail)
		}
	}

	return all
}

// catalogue is a language's file: each key's forms, under "other" alone where it has no plurals.
func catalogue(t *testing.T, lang string) map[string]map[string]string {
	t.Helper()
	raw, err := catalogues.ReadFile(lang + ".json")
	if err != nil {
		t.Fatal(err)
	}

	var entries map[string]json.RawMessage
	if err := json.Unmarshal(raw, &entries); err != nil {
		t.Fatal(err)
	}

	texts := map[string]map[string]string{}
	for key, entry := range entries {
		var text string
		forms := map[string]string{}
		if json.Unmarshal(entry, &text) == nil {
			forms["other"] = text
		} else if err := json.Unmarshal(entry, &forms); err != nil {
			t.Fatalf("%s: %s is neither a text nor plural forms", lang, key)
		}

		texts[key] = forms
	}

	return texts
}

var placeholder = regexp.MustCompile(`{{\.\w+}}`)

func placeholders(text string) []string {
	found := placeholder.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

func TestLanguagesSayTheSameThings(t *testing.T) {
	t.Parallel()
	english := catalogue(t, "en")
	forms := map[string][]string{"en": {"one", "other"}, "cy": {"few", "many", "one", "other", "two", "zero"}}
	for _, lang := range Languages() {
		texts := catalogue(t, lang)
		for key := range english {
			if texts[key] == nil {
				t.Errorf("%s lacks %s", lang, key)
			}
		}

		for key, variants := range texts {
			if english[key] == nil {
				t.Errorf("%s has %s, which English has not", lang, key)
				continue
			}

			if plural := len(english[key]) > 1; plural {
				var have []string
				for form := range variants {
					have = append(have, form)
				}

				slices.Sort(have)
				if !slices.Equal(have, forms[lang]) {
					t.Errorf("%s %s has the plural forms %v, want %v", lang, key, have, forms[lang])
				}
			} else if len(variants) > 1 {
				t.Errorf("%s %s has plural forms, which English has not", lang, key)
			}

			want := placeholders(english[key]["other"])
			for form, text := range variants {
				if strings.TrimSpace(text) == "" {
					t.Errorf("%s %s (%s) is empty", lang, key, form)
				}
				if got := placeholders(text); !slices.Equal(got, want) {
					t.Errorf("%s %s (%s) has the placeholders %v, want %v", lang, key, form, got, want)
				}
			}
		}
	}
}

var (
	asked    = regexp.MustCompile(`(?:\.[TN]\(|\bKey:\s*)"([a-z][^"]*)"(\s*\+)?`)
	literals = regexp.MustCompile(`"([a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+)"`)
	templs   = regexp.MustCompile(`_templ\.go$|_test\.go$`)
)

func TestEveryKeyIsUsedAndExists(t *testing.T) {
	t.Parallel()
	texts := catalogue(t, "en")
	used := map[string]bool{}
	for prefix, ends := range made {
		for _, end := range ends {
			used[prefix+end] = true
			if texts[prefix+end] == nil {
				t.Errorf("%s%s is made at run time, and does not exist", prefix, end)
			}
		}
	}

	files := []string{"printer.go"}
	for _, folder := range sources {
		for _, pattern := range []string{"*.go", "*.templ"} {
			found, err := filepath.Glob(filepath.Join(folder, pattern))
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, found...)
		}
	}

	for _, file := range files {
		if templs.MatchString(file) {
			continue
		}

		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range literals.FindAllStringSubmatch(string(source), -1) {
			used[match[1]] = true
		}

		for _, match := range asked.FindAllStringSubmatch(string(source), -1) {
			key := match[1]
			madeUp := match[2] != ""
			if madeUp && made[key] == nil {
				t.Errorf("%s puts together keys that begin with %s: list them in this test", file, key)
			}
			if !madeUp && texts[key] == nil {
				t.Errorf("%s asks for %s, which does not exist", file, key)
			}
		}
	}

	for key, forms := range texts {
		base, isTwin := strings.CutSuffix(key, twin)
		if isTwin && reflect.DeepEqual(forms, texts[base]) {
			t.Errorf("%s tells advisers what %s tells everybody", key, base)
		}
		if !used[base] {
			t.Errorf("nobody asks for %s", key)
		}
	}
}

func TestEnglishIsPlain(t *testing.T) {
	t.Parallel()
	sentence := regexp.MustCompile(`[.?!:]\s`)
	jargon := regexp.MustCompile(`(?i)\b(processing|controllers?|lawful basis|data subjects?|mpxn|granular)\b`)
	for key, variants := range catalogue(t, "en") {
		for _, text := range variants {
			if word := jargon.FindString(text); word != "" {
				t.Errorf("%s says %q", key, word)
			}
			for _, s := range sentence.Split(text, -1) {
				if words := len(strings.Fields(s)); words > 20 {
					t.Errorf("%s has a sentence of %d words: %s", key, words, s)
				}
			}
		}
	}
}

func TestPlurals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		lang  string
		count int
		want  string
	}{
		{"en", 1, "1 year"}, {"en", 2, "2 years"}, {"en", 0, "0 years"},
		{"cy", 0, "0 blwyddyn"}, {"cy", 1, "1 flwyddyn"}, {"cy", 2, "2 flynedd"}, {"cy", 3, "3 blynedd"},
		{"cy", 4, "4 o flynyddoedd"}, {"cy", 6, "6 blynedd"}, {"cy", 7, "7 o flynyddoedd"},
	} {
		if got := For(test.lang).N("duration.years", test.count); got != test.want {
			t.Errorf("%s %d: got %q, want %q", test.lang, test.count, got, test.want)
		}
	}
}

func TestDatesAreLondons(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, utc, english, welsh string
	}{
		{"in summer", "2026-05-03T13:03:00Z", "3 May 2026 at 2:03pm", "3 Mai 2026 am 2:03yh"},
		{"in winter", "2026-11-07T05:31:56Z", "7 November 2026 at 5:31am", "7 Tachwedd 2026 am 5:31yb"},
		{"before the clocks go forward", "2026-03-29T00:59:59Z", "29 March 2026 at 12:59am", "29 Mawrth 2026 am 12:59yb"},
		{"after the clocks go forward", "2026-03-29T01:00:00Z", "29 March 2026 at 2:00am", "29 Mawrth 2026 am 2:00yb"},
		{"before the clocks go back", "2026-10-25T00:30:00Z", "25 October 2026 at 1:30am", "25 Hydref 2026 am 1:30yb"},
		{"after the clocks go back", "2026-10-25T01:30:00Z", "25 October 2026 at 1:30am", "25 Hydref 2026 am 1:30yb"},
		{"a day later than in UTC", "2026-06-30T23:30:00Z", "1 July 2026 at 12:30am", "1 Gorffennaf 2026 am 12:30yb"},
		{"at noon", "2026-01-14T12:00:00Z", "14 January 2026 at 12:00pm", "14 Ionawr 2026 am 12:00yh"},
	} {
		at, err := time.Parse(time.RFC3339, test.utc)
		if err != nil {
			t.Fatal(err)
		}
		if got := For("en").DateTime(at); got != test.english {
			t.Errorf("%s: got %q, want %q", test.name, got, test.english)
		}
		if got := For("cy").DateTime(at); got != test.welsh {
			t.Errorf("%s: got %q, want %q", test.name, got, test.welsh)
		}
	}
}

func TestMonths(t *testing.T) {
	t.Parallel()
	want := strings.Fields("Ionawr Chwefror Mawrth Ebrill Mai Mehefin Gorffennaf Awst Medi Hydref Tachwedd Rhagfyr")
	for i, month := range want {
		if got := For(
			"cy",
		).Date(time.Date(2026, time.Month(i+1), 9, 12, 0, 0, 0, time.UTC)); got != "9 "+month+" 2026" {
			t.Errorf("got %q, want %s", got, month)
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		names          []string
		english, welsh string
	}{
		{nil, "", ""},
		{[]string{"Bright"}, "Bright", "Bright"},
		{[]string{"Bright", "Octopus"}, "Bright and Octopus", "Bright ac Octopus"},
		{[]string{"Bright", "Octopus", "Northern"}, "Bright, Octopus and Northern", "Bright, Octopus a Northern"},
	} {
		if got := For("en").List(test.names); got != test.english {
			t.Errorf("got %q, want %q", got, test.english)
		}
		if got := For("cy").List(test.names); got != test.welsh {
			t.Errorf("got %q, want %q", got, test.welsh)
		}
	}
}

func TestDurationsAndCountries(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ iso, english, welsh string }{
		{"P2Y", "2 years", "2 flynedd"},
		{"P1Y6M", "1 year and 6 months", "1 flwyddyn a 6 mis"},
		{"P90D", "90 days", "90 diwrnod"},
		{"P2W", "2 weeks", "2 wythnos"},
		{"PT1H", "", ""}, {"P", "", ""}, {"for ever", "", ""},
	} {
		if got := For("en").Duration(test.iso); got != test.english {
			t.Errorf("%s: got %q, want %q", test.iso, got, test.english)
		}
		if got := For("cy").Duration(test.iso); got != test.welsh {
			t.Errorf("%s: got %q, want %q", test.iso, got, test.welsh)
		}
	}

	if got := For("cy").Country("GB"); got != "Y Deyrnas Unedig" {
		t.Errorf("got %q", got)
	}
	if got := For("en").Country("nowhere"); got != "" {
		t.Errorf("got %q for a country that does not exist", got)
	}
}

func TestUnknownLanguageIsEnglish(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"", "fr", "cy-GB", "EN"} {
		if got := For(lang).Lang(); got != "en" {
			t.Errorf("%q speaks %s", lang, got)
		}
	}
}

func TestAdvisersHaveWordsOfTheirOwn(t *testing.T) {
	t.Parallel()
	for _, lang := range Languages() {
		customer := For(lang)
		adviser := For(lang).ForAdviser()
		if adviser.Lang() != lang {
			t.Errorf("an adviser who reads %s is told in %s", lang, adviser.Lang())
		}
		for _, key := range []string{"prove.title", "waiting.code.title"} {
			if got, want := adviser.T(key), customer.T(key+".adviser"); got != want || got == customer.T(key) {
				t.Errorf("%s: an adviser is told %q", key, got)
			}
		}

		if got, want := adviser.N("page.session", 15), customer.N("page.session.adviser", 15); got != want {
			t.Errorf("%s: got %q, want %q", lang, got, want)
		}
		if got := adviser.T("records.title"); got != customer.T("records.title") {
			t.Errorf("%s: the customer's own list is headed %q", lang, got)
		}
	}
}

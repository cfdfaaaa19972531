package i18n

import "testing"

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

func TestForUnknownLanguage(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"", "fr", "cy-GB", "EN"} {
		if got := For(lang).Lang(); got != "en" {
			t.Errorf("%q speaks %s", lang, got)
		}
	}
}

func TestForAdviser(t *testing.T) {
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

package web

import "testing"

func TestPreferredLanguage(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"":                                   "en",
		"cy":                                 "cy",
		"CY-gb, en;q=0.5":                    "cy",
		"en-GB, cy;q=0.9":                    "en",
		"en;q=0.1, cy;q=0.2":                 "cy",
		"de, cy":                             "cy",
		"de;q=0.9, cy;q=0.8, en;q=0.7":       "cy",
		"fr, de":                             "en",
		"cy;q=0":                             "en",
		"*":                                  "en",
		"*, cy;q=0.5":                        "cy",
		"und, cy":                            "cy",
		"cym":                                "cy",
		"!!":                                 "en",
		"cy, \x00":                           "en",
		"en-US, en;q=0.9, cy-GB;q=0.8, cy;q": "en",
	} {
		if got := PreferredLanguage(header, []string{"en", "cy"}, "en"); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}

	if got := PreferredLanguage("cy", []string{"en"}, "en"); got != "en" {
		t.Errorf("a language that is not offered: %s", got)
	}
}

package i18n

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	placeholder = regexp.MustCompile(`{{\.\w+}}`)
	// askedKey is the key in a request for a text. A plus after it says that an end is added at run time.
	askedKey = regexp.MustCompile(`(?:\.[TN]\(|\bKey:\s*)\s*"([a-z][^"]*)"(\s*\+)?`)
	// anyKey is any string that could be a key.
	anyKey = regexp.MustCompile(`"([a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+)"`)
)

// catalogue is the file of a language: the forms of each key. A key without plurals has the form "other" only.
func catalogue(t testing.TB, lang string) map[string]map[string]string {
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

func placeholders(text string) []string {
	found := placeholder.FindAllString(text, -1)
	slices.Sort(found)

	return slices.Compact(found)
}

// Both languages have the same keys, with the plural forms of each language and the same placeholders.
func TestLanguagesAgree(t *testing.T) {
	t.Parallel()
	english := catalogue(t, "en")
	for _, lang := range Languages() {
		texts := catalogue(t, lang)
		for key := range english {
			if texts[key] == nil {
				t.Errorf("%s lacks %s", lang, key)
			}
		}

		for key, forms := range texts {
			if english[key] == nil {
				t.Errorf("%s has %s, which English has not", lang, key)
				continue
			}

			checkForms(t, lang, key, english[key], forms)
		}
	}
}

// checkForms checks the forms of one key against the English ones.
func checkForms(t *testing.T, lang, key string, english, forms map[string]string) {
	t.Helper()
	want := map[string][]string{"en": {"one", "other"}, "cy": {"few", "many", "one", "other", "two", "zero"}}
	if len(english) > 1 {
		var names []string
		for form := range forms {
			names = append(names, form)
		}

		slices.Sort(names)
		if !slices.Equal(names, want[lang]) {
			t.Errorf("%s %s has the plural forms %v, want %v", lang, key, names, want[lang])
		}
	} else if len(forms) > 1 {
		t.Errorf("%s %s has plural forms, which English has not", lang, key)
	}

	values := placeholders(english["other"])
	for form, text := range forms {
		if strings.TrimSpace(text) == "" {
			t.Errorf("%s %s (%s) is empty", lang, key, form)
		}
		if got := placeholders(text); !slices.Equal(got, values) {
			t.Errorf("%s %s (%s) has the placeholders %v, want %v", lang, key, form, got, values)
		}
	}
}

// Every key in the code exists, and every key in the catalogue is in the code.
func TestEveryKeyIsUsedAndExists(t *testing.T) {
	t.Parallel()
	texts := catalogue(t, "en")
	used := map[string]bool{}
	for prefix, ends := range runtimeKeys {
		for _, end := range ends {
			used[prefix+end] = true
			if texts[prefix+end] == nil {
				t.Errorf("%s%s is made at run time, and does not exist", prefix, end)
			}
		}
	}

	for _, file := range sources(t) {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range anyKey.FindAllStringSubmatch(string(source), -1) {
			used[match[1]] = true
		}

		for _, match := range askedKey.FindAllStringSubmatch(string(source), -1) {
			key := match[1]
			hasEnd := match[2] != ""
			if hasEnd && runtimeKeys[key] == nil {
				t.Errorf("%s puts together keys that begin with %s: list them in runtimeKeys", file, key)
			}
			if !hasEnd && texts[key] == nil {
				t.Errorf("%s asks for %s, which does not exist", file, key)
			}
		}
	}

	for key, forms := range texts {
		base, forAdvisers := strings.CutSuffix(key, adviserSuffix)
		if forAdvisers && reflect.DeepEqual(forms, texts[base]) {
			t.Errorf("%s tells advisers what %s tells customers", key, base)
		}
		if !used[base] {
			t.Errorf("no code asks for %s", key)
		}
	}
}

// sources are the files that ask for texts: the code and the templates of the pages and of the two edges.
func sources(t testing.TB) []string {
	t.Helper()
	skipped := regexp.MustCompile(`_templ\.go$|_test\.go$`)
	var files []string
	for _, folder := range []string{"..", "../../handlers", "../../register"} {
		err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
			ext := filepath.Ext(path)
			if (ext == ".go" || ext == ".templ") && !skipped.MatchString(path) {
				files = append(files, path)
			}

			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}

	return files
}

// To customers the register has one name. A text calls it by that name, or "the register" in short.
func TestRegisterHasOneName(t *testing.T) {
	t.Parallel()
	for lang, test := range map[string]struct{ long, others *regexp.Regexp }{
		"en": {
			regexp.MustCompile(`\bCentral Access Register\b`),
			regexp.MustCompile(`\bRegister\b|(?i:\b(data|access|central|consent|meter)s? register\b|\bDAR\b)`),
		},
		"cy": {
			regexp.MustCompile(`\b[CG]ofrestr Mynediad Ganolog\b`),
			regexp.MustCompile(`\b(C|G|Ch|Ngh)ofrestr\b|(?i:ofrestr (data|mynediad|ganolog)\b|\b(DAR|register)\b)`),
		},
	} {
		mentions := 0
		for key, forms := range catalogue(t, lang) {
			for _, text := range forms {
				mentions += len(test.long.FindAllString(text, -1))
				if name := test.others.FindString(test.long.ReplaceAllString(text, "")); name != "" {
					t.Errorf("%s %s calls the register %q: %s", lang, key, name, text)
				}
			}
		}

		if mentions == 0 {
			t.Errorf("%s never names the register", lang)
		}
	}
}

func TestEnglishIsPlain(t *testing.T) {
	t.Parallel()
	sentenceEnd := regexp.MustCompile(`[.?!:]\s`)
	jargon := regexp.MustCompile(`(?i)\b(processing|controllers?|lawful basis|data subjects?|mpxn|granular)\b`)
	for key, forms := range catalogue(t, "en") {
		for _, text := range forms {
			if word := jargon.FindString(text); word != "" {
				t.Errorf("%s says %q", key, word)
			}
			for _, sentence := range sentenceEnd.Split(text, -1) {
				if words := len(strings.Fields(sentence)); words > 20 {
					t.Errorf("%s has a sentence of %d words: %s", key, words, sentence)
				}
			}
		}
	}
}

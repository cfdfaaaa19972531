package mail_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"central.consent/dar/register/mail"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestGoldenLetters(t *testing.T) {
	t.Parallel()

	for name, letter := range letters() {
		text := "Subject: " + letter.Subject + "\nContent-Language: " + letter.Language + "\n\n" + letter.Text
		for file, got := range map[string]string{name + ".txt": text, name + ".html": letter.HTML} {
			path := filepath.Join("testdata", file)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}

			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s has changed; go test -update rewrites it. It is now:\n%s", path, got)
			}
		}
	}
}

// stepNumber is the number of a step in the text.
var stepNumber = regexp.MustCompile(`^[1-9][0-9]?\.$`)

func TestTextAndHTMLSayTheSame(t *testing.T) {
	t.Parallel()

	for name, letter := range letters() {
		// Only the text has rules, step numbers and colons after labels. Only the HTML explains what to do if the
		// button does not work.
		var text []string
		for word := range strings.FieldsSeq(letter.Text) {
			if word = strings.TrimSuffix(word, ":"); strings.Trim(word, "-=") != "" && !stepNumber.MatchString(word) {
				text = append(text, word)
			}
		}

		var words []string
		for _, word := range wordsOf(t, letter) {
			words = append(words, strings.TrimSuffix(word, ":"))
		}

		page := strings.Join(words, " ")
		for _, line := range []string{
			" If the button does not work, copy this address into your browser",
			" Os nad yw’r botwm yn gweithio, copïwch y cyfeiriad hwn i’ch porwr",
		} {
			page = strings.ReplaceAll(page, line, "")
		}

		if got := strings.Join(text, " "); got != page {
			t.Errorf("%s: the text says\n%s\nand the HTML says\n%s", name, got, page)
		}
	}
}

func TestHTMLLoadsNothing(t *testing.T) {
	t.Parallel()

	for name, letter := range letters() {
		doc := parse(t, letter)
		found := doc.Find("img, script, link, iframe, object, video, audio, form, [src], [background], [srcset]")
		if found.Length() > 0 {
			t.Errorf("%s loads %s", name, goquery.NodeName(found))
		}
		for _, fetch := range []string{"url(", "@import", "@font-face"} {
			if strings.Contains(letter.HTML, fetch) {
				t.Errorf("%s has %s", name, fetch)
			}
		}

		doc.Find("a").Each(func(_ int, a *goquery.Selection) {
			if href := a.AttrOr("href", ""); href != link("").Link {
				t.Errorf("%s links to %s", name, href)
			}
		})
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()

	for language, want := range map[string][]string{
		"en": {"en", "en"}, "cy": {"cy", "cy"}, "": {"en", "en", "cy"}, "fr": {"en", "en", "cy"},
	} {
		letter := mail.MagicLink(link(language))
		var got []string
		parse(t, letter).Find("html, table[lang]").Each(func(_ int, s *goquery.Selection) {
			got = append(got, s.AttrOr("lang", ""))
		})
		if !slices.Equal(got, want) {
			t.Errorf("%q: marked as %v, want %v", language, got, want)
		}
		if want := strings.Join(want[1:], ", "); letter.Language != want {
			t.Errorf("%q: Content-Language is %q, want %q", language, letter.Language, want)
		}
	}

	both := mail.MagicLink(link(""))
	english := strings.Index(both.Text, "Somebody asked")
	welsh := strings.Index(both.Text, "Gofynnodd rhywun")
	if english < 0 || welsh < english {
		t.Errorf("English is at %d, Welsh at %d", english, welsh)
	}
}

func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()

	hostile := "Bright\r\nBcc: victim@example.com\n\n<img src=https://evil.example/>\u202e\u2028" +
		strings.Repeat("x", 500)

	d := link("en")
	d.Org = hostile

	added := passkey("en")
	added.Device = hostile
	added.Contact = hostile

	failed := undelivered("en")
	failed.Event = hostile
	failed.Host = hostile
	failed.Reason = hostile
	failed.EventID = hostile
	failed.WebhookID = hostile
	failed.List = hostile

	proposed := addition("en")
	proposed.Org = hostile
	proposed.Contact = mail.Contact{Device: hostile}

	read := reading("en")
	read.Org = hostile

	tied := tie("en")
	tied.Org = hostile

	changed := accessDetails("en")
	changed.Org = hostile

	for name, letter := range map[string]mail.Message{
		"link":        mail.MagicLink(d),
		"passkey":     mail.PasskeyAdded(added),
		"undelivered": mail.Undelivered(failed),
		"addition":    mail.ContactAddition(proposed),
		"reading":     mail.ContactReading(read),
		"tie":         mail.TenancyTie(tied),
		"access":      mail.AccessChanged(changed),
	} {
		if strings.ContainsAny(letter.Subject, "\r\n\u2028\u202e") || len([]rune(letter.Subject)) > 400 {
			t.Errorf("%s: the subject is %q", name, letter.Subject)
		}
		if strings.Contains(letter.Text, "\nBcc:") || strings.ContainsAny(letter.Text+letter.HTML, "\r\u202e\u2028") {
			t.Errorf("%s: a stranger began a line or reversed the words", name)
		}
		if parse(t, letter).Find("img").Length() > 0 {
			t.Errorf("%s: a stranger added a picture", name)
		}
	}

	d.Link = "javascript:alert(1)"
	if href := parse(t, mail.MagicLink(d)).Find("a.button").AttrOr("href", ""); strings.Contains(href, "javascript") {
		t.Errorf("the button runs a script: %s", href)
	}
}

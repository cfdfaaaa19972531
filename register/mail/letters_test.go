package mail_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"

	"central.consent/dar/register/mail"
)

var update = flag.Bool("update", false, "write the golden files anew")

var asked = time.Date(2026, 5, 3, 13, 3, 0, 0, time.UTC)

func link(language string) mail.LinkDetails {
	return mail.LinkDetails{
		Language: language, Org: "Citizens Advice", Meter: mail.MeterOf("2312345678901"), MatchCode: true,
		Link:  "https://id.central.consent/id/link?secret=dGhpcyBpcyBub3QgYSBzZWNyZXQgYnV0IGl0IGlzIGFzIGxvbmc",
		Asked: asked, Expires: asked.Add(15 * time.Minute),
	}
}

func passkey(language string) mail.PasskeyDetails {
	return mail.PasskeyDetails{
		Language: language,
		Meter:    mail.MeterOf("1234567890"),
		Device:   "Mair’s phone",
		At:       asked,
		Contact:  "help@central.consent",
	}
}

func undelivered(language string) mail.UndeliveredDetails {
	return mail.UndeliveredDetails{
		Language: language, Event: "consent.withdrawal", EventID: "evt_5f0c2d9e8b7a41c6", WebhookID: "wh_3a91c04be27d",
		Host: "hooks.bright.example", Attempts: 6, Since: asked, Reason: "503 Service Unavailable",
		List:      "https://api.central.consent/v1/webhooks/wh_3a91c04be27d/deliveries?status=undelivered",
		Redeliver: "https://api.central.consent/v1/webhooks/wh_3a91c04be27d/deliveries/dl_77ab/redeliver",
	}
}

// letters are every letter that there is, in every language and shape.
func letters() map[string]mail.Message {
	all := map[string]mail.Message{"link.both": mail.MagicLink(link(""))}
	for _, language := range []string{"en", "cy"} {
		all["link."+language] = mail.MagicLink(link(language))
		uncoded := link(language)
		uncoded.MatchCode, uncoded.Purpose, uncoded.Org = false, mail.KnowCustomer, "Bright Energy"
		all["link-customer."+language] = mail.MagicLink(uncoded)
		enrol := link(language)
		enrol.Purpose, enrol.Meter = mail.SetUpPasskey, mail.MeterOf("1234567890")
		all["link-passkey."+language] = mail.MagicLink(enrol)
		all["passkey-added."+language] = mail.PasskeyAdded(passkey(language))
		bare := passkey(language)
		bare.Device, bare.Contact = "", ""
		all["passkey-removed."+language] = mail.PasskeyRemoved(bare)
		all["undelivered."+language] = mail.Undelivered(undelivered(language))
	}

	return all
}

func TestLettersAreAsTheyWereLastRead(t *testing.T) {
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
				t.Errorf("%s has changed; go test -update writes it anew. It is now:\n%s", path, got)
			}
		}
	}
}

func parse(t testing.TB, letter mail.Message) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(letter.HTML))
	if err != nil {
		t.Fatal(err)
	}

	return doc
}

// said are the words of the HTML part, in order.
func said(t testing.TB, letter mail.Message) []string {
	var words []string
	for _, body := range parse(t, letter).Find("body").Nodes {
		for node := range body.Descendants() {
			if node.Type == html.TextNode {
				words = append(words, strings.Fields(node.Data)...)
			}
		}
	}

	return words
}

func TestTextAndHTMLSayTheSame(t *testing.T) {
	t.Parallel()
	for name, letter := range letters() {
		// Only the text has rules, numbers before steps and colons after labels; only HTML has a button that can fail.
		var text []string
		for word := range strings.FieldsSeq(letter.Text) {
			if word = strings.TrimSuffix(word, ":"); strings.Trim(word, "-=") != "" && word != "1." && word != "2." {
				text = append(text, word)
			}
		}

		var words []string
		for _, word := range said(t, letter) {
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

func TestTextFitsItsWidth(t *testing.T) {
	t.Parallel()
	for name, letter := range letters() {
		for line := range strings.Lines(letter.Text) {
			if line = strings.TrimSuffix(line, "\n"); len([]rune(line)) > 72 && !strings.Contains(line, "https://") {
				t.Errorf("%s: a line has %d characters: %s", name, len([]rune(line)), line)
			}
		}
	}
}

func TestHTMLAsksNobodyForAnything(t *testing.T) {
	t.Parallel()
	for name, letter := range letters() {
		doc := parse(t, letter)
		if found := doc.Find(
			"img, script, link, iframe, object, video, audio, form, [src], [background], [srcset]",
		); found.Length() > 0 {
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

func TestEachLanguageIsMarkedAndUnknownGetsBoth(t *testing.T) {
	t.Parallel()
	for language, want := range map[string][]string{
		"en": {"en", "en"}, "cy": {"cy", "cy"}, "": {"en", "en", "cy"}, "fr": {"en", "en", "cy"},
	} {
		letter := mail.MagicLink(link(language))
		var got []string
		parse(
			t,
			letter,
		).Find("html, table[lang]").
			Each(func(_ int, s *goquery.Selection) { got = append(got, s.AttrOr("lang", "")) })
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

func TestMagicLinkTellsWhatTheCustomerMustKnow(t *testing.T) {
	t.Parallel()
	letter := mail.MagicLink(link("en"))
	for _, want := range []string{"Citizens Advice", "Ends in 901", "2:03pm", "15 minutes, until 2:18pm (UK time)", "asks for a code", link("").Link} {
		if page := strings.Join(said(t, letter), " "); !strings.Contains(page, want) {
			t.Errorf("it does not say %q", want)
		}
	}

	if strings.Contains(letter.Text+letter.HTML, "2312345678901") {
		t.Error("it tells the whole number of the meter point")
	}

	uncoded := link("en")
	uncoded.MatchCode = false
	if letter := mail.MagicLink(uncoded); strings.Contains(letter.Text, "code") {
		t.Error("it speaks of a code that will not be asked for")
	}
}

func TestStrangersWordsStayWords(t *testing.T) {
	t.Parallel()
	hostile := "Bright\r\nBcc: victim@example.com\n\n<img src=https://evil.example/>\u202e\u2028" + strings.Repeat(
		"x",
		500,
	)
	d := link("en")
	d.Org = hostile
	added := passkey("en")
	added.Device, added.Contact = hostile, hostile
	failed := undelivered("en")
	failed.Event, failed.Host, failed.Reason, failed.EventID, failed.WebhookID, failed.List = hostile, hostile, hostile, hostile, hostile, hostile
	for name, letter := range map[string]mail.Message{
		"link": mail.MagicLink(d), "passkey": mail.PasskeyAdded(added), "undelivered": mail.Undelivered(failed),
	} {
		if strings.ContainsAny(letter.Subject, "\r\n\u2028\u202e") || len([]rune(letter.Subject)) > 400 {
			t.Errorf("%s: the subject is %q", name, letter.Subject)
		}
		if strings.Contains(letter.Text, "\nBcc:") || strings.ContainsAny(letter.Text+letter.HTML, "\r\u202e\u2028") {
			t.Errorf("%s: a stranger began a line, or turned the words around", name)
		}
		if parse(t, letter).Find("img").Length() > 0 {
			t.Errorf("%s: a stranger put a picture in", name)
		}
	}

	d.Link = "javascript:alert(1)"
	if href := parse(t, mail.MagicLink(d)).Find("a.button").AttrOr("href", ""); strings.Contains(href, "javascript") {
		t.Errorf("the button runs a script: %s", href)
	}
}

func TestMeterOf(t *testing.T) {
	t.Parallel()
	for mpxn, want := range map[string]mail.Meter{
		"2312345678901": {Ending: "901"}, "1234567890": {Gas: true, Ending: "890"}, "123456": {Gas: true, Ending: "456"}, "12": {Gas: true, Ending: "12"},
	} {
		if got := mail.MeterOf(mpxn); got != want {
			t.Errorf("%s: got %+v, want %+v", mpxn, got, want)
		}
	}
}

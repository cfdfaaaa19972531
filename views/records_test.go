package views

import (
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"central.consent/dar/views/ui"
)

// A discovered access comes first, with the way to report it.
func TestDiscoveredComesFirst(t *testing.T) {
	t.Parallel()
	doc := render(t, Records(RecordsPage{
		Page:       customer("en"),
		MeterPoint: meterPoint,
		ReadAt:     time.Date(2026, 5, 3, 13, 3, 0, 0, time.UTC),
		Discovered: []Sighting{acmeSighting()},
		Active:     []Record{record("a", "Bright Energy Ltd", BasisConsent)},
		Ended:      []Record{expiredRecord("e", "GreenSwitch")},
	}))

	var order []string
	doc.Find("main section[id]").Each(func(_ int, s *goquery.Selection) {
		order = append(order, s.AttrOr("id", ""))
	})
	if got := strings.Join(order, " "); got != "timeline discovered active ended" {
		t.Errorf("the groups stand in the order %s", got)
	}

	want := "Bright Energy Ltd can see your energy data now, " +
		"and Acme Energy Services Ltd was seen reading it without saying why."
	if got := doc.Find("#answer").Text(); got != want {
		t.Errorf("the answer is %q, want %q", got, want)
	}

	card := doc.Find("#discovered article")
	for _, want := range []string{
		"SEC-OU-00429",
		"1 June 2024",
		"28 February 2026",
		"How much you use, every half hour",
		"Smart Energy Code Administrator",
	} {
		if !strings.Contains(card.Text(), want) {
			t.Errorf("the card of the discovered access does not say %q", want)
		}
	}

	var counts []string
	doc.Find(".counts li").Each(func(_ int, s *goquery.Selection) {
		counts = append(counts, strings.TrimSpace(s.Text()))
	})
	if got := strings.Join(counts, ", "); got != "1 seen, not registered, 1 can see your data, 1 ended" {
		t.Errorf("the counts are %q", got)
	}
}

// Access that was seen after it ended comes first of all, with when it ended, what that means and what to do.
func TestStillSeenComesFirst(t *testing.T) {
	t.Parallel()
	stopped := acmeSighting()
	stopped.EndedAt = day(2026, 1, 5)
	stopped.Stopped = true
	expired := stopped
	expired.Stopped = false
	for _, test := range []struct {
		name     string
		sighting Sighting
		lang     string
		title    string
		answer   string
		ended    string
		help     string
	}{
		{
			"stopped", stopped, "en", "Still seen after you stopped it",
			"Acme Energy Services Ltd was still seen reading your energy data after its access had ended. " +
				"Bright Energy Ltd can see your energy data now, and Other Ltd was seen reading it without saying why.",
			"You stopped this on 5 January 2026.", "Citizens Advice",
		},
		{
			"expired", expired, "en", "Still seen after its access ended",
			"Acme Energy Services Ltd was still seen reading your energy data after its access had ended. " +
				"Bright Energy Ltd can see your energy data now, and Other Ltd was seen reading it without saying why.",
			"Its access ended on 5 January 2026.", "Information Commissioner",
		},
		{
			"stopped, in Welsh", stopped, "cy", "Wedi’i weld o hyd ar ôl i chi ei atal",
			"Gwelwyd Acme Energy Services Ltd yn dal i ddarllen eich data ynni ar ôl i’w fynediad ddod i ben. " +
				"Mae Bright Energy Ltd yn gallu gweld eich data ynni nawr, " +
				"a gwelwyd Other Ltd yn ei ddarllen heb ddweud pam.",
			"Fe wnaethoch chi atal hyn ar 5 Ionawr 2026.", "Cyngor ar Bopeth",
		},
	} {
		other := acmeSighting()
		other.Organisation = "Other Ltd"
		page := RecordsPage{
			Page:       customer(test.lang),
			MeterPoint: meterPoint,
			ReadAt:     readAt,
			StillSeen:  []Sighting{test.sighting},
			Discovered: []Sighting{other},
			Active:     []Record{record("a", "Bright Energy Ltd", BasisConsent)},
		}
		doc := render(t, Records(page))

		if got := doc.Find("main section[id]").Eq(1).AttrOr("id", ""); got != "still-seen" {
			t.Errorf("%s: the first group is %q", test.name, got)
		}
		if got := words(doc.Find("#still-seen-title")); got != test.title {
			t.Errorf("%s: the heading is %q, want %q", test.name, got, test.title)
		}
		if got := doc.Find("#answer").Text(); got != test.answer {
			t.Errorf("%s: the answer is %q, want %q", test.name, got, test.answer)
		}

		card := words(doc.Find("#still-seen article"))
		row := doc.Find("#timeline ol li").First()
		if !strings.Contains(card, test.ended) || !strings.Contains(card, test.help) ||
			!strings.Contains(words(row), test.ended) || row.Find(".t-cap").Length() != 1 {
			t.Errorf("%s: the card says %q, the timeline %q", test.name, card, words(row))
		}
		if href := row.Find("a").AttrOr("href", ""); doc.Find("article"+href).Length() != 1 {
			t.Errorf("%s: %q leads nowhere", test.name, href)
		}
		if got := words(doc.Find(".counts li").First()); !strings.HasPrefix(got, "1 ") {
			t.Errorf("%s: the first count is %q", test.name, got)
		}

		entry := page.Entries()[0]
		if entry.Status != test.title || !strings.HasPrefix(entry.When, test.ended) ||
			!entry.Ended.Equal(test.sighting.EndedAt) {
			t.Errorf("%s: the entry is %+v", test.name, entry)
		}
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	active := func(names ...string) []Record {
		var records []Record
		for _, name := range names {
			records = append(records, record(name, name, BasisConsent))
		}

		return records
	}

	for _, test := range []struct {
		name, want string
		page       RecordsPage
	}{
		{
			"nobody",
			"No organisation on the Central Access Register can see your energy data now.",
			RecordsPage{},
		},
		{
			"only discovered",
			"No organisation on the Central Access Register can see your energy data now, " +
				"but Acme Energy Services Ltd was seen reading it without saying why.",
			RecordsPage{Discovered: []Sighting{acmeSighting()}},
		},
		{
			"twice the same",
			"Bright can see your energy data now.",
			RecordsPage{Active: active("Bright", "Bright")},
		},
		{
			"three",
			"A, B and C can see your energy data now.",
			RecordsPage{Active: active("C", "A", "B")},
		},
		{
			"a joint record",
			"Eryri Heat, Menai Homes and Ogwen Trust can see your energy data now.",
			RecordsPage{Active: []Record{jointRecord()}},
		},
		{
			"four",
			"4 organisations can see your energy data now.",
			RecordsPage{Active: active("A", "B", "C", "D")},
		},
	} {
		test.page.Page = customer("en")
		if got := ui.Unmarked(test.page.answer()); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// The counts are of organisations, as in the sentence above them, not of records.
func TestCounts(t *testing.T) {
	t.Parallel()
	doc := renderList(t, record("a", "Bright", BasisConsent), record("b", "Bright", BasisContract))
	if got := strings.TrimSpace(doc.Find(".count-active").Text()); got != "1 can see your data" {
		t.Errorf("the count says %q where the sentence says %q", got, doc.Find("#answer").Text())
	}
}

// Records of the same organisation have headings, buttons and summaries of their own.
func TestNamesAreNumbered(t *testing.T) {
	t.Parallel()
	var records []Record
	for _, handle := range []string{"a", "b", "c"} {
		r := record(handle, "Bright Energy Ltd", BasisConsent)
		r.CanWithdraw = true
		records = append(records, r)
	}

	doc := renderList(t, records...)
	unique(t, doc, "h3")
	unique(t, doc, "a.button, button")
	unique(t, doc, "summary")
}

func TestWelshListOfNames(t *testing.T) {
	t.Parallel()
	doc := render(t, Records(RecordsPage{
		Page:       customer("cy"),
		MeterPoint: meterPoint,
		Active:     []Record{record("b", "B", BasisContract), record("a", "Ynni", BasisContract)},
	}))
	if got := doc.Find("#answer").Text(); !strings.Contains(got, "B ac Ynni") {
		t.Errorf("Welsh says ac before a vowel: %q", got)
	}
}

// A customer finds the page of the contacts that can open the list, in a frame in a new tab. An adviser gets no link.
func TestContactsLink(t *testing.T) {
	t.Parallel()
	const address = "https://id.example.org/id/contacts"
	adviser := customer("en")
	adviser.Adviser = true
	for _, test := range []struct {
		name     string
		page     Page
		contacts string
		links    int
	}{
		{"a customer", customer("en"), address, 1},
		{"a customer, in Welsh", customer("cy"), address, 1},
		{"a register that names no page", customer("en"), "", 0},
		{"an adviser", adviser, address, 0},
		{"an address that runs a script", customer("en"), "javascript:alert(1)", 0},
	} {
		doc := render(t, Records(RecordsPage{Page: test.page, MeterPoint: meterPoint, Contacts: test.contacts}))
		links := doc.Find(".help a[href='" + address + "'][rel~=noreferrer]").Length()
		if links != test.links || doc.Find("a[href^='javascript']").Length() > 0 {
			t.Errorf("%s: %d links, want %d", test.name, links, test.links)
		}
	}
}

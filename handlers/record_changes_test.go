package handlers

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// unmarked drops the marks around names, and spaces beside the first.
func unmarked(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("\u2068", "", "\u2069", "").Replace(text)), " ")
}

// wideRecord is the sample record with every member that a customer is shown.
func wideRecord(ir string) registerclient.AccessRecord {
	record := registertest.AccessRecord(ir, registerclient.BasisConsent)
	record.Processing.DataSource = "The DCC, each night"
	record.Processing.Recipients = []registerclient.Recipient{
		{Name: "Adverts Ltd", Role: "Sends adverts", PrivacyURL: "https://adverts.example/privacy"},
	}
	lead := &record.RecordMetadata.ControllerArrangement.Controllers[0]
	lead.StatutoryReference = new("Licence condition 4")
	lead.StorageConditions = &registerclient.StorageConditions{Location: "IE", RetentionPeriod: "P2Y"}

	return record
}

// A replacement of any single field that customers are shown is seen on the page, with what was said before.
func TestEachChangedFieldIsShown(t *testing.T) {
	t.Parallel()
	lead := func(in *registerclient.AccessRecord) *registerclient.Controller {
		return &in.RecordMetadata.ControllerArrangement.Controllers[0]
	}
	w := newWorld(t)
	ak := w.accessRecord(t, registerclient.BasisConsent)
	replace := func(alter func(in *registerclient.AccessRecord)) {
		t.Helper()
		record := wideRecord(w.ir)
		alter(&record)
		if _, err := w.dataUser.ReplaceAccessRecord(t.Context(), ak, record); err != nil {
			t.Fatal(err)
		}
	}

	for name, test := range map[string]struct {
		alter func(in *registerclient.AccessRecord)
		want  []string
	}{
		"data": {
			func(in *registerclient.AccessRecord) {
				in.Processing.DataTypes = append(in.Processing.DataTypes, registerclient.HalfHourlyExport)
			},
			[]string{"Data added: What you send to the grid, every half hour."},
		},
		"recipients": {
			func(in *registerclient.AccessRecord) {
				in.Processing.Recipients = []registerclient.Recipient{{Name: "Brokers Ltd", Role: "Sells it"}}
			},
			[]string{
				"Organisations added: Brokers Ltd.", "Organisations taken out: Adverts Ltd.",
				"Who else gets the data", "Brokers Ltd (Sells it)",
			},
		},
		"what a recipient does": {
			func(in *registerclient.AccessRecord) { in.Processing.Recipients[0].Role = "Sells it" },
			[]string{
				"Before, it said of Adverts Ltd: “Sends adverts”, privacy notice at https://adverts.example/privacy.",
			},
		},
		"data source": {
			func(in *registerclient.AccessRecord) { in.Processing.DataSource = "The meter" },
			[]string{
				"Before, the data came from: “The DCC, each night”.",
				"Where the data comes from, in its own words", "“The meter”",
			},
		},
		"contact": {
			func(in *registerclient.AccessRecord) { lead(in).ContactURL = "https://example.org" },
			[]string{"Before, the contact page of Bright Energy Ltd was https://bright-energy.com/contact."},
		},
		"rights": {
			func(in *registerclient.AccessRecord) { lead(in).PrivacyRightsURL = "" },
			[]string{
				"Before, the page of Bright Energy Ltd for privacy rights was https://bright-energy.com/your-rights.",
			},
		},
		"notice": {
			func(in *registerclient.AccessRecord) { in.Notice.SharedNotice.NoticeVersion = "v9" },
			[]string{
				"Before, it named this: Privacy notice of Bright Energy Ltd, version v3.2, at " +
					"https://bright-energy.com/privacy-v3.html.",
			},
		},
		"storage": {
			func(in *registerclient.AccessRecord) { lead(in).StorageConditions = nil },
			[]string{"Before, the data was kept like this: Ireland; 2 years."},
		},
		"reference": {
			func(in *registerclient.AccessRecord) { lead(in).StatutoryReference = nil },
			[]string{"Before, it pointed to: “Licence condition 4”."},
		},
	} {
		w.register.Clock.Add(3 * time.Hour)
		replace(func(*registerclient.AccessRecord) {})
		w.register.Clock.Add(3 * time.Hour)
		replace(test.alter)

		b := w.browser(t)
		words := unmarked(b.signIn().doc.Find(`#active .card:contains("Changed on")`).Text())
		table := unmarked(b.get("/portal/records.csv").body)
		for i, want := range test.want {
			if !strings.Contains(words, want) {
				t.Errorf("%s: the card does not say %q: %s", name, want, words)
			}
			if i == 0 && !strings.Contains(table, strings.ReplaceAll(want, `"`, `""`)) {
				t.Errorf("%s: the table does not say %q: %s", name, want, table)
			}
		}
	}

	// The day of the agreement moves forward only.
	w.register.Clock.Add(3 * time.Hour)
	replace(func(in *registerclient.AccessRecord) { in.AccessEvent.RegisteredAt = w.register.Clock.Now() })
	words := unmarked(w.browser(t).signIn().doc.Find(`#active .card:contains("Changed on")`).Text())
	for _, want := range []string{
		"Before, the day it gave was 14 January 2024.",
		"Since 14 January 2024, until 14 January 2028. It was renewed on " +
			w.register.Clock.Now().Format("2 January 2006") + ".",
		"Bright Energy Ltd says you agreed to this on 14 January 2024.",
	} {
		if !strings.Contains(words, want) {
			t.Errorf("renewed: the card does not say %q: %s", want, words)
		}
	}
}

// After 51 replacements the page says still that the organisation saw half-hourly data, and that among the changes that
// a customer sees first.
func TestFloodOfChangesHidesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ak := w.accessRecord(t, registerclient.BasisConsent)
	for i := range 52 {
		w.register.Clock.Add(3 * time.Hour)
		record := registertest.AccessRecord(w.ir, registerclient.BasisConsent)
		record.Processing.Purpose = fmt.Sprint("Purpose ", i)
		if i == 0 {
			record.Processing.DataTypes = append(record.Processing.DataTypes, registerclient.HalfHourlyExport)
		}
		if _, err := w.dataUser.ReplaceAccessRecord(t.Context(), ak, record); err != nil {
			t.Fatal(err)
		}
	}

	b := w.browser(t)
	card := b.signIn().doc.Find(`#active .card:contains("Changed on")`)
	first := unmarked(card.Find("dl.facts").First().Text())
	for _, want := range []string{
		"Changed on " + w.register.Clock.Now().Format("2 January 2006") + ".", "Before, it was for: “Purpose 50”",
		"Changed on 1 June 2026.", "Data added: What you send to the grid, every half hour.",
	} {
		if !strings.Contains(first, want) {
			t.Errorf("the card does not begin with %q: %s", want, first)
		}
	}
	if table := b.get(
		"/portal/records.csv",
	).body; !strings.Contains(
		table,
		"Data taken out: What you send to the grid",
	) {
		t.Errorf("the table does not say what was taken out: %s", table)
	}
}

// Access that is registered again right after the customer's stop is said so on the page and in each file.
func TestRestartIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	path := b.signIn().withdrawPath(t)
	b.follow(b.post(path, map[string][]string{"token": {b.get(path).token(t)}}))
	w.accessRecord(t, registerclient.BasisConsent)

	const want = "Started again on 1 June 2026, after you stopped it on 1 June 2026."
	again := w.browser(t)
	page := again.signIn()
	if inset := unmarked(page.doc.Find("#active .card > .inset").Text()); inset != want {
		t.Errorf("the card says %q, want %q", inset, want)
	}
	for _, ending := range []string{"csv", "json"} {
		if file := again.get("/portal/records." + ending).body; !strings.Contains(file, want) {
			t.Errorf("%s does not say %q: %s", ending, want, file)
		}
	}
	if text := pdfText(t, again.get("/portal/records.pdf").body); !strings.Contains(unmarked(text), want) {
		t.Errorf("the PDF does not say %q: %s", want, text)
	}

	welsh := unmarked(again.get("/portal/records?lang=cy").doc.Find("#active .card > .inset").Text())
	if want := "Dechreuodd eto ar 1 Mehefin 2026, ar ôl i chi ei atal ar 1 Mehefin 2026."; welsh != want {
		t.Errorf("in Welsh the card says %q, want %q", welsh, want)
	}
}

// The files hold what the page shows, and no text of an organisation becomes a formula.
func TestFilesHoldWhatIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	record := wideRecord(w.ir)
	record.Processing.DataSource = "=HYPERLINK(1)"
	record.Processing.Recipients = append(record.Processing.Recipients,
		registerclient.Recipient{Name: "+Evil", Role: "@SUM"})
	record.Processing.Purpose = "-1+1"
	if _, err := w.dataUser.CreateAccessRecord(t.Context(), record); err != nil {
		t.Fatal(err)
	}

	b := w.browser(t)
	b.signIn()
	table := strings.TrimPrefix(b.get("/portal/records.csv").body, byteOrderMark)
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}

	cells := map[string]string{}
	for _, row := range rows[1:] {
		for i, cell := range row {
			if row[4] == "'-1+1" {
				cells[rows[0][i]] = cell
			}
			if cell != "" && strings.ContainsRune("=+-@|%", rune(cell[0])) {
				t.Errorf("a cell begins a formula: %q", cell)
			}
		}
	}

	for heading, want := range map[string]string{
		"Meter point number":         "23 1234 5678 901",
		"What that means":            "Bright Energy Ltd says you agreed to this on 14 January 2024.",
		"Where the data comes from":  "'=HYPERLINK(1)",
		"Who else gets the data":     "Adverts Ltd (Sends adverts): https://adverts.example/privacy; +Evil (@SUM)",
		"Contact pages":              "Bright Energy Ltd: https://bright-energy.com/contact",
		"Pages for privacy rights":   "Bright Energy Ltd: https://bright-energy.com/your-rights",
		"Where it keeps the data":    "Ireland",
		"How long it keeps the data": "2 years",
		"What you were told": "Privacy notice of Bright Energy Ltd, version v3.2: " +
			"https://bright-energy.com/privacy-v3.html",
		"What the data can show": "How much you use, every half hour: when you are usually in, asleep or away; " +
			"Your price plan for what you use: what you pay for each unit",
	} {
		if cells[heading] != want {
			t.Errorf("%s: %q, want %q", heading, cells[heading], want)
		}
	}

	document := unmarked(pdfText(t, b.get("/portal/records.pdf").body))
	export := b.get("/portal/records.json").body
	for _, want := range []string{
		"Ireland", "2 years", "Adverts Ltd", "Sends adverts", "https://bright-energy.com/contact",
		"https://bright-energy.com/your-rights", "version v3.2", "says you agreed to this on 14 January 2024",
	} {
		if !strings.Contains(strings.ReplaceAll(document, " ", ""), strings.ReplaceAll(want, " ", "")) {
			t.Errorf("the PDF does not say %q: %s", want, document)
		}
		if want != "version v3.2" && !strings.Contains(export, want) {
			t.Errorf("the JSON does not say %q: %s", want, export)
		}
	}
}

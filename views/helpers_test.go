package views

import (
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"central.consent/dar/views/i18n"
)

var (
	meterPoint = MeterPoint{Number: "23 1234 5678 901", Electricity: true}

	bases = []Basis{
		BasisConsent,
		BasisExplicitConsent,
		BasisContract,
		BasisLegalObligation,
		BasisPublicTask,
		BasisLegitimateInterests,
		BasisOther,
	}
)

func render(t testing.TB, c templ.Component) *goquery.Document {
	t.Helper()
	var b strings.Builder
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}

	doc, err := goquery.NewDocumentFromReader(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}

	return doc
}

// renderList renders the list of these active records, in English.
func renderList(t testing.TB, active ...Record) *goquery.Document {
	t.Helper()
	return render(t, Records(RecordsPage{Page: customer("en"), MeterPoint: meterPoint, Active: active}))
}

// words is the text of a selection, with one space between words.
func words(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }

// unique fails if two elements have the same words.
func unique(t testing.TB, doc *goquery.Document, selector string) {
	t.Helper()
	found := map[string]bool{}
	doc.Find(selector).Each(func(_ int, s *goquery.Selection) {
		name := words(s)
		if found[name] {
			t.Errorf("two of %s are called %q", selector, name)
		}
		found[name] = true
	})
}

// day is the beginning of a day.
func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 0, 0, 0, 0, time.UTC)
}

// customer is the page of a customer who has signed in.
func customer(lang string) Page {
	return Page{
		Text: i18n.For(lang),
		Brand: Brand{
			Name:       "Adviceline",
			ContactURL: "https://adviceline.example/contact",
			Phone:      "0808 157 0000",
		},
		Base:           "/portal",
		Path:           "/portal/records",
		FormToken:      "token-1",
		SignedIn:       true,
		IdleMinutes:    15,
		SignOutAt:      time.Date(2026, 5, 3, 14, 0, 0, 0, time.UTC),
		SessionSeconds: 3600,
	}
}

func record(handle, organisation string, basis Basis) Record {
	return Record{
		Handle:       handle,
		Organisation: organisation,
		Arrangement:  "sole",
		State:        RecordActive,
		Basis:        basis,
		Purpose:      "Tariff advice",
		Controllers: []Controller{
			{
				Name:       organisation,
				Role:       "sole",
				ContactURL: "https://org.example/contact",
				PrivacyURL: "https://org.example/rights",
			},
		},
		DataTypes:      []DataType{{DataHalfHourlyUse}},
		Since:          day(2024, 1, 14),
		PrivacyNotices: []PrivacyNotice{{URL: "https://org.example/privacy", Version: "v1"}},
	}
}

// jointRecord is shared by three organisations.
func jointRecord() Record {
	r := record("j", "Menai Homes", BasisConsent)
	r.Arrangement = "joint"
	r.CanWithdraw = true
	r.Controllers = append(
		r.Controllers,
		Controller{Name: "Eryri Heat", Role: "joint"},
		Controller{Name: "Ogwen Trust", Role: "joint"},
	)

	return r
}

func expiredRecord(handle, organisation string) Record {
	r := record(handle, organisation, BasisConsent)
	r.State = RecordExpired
	r.EndedAt = day(2024, 3, 3)

	return r
}

func acmeSighting() Sighting {
	return Sighting{
		Organisation: "Acme Energy Services Ltd",
		Reference:    "SEC-OU-00429",
		DataTypes:    []DataType{{DataHalfHourlyUse}},
		FirstSeen:    day(2024, 6, 1),
		LastSeen:     day(2026, 2, 28),
	}
}

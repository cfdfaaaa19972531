package views

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"
)

func TestWithdrawLink(t *testing.T) {
	t.Parallel()
	for _, basis := range bases {
		for _, canWithdraw := range []bool{true, false} {
			r := record("h1", "Bright Energy Ltd", basis)
			r.CanWithdraw = canWithdraw
			doc := renderList(t, r)

			links := doc.Find(`a[href="/portal/records/h1/withdraw"]`)
			if want := map[bool]int{true: 1, false: 0}[canWithdraw]; links.Length() != want {
				t.Errorf("%s: %d links to stop it, want %d", basis, links.Length(), want)
			}
			if canWithdraw && links.Text() != "Stop Bright Energy Ltd" {
				t.Errorf("%s: the link says %q", basis, links.Text())
			}
			if doc.Find(`a[href="https://org.example/rights"]`).Length() == 0 {
				t.Errorf("%s: no way to the organisation's privacy rights", basis)
			}
		}
	}
}

func TestEveryControllerHasLinks(t *testing.T) {
	t.Parallel()
	for _, arrangement := range []string{"joint", "group"} {
		r := record("h1", "Menai Homes", BasisLegitimateInterests)
		r.Arrangement = arrangement
		r.Controllers = append(
			r.Controllers,
			Controller{
				Name:       "Eryri",
				Role:       "joint",
				ContactURL: "https://eryri.example/contact",
				PrivacyURL: "https://eryri.example/rights",
			},
			Controller{Name: "Ogwen", Role: "member", ContactURL: "https://ogwen.example/contact"},
		)

		doc := renderList(t, r)
		for _, href := range []string{
			"https://org.example/rights",
			"https://eryri.example/rights",
			"https://ogwen.example/contact",
		} {
			if doc.Find(`.responsible a[href="`+href+`"]`).Length() != 1 {
				t.Errorf("%s: no link to %s", arrangement, href)
			}
		}

		if text := doc.Find(".together").Text(); !strings.Contains(text, "Eryri and Ogwen") {
			t.Errorf("%s: the heading is followed by %q", arrangement, text)
		}
	}
}

func TestPeriod(t *testing.T) {
	t.Parallel()
	soon := day(2026, 5, 20)
	for _, test := range []struct {
		name  string
		alter func(*Record)
		want  string
	}{
		{
			"no end",
			func(*Record) {},
			"Since 14 January 2024. No end date set: it goes on until somebody ends it.",
		},
		{
			"an end",
			func(r *Record) { r.Until = soon },
			"Since 14 January 2024, until 20 May 2026.",
		},
		{
			"soon",
			func(r *Record) { r.Until, r.State = soon, RecordEndingSoon },
			"Since 14 January 2024. It ends on 20 May 2026 unless you agree again. Do nothing and it ends.",
		},
		{
			"soon, not by permission",
			func(r *Record) { r.Until, r.State, r.Basis = soon, RecordEndingSoon, BasisContract },
			"Since 14 January 2024. It ends on 20 May 2026 unless Bright renews it.",
		},
	} {
		r := record("h", "Bright", BasisConsent)
		test.alter(&r)
		if doc := renderList(t, r); !strings.Contains(doc.Find("#active article").Text(), test.want) {
			t.Errorf("%s: the card does not say %q", test.name, test.want)
		}
	}
}

func TestExplicitConsentIsUnusual(t *testing.T) {
	t.Parallel()
	for _, basis := range bases {
		doc := renderList(t, record("h", "Bright", basis))
		got := strings.Contains(doc.Text(), "This is unusual.")
		if want := basis == BasisExplicitConsent; got != want {
			t.Errorf("%s: flagged as unusual is %v", basis, got)
		}
	}
}

// The register records a claim, and the page says that the organisation makes it.
func TestPermissionIsAClaim(t *testing.T) {
	t.Parallel()
	for basis, want := range map[Basis]string{
		BasisConsent:         "Bright says you agreed to this on 14 January 2024.",
		BasisExplicitConsent: "Bright says you agreed to exactly this, in so many words, on 14 January 2024.",
	} {
		text := renderList(t, record("a", "Bright", basis)).Find("article").Text()
		if !strings.Contains(text, want) || !strings.Contains(text, "If you never agreed, ask Bright to show") {
			t.Errorf("%s: %q", basis, text)
		}
	}
}

// Addresses that organisations registered are links to web pages, and never run a script.
func TestAddressesCannotRun(t *testing.T) {
	t.Parallel()
	r := record("h", "Bright", BasisContract)
	r.Controllers[0].PrivacyURL = "javascript:alert(1)"
	r.Controllers[0].ContactURL = "data:text/html,x"
	r.PrivacyNotices[0].URL = "vbscript:x"

	renderList(t, r).Find("a[href]").Each(func(_ int, a *goquery.Selection) {
		href := a.AttrOr("href", "")
		for _, scheme := range []string{"javascript:", "data:", "vbscript:"} {
			if strings.HasPrefix(href, scheme) {
				t.Errorf("a link leads to %s", href)
			}
		}
	})
}

// A name is isolated: a name that turns the direction of text turns nothing else.
func TestNamesAreIsolated(t *testing.T) {
	t.Parallel()
	const name = "\u202eشركة Energy"
	r := record("a", name, BasisConsent)
	r.CanWithdraw = true
	discovered := acmeSighting()
	discovered.Organisation = name

	p := customer("en")
	for page, c := range map[string]templ.Component{
		"records": Records(RecordsPage{
			Page:       p,
			MeterPoint: meterPoint,
			Active:     []Record{r},
			Discovered: []Sighting{discovered},
		}),
		"withdraw": Withdraw(WithdrawPage{Page: p, MeterPoint: meterPoint, Record: r}),
		"withdrawn": Withdrawn(WithdrawnPage{
			Page:       p,
			MeterPoint: meterPoint,
			Record:     r,
			Delivery:   DeliveryStatus{State: DeliveryNone},
		}),
	} {
		doc := render(t, c)
		if doc.Find("bdi").Length() == 0 {
			t.Errorf("%s: no name is isolated", page)
		}
		if title := doc.Find("title").Text(); strings.Contains(title, "شركة") {
			t.Errorf("%s: the title goes into the browser's history, and names an organisation: %q", page, title)
		}

		doc.Find("bdi").Remove()
		if text := doc.Find("body").Text(); strings.Contains(text, "شركة") {
			t.Errorf("%s: a name stands outside a bdi: %q", page, text)
		}
	}
}

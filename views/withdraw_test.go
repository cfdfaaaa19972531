package views

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"central.consent/dar/views/i18n"
)

func renderWithdraw(t testing.TB, lang string, r Record) *goquery.Document {
	t.Helper()
	return render(t, Withdraw(WithdrawPage{Page: customer(lang), MeterPoint: meterPoint, Record: r}))
}

// The page says what stopping means before it asks for a yes.
func TestWithdraw(t *testing.T) {
	t.Parallel()
	doc := renderWithdraw(t, "en", record("h1", "Bright Energy Ltd", BasisConsent))
	if got := doc.Find("h1").Text(); got != "Stop Bright Energy Ltd seeing your energy data?" {
		t.Errorf("the heading is %q", got)
	}

	form := doc.Find(`form[action="/portal/records/h1/withdraw"][method="post"]`)
	if form.Find(`input[name="token"][value="token-1"]`).Length() != 1 || form.Find(".button").Length() != 2 {
		t.Error("the form lacks its token, or one of its two ways out")
	}
	for _, want := range []string{
		"What stops",
		"What may stop working",
		"What does not change",
		"What they may keep",
		"When",
		"You cannot undo this here.",
	} {
		if !strings.Contains(doc.Find("main").Text(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// A joint access ends for all who share it: each page that speaks of stopping it names them all.
func TestWithdrawalNamesEveryController(t *testing.T) {
	t.Parallel()
	r := jointRecord()
	for _, lang := range i18n.Languages() {
		p := customer(lang)
		list := render(t, Records(RecordsPage{Page: p, MeterPoint: meterPoint, Active: []Record{r}}))
		review := renderWithdraw(t, lang, r)
		result := render(t, Withdrawn(WithdrawnPage{
			Page:       p,
			MeterPoint: meterPoint,
			Record:     r,
			Delivery:   DeliveryStatus{State: DeliveryNone},
		}))
		for place, text := range map[string]string{
			"the list":    list.Find("a.button").Text(),
			"the heading": review.Find("h1").Text(),
			"the review":  review.Find("dl dd").First().Text(),
			"the result":  result.Find("h1").Text(),
		} {
			for _, c := range r.Controllers {
				if !strings.Contains(text, c.Name) {
					t.Errorf("%s in %s does not name %s: %q", place, lang, c.Name, text)
				}
			}
		}
	}

	doc := renderWithdraw(t, "en", r)
	want := "Stop Menai Homes, Eryri Heat and Ogwen Trust seeing your energy data?"
	if got := doc.Find("h1").Text(); got != want {
		t.Errorf("got %q", got)
	}
}

// A heading has no room for many names. The review below it names them all.
func TestWithdrawalOfManyControllers(t *testing.T) {
	t.Parallel()
	r := jointRecord()
	for i := range 5 {
		r.Controllers = append(r.Controllers, Controller{Name: "Number " + string(rune('A'+i)), Role: "joint"})
	}

	doc := renderWithdraw(t, "en", r)
	if got := doc.Find("h1").Text(); got != "Stop Menai Homes and 7 others seeing your energy data?" {
		t.Errorf("the heading is %q", got)
	}
	if got := doc.Find("dl dd").First().Text(); !strings.Contains(got, "Number E") {
		t.Errorf("the review does not name the last: %q", got)
	}
}

// No space is lost between a sentence and a name that is an element of its own.
func TestSpacesAroundNames(t *testing.T) {
	t.Parallel()
	doc := renderWithdraw(t, "en", record("a", "Bright", BasisConsent))
	want := "You cannot undo this here. Only Bright can ask you again."
	if got := words(doc.Find(".inset")); got != want {
		t.Errorf("a space is lost: %q", got)
	}
}

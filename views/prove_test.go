package views

import (
	"strings"
	"testing"

	"central.consent/dar/views/i18n"
)

// The link in the error summary leads to a method that the customer can still choose.
func TestProveError(t *testing.T) {
	t.Parallel()
	page := customer("en")
	page.Errors = []FieldError{{Field: "method", Key: "error.prove.magic-link"}}
	doc := render(t, Prove(ProvePage{
		Page:       page,
		MeterPoint: meterPoint,
		Chosen:     Method{"passkey-assert"},
		Others:     []Method{{"magic-link"}},
	}))

	link := doc.Find("#error-summary a")
	if got := link.Text(); got != "We can no longer send a link for this meter. Choose another way" {
		t.Errorf("the summary says %q", got)
	}
	if doc.Find(link.AttrOr("href", "nothing")).Find(`input[value="passkey-assert"]`).Length() != 1 {
		t.Error("the summary does not lead to the other way")
	}
}

func TestProveInADemonstration(t *testing.T) {
	t.Parallel()
	page := Page{Text: i18n.For("en"), Base: "/portal", FormToken: "t", IdleMinutes: 15, Demonstration: true}
	doc := render(t, Prove(ProvePage{Page: page, MeterPoint: meterPoint, Chosen: Method{"magic-link"}}))
	if text := doc.Find("main").Text(); !strings.Contains(text, "In this demonstration nothing is sent.") {
		t.Error("the page that asks for a proof does not say that nothing is sent")
	}
}

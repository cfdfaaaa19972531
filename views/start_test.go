package views

import (
	"strings"
	"testing"

	"github.com/a-h/templ"
)

func TestStartAfterAMistake(t *testing.T) {
	t.Parallel()
	page := customer("en")
	page.Errors = []FieldError{{Field: "number", Key: "error.number.characters"}}
	doc := render(t, Start(StartPage{Page: page, Number: `12 34"><b>`}))

	input := doc.Find("input#number")
	for attribute, want := range map[string]string{
		"value":            `12 34"><b>`,
		"inputmode":        "numeric",
		"autocomplete":     "off",
		"aria-invalid":     "true",
		"aria-describedby": "number-hint number-error",
	} {
		if got := input.AttrOr(attribute, ""); got != want {
			t.Errorf("the field has %s %q, want %q", attribute, got, want)
		}
	}

	if !strings.HasPrefix(doc.Find("title").Text(), "Error: ") {
		t.Error("the title does not say that there is an error")
	}
	if doc.Find(`#error-summary [role="alert"] a[href="#number"]`).Length() != 1 {
		t.Error("the error summary does not lead to the field")
	}
	if doc.Find(`meta[name="robots"]`).Length() != 0 || doc.Find(`meta[name="description"]`).Length() != 1 {
		t.Error("search engines may find the start page, and need to know what it is")
	}
}

// A link that follows a sentence stands apart from it.
func TestSentenceBeforeALink(t *testing.T) {
	t.Parallel()
	page := customer("en")
	for sentence, component := range map[string]templ.Component{
		"start.private.shared": Start(StartPage{Page: page}),
		"shared.body":          Prove(ProvePage{Page: page, MeterPoint: meterPoint, Chosen: Method{"magic-link"}}),
	} {
		text := words(render(t, component).Find("main"))
		if want := page.Text.T(sentence) + " " + page.Text.T("help.shared.link"); !strings.Contains(text, want) {
			t.Errorf("no %q in %q", want, text)
		}
	}
}

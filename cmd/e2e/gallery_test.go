package e2e

import (
	"flag"
	"slices"
	"strings"
	"testing"
)

// operators is the file of the operators of the demonstration.
const operators = root + "/cmd/demo/operators/operators.toml"

var everywhere = flag.Bool("everywhere", false, "inspect every page in every language and brand, in three widths")

// Every page in every state, including those that the demonstration never shows: on a phone in both languages, where
// there is the least room, and in a wide window in one.
func TestGallery(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	base := program(t, "gallery")
	for _, l := range []look{{360, "en", true}, {360, "cy", true}, {1280, "en", true}} {
		inspectGallery(t, base, l, "", func(b *tab, name string) {
			b.inspectAsIs(name)
			if b.phone() {
				b.inspectStretched(name)
			}
		})
	}
}

// Every page in every state, language and brand at 360, 768 and 1280 px. Only `make inspect` runs it, because it takes
// a quarter of an hour.
func TestEverywhere(t *testing.T) {
	if !*everywhere {
		t.Skip("make inspect")
	}

	needBrowser(t)
	register := program(t, "gallery")
	portal := program(t, "gallery", "--operators", operators)
	for _, width := range []int64{360, 768, 1280} {
		for _, lang := range []string{"en", "cy"} {
			inspectGallery(t, register, look{width, lang, true}, "/id-", (*tab).inspectAsIs)
			inspectGallery(t, portal, look{width, lang, true}, "", (*tab).inspectAsIs)
		}
	}
}

// inspectGallery opens every page of the gallery that is in the language of the look and has part in its address.
func inspectGallery(t *testing.T, base string, l look, part string, inspect func(*tab, string)) {
	index := openTab(t, base, look{1280, "en", true})
	index.open("/", 200)
	list := `[...document.querySelectorAll("li a[hreflang=` + l.lang + `]")].map(a => a.getAttribute("href"))`
	links := slices.DeleteFunc(eval[[]string](index, list), func(link string) bool {
		return !strings.Contains(link, part)
	})
	if len(links) < 20 {
		t.Fatalf("the gallery shows only %d pages", len(links))
	}

	t.Run(l.String(), func(t *testing.T) {
		t.Parallel()
		// No tab lasts for all pages, and Chromium does not last for a hundred tabs.
		for chunk := range slices.Chunk(links, 20) {
			t.Run(strings.TrimPrefix(chunk[0], "/"), func(t *testing.T) {
				b := openTab(t, base, l)
				for _, link := range chunk {
					b.open(link, 200)
					inspect(b, link)
				}
			})
		}
	})
}

// brandedPages are pages on which the colours of a brand meet every other colour, one of each kind.
var brandedPages = []string{
	"start-signed-in",
	"start-empty",
	"check-number",
	"prove",
	"waiting-email",
	"records-every-kind",
	"withdraw-joint",
	"withdrawn-delivered",
	"error-internal",
	"accessibility",
}

// Pages in the brand of each operator of the demonstration, in the language that the operator puts first. The colours
// of every other page are among these; TestGallery inspects the rest.
func TestBrands(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	base := program(t, "gallery", "--operators", operators)
	for operator, lang := range map[string]string{"harbour-advice": "en", "aelwyd-glyd": "cy"} {
		t.Run(operator, func(t *testing.T) {
			t.Parallel()
			b := openTab(t, base, look{360, lang, true})
			for _, page := range brandedPages {
				b.open("/"+operator+"/"+lang+"/"+page, 200)
				b.inspect(operator + " " + page)
			}
		})
	}
}

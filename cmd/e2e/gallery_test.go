package e2e

import (
	"flag"
	"slices"
	"strings"
	"testing"
)

// TestGallery inspects every page in every state, also those that the demonstration never comes to: on a phone in both
// languages, where there is the least room, and in a wide window in one.
func TestGallery(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	base := program(t, "gallery")
	for _, l := range []look{{360, "en", true}, {360, "cy", true}, {1280, "en", true}} {
		inspectGallery(t, base, l, "", func(b *tab, name string) {
			b.inspectAsIs(name)
			if b.width < 600 {
				b.inspectStretched(name)
			}
		})
	}
}

var everywhere = flag.Bool("everywhere", false, "inspect every page in every language and brand, in three widths")

// TestEverywhere inspects every page in every state, language and brand at 360, 768 and 1280 px. It is asked for by
// `make inspect` alone, for it takes a quarter of an hour.
func TestEverywhere(t *testing.T) {
	if !*everywhere {
		t.Skip("make inspect")
	}

	needBrowser(t)
	register := program(t, "gallery")
	portal := program(t, "gallery", "--operators", root+"/cmd/demo/operators/operators.toml")
	for _, width := range []int64{360, 768, 1280} {
		for _, lang := range []string{"en", "cy"} {
			inspectGallery(t, register, look{width, lang, true}, "/id-", (*tab).inspectAsIs)
			inspectGallery(t, portal, look{width, lang, true}, "", (*tab).inspectAsIs)
		}
	}
}

// inspectGallery opens every page of the gallery that is in the look's language and has part in its address.
func inspectGallery(t *testing.T, base string, l look, part string, inspect func(*tab, string)) {
	index := openTab(t, base, look{1280, "en", true})
	index.open("/", 200)
	links := eval[[]string](
		index,
		`[...document.querySelectorAll("li a[hreflang=`+l.lang+`]")].map(a => a.getAttribute("href"))`,
	)
	links = slices.DeleteFunc(links, func(link string) bool { return !strings.Contains(link, part) })
	if len(links) < 20 {
		t.Fatalf("the gallery shows only %d pages", len(links))
	}

	t.Run(l.String(), func(t *testing.T) {
		t.Parallel()
		// No tab lasts for all of them, and Chromium for no hundred tabs.
		for some := range slices.Chunk(links, 20) {
			t.Run(strings.TrimPrefix(some[0], "/"), func(t *testing.T) {
				b := openTab(t, base, l)
				for _, link := range some {
					b.open(link, 200)
					inspect(b, link)
				}
			})
		}
	})
}

// brandedPages are those on which a brand's colours come to meet every other colour, one of each kind.
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

// TestBrands inspects pages in the brand of each of the demonstration's operators, in the language that it puts first.
// The colours of every other page are among these: TestGallery has looked at the rest.
func TestBrands(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	base := program(t, "gallery", "--operators", root+"/cmd/demo/operators/operators.toml")
	for operator, lang := range map[string]string{"harbour-advice": "en", "aelwyd-glyd": "cy"} {
		t.Run(operator, func(t *testing.T) {
			t.Parallel()
			b := openTab(t, base, look{360, lang, true})
			for page := range slices.Values(brandedPages) {
				b.open("/"+operator+"/"+lang+"/"+page, 200)
				b.inspect(operator + " " + page)
			}
		})
	}
}

package e2e

import (
	"slices"
	"testing"
)

// TestGallery inspects every page in every state, also those that the demonstration never comes to.
func TestGallery(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	base := program(t, "gallery")
	index := openTab(t, base, look{1280, "en", true})
	index.open("/", 200)
	links := eval[[][2]string](index, `[...document.querySelectorAll("li a")].map(a => [a.getAttribute("href"), a.hreflang || "en"])`)
	if len(links) < 20 {
		t.Fatalf("the gallery shows only %d pages", len(links))
	}
	for _, width := range []int64{1280, 360} {
		for _, lang := range []string{"en", "cy"} {
			t.Run(look{width, lang, true}.String(), func(t *testing.T) {
				t.Parallel()
				mine := slices.DeleteFunc(slices.Clone(links), func(link [2]string) bool { return link[1] != lang })
				// No tab lasts for all of them.
				for some := range slices.Chunk(mine, 20) {
					b := openTab(t, base, look{width, lang, true})
					for _, link := range some {
						b.open(link[0], 200)
						b.inspect(link[0])
					}
				}
			})
		}
	}
}

// brandedPages are those on which a brand's colours come to meet every other colour, one of each kind.
var brandedPages = []string{"start-signed-in", "start-empty", "check-number", "prove", "waiting-email", "records-every-kind", "withdraw-joint", "withdrawn-delivered", "error-internal", "accessibility"}

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

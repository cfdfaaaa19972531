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

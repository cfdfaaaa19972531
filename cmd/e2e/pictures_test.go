package e2e

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

var update = flag.Bool("update", false, "take the pictures again: docs/portal.png and docs/screenshots")

// README has its picture. With -update the test takes it, and a picture of every page of the journey and of the
// gallery.
func TestPictures(t *testing.T) {
	t.Parallel()
	picture := root + "/docs/portal.png"
	if !*update {
		checkPicture(t, picture)
		return
	}

	needBrowser(t)
	b := openTab(t, program(t, "demo"), look{1280, "en", true})
	toRecords(b)
	var screenshot []byte
	b.run("take the README's picture", chromedp.CaptureScreenshot(&screenshot))
	writePicture(t, picture, screenshot)

	photographGallery(t)
	for _, lang := range []string{"en", "cy"} {
		for _, width := range []int64{360, 768, 1280} {
			t.Run(look{width, lang, true}.String(), func(t *testing.T) {
				t.Parallel()
				photographJourney(t, look{width, lang, true})
			})
		}
	}
}

func checkPicture(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatalf("%v; `make screenshots` takes it", err)
	}
	defer file.Close()

	config, format, err := image.DecodeConfig(file)
	if err != nil || format != "png" || config.Width != 1280 {
		t.Errorf("the README's picture is a %s, %d px wide: %v", format, config.Width, err)
	}
}

// photographJourney takes a picture of every page of the journey.
func photographJourney(t *testing.T, l look) {
	t.Helper()
	b := openTab(t, program(t, "demo"), l)
	n := 0
	walk(b, func(name string) {
		n++
		b.photograph(fmt.Sprintf("%s/docs/screenshots/%s-%d-%02d-%s.png", root, l.lang, l.width, n, name))
	})
}

// photographGallery takes a picture of every page of the gallery, in each language and brand, on a phone.
func photographGallery(t *testing.T) {
	t.Helper()
	base := program(t, "gallery", "--operators", operators)
	index := openTab(t, base, look{1280, "en", true})
	index.open("/", 200)
	paths := eval[[]string](index, `[...document.querySelectorAll("li a")].map(a => a.getAttribute("href"))`)
	const windows = 2
	for n := range windows {
		t.Run(fmt.Sprintf("gallery %d", n), func(t *testing.T) {
			t.Parallel()
			b := openTab(t, base, look{360, "en", true})
			for i := n; i < len(paths); i += windows {
				if strings.HasSuffix(paths[i], "/records-200") {
					continue // longer than a browser draws in one picture
				}

				b.open(paths[i], 200)
				b.photograph(root + "/docs/screenshots/gallery" + paths[i] + ".png")
			}
		})
	}
}

// photograph takes a picture of the whole page.
func (b *tab) photograph(path string) {
	b.Helper()
	var screenshot []byte
	b.run("take a picture", chromedp.FullScreenshot(&screenshot, 100))
	writePicture(b.T, path, screenshot)
	// The picture changes the size of the window.
	b.run("set the window", b.metrics(b.width, 1))
}

// writePicture writes a PNG picture, compressed as well as possible.
func writePicture(t *testing.T, path string, screenshot []byte) {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(screenshot))
	if err != nil {
		t.Fatal(err)
	}

	var packed bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&packed, picture); err != nil {
		t.Fatal(err)
	}

	smallest := packed.Bytes()
	if len(smallest) > len(screenshot) {
		smallest = screenshot
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, smallest, 0o644); err != nil {
		t.Fatal(err)
	}
}

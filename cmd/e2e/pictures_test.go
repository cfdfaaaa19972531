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

var update = flag.Bool("update", false, "take the pictures anew: docs/portal.png and docs/screenshots")

// TestPictures takes the README's picture and, to be looked at, one of every page of the journey; without -update it
// only holds that the README has its picture.
func TestPictures(t *testing.T) {
	t.Parallel()
	picture := root + "/docs/portal.png"
	if !*update {
		file, err := os.Open(picture)
		if err != nil {
			t.Fatalf("%v; `make screenshots` takes it", err)
		}

		defer file.Close()
		if config, format, err := image.DecodeConfig(file); err != nil || format != "png" || config.Width != 1280 {
			t.Errorf("the README's picture is a %s, %d px wide: %v", format, config.Width, err)
		}

		return
	}

	needBrowser(t)
	b := openTab(t, program(t, "demo"), look{1280, "en", true})
	toRecords(b)
	var taken []byte
	b.run("take the README's picture", chromedp.CaptureScreenshot(&taken))
	write(t, picture, taken)

	photographGallery(t)
	for _, lang := range []string{"en", "cy"} {
		for _, width := range []int64{360, 768, 1280} {
			t.Run(look{width, lang, true}.String(), func(t *testing.T) {
				t.Parallel()
				b := openTab(t, program(t, "demo"), look{width, lang, true})
				n := 0
				walk(b, func(name string) {
					n++
					var taken []byte
					b.run("take a picture", chromedp.FullScreenshot(&taken, 100))
					write(t, fmt.Sprintf("%s/docs/screenshots/%s-%d-%02d-%s.png", root, lang, width, n, name), taken)
					// Taking it has changed the window.
					b.run("set the window", b.metrics(width, 1))
				})
			})
		}
	}
}

// photographGallery takes every page of the gallery, in each language and brand, as a phone shows it.
func photographGallery(t *testing.T) {
	base := program(t, "gallery", "--operators", root+"/cmd/demo/operators/operators.toml")
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
				var taken []byte
				b.run("take a picture", chromedp.FullScreenshot(&taken, 100))
				write(t, root+"/docs/screenshots/gallery"+paths[i]+".png", taken)
				b.run("set the window", b.metrics(360, 1))
			}
		})
	}
}

// write keeps a picture, packed as small as it gets.
func write(t *testing.T, path string, taken []byte) {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(taken))
	if err != nil {
		t.Fatal(err)
	}

	var packed bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&packed, picture); err != nil {
		t.Fatal(err)
	}
	if packed.Len() > len(taken) {
		packed = *bytes.NewBuffer(taken)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, packed.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

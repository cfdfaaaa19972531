package static

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func serve(method, path, acceptEncoding string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Accept-Encoding", acceptEncoding)
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)

	return w.Result()
}

func TestHashedNames(t *testing.T) {
	t.Parallel()
	hashed := regexp.MustCompile(`^[a-z]+\.[0-9a-f]{8}\.(css|js|svg)$`)
	for name, contentType := range map[string]string{
		"portal.css":  "text/css; charset=utf-8",
		"portal.js":   "text/javascript; charset=utf-8",
		"htmx.js":     "text/javascript; charset=utf-8",
		"favicon.svg": "image/svg+xml",
	} {
		address := URL(name)
		if !hashed.MatchString(address) {
			t.Errorf("%s is called %s", name, address)
		}

		plain := serve("GET", "/"+address, "")
		compressed := serve("GET", "/"+address, "br, gzip;q=0.8")
		for _, response := range []*http.Response{plain, compressed} {
			if response.StatusCode != http.StatusOK {
				t.Fatalf("%s has the status %d", name, response.StatusCode)
			}

			for header, want := range map[string]string{
				"Content-Type":           contentType,
				"Cache-Control":          "public, max-age=31536000, immutable",
				"Vary":                   "Accept-Encoding",
				"X-Content-Type-Options": "nosniff",
			} {
				if got := response.Header.Get(header); got != want {
					t.Errorf("%s has %s %q, want %q", name, header, got, want)
				}
			}
		}

		checkCompression(t, name, plain, compressed)
	}
}

// checkCompression checks that a file is the same with and without compression, and compressed only on request.
func checkCompression(t *testing.T, name string, plain, compressed *http.Response) {
	t.Helper()
	if plain.Header.Get("Content-Encoding") != "" || compressed.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("%s is not compressed on request, or is compressed without one", name)
	}

	want, err := io.ReadAll(plain.Body)
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := gzip.NewReader(compressed.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(unzipped); err != nil || string(got) != string(want) {
		t.Errorf("%s differs when compressed (%v)", name, err)
	}
}

// The style sheet of the fonts refers to them by their hashed names.
func TestFontNames(t *testing.T) {
	t.Parallel()
	sheet, _ := io.ReadAll(serve("GET", "/"+URL("type.css"), "").Body)
	for _, name := range []string{"text.woff2", "strong.woff2"} {
		if !strings.Contains(string(sheet), "url("+URL(name)+")") {
			t.Errorf("type.css does not name %s", URL(name))
		}

		// A font is compressed already, and not compressed again.
		header := serve("GET", "/"+URL(name), "gzip").Header
		contentType := header.Get("Content-Type")
		encoding := header.Get("Content-Encoding")
		if contentType != "font/woff2" || encoding != "" {
			t.Errorf("%s is %s, %q", name, contentType, encoding)
		}
	}
}

func TestNothingElseIsServed(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/portal.css", "/files/portal.css", "/../static.go", "/portal.00000000.css"} {
		if got := serve("GET", path, "").StatusCode; got != http.StatusNotFound {
			t.Errorf("%s has the status %d", path, got)
		}
	}

	if got := serve("POST", "/"+URL("portal.css"), "").StatusCode; got != http.StatusMethodNotAllowed {
		t.Errorf("the status of POST is %d", got)
	}

	head := serve("HEAD", "/"+URL("portal.css"), "")
	if body, _ := io.ReadAll(head.Body); head.StatusCode != http.StatusOK || len(body) != 0 {
		t.Errorf("HEAD has the status %d and %d bytes", head.StatusCode, len(body))
	}
}

func TestAcceptsGzip(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"gzip":                         true,
		"deflate, gzip;q=1.0, *;q=0.5": true,
		"GZIP":                         true,
		"gzip; q=0.001":                true,
		"":                             false,
		"br":                           false,
		"gzip;q=0":                     false,
		"gzip; q=0.0":                  false,
		"gzip;q=x":                     false,
		"xgzip":                        false,
	} {
		if got := acceptsGzip(header); got != want {
			t.Errorf("%q: got %v", header, got)
		}
	}
}

func TestContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	for name, forbidden := range map[string][]string{
		"portal.css": {"url(", "@import", "http:", "https:"},
		"portal.js":  {"eval(", "new Function", "innerHTML", "http:", "https:"},
	} {
		source, err := files.ReadFile("files/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range forbidden {
			if strings.Contains(string(source), text) {
				t.Errorf("%s contains %s", name, text)
			}
		}
	}
}

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

func TestFilesAreServedUnderHashedNames(t *testing.T) {
	t.Parallel()
	hashed := regexp.MustCompile(`^[a-z]+\.[0-9a-f]{8}\.(css|js|svg)$`)
	for name, contentType := range map[string]string{
		"portal.css": "text/css; charset=utf-8", "portal.js": "text/javascript; charset=utf-8",
		"htmx.js": "text/javascript; charset=utf-8", "favicon.svg": "image/svg+xml",
	} {
		url := URL(name)
		if !hashed.MatchString(url) {
			t.Errorf("%s is called %s", name, url)
		}

		plain := serve("GET", "/"+url, "")
		zipped := serve("GET", "/"+url, "br, gzip;q=0.8")
		for _, response := range []*http.Response{plain, zipped} {
			if response.StatusCode != http.StatusOK {
				t.Fatalf("%s answers %d", url, response.StatusCode)
			}

			for header, want := range map[string]string{
				"Content-Type": contentType, "Cache-Control": "public, max-age=31536000, immutable",
				"Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff",
			} {
				if got := response.Header.Get(header); got != want {
					t.Errorf("%s has %s %q, want %q", url, header, got, want)
				}
			}
		}

		if plain.Header.Get("Content-Encoding") != "" || zipped.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s is not compressed when asked, or is when not", url)
		}

		want, _ := io.ReadAll(plain.Body)
		unzipped, err := gzip.NewReader(zipped.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(unzipped); err != nil || string(got) != string(want) {
			t.Errorf("%s differs when compressed (%v)", url, err)
		}
	}
}

// TestTypeNamesItsLetters keeps the style sheet's addresses in step with the hashed names.
func TestTypeNamesItsLetters(t *testing.T) {
	t.Parallel()
	sheet, _ := io.ReadAll(serve("GET", "/"+URL("type.css"), "").Body)
	for _, name := range []string{"text.woff2", "strong.woff2"} {
		if !strings.Contains(string(sheet), "url("+URL(name)+")") {
			t.Errorf("type.css does not name %s", URL(name))
		}

		// What is compressed already is not compressed again.
		response := serve("GET", "/"+URL(name), "gzip")
		if got := response.Header.Get(
			"Content-Type",
		); got != "font/woff2" ||
			response.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s is %s, %q", name, got, response.Header.Get("Content-Encoding"))
		}
	}
}

func TestNothingElseIsServed(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/portal.css", "/files/portal.css", "/../static.go", "/portal.00000000.css"} {
		if got := serve("GET", path, "").StatusCode; got != http.StatusNotFound {
			t.Errorf("%s answers %d", path, got)
		}
	}

	if got := serve("POST", "/"+URL("portal.css"), "").StatusCode; got != http.StatusMethodNotAllowed {
		t.Errorf("POST answers %d", got)
	}

	head := serve("HEAD", "/"+URL("portal.css"), "")
	if body, _ := io.ReadAll(head.Body); head.StatusCode != http.StatusOK || len(body) != 0 {
		t.Errorf("HEAD answers %d with %d bytes", head.StatusCode, len(body))
	}
}

func TestAcceptsGzip(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"gzip": true, "deflate, gzip;q=1.0, *;q=0.5": true, "GZIP": true, "gzip; q=0.001": true,
		"": false, "br": false, "gzip;q=0": false, "gzip; q=0.0": false, "gzip;q=x": false, "xgzip": false,
	} {
		if got := acceptsGzip(header); got != want {
			t.Errorf("%q: got %v", header, got)
		}
	}
}

func TestOurFilesKeepToTheContentSecurityPolicy(t *testing.T) {
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

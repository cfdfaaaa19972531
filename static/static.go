// Package static holds the style sheets, the scripts, the drawings and the letters of the pages. Each is served under a
// name that carries a hash of its content, so that a browser may keep it for ever and never has a stale one.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

//go:embed files
var files embed.FS

type asset struct {
	contentType string
	plain       []byte
	// gzipped is nil where it would be no smaller.
	gzipped []byte
}

// Files are served under names that carry a hash of their content.
type Files struct{ assets map[string]asset }

var urls, own = load()

// URL is the hashed name of a file: portal.1a2b3c4d.css for portal.css. The caller puts the path under which
// Handler stands before it. A name that does not exist is a mistake in the program, and panics.
func URL(name string) string {
	url, ok := urls[name]
	if !ok {
		panic("static: no file " + name)
	}
	return url
}

// Source is the content of a file of ours, for whoever makes another of it. A name that does not exist panics.
func Source(name string) []byte { return own.assets[URL(name)].plain }

// Handler serves our own files and more besides, each under its hashed name, with the prefix already stripped from
// the path.
func Handler(more ...*Files) *Files {
	all := &Files{assets: maps.Clone(own.assets)}
	for _, f := range more {
		if f != nil {
			maps.Copy(all.assets, f.assets)
		}
	}

	return all
}

// Add puts a file more among those that are served, and answers its hashed name. The name ends in .css, .svg, .png
// or .jpg. It is for the start of the program: nothing may be served yet.
func (f *Files) Add(name string, content []byte) string {
	ext := path.Ext(name)
	sum := sha256.Sum256(content)
	url := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:4]) + ext
	a := asset{contentType: mime.TypeByExtension(ext), plain: content}
	if ext == ".woff2" {
		a.contentType = "font/woff2" // not every system knows it
	}

	var gzipped bytes.Buffer
	w, _ := gzip.NewWriterLevel(&gzipped, gzip.BestCompression)
	_, _ = w.Write(content)
	_ = w.Close()
	if gzipped.Len() < len(content) {
		a.gzipped = gzipped.Bytes()
	}
	if f.assets == nil {
		f.assets = map[string]asset{}
	}

	f.assets[url] = a
	return url
}

// Exists reports whether there is a file of this name, which is a hashed one.
func (f *Files) Exists(name string) bool {
	_, ok := f.assets[name]
	return ok
}

// ServeHTTP serves the files under their hashed names alone, with the prefix already stripped from the path.
func (f *Files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, ok := f.assets[strings.TrimPrefix(r.URL.Path, "/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}

	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	h.Set("X-Content-Type-Options", "nosniff")
	body := a.plain
	if a.gzipped != nil && acceptsGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		body = a.gzipped
	}

	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body)
	}
}

// acceptsGzip reads the few forms that browsers and proxies send; a weight of nought means no (RFC 9110, 12.5.3).
func acceptsGzip(header string) bool {
	for _, part := range strings.Split(header, ",") {
		coding, weight, _ := strings.Cut(strings.ReplaceAll(part, " ", ""), ";")
		if strings.EqualFold(coding, "gzip") {
			q, err := strconv.ParseFloat(strings.TrimPrefix(strings.ToLower(weight), "q="), 64)
			return weight == "" || err == nil && q > 0
		}
	}

	return false
}

// reference is a file that a style sheet names.
var reference = regexp.MustCompile(`url\(([a-z]+\.[a-z0-9]+)\)`)

func load() (map[string]string, *Files) {
	urls := map[string]string{}
	own := &Files{}
	entries, err := files.ReadDir("files")
	if err != nil {
		panic(err)
	}

	// Style sheets come last: they name other files, by the names under which those are served.
	slices.SortStableFunc(entries, func(a, b fs.DirEntry) int {
		switch sheet := path.Ext(a.Name()) == ".css"; {
		case sheet == (path.Ext(b.Name()) == ".css"):
			return 0
		case sheet:
			return 1
		}

		return -1
	})
	for _, entry := range entries {
		name := entry.Name()
		plain, err := files.ReadFile("files/" + name)
		if err != nil {
			panic(err)
		}

		if path.Ext(name) == ".css" {
			plain = reference.ReplaceAllFunc(plain, func(found []byte) []byte {
				file, ok := urls[string(reference.FindSubmatch(found)[1])]
				if !ok {
					panic("static: " + name + " names a file that is not there")
				}
				return []byte("url(" + file + ")")
			})
		}

		urls[name] = own.Add(name, plain)
	}

	return urls, own
}

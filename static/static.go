// Package static holds the style sheets, scripts, drawings and fonts of the pages. Each file is served under a name
// that carries a hash of its content, so that browsers may cache it for ever and never show an old one.
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
	"sync"
)

//go:embed files
var files embed.FS

var hashedNames, ownFiles = load()

// reference is a file that a style sheet names.
var reference = regexp.MustCompile(`url\(([a-z]+\.[a-z0-9]+)\)`)

// Files are served under names that carry a hash of their content.
type Files struct{ assets map[string]asset }

type asset struct {
	contentType string
	plain       []byte
	// gzipped returns the compressed content, nil if it would not be smaller. The first call compresses it: a program
	// that starts does not wait for it.
	gzipped func() []byte
}

// URL returns the hashed name of a file: portal.1a2b3c4d.css for portal.css. The caller puts the path of Handler before
// it. URL panics if the file does not exist, which is a mistake in the program.
func URL(name string) string {
	hashed, ok := hashedNames[name]
	if !ok {
		panic("static: no file " + name)
	}

	return hashed
}

// Source returns the content of a file, for callers that make another file of it. It panics if the file does not exist.
func Source(name string) []byte { return ownFiles.assets[URL(name)].plain }

// Handler serves the portal's own files and more besides, each under its hashed name. The caller strips the prefix from
// the path.
func Handler(more ...*Files) *Files {
	served := &Files{assets: maps.Clone(ownFiles.assets)}
	for _, f := range more {
		if f != nil {
			maps.Copy(served.assets, f.assets)
		}
	}

	return served
}

// Add adds a file and returns its hashed name. The name ends in .css, .svg, .png or .jpg. Add must not be called once
// the files are served.
func (f *Files) Add(name string, content []byte) string {
	ext := path.Ext(name)
	sum := sha256.Sum256(content)
	hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:4]) + ext

	contentType := mime.TypeByExtension(ext)
	if ext == ".woff2" {
		contentType = "font/woff2" // not every system knows it
	}
	if f.assets == nil {
		f.assets = map[string]asset{}
	}

	f.assets[hashed] = asset{
		contentType: contentType,
		plain:       content,
		gzipped:     sync.OnceValue(func() []byte { return compress(content) }),
	}

	return hashed
}

// compress returns nil if the content does not get smaller.
func compress(content []byte) []byte {
	var compressed bytes.Buffer
	w, _ := gzip.NewWriterLevel(&compressed, gzip.BestCompression)
	_, _ = w.Write(content)
	_ = w.Close()
	if compressed.Len() >= len(content) {
		return nil
	}

	return compressed.Bytes()
}

// Exists reports whether there is a file of this hashed name.
func (f *Files) Exists(name string) bool {
	_, ok := f.assets[name]
	return ok
}

// ServeHTTP serves the files under their hashed names only. The caller strips the prefix from the path.
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
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		if gzipped := a.gzipped(); gzipped != nil {
			h.Set("Content-Encoding", "gzip")
			body = gzipped
		}
	}

	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body)
	}
}

// acceptsGzip reads the forms that browsers and proxies send. A weight of 0 means no (RFC 9110, 12.5.3).
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

// load hashes the embedded files. They are part of the program, so an error is a mistake in the program.
func load() (map[string]string, *Files) {
	hashed := map[string]string{}
	loaded := &Files{}
	for _, name := range fileNames() {
		content, err := files.ReadFile("files/" + name)
		if err != nil {
			panic(err)
		}
		if path.Ext(name) == ".css" {
			content = withHashedNames(name, content, hashed)
		}

		hashed[name] = loaded.Add(name, content)
	}

	return hashed, loaded
}

// fileNames lists the style sheets last, because they refer to the hashed names of other files.
func fileNames() []string {
	entries, err := fs.ReadDir(files, "files")
	if err != nil {
		panic(err)
	}

	var names, sheets []string
	for _, entry := range entries {
		if path.Ext(entry.Name()) == ".css" {
			sheets = append(sheets, entry.Name())
		} else {
			names = append(names, entry.Name())
		}
	}

	return slices.Concat(names, sheets)
}

// withHashedNames is a style sheet that refers to other files by their hashed names.
func withHashedNames(sheet string, content []byte, hashed map[string]string) []byte {
	return reference.ReplaceAllFunc(content, func(found []byte) []byte {
		name, ok := hashed[string(reference.FindSubmatch(found)[1])]
		if !ok {
			panic("static: " + sheet + " names a file that is not there")
		}

		return []byte("url(" + name + ")")
	})
}

package e2e

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// exchange is one request of the browser, and its answer as it was before compression.
type exchange struct {
	method, url, referer string
	status               int
	header               http.Header
	body                 []byte
}

// recorder is a proxy between one test's browser and the program under test. It sees what the browser's own tools
// do not show: the bodies of redirects, requests made while a page is left, and any that go elsewhere.
type recorder struct {
	*httptest.Server
	mu        sync.Mutex
	exchanges []exchange
	// held is a path whose answers wait until gate is closed; empty for none.
	held string
	// leaves is where the browser may call besides, host and port; empty for nowhere.
	leaves string
	gate   chan struct{}
}

// hold lets the browser wait for every answer at path until release.
func (r *recorder) hold(path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held, r.gate = path, make(chan struct{})
}

func (r *recorder) release() { close(r.gate) }

// answers is how many requests have been answered so far.
func (r *recorder) answers(method, path string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.exchanges {
		if e.method == method && strings.HasSuffix(e.url, path) {
			n++
		}
	}

	return n
}

// await waits until so many requests have been answered.
func (r *recorder) await(t testing.TB, method, path string, n int) {
	t.Helper()
	for start := time.Now(); r.answers(method, path) < n; time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > 10*time.Second {
			t.Fatalf("%s %s was not answered", method, path)
		}
	}
}

func newRecorder(t *testing.T) *recorder {
	r := &recorder{}
	transport := &http.Transport{DisableCompression: true}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		seen := exchange{method: req.Method, url: req.RequestURI, referer: req.Referer(), status: http.StatusBadGateway}
		defer func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.exchanges = append(r.exchanges, seen)
		}()

		r.mu.Lock()
		held, gate := r.held, r.gate
		r.mu.Unlock()
		if held != "" && req.URL.Path == held {
			// Only once a form has been read does a server learn that the browser has given it up.
			form, err := io.ReadAll(req.Body)
			if err != nil {
				return
			}

			req.Body = io.NopCloser(bytes.NewReader(form))
			select {
			case <-gate:
			case <-req.Context().Done():
				seen.status = 0
				return
			}
		}

		if req.Method == http.MethodConnect {
			w.WriteHeader(http.StatusBadGateway)
			return
		}

		out := req.Clone(req.Context())
		out.RequestURI = ""
		out.Header.Del("Proxy-Connection")
		resp, err := transport.RoundTrip(out)
		if err != nil {
			if req.Context().Err() != nil {
				seen.status = 0 // the browser went away
			}
			w.WriteHeader(http.StatusBadGateway)
			return
		}

		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}

		seen.status, seen.header, seen.body = resp.StatusCode, resp.Header.Clone(), body
		if resp.Header.Get("Content-Encoding") == "gzip" {
			if unzipped, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
				seen.body, _ = io.ReadAll(unzipped)
			}
		}

		for name, values := range resp.Header {
			w.Header()[name] = values
		}

		w.WriteHeader(resp.StatusCode)
		w.Write(body)
	}))
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		r.Close()
	})

	return r
}

// published is what the way to a passkey and back has to carry, as published: a page that works once, whose secret moves
// from its address into a cookie, and the token that comes back with a code that only this browser gets.
var published = regexp.MustCompile(
	`(\?session=|dar-passkey=|[?&]dar-passkey-token=|\\u0026dar-passkey-token=)(pks|mlr)_[0-9a-f]{24}`,
)

// leaks names the first secret or meter point in text, however it is spaced; empty where there is none.
func leaks(text string) string {
	text = published.ReplaceAllString(text, "")
	if found := secret.FindString(text); found != "" {
		return found
	}
	if strings.Contains(strings.NewReplacer(" ", "", "%20", "", "+", "", "-", "").Replace(text), demoMPxN) {
		return "the meter point number"
	}

	return ""
}

// problems tells whatever passed that should not: a meter point in an address or a referrer, a secret anywhere, a word
// to somebody else.
func (r *recorder) problems(base string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var problems []string
	for _, e := range r.exchanges {
		if e.method == http.MethodConnect && r.leaves != "" && strings.TrimPrefix(e.url, "//") == r.leaves {
			continue
		}

		path, ok := strings.CutPrefix(e.url, base+"/")
		note := func(format string, args ...any) {
			problems = append(problems, e.method+" /"+path+": "+fmt.Sprintf(format, args...))
		}
		if !ok {
			note("the browser asked elsewhere")
			continue
		}

		for what, text := range map[string]string{
			"address": e.url, "referrer": e.referer, "Location": e.header.Get("Location"), "HX-Redirect": e.header.Get("HX-Redirect"),
		} {
			if leak := leaks(text); leak != "" {
				note("the %s holds %s", what, leak)
			}
		}

		for name, values := range e.header {
			if found := secret.FindString(published.ReplaceAllString(strings.Join(values, " "), "")); found != "" {
				note("header %s holds %s", name, found)
			}
		}

		// The API's own description has examples.
		if found := secret.Find(published.ReplaceAll(e.body, nil)); found != nil && path != "docs" {
			note("the answer holds %s", found)
		}
		if e.status >= 500 {
			note("status %d", e.status)
		}
	}

	return problems
}

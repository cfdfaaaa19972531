package e2e

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// exchange is one request of the browser and its response, before compression. Status 0 means that the browser gave up.
type exchange struct {
	method  string
	url     string
	referer string
	status  int
	header  http.Header
	body    []byte
}

// recorder is a proxy between the browser of one test and the program under test. It sees what the tools of the browser
// do not show: the bodies of redirects, requests that are made while a page is left, and requests to other sites.
type recorder struct {
	*httptest.Server
	transport http.Transport

	mu        sync.Mutex
	exchanges []exchange
	// held is a path whose responses wait until gate is closed, or empty.
	held string
	gate chan struct{}
	// outside is the host and port of the one other site that the browser may call, or empty.
	outside string
}

func newRecorder(t *testing.T) *recorder {
	r := &recorder{transport: http.Transport{DisableCompression: true}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		e := r.pass(w, req)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.exchanges = append(r.exchanges, e)
	}))
	t.Cleanup(func() {
		r.transport.CloseIdleConnections()
		r.Close()
	})

	return r
}

// pass forwards a request and writes the response, unless the browser gives the request up before.
func (r *recorder) pass(w http.ResponseWriter, req *http.Request) exchange {
	e := exchange{
		method:  req.Method,
		url:     req.RequestURI,
		referer: req.Referer(),
		status:  http.StatusBadGateway,
	}
	if !r.wait(req) {
		e.status = 0
		return e
	}
	if req.Method == http.MethodConnect {
		w.WriteHeader(http.StatusBadGateway)
		return e
	}

	resp, body, err := r.forward(req)
	if err != nil {
		if req.Context().Err() != nil {
			e.status = 0
		}
		w.WriteHeader(http.StatusBadGateway)

		return e
	}

	for name, values := range resp.Header {
		w.Header()[name] = values
	}

	w.WriteHeader(resp.StatusCode)
	w.Write(body)

	e.status = resp.StatusCode
	e.header = resp.Header
	e.body = unzipped(resp.Header, body)

	return e
}

// wait blocks while the path of the request is held. It returns false if the browser gives the request up.
func (r *recorder) wait(req *http.Request) bool {
	r.mu.Lock()
	held := r.held
	gate := r.gate
	r.mu.Unlock()

	if held == "" || req.URL.Path != held {
		return true
	}

	// A server learns that a browser has given up a form only after it has read the form.
	form, err := io.ReadAll(req.Body)
	if err != nil {
		return false
	}

	req.Body = io.NopCloser(bytes.NewReader(form))
	select {
	case <-gate:
		return true
	case <-req.Context().Done():
		return false
	}
}

// forward sends the request to the program and returns the whole response.
func (r *recorder) forward(req *http.Request) (*http.Response, []byte, error) {
	out := req.Clone(req.Context())
	out.RequestURI = ""
	out.Header.Del("Proxy-Connection")
	resp, err := r.transport.RoundTrip(out)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()

	body, err := io.ReadAll(resp.Body)

	return resp, body, err
}

// unzipped returns the body of a response as it was before compression.
func unzipped(header http.Header, body []byte) []byte {
	if header.Get("Content-Encoding") != "gzip" {
		return body
	}

	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return body
	}

	plain, _ := io.ReadAll(reader)

	return plain
}

// hold lets the browser wait for every response at path until release.
func (r *recorder) hold(path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = path
	r.gate = make(chan struct{})
}

func (r *recorder) release() { close(r.gate) }

// allow lets the browser call one other site.
func (r *recorder) allow(host string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outside = host
}

// count returns how many requests have ended so far.
func (r *recorder) count(method, path string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, e := range r.exchanges {
		if e.method == method && strings.HasSuffix(e.url, path) {
			n++
		}
	}

	return n
}

// await waits until n requests have ended.
func (r *recorder) await(t testing.TB, method, path string, n int) {
	t.Helper()
	if !poll(10*time.Second, func() bool { return r.count(method, path) >= n }) {
		t.Fatalf("%s %s was not answered", method, path)
	}
}

// forget drops what was recorded.
func (r *recorder) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exchanges = nil
}

// problems returns what must not go over the wire: a meter point number in an address or a referrer, a secret anywhere,
// a request to another site, a failure of the program.
func (r *recorder) problems(base string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var problems []string
	for _, e := range r.exchanges {
		if e.method == http.MethodConnect && r.outside != "" && strings.TrimPrefix(e.url, "//") == r.outside {
			continue
		}

		path, ok := strings.CutPrefix(e.url, base+"/")
		prefix := e.method + " /" + path + ": "
		if !ok {
			problems = append(problems, prefix+"the browser asked elsewhere")
			continue
		}
		for _, problem := range e.problems(path) {
			problems = append(problems, prefix+problem)
		}
	}

	return problems
}

// problems returns what is wrong with one exchange.
func (e *exchange) problems(path string) []string {
	var problems []string
	for what, text := range map[string]string{
		"address":     e.url,
		"referrer":    e.referer,
		"Location":    e.header.Get("Location"),
		"HX-Redirect": e.header.Get("HX-Redirect"),
	} {
		if leak := leaks(text); leak != "" {
			problems = append(problems, fmt.Sprintf("the %s holds %s", what, leak))
		}
	}

	for name, values := range e.header {
		text := published.ReplaceAllString(strings.Join(values, " "), "")
		if found := secret.FindString(text); found != "" {
			problems = append(problems, fmt.Sprintf("header %s holds %s", name, found))
		}
	}

	// The description of the API has examples.
	if found := secret.Find(published.ReplaceAll(e.body, nil)); found != nil && path != "docs" {
		problems = append(problems, fmt.Sprintf("the answer holds %s", found))
	}
	if e.status >= http.StatusInternalServerError {
		problems = append(problems, fmt.Sprintf("status %d", e.status))
	}

	return problems
}

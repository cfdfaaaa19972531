package registertest

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// CheckAnswers wraps a register and compares each of its responses under the document's base path with the OpenAPI
// document: the status, the content type, the required headers and the body. A path or a method that the document does
// not have must get the document's response NoSuchPath or WrongMethod. Any other response fails t, before the client
// receives it. Nothing is reported after t has ended.
//
// A request that succeeds must match the document too: a request that the document does not describe must be refused.
//
// pb33f/libopenapi-validator v0.16.3 (strict, with formats) was compared on the 57 cases of response_test.go and
// request_test.go. It misses four: a body that is missing, a YAML body that violates its schema, a query parameter
// given twice, and a value outside an enum. It reports thirteen that are right: JSON Lines, an optional member that is
// null or empty, and every path and method that must be refused. So the check stays our own.
func CheckAnswers(t testing.TB, document []byte, next http.Handler) http.Handler {
	t.Helper()

	c, err := readContract(document)
	if err != nil {
		t.Fatal(err)
	}

	var mu sync.Mutex
	ended := false
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		ended = true
	})
	report := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		if !ended {
			t.Errorf(format, args...)
		}
	}

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r)
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, r)
		x.response = recorder.Result()
		x.body = recorder.Body.Bytes()

		if err := c.checkExchange(x); err != nil {
			report("%s %s answered %d: %v\n%.2000s", x.method, x.path, x.response.StatusCode, err, x.body)
		}

		maps.Copy(w.Header(), x.response.Header)
		w.WriteHeader(x.response.StatusCode)
		_, _ = w.Write(x.body)
	})
}

// Unexercised lists the operations of the document without a successful response (2xx) behind CheckAnswers in this
// process. TestMain can fail on them: an operation without a test may not work.
func Unexercised(document []byte) ([]string, error) {
	c, err := readContract(document)
	if err != nil {
		return nil, err
	}

	c.mu.Lock()
	defer c.mu.Unlock()

	var missing []string
	for _, o := range c.operations {
		if !c.succeeded[o.id] {
			missing = append(missing, o.id)
		}
	}

	slices.Sort(missing)

	return missing, nil
}

// exchange is a request and its response.
type exchange struct {
	method, path, query, contentType string

	sent     bytes.Buffer // what the register read of the request body
	response *http.Response
	body     []byte
}

// exchangeOf notes a request, and its body as it is read.
func exchangeOf(r *http.Request) *exchange {
	x := &exchange{
		method:      r.Method,
		path:        r.URL.EscapedPath(),
		query:       r.URL.RawQuery,
		contentType: r.Header.Get("Content-Type"),
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.TeeReader(r.Body, &x.sent), r.Body}

	return x
}

// checkExchange checks the response of an exchange, and its request if the response is a success.
func (c *contract) checkExchange(x *exchange) error {
	if x.path != c.base && !strings.HasPrefix(x.path, c.base+"/") {
		return nil
	}

	path := strings.TrimPrefix(x.path, c.base)
	method := x.method
	if method == http.MethodHead && x.response.StatusCode == http.StatusOK {
		method = http.MethodGet // the server removes the body after this check
	}

	if err := c.checkResponse(method, path, x.response, x.body); err != nil {
		return err
	}
	if x.response.StatusCode >= 300 {
		return nil
	}

	if err := c.checkRequest(method, path, x); err != nil {
		return fmt.Errorf("and should have refused %q %.2000q: %w", x.query, x.sent.Bytes(), err)
	}

	return nil
}

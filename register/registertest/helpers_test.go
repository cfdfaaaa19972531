package registertest

import (
	_ "embed"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"central.consent/dar/register"
)

// small is a document with one of each thing that a response or a request can violate.
//
//go:embed testdata/small.yaml
var small string

// witness is a test that records its failures.
type witness struct {
	testing.TB
	mu       sync.Mutex
	problems []string
	cleanups []func()
}

// Helper implements testing.TB.
func (w *witness) Helper() {}

// Cleanup implements testing.TB.
func (w *witness) Cleanup(f func()) { w.cleanups = append(w.cleanups, f) }

// Fatal implements testing.TB.
func (w *witness) Fatal(a ...any) { w.Errorf("%s", fmt.Sprint(a...)) }

// Errorf implements testing.TB.
func (w *witness) Errorf(format string, a ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.problems = append(w.problems, fmt.Sprintf(format, a...))
}

// answer returns a server with the same response to every request. Headers are "Name: value".
func answer(status int, body string, headers ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		for _, header := range headers {
			name, value, _ := strings.Cut(header, ": ")
			w.Header().Set(name, value)
		}

		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
}

// documented returns the register's document and the compiler of its schemas.
func documented(t testing.TB) (*openapi3.T, *jsonschema.Compiler) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(register.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}

	schemas, err := compilerOf(doc)
	if err != nil {
		t.Fatal(err)
	}

	return doc, schemas
}

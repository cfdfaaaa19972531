package registertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// CheckAnswers stands before a register and compares each of its answers under the document's base path with
// the OpenAPI document: the status, the content type, the required headers and the body. A path or a method
// that the document does not have must be refused as its responses NoSuchPath and WrongMethod say. Whatever
// does not fit fails t, before the client has the answer; nothing is reported once t has ended.
//
// A request that is answered with success must fit the document too: what it does not describe is not to be accepted.
func CheckAnswers(t testing.TB, document []byte, next http.Handler) http.Handler {
	t.Helper()
	promised, err := readContract(document)
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

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		path := r.URL.EscapedPath()
		recorder := httptest.NewRecorder()
		var sent bytes.Buffer
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(r.Body, &sent), r.Body}
		query := r.URL.RawQuery
		media := r.Header.Get("Content-Type")
		next.ServeHTTP(recorder, r)
		answer := recorder.Result()
		if method == http.MethodHead && answer.StatusCode == http.StatusOK {
			method = http.MethodGet // of which it is the same answer, and only then has its body taken off
		}

		if path == promised.base || strings.HasPrefix(path, promised.base+"/") {
			place := strings.TrimPrefix(path, promised.base)
			err := promised.check(method, place, answer, recorder.Body.Bytes())
			if err == nil && answer.StatusCode < 300 {
				if err = promised.checkRequest(
					method,
					place,
					query,
					media,
					sent.Bytes(),
					recorder.Body.Bytes(),
				); err != nil {
					err = fmt.Errorf("and should have refused %q %.2000q: %w", query, sent.Bytes(), err)
				}
			}

			if err != nil {
				mu.Lock()
				if !ended {
					t.Errorf("%s %s answered %d: %v\n%.2000s", method, path, answer.StatusCode, err, recorder.Body)
				}
				mu.Unlock()
			}
		}

		maps.Copy(w.Header(), answer.Header)
		w.WriteHeader(answer.StatusCode)
		_, _ = w.Write(recorder.Body.Bytes())
	})
}

// Unexercised lists the operations of the document that no register behind CheckAnswers has answered with
// success (2xx) in this process. TestMain can fail on them: an operation without a test is one that may not work.
func Unexercised(document []byte) ([]string, error) {
	promised, err := readContract(document)
	if err != nil {
		return nil, err
	}

	promised.mu.Lock()
	defer promised.mu.Unlock()
	var missing []string
	for _, o := range promised.operations {
		if !promised.succeeded[o.id] {
			missing = append(missing, o.id)
		}
	}

	slices.Sort(missing)
	return missing, nil
}

// contract is an OpenAPI document made ready to be checked against.
type contract struct {
	base       string
	operations []operation // those with more fixed text in the path first
	// What no operation answers, for it comes before any is found.
	noSuchPath, wrongMethod, tooLarge response

	mu        sync.Mutex
	succeeded map[string]bool // by operationId
}

type operation struct {
	id, method string
	path       *regexp.Regexp
	fixed      int // how much of the path's template is not parameters, in bytes
	responses  map[int]response
	request    request
}

type response struct {
	headers map[string]header
	content map[string]*jsonschema.Schema // by media type
}

type header struct {
	required bool
	schema   *jsonschema.Schema
}

// contracts keeps one contract for each document, for reading one takes longer than many a test, and what the
// tests of a package have exercised is known only together.
var contracts = struct {
	sync.Mutex
	byDocument map[string]*contract
}{byDocument: map[string]*contract{}}

func readContract(document []byte) (*contract, error) {
	contracts.Lock()
	defer contracts.Unlock()
	if known := contracts.byDocument[string(document)]; known != nil {
		return known, nil
	}

	read, err := newContract(document)
	if err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}

	contracts.byDocument[string(document)] = read
	return read, nil
}

func newContract(document []byte) (*contract, error) {
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	if len(doc.Servers) != 1 {
		return nil, fmt.Errorf("it names %d servers, not one", len(doc.Servers))
	}

	schemas, err := compilerOf(doc)
	if err != nil {
		return nil, err
	}

	c := &contract{base: doc.Servers[0].URL, succeeded: map[string]bool{}}
	for path, item := range doc.Paths.Map() {
		for method, described := range item.Operations() {
			o := operation{
				id:        described.OperationID,
				method:    method,
				path:      pathPattern(path),
				fixed:     len(pathParameter.ReplaceAllString(path, "")),
				responses: map[int]response{},
			}
			for status, ref := range described.Responses.Map() {
				at := pointer("paths", path, strings.ToLower(method), "responses", status)
				if ref.Ref != "" {
					at = ref.Ref
				}

				code, err := strconv.Atoi(status)
				if err != nil {
					return nil, fmt.Errorf("%s: %q is not one status", o.id, status)
				}
				if o.responses[code], err = responseOf(schemas, ref.Value, at); err != nil {
					return nil, fmt.Errorf("%s: %w", o.id, err)
				}
			}

			if o.request, err = requestOf(schemas, path, method, item, described); err != nil {
				return nil, fmt.Errorf("%s: %w", o.id, err)
			}

			c.operations = append(c.operations, o)
		}
	}

	slices.SortFunc(c.operations, func(a, b operation) int { return b.fixed - a.fixed })
	for name, into := range map[string]*response{"NoSuchPath": &c.noSuchPath, "WrongMethod": &c.wrongMethod, "TooLarge": &c.tooLarge} {
		ref := doc.Components.Responses[name]
		if ref == nil {
			return nil, fmt.Errorf("it has no response %s among its components", name)
		}
		if *into, err = responseOf(schemas, ref.Value, pointer("components", "responses", name)); err != nil {
			return nil, err
		}
	}

	return c, nil
}

// compilerOf takes the whole document for a resource of JSON Schema 2020-12, which the schemas of OpenAPI 3.1
// are, so that a reference within it finds its target. Formats are asserted.
func compilerOf(doc *openapi3.T) (*jsonschema.Compiler, error) {
	text, err := doc.MarshalJSON()
	if err != nil {
		return nil, err
	}

	resource, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}

	schemas := jsonschema.NewCompiler()
	schemas.DefaultDraft(jsonschema.Draft2020)
	schemas.AssertFormat()

	return schemas, schemas.AddResource("openapi.json", resource)
}

// pointer is a JSON pointer as a fragment.
func pointer(tokens ...string) string {
	escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")
	fragment := "#"
	for _, token := range tokens {
		fragment += "/" + escape.Replace(token)
	}

	return fragment
}

func responseOf(schemas *jsonschema.Compiler, described *openapi3.Response, at string) (response, error) {
	r := response{headers: map[string]header{}, content: map[string]*jsonschema.Schema{}}
	for name, ref := range described.Headers {
		place := at + pointer("headers", name)[1:]
		if ref.Ref != "" {
			place = ref.Ref
		}

		schema, err := schemas.Compile("openapi.json" + place + "/schema")
		if err != nil {
			return response{}, err
		}

		r.headers[name] = header{required: ref.Value.Required, schema: schema}
	}

	for media := range described.Content {
		schema, err := schemas.Compile("openapi.json" + at + pointer("content", media, "schema")[1:])
		if err != nil {
			return response{}, err
		}
		r.content[media] = schema
	}

	return r, nil
}

var pathParameter = regexp.MustCompile(`\{[^}]*\}`)

// pathPattern finds a parameter where the register's router does: one at the end of a path takes all that is
// left, one in the middle may be empty. The rules behind it then refuse what does not fit.
func pathPattern(template string) *regexp.Regexp {
	pattern := regexp.QuoteMeta(template)
	pattern = strings.NewReplacer(`\{`, "{", `\}`, "}").Replace(pattern)
	if last := strings.LastIndex(pattern, "/{"); last >= 0 && strings.HasSuffix(pattern, "}") {
		pattern = pattern[:last] + "/(.+)"
	}

	return regexp.MustCompile("^" + pathParameter.ReplaceAllString(pattern, "([^/]*)") + "$")
}

// find is the operation at a path, nil where it does not take the method; known says that it takes another.
func (c *contract) find(method, path string) (found *operation, known bool) {
	for i, o := range c.operations {
		if o.path.MatchString(path) {
			known = true
			if o.method == method {
				return &c.operations[i], true
			}
		}
	}

	return nil, known
}

// check says what of an answer is not as promised.
func (c *contract) check(method, path string, answer *http.Response, body []byte) error {
	found, known := c.find(method, path)
	switch {
	case found != nil:
		promised, ok := found.responses[answer.StatusCode]
		if !ok {
			return fmt.Errorf("%s does not have this status", found.id)
		}
		if err := promised.check(answer, body); err != nil {
			return fmt.Errorf("%s: %w", found.id, err)
		}
		if answer.StatusCode < 300 {
			c.mu.Lock()
			c.succeeded[found.id] = true
			c.mu.Unlock()
		}

		return nil
	case answer.StatusCode == http.StatusRequestEntityTooLarge: // judged before the path is looked at
		return c.tooLarge.check(answer, body)
	case known && method == http.MethodOptions && answer.StatusCode == http.StatusNoContent && answer.Header.Get("Allow") != "":
		return nil
	case known && answer.StatusCode == http.StatusMethodNotAllowed:
		return c.wrongMethod.check(answer, body)
	case known:
		return fmt.Errorf(
			"the document does not have this method: it must be refused with %d",
			http.StatusMethodNotAllowed,
		)
	case answer.StatusCode == http.StatusNotFound:
		return c.noSuchPath.check(answer, body)
	}

	return fmt.Errorf("the document does not have this path: it must be refused with %d", http.StatusNotFound)
}

func (r response) check(answer *http.Response, body []byte) error {
	for name, promised := range r.headers {
		value := answer.Header.Get(name)
		if value == "" {
			if promised.required {
				return fmt.Errorf("the header %s is missing", name)
			}
			continue
		}

		if err := promised.schema.Validate(value); err != nil {
			return fmt.Errorf("the header %s: %w", name, err)
		}
	}

	if len(r.content) == 0 {
		if len(body) > 0 {
			return errors.New("there must be no body")
		}
		return nil
	}

	media, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	schema := r.content[media]
	if err != nil || schema == nil {
		return fmt.Errorf("the content type %q is not documented", answer.Header.Get("Content-Type"))
	}

	var value any = string(body)
	if media == "application/json" {
		if value, err = jsonschema.UnmarshalJSON(bytes.NewReader(body)); err != nil {
			return fmt.Errorf("the body is not JSON: %w", err)
		}
	}

	return schema.Validate(value)
}

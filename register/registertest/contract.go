package registertest

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// contract is an OpenAPI document, prepared for checks.
type contract struct {
	base       string
	operations []operation // those with more fixed text in the path first
	// The responses that belong to no operation.
	noSuchPath, wrongMethod, tooLarge response

	mu        sync.Mutex
	succeeded map[string]bool // by operationId
}

// operation is one operation of the document.
type operation struct {
	id, method string
	path       *regexp.Regexp
	fixed      int // length of the path template without its parameters, in bytes
	responses  map[int]response
	request    request
}

// contracts caches one contract for each document: reading one takes longer than most tests, and the operations that
// the tests of a package exercise are collected in it.
var contracts = struct {
	sync.Mutex
	byDocument map[string]*contract
}{byDocument: map[string]*contract{}}

// readContract returns the contract of a document.
func readContract(document []byte) (*contract, error) {
	contracts.Lock()
	defer contracts.Unlock()

	if cached := contracts.byDocument[string(document)]; cached != nil {
		return cached, nil
	}

	c, err := newContract(document)
	if err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}

	contracts.byDocument[string(document)] = c

	return c, nil
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
		return nil, fmt.Errorf("the document has %d servers, want 1", len(doc.Servers))
	}

	schemas, err := compilerOf(doc)
	if err != nil {
		return nil, err
	}

	c := &contract{base: doc.Servers[0].URL, succeeded: map[string]bool{}}
	for path, item := range doc.Paths.Map() {
		for method, described := range item.Operations() {
			o, err := operationOf(schemas, path, method, item, described)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", described.OperationID, err)
			}
			c.operations = append(c.operations, o)
		}
	}
	slices.SortFunc(c.operations, func(a, b operation) int { return b.fixed - a.fixed })

	for name, target := range map[string]*response{
		"NoSuchPath":  &c.noSuchPath,
		"WrongMethod": &c.wrongMethod,
		"TooLarge":    &c.tooLarge,
	} {
		ref := doc.Components.Responses[name]
		if ref == nil {
			return nil, fmt.Errorf("the document has no response %s among its components", name)
		}
		if *target, err = responseOf(schemas, ref.Value, pointer("components", "responses", name)); err != nil {
			return nil, err
		}
	}

	return c, nil
}

// operationOf reads the operation of a method and a path.
func operationOf(
	schemas *jsonschema.Compiler,
	path, method string,
	item *openapi3.PathItem,
	described *openapi3.Operation,
) (operation, error) {
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
			return operation{}, fmt.Errorf("%q is not a status code", status)
		}
		if o.responses[code], err = responseOf(schemas, ref.Value, at); err != nil {
			return operation{}, err
		}
	}

	var err error
	o.request, err = requestOf(schemas, path, method, item, described)

	return o, err
}

// compilerOf makes the document a resource of JSON Schema 2020-12, the dialect of OpenAPI 3.1, so that its references
// can be resolved. Formats are checked.
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

// compile returns the schema at a JSON pointer of the document.
func compile(schemas *jsonschema.Compiler, at string) (*jsonschema.Schema, error) {
	return schemas.Compile("openapi.json" + at)
}

// pointer returns a JSON pointer as a URL fragment.
func pointer(tokens ...string) string { return "#" + below(tokens...) }

// below returns what to append to a JSON pointer to descend by these tokens.
func below(tokens ...string) string {
	escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")
	path := ""
	for _, token := range tokens {
		path += "/" + escape.Replace(token)
	}

	return path
}

var pathParameter = regexp.MustCompile(`\{[^}]*\}`)

// pathPattern matches a path as the register's router does: a parameter at the end of a path takes everything that
// follows, and one in the middle may be empty. The rules then refuse values that are not valid.
func pathPattern(template string) *regexp.Regexp {
	pattern := regexp.QuoteMeta(template)
	pattern = strings.NewReplacer(`\{`, "{", `\}`, "}").Replace(pattern)
	if last := strings.LastIndex(pattern, "/{"); last >= 0 && strings.HasSuffix(pattern, "}") {
		pattern = pattern[:last] + "/(.+)"
	}

	return regexp.MustCompile("^" + pathParameter.ReplaceAllString(pattern, "([^/]*)") + "$")
}

// find returns the operation of a method and a path, or nil. isKnownPath reports whether the path has an operation with
// some method.
func (c *contract) find(method, path string) (found *operation, isKnownPath bool) {
	for i, o := range c.operations {
		if !o.path.MatchString(path) {
			continue
		}

		isKnownPath = true
		if o.method == method {
			return &c.operations[i], true
		}
	}

	return nil, isKnownPath
}

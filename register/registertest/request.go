package registertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// request is the request of an operation.
type request struct {
	path  []*jsonschema.Schema // the parameters of the path, in their order
	query map[string]parameter
	// body is nil if the document describes none. The register then does not read one.
	body *jsonschema.Schema
	// optional is true if a request may leave its body out.
	optional bool
	// line is the schema of one line of the body if the body is JSON Lines, otherwise nil.
	line  *jsonschema.Schema
	media string
}

// parameter is a parameter of the query.
type parameter struct {
	schema    *jsonschema.Schema
	isInteger bool
	isBoolean bool
}

// requestOf reads the request of an operation.
func requestOf(
	schemas *jsonschema.Compiler,
	path, method string,
	item *openapi3.PathItem,
	described *openapi3.Operation,
) (request, error) {
	r := request{query: map[string]parameter{}}
	at := pointer("paths", path)
	inPath := map[string]*jsonschema.Schema{}

	if err := r.readParameters(schemas, at, item.Parameters, inPath); err != nil {
		return request{}, err
	}
	at += below(strings.ToLower(method))
	if err := r.readParameters(schemas, at, described.Parameters, inPath); err != nil {
		return request{}, err
	}

	for _, name := range pathParameter.FindAllString(path, -1) {
		r.path = append(r.path, inPath[strings.Trim(name, "{}")])
	}

	if described.RequestBody == nil {
		return r, nil
	}

	r.optional = !described.RequestBody.Value.Required

	return r, r.readBody(schemas, at+below("requestBody", "content"), described.RequestBody.Value.Content)
}

// readParameters adds a list of parameters, those of the path to inPath.
func (r *request) readParameters(
	schemas *jsonschema.Compiler,
	at string,
	parameters openapi3.Parameters,
	inPath map[string]*jsonschema.Schema,
) error {
	for i, ref := range parameters {
		place := at + below("parameters", strconv.Itoa(i))
		if ref.Ref != "" {
			place = ref.Ref
		}

		schema, err := compile(schemas, place+"/schema")
		if err != nil {
			return err
		}

		switch ref.Value.In {
		case openapi3.ParameterInPath:
			inPath[ref.Value.Name] = schema
		case openapi3.ParameterInQuery:
			r.query[ref.Value.Name] = parameter{
				schema:    schema,
				isInteger: ref.Value.Schema.Value.Type.Is("integer"),
				isBoolean: ref.Value.Schema.Value.Type.Is("boolean"),
			}
		}
	}

	return nil
}

// readBody reads the schema of the body, and that of a line if the body is JSON Lines.
func (r *request) readBody(schemas *jsonschema.Compiler, at string, content openapi3.Content) error {
	for media, described := range content {
		var err error
		r.media = media
		if r.body, err = compile(schemas, at+below(media, "schema")); err != nil {
			return err
		}

		line, ok := described.Extensions["x-line-schema"].(string)
		if !ok {
			continue
		}
		if r.line, err = compile(schemas, line); err != nil {
			return err
		}
	}

	return nil
}

// checkRequest returns how a request that succeeded differs from the document.
func (c *contract) checkRequest(method, path string, x *exchange) error {
	o, _ := c.find(method, path)
	if o == nil {
		return nil
	}

	r := o.request
	for i, text := range o.path.FindStringSubmatch(path)[1:] {
		value, err := url.PathUnescape(text)
		if err != nil {
			return err
		}
		if err := validate(r.path[i], value); err != nil {
			return fmt.Errorf("the path: %w", err)
		}
	}

	if err := r.checkQuery(x.query); err != nil {
		return err
	}

	return r.checkBody(x)
}

func (r request) checkQuery(query string) error {
	given, err := url.ParseQuery(query)
	if err != nil {
		return err
	}

	for name, values := range given {
		described, ok := r.query[name]
		if !ok || len(values) != 1 {
			return fmt.Errorf("the query has %q %d times", name, len(values))
		}

		var value any = values[0]
		if n, err := strconv.Atoi(values[0]); err == nil && described.isInteger {
			value = n
		}
		if described.isBoolean && (values[0] == "true" || values[0] == "false") {
			value = values[0] == "true"
		}
		if err := validate(described.schema, value); err != nil {
			return fmt.Errorf("the query's %s: %w", name, err)
		}
	}

	return nil
}

func (r request) checkBody(x *exchange) error {
	if r.body == nil || r.optional && x.sent.Len() == 0 {
		return nil
	}

	media, _, err := mime.ParseMediaType(x.contentType)
	if err != nil || media != r.media {
		return fmt.Errorf("the content type %q is not documented", x.contentType)
	}

	if r.line != nil {
		return r.checkLines(x.sent.Bytes(), x.body)
	}

	return validateJSON(r.body, x.sent.Bytes())
}

// checkLines checks the lines of an import that were not refused.
func (r request) checkLines(sent, answer []byte) error {
	var summary struct {
		Refused int
		Errors  []struct{ Line int }
	}
	if err := json.Unmarshal(answer, &summary); err != nil {
		return err
	}

	isRefused := map[int]bool{}
	for _, mistake := range summary.Errors {
		isRefused[mistake.Line] = true
	}
	if len(isRefused) < summary.Refused {
		return nil // the response does not list every refused line
	}

	for i, line := range bytes.Split(sent, []byte("\n")) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || isRefused[i+1] {
			continue
		}
		if err := validateJSON(r.line, line); err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
	}

	return nil
}

func validateJSON(schema *jsonschema.Schema, text []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}

	return validate(schema, value)
}

// validate checks a value of a request. An optional member may be null or an empty string (see the description of the
// document), so such a member is removed and the rest is checked again.
func validate(schema *jsonschema.Schema, value any) error {
	for {
		err := schema.Validate(value)
		invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
		if !ok || !removeEmpty(value, invalid) {
			return err
		}
	}
}

// removeEmpty removes the members that an error is about if they are null or empty, and reports whether there were any.
func removeEmpty(value any, invalid *jsonschema.ValidationError) bool {
	removed := false
	for _, cause := range invalid.Causes {
		removed = removeEmpty(value, cause) || removed
	}

	place := invalid.InstanceLocation
	names := []string{}
	if unknown, ok := invalid.ErrorKind.(*kind.AdditionalProperties); ok {
		names = unknown.Properties
	} else if len(place) > 0 {
		names = place[len(place)-1:]
		place = place[:len(place)-1]
	}

	object, _ := valueAt(value, place).(map[string]any)
	for _, name := range names {
		if member, ok := object[name]; ok && (member == nil || member == "") {
			delete(object, name)
			removed = true
		}
	}

	return removed
}

// valueAt descends into a JSON value.
func valueAt(value any, place []string) any {
	for _, token := range place {
		switch inner := value.(type) {
		case map[string]any:
			value = inner[token]
		case []any:
			i, _ := strconv.Atoi(token)
			value = inner[i]
		}
	}

	return value
}

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

// request is what an operation takes.
type request struct {
	path  []*jsonschema.Schema // of the path's parameters, in their order
	query map[string]*jsonschema.Schema
	// whole names the query's parameters that are whole numbers.
	whole map[string]bool
	// body is nil where none is described: one that is sent is then not read.
	body, line *jsonschema.Schema
	media      string
}

func requestOf(
	schemas *jsonschema.Compiler,
	path, method string,
	item *openapi3.PathItem,
	described *openapi3.Operation,
) (request, error) {
	r := request{query: map[string]*jsonschema.Schema{}, whole: map[string]bool{}}
	inPath := map[string]*jsonschema.Schema{}
	at := pointer("paths", path)
	for _, list := range []struct {
		at         string
		parameters openapi3.Parameters
	}{{at, item.Parameters}, {at + pointer(strings.ToLower(method))[1:], described.Parameters}} {
		for i, parameter := range list.parameters {
			place := list.at + pointer("parameters", strconv.Itoa(i))[1:]
			if parameter.Ref != "" {
				place = parameter.Ref
			}

			schema, err := schemas.Compile("openapi.json" + place + "/schema")
			if err != nil {
				return request{}, err
			}

			switch parameter.Value.In {
			case openapi3.ParameterInPath:
				inPath[parameter.Value.Name] = schema
			case openapi3.ParameterInQuery:
				r.query[parameter.Value.Name] = schema
				r.whole[parameter.Value.Name] = parameter.Value.Schema.Value.Type.Is("integer")
			}
		}
	}

	for _, name := range pathParameter.FindAllString(path, -1) {
		r.path = append(r.path, inPath[strings.Trim(name, "{}")])
	}
	if described.RequestBody == nil {
		return r, nil
	}

	for media, content := range described.RequestBody.Value.Content {
		place := at + pointer(strings.ToLower(method), "requestBody", "content", media, "schema")[1:]
		schema, err := schemas.Compile("openapi.json" + place)
		if err != nil {
			return request{}, err
		}

		r.media, r.body = media, schema
		if line, ok := content.Extensions["x-line-schema"].(string); ok {
			if r.line, err = schemas.Compile("openapi.json" + line); err != nil {
				return request{}, err
			}
		}
	}

	return r, nil
}

// checkRequest says what of a request that was answered with success is not described.
func (c *contract) checkRequest(method, path, query, media string, body, answer []byte) error {
	found, _ := c.find(method, path)
	if found == nil {
		return nil
	}

	r := found.request
	for i, text := range found.path.FindStringSubmatch(path)[1:] {
		value, err := url.PathUnescape(text)
		if err != nil {
			return err
		}
		if err := fits(r.path[i], value); err != nil {
			return fmt.Errorf("the path: %w", err)
		}
	}

	given, err := url.ParseQuery(query)
	if err != nil {
		return err
	}

	for name, values := range given {
		if r.query[name] == nil || len(values) != 1 {
			return fmt.Errorf("the query has %q %d times", name, len(values))
		}

		var value any = values[0]
		if n, err := strconv.Atoi(values[0]); err == nil && r.whole[name] {
			value = n
		}
		if err := fits(r.query[name], value); err != nil {
			return fmt.Errorf("the query's %s: %w", name, err)
		}
	}

	switch sent, _, err := mime.ParseMediaType(media); {
	case r.body == nil:
		return nil
	case err != nil || sent != r.media:
		return fmt.Errorf("the content type %q is not documented", media)
	case r.line != nil:
		return r.checkLines(body, answer)
	}

	return fitsText(r.body, body)
}

// checkLines checks those lines of an import that were not refused.
func (r request) checkLines(body, answer []byte) error {
	var told struct {
		Refused int
		Errors  []struct{ Line int }
	}
	if err := json.Unmarshal(answer, &told); err != nil {
		return err
	}

	refused := map[int]bool{}
	for _, one := range told.Errors {
		refused[one.Line] = true
	}
	if len(refused) < told.Refused { // there were more mistakes than are told
		return nil
	}

	for i, line := range bytes.Split(body, []byte("\n")) {
		if line = bytes.TrimSpace(line); len(line) > 0 && !refused[i+1] {
			if err := fitsText(r.line, line); err != nil {
				return fmt.Errorf("line %d: %w", i+1, err)
			}
		}
	}

	return nil
}

func fitsText(schema *jsonschema.Schema, text []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return fits(schema, value)
}

// fits checks a value of a request. A member that need not be given may be null or an empty text, and is then taken
// out, as the document's description has it.
func fits(schema *jsonschema.Schema, value any) error {
	for {
		err := schema.Validate(value)
		wrong, ok := errors.AsType[*jsonschema.ValidationError](err)
		if !ok || !takeOut(value, wrong) {
			return err
		}
	}
}

// takeOut deletes the members that the mistakes lie in and that say nothing.
func takeOut(value any, wrong *jsonschema.ValidationError) bool {
	done := false
	for _, cause := range wrong.Causes {
		done = takeOut(value, cause) || done
	}

	at := wrong.InstanceLocation
	names := []string{}
	if unknown, ok := wrong.ErrorKind.(*kind.AdditionalProperties); ok {
		names = unknown.Properties
	} else if len(at) > 0 {
		at, names = at[:len(at)-1], at[len(at)-1:]
	}

	for _, token := range at {
		switch inside := value.(type) {
		case map[string]any:
			value = inside[token]
		case []any:
			i, _ := strconv.Atoi(token)
			value = inside[i]
		}
	}

	object, _ := value.(map[string]any)
	for _, name := range names {
		if member, ok := object[name]; ok && (member == nil || member == "") {
			delete(object, name)
			done = true
		}
	}

	return done
}

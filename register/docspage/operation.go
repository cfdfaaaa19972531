package docspage

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Operation is one request to the register, or one event that the register posts.
type Operation struct {
	ID, Method, Path, Summary, Description string
	// Event is the name of an event, or empty for a request to the register.
	Event string
	// Callers says who may call.
	Callers    string
	Parameters []Field
	// Body is the request body, or nil if the operation has none.
	Body *Schema
	// BodyIsOptional is true if a request can leave its body out.
	BodyIsOptional bool
	// Lines is true if the body is JSON Lines. Body then describes one line.
	Lines bool
	// Answers are the responses, in the order of their status.
	Answers  []Answer
	Requests []Example
	Replies  []Example
	// Curl is a command for the demonstration, or empty for an event.
	Curl string
}

// Route names the operation uniquely.
func (o Operation) Route() string {
	if o.Event != "" {
		return "the event " + o.Event
	}
	return o.Method + " " + o.Path
}

// Answer is one response of an operation.
type Answer struct {
	Status, Meaning string
	// Schema is the name of the body's schema, or empty if it has no name.
	Schema string
	// Empty is true if there is no body.
	Empty bool
	// Headers are the names of the headers that are always present.
	Headers []string
}

// source is the part of the document that describes an operation.
type source struct {
	method, path string
	shared       openapi3.Parameters // of every method of the path
	described    *openapi3.Operation
}

// parameters returns the parameters of the path and of the method.
func (s source) parameters() openapi3.Parameters {
	return append(slices.Clone(s.shared), s.described.Parameters...)
}

// operationOf reads an operation of the register.
func operationOf(doc *openapi3.T, s source) (Operation, error) {
	base := doc.Servers[0].URL
	security := doc.Security
	if s.described.Security != nil {
		security = *s.described.Security
	}

	o, err := readOperation(doc, s)
	if err != nil {
		return Operation{}, err
	}

	o.Path = base + s.path
	o.Callers = callers(s.described, security)
	o.Curl = curl(o, s.parameters(), security)

	return o, nil
}

// eventOf reads an event, which the register posts to a subscriber.
func eventOf(doc *openapi3.T, name string, described *openapi3.Operation) (Operation, error) {
	o, err := readOperation(doc, source{method: http.MethodPost, path: "your callback-url", described: described})
	o.Event = name
	o.Callers = "The register calls, and your server answers."

	return o, err
}

// readOperation reads what operations and events have in common.
func readOperation(doc *openapi3.T, s source) (Operation, error) {
	o := Operation{
		ID:          s.described.OperationID,
		Method:      s.method,
		Path:        s.path,
		Summary:     s.described.Summary,
		Description: s.described.Description,
	}

	for _, ref := range s.parameters() {
		parameter := ref.Value
		field := fieldOf(parameter.Name, parameter.Schema, parameter.Required)
		field.Where = parameter.In
		if parameter.Description != "" {
			field.Meaning = parameter.Description
		}

		o.Parameters = append(o.Parameters, field)
	}

	if err := o.readBody(doc, s.described.RequestBody); err != nil {
		return Operation{}, err
	}

	for _, status := range slices.Sorted(maps.Keys(s.described.Responses.Map())) {
		if err := o.readAnswer(status, s.described.Responses.Value(status).Value); err != nil {
			return Operation{}, err
		}
	}

	return o, nil
}

// readBody reads the request body and its examples.
func (o *Operation) readBody(doc *openapi3.T, body *openapi3.RequestBodyRef) error {
	if body == nil {
		return nil
	}

	var err error
	title := "Body"
	media := body.Value.Content["application/json"]
	if media == nil {
		o.Lines = true
		title = "Lines of the body, each set out over several here"
		if media, err = lineOf(doc, body.Value.Content["application/x-ndjson"]); err != nil {
			return err
		}
	}

	schema := schemaOf(nameOf(media.Schema.Ref), media.Schema.Value)
	o.Body = &schema
	o.BodyIsOptional = !body.Value.Required
	o.Requests, err = examplesOf(title, media)

	return err
}

// readAnswer reads a response, and its examples if it is a success: all refusals look alike.
func (o *Operation) readAnswer(status string, response *openapi3.Response) error {
	answer := Answer{Status: status, Meaning: *response.Description, Empty: len(response.Content) == 0}
	for _, name := range slices.Sorted(maps.Keys(response.Headers)) {
		if response.Headers[name].Value.Required {
			answer.Headers = append(answer.Headers, name)
		}
	}

	if media := response.Content["application/json"]; media != nil {
		answer.Schema = nameOf(media.Schema.Ref)
		if code, err := strconv.Atoi(status); err == nil && code < 300 {
			examples, err := examplesOf("Answer "+status, media)
			if err != nil {
				return err
			}
			o.Replies = append(o.Replies, examples...)
		}
	}

	o.Answers = append(o.Answers, answer)

	return nil
}

// lineOf turns a body of JSON Lines into the body of one line. x-line-schema names the schema of a line, and the lines
// of the body's example become examples.
func lineOf(doc *openapi3.T, body *openapi3.MediaType) (*openapi3.MediaType, error) {
	if body == nil {
		return nil, errors.New("the body is neither JSON nor JSON Lines")
	}

	ref, _ := body.Extensions["x-line-schema"].(string)
	schema := doc.Components.Schemas[nameOf(ref)]
	if schema == nil {
		return nil, fmt.Errorf("x-line-schema %q does not exist", ref)
	}

	line := &openapi3.MediaType{
		Schema:   &openapi3.SchemaRef{Ref: ref, Value: schema.Value},
		Examples: openapi3.Examples{},
	}

	example, _ := body.Example.(string)
	for i, text := range strings.Split(strings.TrimSpace(example), "\n") {
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			return nil, fmt.Errorf("line %d of the example: %w", i+1, err)
		}

		line.Examples[strconv.Itoa(i)] = &openapi3.ExampleRef{
			Value: &openapi3.Example{Summary: fmt.Sprintf("line %d", i+1), Value: value},
		}
	}

	return line, nil
}

// callerNames are the roles as the page names them.
var callerNames = map[string]string{
	"data_user":     "Data Users",
	"data_provider": "Data Providers",
	"dcc":           "the DCC",
	"admin":         "administrators",
	"portal":        "portals",
}

// callers says who may call an operation.
func callers(described *openapi3.Operation, security openapi3.SecurityRequirements) string {
	if len(security) == 0 {
		return "Anyone, without credentials."
	}
	if _, basic := security[0]["basic"]; basic {
		return "Every account, by its id and secret (HTTP Basic)."
	}

	var names []string
	roles, _ := described.Extensions["x-roles"].([]any)
	for _, role := range roles {
		names = append(names, callerNames[fmt.Sprint(role)])
	}
	if len(names) == len(callerNames) {
		return "Every account, with a bearer token."
	}

	words := names[len(names)-1]
	if others := names[:len(names)-1]; len(others) > 0 {
		words = strings.Join(others, ", ") + " and " + words
	}

	return strings.ToUpper(words[:1]) + words[1:] + ", with a bearer token."
}

// Package docspage shows the register's OpenAPI document to people: one page, drawn on the server, without a
// script. model.go turns the document into what the page shows; page.templ draws it.
package docspage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Model is the whole page.
type Model struct {
	Title, Version, Summary, Description string
	Groups                               []Group
	Schemas                              []Schema
	// Demonstration says that re-identification is stubbed, which the page then tells. The caller sets it.
	Demonstration bool
}

// Group is the operations of one tag.
type Group struct {
	Name, Description string
	Operations        []Operation
}

// Operation is one thing to ask of the register.
type Operation struct {
	ID, Method, Path, Summary, Description string
	// Event is the name of what the register posts to a subscriber; empty where it is the register that is asked.
	Event string
	// Callers says in words who may call.
	Callers    string
	Parameters []Field
	// Body is the members of the request body; nil where the operation takes none.
	Body *Schema
	// Lines says that the body is JSON Lines, each of which is a Body.
	Lines bool
	// Answers come in the order of their status.
	Answers  []Answer
	Requests []Example
	Replies  []Example
	// Curl is a command for the demonstration; empty where it is the register that calls.
	Curl string
}

// Route tells the operation from all others.
func (o Operation) Route() string {
	if o.Event != "" {
		return "the event " + o.Event
	}
	return o.Method + " " + o.Path
}

// Field is a parameter, or a member of an object.
type Field struct {
	Name, Meaning string
	// Where is query, path or header for a parameter, and empty for a member.
	Where    string
	Required bool
	Type     Type
}

// Type is what a value looks like, in words: Before and After stand around the name of a schema, where it
// has one.
type Type struct {
	Before, Schema, After string
	// Pattern is a regular expression, or empty.
	Pattern string
	// Values are all that are allowed; empty where there is no such list.
	Values []string
	// Or is another shape that the value may have; nil where there is none.
	Or *Type
}

// Answer is one status that an operation can answer.
type Answer struct {
	Status, Meaning string
	// Schema is the body's; empty where the body has no name.
	Schema string
	// Empty says that there is no body.
	Empty bool
	// Headers are those that always come with it.
	Headers []string
}

// Example is a body, as indented JSON.
type Example struct{ Title, Text string }

// Schema is a named shape. One that is no object has no fields.
type Schema struct {
	Name, Description string
	Type              Type
	Fields            []Field
}

// New reads an OpenAPI 3.1 document, as YAML or JSON. The error says what in it cannot be read.
func New(document []byte) (Model, error) {
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return Model{}, err
	}

	m := Model{
		Title:       doc.Info.Title,
		Version:     doc.Info.Version,
		Summary:     doc.Info.Summary,
		Description: doc.Info.Description,
	}
	base := doc.Servers[0].URL
	for _, tag := range doc.Tags {
		group := Group{Name: tag.Name, Description: tag.Description}
		for _, path := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
			item := doc.Paths.Value(path)
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
				described := item.GetOperation(method)
				if described == nil || !slices.Contains(described.Tags, tag.Name) {
					continue
				}

				o, err := operationOf(doc, base, path, method, described, item.Parameters)
				if err != nil {
					return Model{}, fmt.Errorf("%s %s: %w", method, path, err)
				}

				group.Operations = append(group.Operations, o)
			}
		}

		for _, name := range slices.Sorted(maps.Keys(doc.Webhooks)) {
			described := doc.Webhooks[name].Post
			if described == nil || !slices.Contains(described.Tags, tag.Name) {
				continue
			}

			o, err := operationOf(doc, "", "your callback-url", http.MethodPost, described, nil)
			if err != nil {
				return Model{}, fmt.Errorf("event %s: %w", name, err)
			}

			o.Event = name
			o.Callers, o.Curl = "The register calls, and your server answers.", ""
			group.Operations = append(group.Operations, o)
		}

		m.Groups = append(m.Groups, group)
	}

	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		m.Schemas = append(m.Schemas, schemaOf(name, doc.Components.Schemas[name].Value))
	}

	return m, nil
}

func operationOf(
	doc *openapi3.T,
	base, path, method string,
	described *openapi3.Operation,
	shared openapi3.Parameters,
) (Operation, error) {
	o := Operation{
		ID:          described.OperationID,
		Method:      method,
		Path:        base + path,
		Summary:     described.Summary,
		Description: described.Description,
	}
	security := doc.Security
	if described.Security != nil {
		security = *described.Security
	}

	o.Callers = callers(described, security)
	for _, ref := range append(slices.Clone(shared), described.Parameters...) {
		p := ref.Value
		field := fieldOf(p.Name, p.Schema, p.Required)
		field.Where = p.In
		if p.Description != "" {
			field.Meaning = p.Description
		}

		o.Parameters = append(o.Parameters, field)
	}

	var err error
	if described.RequestBody != nil {
		media := described.RequestBody.Value.Content["application/json"]
		if media == nil {
			if media, err = linesOf(doc, described.RequestBody.Value.Content["application/x-ndjson"]); err != nil {
				return Operation{}, err
			}
			o.Lines = true
		}

		body := schemaOf(nameOf(media.Schema.Ref), media.Schema.Value)
		o.Body = &body
		title := "Body"
		if o.Lines {
			title = "Lines of the body, each set out over several here"
		}
		if o.Requests, err = examplesOf(title, media); err != nil {
			return Operation{}, err
		}
	}

	for _, status := range slices.Sorted(maps.Keys(described.Responses.Map())) {
		response := described.Responses.Value(status).Value
		answer := Answer{Status: status, Meaning: *response.Description, Empty: len(response.Content) == 0}
		for _, name := range slices.Sorted(maps.Keys(response.Headers)) {
			if response.Headers[name].Value.Required {
				answer.Headers = append(answer.Headers, name)
			}
		}

		if media := response.Content["application/json"]; media != nil {
			answer.Schema = nameOf(media.Schema.Ref)
			// A refusal looks alike everywhere: one under each operation is noise.
			if code, err := strconv.Atoi(status); err == nil && code < 300 {
				examples, err := examplesOf("Answer "+status, media)
				if err != nil {
					return Operation{}, err
				}
				o.Replies = append(o.Replies, examples...)
			}
		}

		o.Answers = append(o.Answers, answer)
	}

	o.Curl = curlOf(base, path, method, described, shared, security, o.Requests, o.Lines)
	return o, nil
}

// linesOf turns a body of JSON Lines into one of a line, whose schema x-line-schema names: its examples are the
// lines of the body's example.
func linesOf(doc *openapi3.T, body *openapi3.MediaType) (*openapi3.MediaType, error) {
	if body == nil {
		return nil, errors.New("the body is neither JSON nor JSON Lines")
	}

	ref, _ := body.Extensions["x-line-schema"].(string)
	schema := doc.Components.Schemas[nameOf(ref)]
	if schema == nil {
		return nil, fmt.Errorf("x-line-schema %q leads nowhere", ref)
	}

	line := &openapi3.MediaType{
		Schema:   &openapi3.SchemaRef{Ref: ref, Value: schema.Value},
		Examples: openapi3.Examples{},
	}
	text, _ := body.Example.(string)
	for i, one := range strings.Split(strings.TrimSpace(text), "\n") {
		var value any
		if err := json.Unmarshal([]byte(one), &value); err != nil {
			return nil, fmt.Errorf("line %d of the example: %w", i+1, err)
		}
		line.Examples[strconv.Itoa(i)] = &openapi3.ExampleRef{
			Value: &openapi3.Example{Summary: fmt.Sprintf("line %d", i+1), Value: value},
		}
	}

	return line, nil
}

// callerNames are the roles in words.
var callerNames = map[string]string{
	"data_user":     "Data Users",
	"data_provider": "Data Providers",
	"dcc":           "the DCC",
	"admin":         "administrators",
	"portal":        "portals",
}

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
	if first := names[:len(names)-1]; len(first) > 0 {
		words = strings.Join(first, ", ") + " and " + words
	}

	return strings.ToUpper(words[:1]) + words[1:] + ", with a bearer token."
}

// nameOf is the name of the schema that a reference leads to; empty where there is no reference.
func nameOf(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

func schemaOf(name string, s *openapi3.Schema) Schema {
	out := Schema{Name: name, Description: s.Description, Type: typeOf(&openapi3.SchemaRef{Value: s})}
	for _, member := range members(s) {
		out.Fields = append(out.Fields, fieldOf(member, s.Properties[member], slices.Contains(s.Required, member)))
	}
	return out
}

// members are the names of an object's members: the required ones as the document has them, then the others.
func members(s *openapi3.Schema) []string {
	names := slices.Clone(s.Required)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}

	return names
}

func fieldOf(name string, ref *openapi3.SchemaRef, required bool) Field {
	f := Field{Name: name, Required: required, Type: typeOf(ref), Meaning: ref.Value.Description}
	if value, _ := nullable(ref); f.Meaning == "" {
		f.Meaning = value.Value.Description
	}
	return f
}

// nullable takes apart a schema that is one of something and null.
func nullable(ref *openapi3.SchemaRef) (*openapi3.SchemaRef, bool) {
	if len(ref.Value.AnyOf) == 2 && ref.Value.AnyOf[1].Value.Type.Is("null") {
		return ref.Value.AnyOf[0], true
	}
	return ref, false
}

func typeOf(ref *openapi3.SchemaRef) Type {
	value, null := nullable(ref)
	s := value.Value
	null = null || s.Type.Includes("null") && len(s.Type.Slice()) > 1
	t := Type{Schema: nameOf(value.Ref)}
	switch {
	case t.Schema != "":
	case len(s.OneOf) == 2 && s.Type == nil:
		second := typeOf(s.OneOf[1])
		t = typeOf(s.OneOf[0])
		t.Or = &second
	case s.Type.Is("null"):
		t.Before = "null"
	case s.Const != nil:
		t.Values = []string{fmt.Sprint(s.Const)}
	case len(s.Enum) > 0:
		for _, one := range s.Enum {
			t.Values = append(t.Values, fmt.Sprint(one))
		}
	case s.Type.Includes("array"):
		items := typeOf(s.Items)
		t = Type{
			Before:  "list of ",
			Schema:  items.Schema,
			After:   items.After,
			Values:  items.Values,
			Pattern: items.Pattern,
		}
		if items.Schema == "" {
			t.Before += items.Before
		}
		if s.MinItems > 0 {
			t.After += fmt.Sprintf(", at least %d", s.MinItems)
		}
		if s.MaxItems != nil {
			t.After += fmt.Sprintf(", at most %d", *s.MaxItems)
		}
	case s.Type.Includes("object"):
		t.Before = "object"
	default:
		t.Before, t.Pattern = scalar(s), s.Pattern
	}

	if null {
		t.After += " or null"
	}

	return t
}

func scalar(s *openapi3.Schema) string {
	words := "string"
	for _, kind := range s.Type.Slice() {
		if kind != "null" {
			words = kind
		}
	}

	switch s.Format {
	case "date-time":
		words = "date and time"
	case "date":
		words = "day"
	case "email":
		words = "e-mail address"
	}

	if s.MaxLength != nil {
		words += fmt.Sprintf(", at most %d characters", *s.MaxLength)
	}

	switch {
	case s.Min != nil && s.Max != nil:
		words += fmt.Sprintf(", %v to %v", *s.Min, *s.Max)
	case s.Min != nil:
		words += fmt.Sprintf(", at least %v", *s.Min)
	}

	if s.Default != nil {
		words += fmt.Sprintf(", otherwise %v", s.Default)
	}

	return words
}

func examplesOf(title string, media *openapi3.MediaType) ([]Example, error) {
	values := map[string]any{}
	if media.Example != nil {
		values[title] = media.Example
	}
	for _, ref := range media.Examples {
		values[title+": "+ref.Value.Summary] = ref.Value.Value
	}

	var examples []Example
	for _, name := range slices.Sorted(maps.Keys(values)) {
		var text bytes.Buffer
		if err := writeJSON(&text, values[name], media.Schema, ""); err != nil {
			return nil, fmt.Errorf("example %q: %w", name, err)
		}
		examples = append(examples, Example{name, text.String()})
	}

	return examples, nil
}

// writeJSON indents a value, its members in the order in which the page lists them and not by their names.
func writeJSON(out *bytes.Buffer, value any, ref *openapi3.SchemaRef, indent string) error {
	deeper := indent + "  "
	if ref != nil {
		ref, _ = nullable(ref)
		if len(ref.Value.OneOf) > 0 && ref.Value.Type == nil {
			ref = ref.Value.OneOf[0]
		}
	}

	switch v := value.(type) {
	case map[string]any:
		var names []string
		if ref != nil {
			names = slices.DeleteFunc(members(ref.Value), func(name string) bool { _, given := v[name]; return !given })
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}

		out.WriteByte('{')
		for i, name := range names {
			if i > 0 {
				out.WriteByte(',')
			}

			fmt.Fprintf(out, "\n%s%q: ", deeper, name)
			var member *openapi3.SchemaRef
			if ref != nil {
				member = ref.Value.Properties[name]
			}
			if err := writeJSON(out, v[name], member, deeper); err != nil {
				return err
			}
		}

		out.WriteString("\n" + indent + "}")
	case []any:
		var items *openapi3.SchemaRef
		if ref != nil {
			items = ref.Value.Items
		}

		out.WriteByte('[')
		between := ", "
		end := "]" // scalars stand in one line, objects in lines of their own
		for i, item := range v {
			if _, object := item.(map[string]any); object {
				between, end = ",\n"+deeper, "\n"+indent+"]"
			}
			if i > 0 {
				out.WriteString(between)
			} else {
				out.WriteString(strings.TrimLeft(between, ", "))
			}

			if err := writeJSON(out, item, items, deeper); err != nil {
				return err
			}
		}

		out.WriteString(end)
	default:
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		out.Write(text)
	}

	return nil
}

func curlOf(
	base, path, method string,
	described *openapi3.Operation,
	shared openapi3.Parameters,
	security openapi3.SecurityRequirements,
	bodies []Example,
	lines bool,
) string {
	query := url.Values{}
	for _, ref := range append(slices.Clone(shared), described.Parameters...) {
		switch p := ref.Value; {
		case p.Example == nil:
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", fmt.Sprint(p.Example))
		case p.In == "query":
			query.Set(p.Name, fmt.Sprint(p.Example))
		}
	}

	address := "http://localhost:5001" + base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}

	command := "curl"
	if method != http.MethodGet && len(bodies) == 0 {
		command += " -X " + method
	}

	if len(security) > 0 {
		if _, basic := security[0]["basic"]; basic {
			command += " -u portal_ops:portal-secret-demo"
		} else {
			command += ` -H "Authorization: Bearer $TOKEN"`
		}
	}

	parts := []string{command}
	switch {
	case lines:
		parts = append(parts, "-H 'Content-Type: application/x-ndjson'", "--data-binary @records.ndjson")
	case len(bodies) > 0:
		if method != http.MethodPost {
			parts[0] += " -X " + method
		}
		parts = append(
			parts,
			"-H 'Content-Type: application/json'",
			"-d '"+strings.ReplaceAll(bodies[0].Text, "'", `'\''`)+"'",
		)
	}

	return strings.Join(append(parts, "'"+address+"'"), " \\\n  ")
}

// span is a stretch of text, set as code or not.
type span struct {
	text string
	code bool
}

// paragraphs takes a description apart at its empty lines and its backquotes.
func paragraphs(text string) [][]span {
	var all [][]span
	for _, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		var spans []span
		for i, part := range strings.Split(paragraph, "`") {
			if part != "" {
				spans = append(spans, span{part, i%2 == 1})
			}
		}

		all = append(all, spans)
	}

	return all
}

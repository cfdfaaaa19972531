package docspage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Example is a body, as indented JSON.
type Example struct{ Title, Text string }

// examplesOf returns the examples of a body, in the order of their titles.
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

// writeJSON writes a value as indented JSON. The members of an object are in the order in which the page lists them.
func writeJSON(out *bytes.Buffer, value any, ref *openapi3.SchemaRef, indent string) error {
	var schema *openapi3.Schema
	if ref != nil {
		ref, _ = withoutNull(ref)
		schema = ref.Value
		if len(schema.OneOf) > 0 && schema.Type == nil {
			schema = schema.OneOf[0].Value
		}
	}

	switch v := value.(type) {
	case map[string]any:
		return writeObject(out, v, schema, indent)
	case []any:
		return writeArray(out, v, schema, indent)
	}

	text, err := json.Marshal(value)
	out.Write(text)

	return err
}

// writeObject writes each member on its own line. The schema may be nil.
func writeObject(out *bytes.Buffer, object map[string]any, schema *openapi3.Schema, indent string) error {
	deeper := indent + "  "

	out.WriteByte('{')
	for i, name := range memberOrder(object, schema) {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(out, "\n%s%q: ", deeper, name)

		var member *openapi3.SchemaRef
		if schema != nil {
			member = schema.Properties[name]
		}
		if err := writeJSON(out, object[name], member, deeper); err != nil {
			return err
		}
	}

	out.WriteString("\n" + indent + "}")

	return nil
}

// memberOrder returns the names of the object's members: those of the schema first, then the others.
func memberOrder(object map[string]any, schema *openapi3.Schema) []string {
	var names []string
	if schema != nil {
		isMissing := func(name string) bool {
			_, ok := object[name]
			return !ok
		}
		names = slices.DeleteFunc(members(schema), isMissing)
	}

	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}

	return names
}

// writeArray writes scalars on one line, and each object on its own line. The schema may be nil.
func writeArray(out *bytes.Buffer, items []any, schema *openapi3.Schema, indent string) error {
	deeper := indent + "  "

	var itemSchema *openapi3.SchemaRef
	if schema != nil {
		itemSchema = schema.Items
	}

	out.WriteByte('[')
	separator := ", "
	end := "]"
	for i, item := range items {
		if _, isObject := item.(map[string]any); isObject {
			separator = ",\n" + deeper
			end = "\n" + indent + "]"
		}

		if i > 0 {
			out.WriteString(separator)
		} else {
			out.WriteString(strings.TrimLeft(separator, ", "))
		}

		if err := writeJSON(out, item, itemSchema, deeper); err != nil {
			return err
		}
	}

	out.WriteString(end)

	return nil
}

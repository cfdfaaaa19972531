package docspage

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Schema is a named type. It has fields if it is an object.
type Schema struct {
	Name, Description string
	Type              Type
	Fields            []Field
}

// Field is a parameter, or a member of an object.
type Field struct {
	Name, Meaning string
	// Where is query, path or header for a parameter, and empty for a member.
	Where    string
	Required bool
	Type     Type
}

// Type describes a value in words. Before and After surround the name of its schema, if it has one.
type Type struct {
	Before, Schema, After string
	// Pattern is a regular expression, or empty.
	Pattern string
	// Values are the allowed values, or empty if there is no list.
	Values []string
	// Or is an alternative type, or nil.
	Or *Type
}

// nameOf returns the name of the schema that a reference points to, or "" for no reference.
func nameOf(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

func schemaOf(name string, s *openapi3.Schema) Schema {
	schema := Schema{Name: name, Description: s.Description, Type: typeOf(&openapi3.SchemaRef{Value: s})}
	for _, member := range members(s) {
		isRequired := slices.Contains(s.Required, member)
		schema.Fields = append(schema.Fields, fieldOf(member, s.Properties[member], isRequired))
	}

	return schema
}

// members returns the names of an object's members: the required ones in the order of the document, then the others.
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
	field := Field{Name: name, Required: required, Type: typeOf(ref), Meaning: ref.Value.Description}
	if value, _ := withoutNull(ref); field.Meaning == "" {
		field.Meaning = value.Value.Description
	}

	return field
}

// withoutNull returns the type of a schema that is "this type or null", and whether it is such a schema.
func withoutNull(ref *openapi3.SchemaRef) (value *openapi3.SchemaRef, isNullable bool) {
	if len(ref.Value.AnyOf) == 2 && ref.Value.AnyOf[1].Value.Type.Is("null") {
		return ref.Value.AnyOf[0], true
	}
	return ref, false
}

func typeOf(ref *openapi3.SchemaRef) Type {
	value, isNullable := withoutNull(ref)
	s := value.Value
	if s.Type.Includes("null") && len(s.Type.Slice()) > 1 {
		isNullable = true
	}

	t := Type{Schema: nameOf(value.Ref)}
	switch {
	case t.Schema != "":
	case len(s.OneOf) == 2 && s.Type == nil:
		t = typeOf(s.OneOf[0])
		t.Or = new(typeOf(s.OneOf[1]))
	case s.Type.Is("null"):
		t.Before = "null"
	case s.Const != nil:
		t.Values = []string{fmt.Sprint(s.Const)}
	case len(s.Enum) > 0:
		for _, allowed := range s.Enum {
			t.Values = append(t.Values, fmt.Sprint(allowed))
		}
	case s.Type.Includes("array"):
		t = listOf(s)
	case s.Type.Includes("object"):
		t.Before = "object"
	default:
		t.Before = scalar(s)
		t.Pattern = s.Pattern
	}

	if isNullable {
		t.After += " or null"
	}

	return t
}

// listOf describes an array and its bounds.
func listOf(s *openapi3.Schema) Type {
	items := typeOf(s.Items)
	t := Type{
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

	return t
}

// scalar describes a string, number or boolean, its bounds and its default.
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

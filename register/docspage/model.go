// Package docspage renders the register's OpenAPI document as one HTML page, on the server and without scripts. New
// reads the document into a Model (model.go and the files for its parts), and page.templ renders it.
package docspage

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// Model is the content of the page.
type Model struct {
	Title, Version, Summary, Description string
	Groups                               []Group
	Schemas                              []Schema
	// Demonstration shows that identity checks are simulated. The caller sets it.
	Demonstration bool
}

// Group is the operations of one tag.
type Group struct {
	Name, Description string
	Operations        []Operation
}

// methods are the methods of operations, in the order of the page.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// New reads an OpenAPI 3.1 document in YAML or JSON. Its error names the part that cannot be read.
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

	for _, tag := range doc.Tags {
		group, err := groupOf(doc, tag)
		if err != nil {
			return Model{}, err
		}
		m.Groups = append(m.Groups, group)
	}

	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		m.Schemas = append(m.Schemas, schemaOf(name, doc.Components.Schemas[name].Value))
	}

	return m, nil
}

// groupOf reads the operations and then the events with a tag, each in the order of their names.
func groupOf(doc *openapi3.T, tag *openapi3.Tag) (Group, error) {
	group := Group{Name: tag.Name, Description: tag.Description}

	for _, path := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		item := doc.Paths.Value(path)
		for _, method := range methods {
			described := item.GetOperation(method)
			if described == nil || !slices.Contains(described.Tags, tag.Name) {
				continue
			}

			o, err := operationOf(doc, source{method, path, item.Parameters, described})
			if err != nil {
				return Group{}, fmt.Errorf("%s %s: %w", method, path, err)
			}
			group.Operations = append(group.Operations, o)
		}
	}

	for _, name := range slices.Sorted(maps.Keys(doc.Webhooks)) {
		described := doc.Webhooks[name].Post
		if described == nil || !slices.Contains(described.Tags, tag.Name) {
			continue
		}

		o, err := eventOf(doc, name, described)
		if err != nil {
			return Group{}, fmt.Errorf("event %s: %w", name, err)
		}
		group.Operations = append(group.Operations, o)
	}

	return group, nil
}

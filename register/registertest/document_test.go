package registertest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func TestDocumentIsComplete(t *testing.T) {
	t.Parallel()

	doc, _ := documented(t)
	for path, item := range doc.Paths.Map() {
		for method, o := range item.Operations() {
			name := method + " " + path
			if o.OperationID == "" || o.Summary == "" || o.Description == "" || len(o.Tags) != 1 ||
				o.Extensions["x-roles"] == nil {
				t.Errorf("%s lacks an operationId, a summary, a description, a tag or x-roles", name)
			}

			public := o.Security != nil && len(*o.Security) == 0
			roles, _ := o.Extensions["x-roles"].([]any)
			isForEveryRole := o.OperationID == "issueBearerToken" || len(roles) == 5
			for _, status := range []int{401, 403} {
				needed := !public && (status == 401 || !isForEveryRole)
				if isDocumented := o.Responses.Status(status) != nil; isDocumented != needed {
					t.Errorf("%s has %d: %v, want %v", name, status, !needed, needed)
				}
			}

			if o.RequestBody != nil &&
				(o.Responses.Status(400) == nil || o.Responses.Status(413) == nil || o.Responses.Status(415) == nil) {
				t.Errorf("%s has a body and does not document its refusals", name)
			}

			if method == http.MethodPost {
				if o.Parameters.GetByInAndName("header", "Idempotency-Key") == nil || o.Responses.Status(422) == nil {
					t.Errorf("%s has no Idempotency-Key, or does not document its refusal", name)
				}
				for status, response := range o.Responses.Map() {
					if status < "300" && response.Value.Headers["Idempotency-Replayed"] == nil {
						t.Errorf("%s does not document that its response %s may be a replay", name, status)
					}
				}
			}

			for status, response := range o.Responses.Map() {
				media := response.Value.Content["application/json"]
				if status >= "400" && (media == nil || media.Schema.Ref != "#/components/schemas/Error") {
					t.Errorf("%s has a response %s with a schema of its own", name, status)
				}
			}
		}
	}

	for name, ref := range doc.Components.Schemas {
		if ref.Value.Description == "" {
			t.Errorf("schema %s has no description", name)
		}
		if closed := ref.Value.AdditionalProperties.Has; ref.Value.Type.Is("object") && (closed == nil || *closed) {
			t.Errorf("schema %s is not closed", name)
		}
		for member, property := range ref.Value.Properties {
			if inner := property.Value; inner.Type.Is("object") && property.Ref == "" && member != "detail" {
				t.Errorf("%s.%s is an object without a name", name, member)
			}
		}
	}
}

func TestExamplesMatchTheirSchemas(t *testing.T) {
	t.Parallel()

	doc, schemas := documented(t)
	check := func(at string, media *openapi3.MediaType) {
		t.Helper()
		values := map[string]any{"example": media.Example}
		if media.Example == nil {
			delete(values, "example")
		}
		for name, ref := range media.Examples {
			values[name] = ref.Value.Value
		}

		for name, value := range values {
			schema, err := schemas.Compile("openapi.json" + at + "/schema")
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(value); err != nil {
				t.Errorf("%s %s: %v", at, name, err)
			}
		}
	}
	examples := 0
	for name, item := range doc.Webhooks {
		check(
			pointer("webhooks", name, "post", "requestBody", "content", "application/json"),
			item.Post.RequestBody.Value.Content["application/json"],
		)
		examples++
	}

	for path, item := range doc.Paths.Map() {
		for method, o := range item.Operations() {
			at := pointer("paths", path, strings.ToLower(method))
			if o.RequestBody != nil && o.RequestBody.Value.Content["application/x-ndjson"] != nil {
				checkLines(t, schemas, o.RequestBody.Value.Content["application/x-ndjson"])
				examples++
			} else if o.RequestBody != nil {
				media := o.RequestBody.Value.Content["application/json"]
				if media.Example == nil && len(media.Examples) == 0 {
					t.Errorf("%s has no example of its body", at)
				}

				check(at+"/requestBody/content/application~1json", media)
				examples++
			}

			for status, response := range o.Responses.Map() {
				media := response.Value.Content["application/json"]
				if media == nil || response.Ref != "" {
					continue
				}
				if media.Example == nil && len(media.Examples) == 0 && status < "300" {
					t.Errorf("%s has no example of its answer %s", at, status)
				}

				check(at+"/responses/"+status+"/content/application~1json", media)
				examples++
			}
		}
	}

	for name, response := range doc.Components.Responses {
		check(
			pointer("components", "responses", name, "content", "application/json"),
			response.Value.Content["application/json"],
		)
		examples++
	}
	if examples < 100 {
		t.Errorf("only %d bodies were checked", examples)
	}
}

// checkLines checks the example of a JSON Lines body, line by line.
func checkLines(t testing.TB, schemas *jsonschema.Compiler, media *openapi3.MediaType) {
	t.Helper()
	line, _ := media.Extensions["x-line-schema"].(string)
	schema, err := schemas.Compile("openapi.json" + line)
	if err != nil {
		t.Fatal(err)
	}

	for text := range strings.Lines(media.Example.(string)) {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

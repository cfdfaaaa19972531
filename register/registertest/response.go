package registertest

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// response is one response of the document.
type response struct {
	headers map[string]header
	content map[string]*jsonschema.Schema // by media type
}

// header is a header of a response.
type header struct {
	required bool
	schema   *jsonschema.Schema
}

// responseOf reads the response at a JSON pointer.
func responseOf(schemas *jsonschema.Compiler, described *openapi3.Response, at string) (response, error) {
	r := response{headers: map[string]header{}, content: map[string]*jsonschema.Schema{}}

	for name, ref := range described.Headers {
		place := at + below("headers", name)
		if ref.Ref != "" {
			place = ref.Ref
		}

		schema, err := compile(schemas, place+"/schema")
		if err != nil {
			return response{}, err
		}
		r.headers[name] = header{required: ref.Value.Required, schema: schema}
	}

	for media := range described.Content {
		schema, err := compile(schemas, at+below("content", media, "schema"))
		if err != nil {
			return response{}, err
		}
		r.content[media] = schema
	}

	return r, nil
}

// checkResponse returns how a response differs from the document.
func (c *contract) checkResponse(method, path string, got *http.Response, body []byte) error {
	o, isKnownPath := c.find(method, path)
	isAllowList := method == http.MethodOptions && got.StatusCode == http.StatusNoContent &&
		got.Header.Get("Allow") != ""

	switch {
	case o != nil:
		return c.checkOperation(o, got, body)
	case got.StatusCode == http.StatusRequestEntityTooLarge: // decided before the path is routed
		return c.tooLarge.check(got, body)
	case isKnownPath && isAllowList:
		return nil
	case isKnownPath && got.StatusCode == http.StatusMethodNotAllowed:
		return c.wrongMethod.check(got, body)
	case isKnownPath:
		return fmt.Errorf("the document does not have this method: it must be refused with %d",
			http.StatusMethodNotAllowed)
	case got.StatusCode == http.StatusNotFound:
		return c.noSuchPath.check(got, body)
	}

	return fmt.Errorf("the document does not have this path: it must be refused with %d", http.StatusNotFound)
}

// checkOperation checks the response of an operation, and notes a success.
func (c *contract) checkOperation(o *operation, got *http.Response, body []byte) error {
	want, ok := o.responses[got.StatusCode]
	if !ok {
		return fmt.Errorf("%s does not have this status", o.id)
	}
	if err := want.check(got, body); err != nil {
		return fmt.Errorf("%s: %w", o.id, err)
	}

	if got.StatusCode < 300 {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.succeeded[o.id] = true
	}

	return nil
}

// check returns how the headers or the body differ from the document.
func (r response) check(got *http.Response, body []byte) error {
	for name, want := range r.headers {
		value := got.Header.Get(name)
		if value == "" && !want.required {
			continue
		}
		if value == "" {
			return fmt.Errorf("the header %s is missing", name)
		}
		if err := want.schema.Validate(value); err != nil {
			return fmt.Errorf("the header %s: %w", name, err)
		}
	}

	if len(r.content) == 0 {
		if len(body) > 0 {
			return errors.New("there must be no body")
		}
		return nil
	}

	contentType := got.Header.Get("Content-Type")
	media, _, err := mime.ParseMediaType(contentType)
	schema := r.content[media]
	if err != nil || schema == nil {
		return fmt.Errorf("the content type %q is not documented", contentType)
	}

	var value any = string(body)
	if media == "application/json" {
		if value, err = jsonschema.UnmarshalJSON(bytes.NewReader(body)); err != nil {
			return fmt.Errorf("the body is not JSON: %w", err)
		}
	}

	if err := schema.Validate(value); err != nil {
		return err
	}

	return checkTimes(value)
}

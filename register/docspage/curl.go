package docspage

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// demonstration is the address of the demonstration's register.
const demonstration = "http://localhost:5001"

// curl returns the command that sends the operation's first example to the demonstration.
func curl(o Operation, parameters openapi3.Parameters, security openapi3.SecurityRequirements) string {
	command := "curl"
	if o.Method != http.MethodGet && len(o.Requests) == 0 {
		command += " -X " + o.Method
	}
	command += credentials(security)

	parts := []string{command}
	switch {
	case o.Lines:
		parts = append(parts, "-H 'Content-Type: application/x-ndjson'", "--data-binary @records.ndjson")
	case len(o.Requests) > 0:
		if o.Method != http.MethodPost {
			parts[0] += " -X " + o.Method
		}
		body := strings.ReplaceAll(o.Requests[0].Text, "'", `'\''`)
		parts = append(parts, "-H 'Content-Type: application/json'", "-d '"+body+"'")
	}

	parts = append(parts, "'"+exampleURL(o.Path, parameters)+"'")

	return strings.Join(parts, " \\\n  ")
}

// credentials returns curl's options for the security of an operation.
func credentials(security openapi3.SecurityRequirements) string {
	if len(security) == 0 {
		return ""
	}
	if _, basic := security[0]["basic"]; basic {
		return " -u portal_ops:portal-secret-demo"
	}

	return ` -H "Authorization: Bearer $TOKEN"`
}

// exampleURL puts the examples of the parameters into the path and the query.
func exampleURL(path string, parameters openapi3.Parameters) string {
	query := url.Values{}
	for _, ref := range parameters {
		switch parameter := ref.Value; {
		case parameter.Example == nil:
		case parameter.In == openapi3.ParameterInPath:
			path = strings.ReplaceAll(path, "{"+parameter.Name+"}", fmt.Sprint(parameter.Example))
		case parameter.In == openapi3.ParameterInQuery:
			query.Set(parameter.Name, fmt.Sprint(parameter.Example))
		}
	}

	if len(query) > 0 {
		path += "?" + query.Encode()
	}

	return demonstration + path
}

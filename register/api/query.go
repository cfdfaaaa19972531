package api

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/rules"
)

// allowQuery refuses a query parameter that the route does not accept or that is given twice: a misspelt filter must
// not count as no filter.
func allowQuery(accepted []string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if err := checkQuery(c.Request().URL.RawQuery, accepted); err != nil {
				return err
			}

			return next(c)
		}
	}
}

// checkQuery returns every mistake of a query, ordered by name.
func checkQuery(query string, accepted []string) error {
	var mistakes rules.Errors
	given := map[string]bool{}
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}

		name, mistake := checkParameter(part, accepted, given)
		if mistake != nil {
			mistakes = append(mistakes, mistake)
		}
		given[name] = true
	}

	if len(mistakes) == 0 {
		return nil
	}

	slices.SortStableFunc(mistakes, func(a, b *rules.Error) int { return strings.Compare(a.Field, b.Field) })

	return mistakes
}

// checkParameter returns the name of one parameter, and what is wrong with it.
func checkParameter(part string, accepted []string, given map[string]bool) (string, *rules.Error) {
	rawName, rawValue, _ := strings.Cut(part, "=")
	name, nameErr := url.QueryUnescape(rawName)
	value, valueErr := url.QueryUnescape(rawValue)
	isAccepted := slices.Contains(accepted, name)

	field := name
	switch {
	case nameErr != nil:
		field = rules.Printable(rawName)
	case !isAccepted && (!utf8.ValidString(name) || !rules.Legible(name) || strings.Contains(name, ";")):
		// The name could not be read as it is, so the message shows it escaped.
		field = rules.Printable(url.QueryEscape(name))
	case !isAccepted:
		field = rules.Printable(name)
	}

	message := ""
	switch {
	case nameErr != nil || valueErr != nil:
		message = "is not escaped correctly: two hexadecimal digits must follow a %."
	case strings.Contains(part, ";"):
		message = "has a semicolon: write it as %3B, and & between parameters."
	case name == "":
		message = "The query has a parameter without a name."
	case !isAccepted:
		message = "is not a parameter of this resource."
	case given[name]:
		message = "is given twice."
	case !utf8.ValidString(value) || strings.ContainsRune(value, 0):
		message = "is not text."
	}

	if message == "" {
		return name, nil
	}

	return name, rules.Invalid(field, message)
}

// queryParameter returns a query parameter; nil if the request has none with this name.
func queryParameter(c echo.Context, name string) *string {
	if !c.QueryParams().Has(name) {
		return nil
	}

	value := c.QueryParam(name)

	return &value
}

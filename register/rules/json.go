package rules

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// jsonDepth is how many levels a JSON text may nest.
const jsonDepth = 32

// DecodeJSON reads one JSON object strictly into a value. It refuses, and names, a member that is unknown or given
// twice and a value of the wrong type; it refuses anything after the object. What is the word for the text in a
// message: "body" for a request, "line" for a line of an import.
func DecodeJSON(what string, text []byte, into any) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return Invalid("", fmt.Sprintf("The %s is empty.", what))
	}
	if err := checkDepth(what, text); err != nil {
		return err
	}
	if jsontext.Value(text).Kind() != '{' {
		return Invalid("", "The "+what+" must be a JSON object.")
	}

	err := json.Unmarshal(
		text,
		into,
		json.RejectUnknownMembers(true),
		json.WithUnmarshalers(json.JoinUnmarshalers(
			json.UnmarshalFromFunc(optionalText), json.UnmarshalFromFunc(readTime),
		)),
	)
	if err == nil {
		return nil
	}

	if wrong, ok := errors.AsType[*json.SemanticError](err); ok {
		field := fieldOf(wrong.JSONPointer)
		switch {
		case errors.Is(wrong.Err, json.ErrUnknownName):
			return Invalid(field, "is not a member of this request.")
		case wrong.GoType == reflect.TypeFor[time.Time](), wrong.GoType == reflect.TypeFor[*time.Time]():
			return Invalid(field, "must be a date and time, as 2024-01-15T10:00:00Z.")
		default:
			return Invalid(field, "must be "+expected(wrong.GoType)+".")
		}
	}

	if wrong, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return syntaxRefusal(what, wrong)
	}

	return Invalid("", "The "+what+" is not what this resource takes.")
}

// optionalText reads an optional string: an empty one counts as absent.
func optionalText(d *jsontext.Decoder, into **string) error {
	if d.PeekKind() != '"' {
		return errors.ErrUnsupported // the default applies: null, or a mistake
	}

	var text string
	if err := json.UnmarshalDecode(d, &text); err != nil {
		return err
	}

	*into = nil
	if text != "" {
		*into = &text
	}

	return nil
}

// syntaxRefusal returns the refusal for a text that is not JSON.
func syntaxRefusal(what string, wrong *jsontext.SyntacticError) error {
	if errors.Is(wrong.Err, jsontext.ErrDuplicateName) {
		return Invalid(fieldOf(wrong.JSONPointer), "is given twice.")
	}

	return Invalid(
		fieldOf(wrong.JSONPointer),
		fmt.Sprintf("The %s is not JSON: it goes wrong at byte %d.", what, wrong.ByteOffset),
	)
}

// checkDepth refuses a text that nests too deep, before it is decoded.
func checkDepth(what string, text []byte) error {
	decoder := jsontext.NewDecoder(bytes.NewReader(text))
	for {
		_, err := decoder.ReadToken()
		if wrong, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
			return syntaxRefusal(what, wrong)
		}
		if err != nil {
			return nil // the end of the text
		}
		if decoder.StackDepth() > jsonDepth {
			return Invalid(
				fieldOf(decoder.StackPointer()),
				fmt.Sprintf("The %s nests deeper than %d levels.", what, jsonDepth),
			)
		}
	}
}

// fieldOf returns a JSON pointer as the path of a field: pii-principal.mpxn, controllers[1].name.
func fieldOf(pointer jsontext.Pointer) string {
	var path strings.Builder
	for token := range pointer.Tokens() {
		if patternIndex.MatchString(token) {
			path.WriteString("[" + token + "]")
			continue
		}
		if path.Len() > 0 {
			path.WriteByte('.')
		}
		if token == "" || !Legible(token) {
			token = strconv.QuoteToASCII(token) // Printable would leave nothing of it
		}

		path.WriteString(token)
	}

	return Printable(path.String())
}

// expected names the JSON type that a Go type is read from, as a message says it.
func expected(t reflect.Type) string {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil {
		return "something else"
	}

	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Int:
		return "a whole number"
	}

	return "a number"
}

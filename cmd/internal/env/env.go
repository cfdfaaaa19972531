// Package env reads a program's settings from its environment into a struct and refuses all mistakes together, so that
// they are corrected in one go and not one a start.
//
// A setting is a field with the tags of github.com/caarlos0/env: `env:"PORTAL_LISTEN"`, with `envDefault` or the option
// `required`. A field of type Secret may also come from a file: the variable of the same name and _FILE has its path.
// Container platforms pass secrets in this way, and it keeps them out of process listings.
package env

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Load fills settings, a pointer to a struct, from the environment. Its error holds every mistake, one a line, each
// naming the variable at fault and never a secret's text. A variable that is set but empty counts as missing. What
// Load cannot know - whether a URL is https, a key long enough - the program checks afterwards and joins with
// errors.Join.
func Load(settings any) error {
	environment := map[string]string{}
	for _, pair := range os.Environ() {
		if name, value, _ := strings.Cut(pair, "="); value != "" {
			environment[name] = value
		}
	}

	mistakes := readSecretFiles(settings, environment)
	err := env.ParseWithOptions(settings, env.Options{Environment: environment})
	var causes env.AggregateError
	if !errors.As(err, &causes) {
		return errors.Join(append(mistakes, err)...)
	}

	for _, cause := range causes.Errors {
		mistakes = append(mistakes, describe(settings, cause))
	}

	return errors.Join(mistakes...)
}

// readSecretFiles adds to the environment the secrets that are in files, and returns the mistakes.
func readSecretFiles(settings any, environment map[string]string) []error {
	var mistakes []error
	for field := range fields(settings) {
		name := variable(field)
		path, inFile := environment[name+"_FILE"]
		if field.Type != reflect.TypeFor[Secret]() || !inFile {
			continue
		}
		if _, twice := environment[name]; twice {
			mistakes = append(mistakes, fmt.Errorf("%s and %s_FILE are both set: keep one", name, name))
			continue
		}

		text, err := os.ReadFile(path)
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s_FILE: %w", name, err))
		}

		environment[name] = strings.TrimSpace(string(text))
	}

	return mistakes
}

// describe names the variable of a mistake that the library names by its field.
func describe(settings any, cause error) error {
	if missing, ok := errors.AsType[env.VarIsNotSetError](cause); ok {
		return fmt.Errorf("%s is missing", missing.Key)
	}

	malformed, ok := errors.AsType[env.ParseError](cause)
	if !ok {
		return cause
	}

	for field := range fields(settings) {
		if field.Name == malformed.Name {
			return fmt.Errorf("%s: %w", variable(field), malformed.Err)
		}
	}

	return cause
}

// fields are the struct's fields that are settings, in their order.
func fields(settings any) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		t := reflect.TypeOf(settings).Elem()
		for i := range t.NumField() {
			if f := t.Field(i); f.Tag.Get("env") != "" && !yield(f) {
				return
			}
		}
	}
}

// variable is the name of a setting in the environment.
func variable(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
	return name
}

// isRequired reports whether a setting must be given.
func isRequired(field reflect.StructField) bool {
	_, options, _ := strings.Cut(field.Tag.Get("env"), ",")
	return options == "required"
}

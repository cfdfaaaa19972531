// Package env reads a program's settings from its environment into a struct, and refuses them all
// together: who runs the program mends every mistake at once, not one a start.
//
// A setting is a field with the tags of github.com/caarlos0/env: `env:"PORTAL_LISTEN"`, with `envDefault`
// or the option `required`; and two of ours that Usage prints: `help`, and `example`. A field of type
// Secret may also come from a file, whose path is in the variable of the same name and _FILE: so do
// container platforms hand secrets over, and it keeps them out of process listings.
package env

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Secret is a setting that no printer, encoder or logger shows. Reveal gives its text.
type Secret struct{ text string }

// NewSecret wraps a text, for a program that makes a secret itself.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal is the secret's own text.
func (s Secret) Reveal() string { return s.text }

const redacted = "[secret]"

func (s Secret) String() string               { return redacted }
func (s Secret) GoString() string             { return redacted }
func (s Secret) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText takes the secret's text as it stands in the environment.
func (s *Secret) UnmarshalText(text []byte) error {
	s.text = string(text)
	return nil
}

// Load fills settings, a pointer to a struct, from the environment. Its error holds every mistake, one a
// line, each naming the variable at fault and never a secret's text. A variable that is set but empty
// counts as missing. What Load cannot know - whether a URL is https, a key long enough - the program
// checks afterwards and joins with errors.Join.
func Load(settings any) error {
	environment := map[string]string{}
	for _, pair := range os.Environ() {
		if name, value, _ := strings.Cut(pair, "="); value != "" {
			environment[name] = value
		}
	}

	variable := map[string]string{}
	var mistakes []error
	for field := range fields(settings) {
		name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
		variable[field.Name] = name
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

	err := env.ParseWithOptions(settings, env.Options{Environment: environment})
	var all env.AggregateError
	if !errors.As(err, &all) {
		return errors.Join(append(mistakes, err)...)
	}

	for _, one := range all.Errors {
		var missing env.VarIsNotSetError
		var malformed env.ParseError
		switch {
		case errors.As(one, &missing):
			one = fmt.Errorf("%s is missing", missing.Key)
		case errors.As(one, &malformed):
			one = fmt.Errorf("%s: %w", variable[malformed.Name], malformed.Err)
		}

		mistakes = append(mistakes, one)
	}

	return errors.Join(mistakes...)
}

// Usage writes every setting of the struct with its meaning, default and an example, for --help.
func Usage(w io.Writer, settings any) {
	for field := range fields(settings) {
		name, options, _ := strings.Cut(field.Tag.Get("env"), ",")
		fmt.Fprintf(w, "\n  %s", name)
		if field.Type == reflect.TypeFor[Secret]() {
			fmt.Fprintf(w, " or %s_FILE", name)
		}

		byDefault, ok := field.Tag.Lookup("envDefault")
		switch {
		case ok:
			fmt.Fprintf(w, " (default %s)", byDefault)
		case options == "required":
			fmt.Fprint(w, " (required)")
		}

		fmt.Fprintf(w, "\n      %s\n", field.Tag.Get("help"))
		if example := field.Tag.Get("example"); example != "" {
			fmt.Fprintf(w, "      example: %s=%s\n", name, example)
		}
	}
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

// Loopback reports whether a host, without a port, is this machine by a name or address that no other can reach.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

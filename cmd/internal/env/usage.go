package env

import (
	"fmt"
	"io"
	"reflect"
)

// Doc explains a setting to the person who runs the program.
type Doc struct {
	Help    string
	Example string // a value; may be empty
}

// Setting is one setting as help and manual pages show it.
type Setting struct {
	Doc

	Name     string
	Default  string // empty if there is none
	Required bool
	// Secret is true if the variable with _FILE at the end of its name may hold the path of a file with the value.
	Secret bool
}

// Settings returns the settings of a struct in their order, each with its doc, which is found by the variable's name.
func Settings(settings any, docs map[string]Doc) []Setting {
	var list []Setting
	for field := range fields(settings) {
		name := variable(field)
		list = append(list, Setting{
			Doc:      docs[name],
			Name:     name,
			Default:  field.Tag.Get("envDefault"),
			Required: isRequired(field),
			Secret:   field.Type == reflect.TypeFor[Secret](),
		})
	}

	return list
}

// Usage writes every setting with its meaning, default and an example, for --help.
func Usage(w io.Writer, settings []Setting) {
	for _, s := range settings {
		fmt.Fprintf(w, "\n  %s", s.Name)
		if s.Secret {
			fmt.Fprintf(w, " or %s_FILE", s.Name)
		}

		switch {
		case s.Default != "":
			fmt.Fprintf(w, " (default %s)", s.Default)
		case s.Required:
			fmt.Fprint(w, " (required)")
		}

		fmt.Fprintf(w, "\n      %s\n", s.Help)
		if s.Example != "" {
			fmt.Fprintf(w, "      example: %s=%s\n", s.Name, s.Example)
		}
	}
}

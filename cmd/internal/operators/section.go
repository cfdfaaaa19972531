package operators

import (
	"fmt"
	"slices"
)

// text is a value that should be a string. A value of another type is kept as a mistake, so that decoding goes on: all
// mistakes of a file are reported together.
type text struct {
	given     bool
	value     string
	wrongType bool
}

// UnmarshalTOML implements toml.Unmarshaler. It never fails.
func (t *text) UnmarshalTOML(value any) error {
	t.given = true
	s, ok := value.(string)
	t.value = s
	t.wrongType = !ok

	return nil
}

// flag is a value that should be true or false.
type flag struct {
	given     bool
	value     bool
	wrongType bool
}

// UnmarshalTOML implements toml.Unmarshaler. It never fails.
func (f *flag) UnmarshalTOML(value any) error {
	f.given = true
	b, ok := value.(bool)
	f.value = b
	f.wrongType = !ok

	return nil
}

// number is a value that should be a whole number.
type number struct {
	given     bool
	value     int64
	wrongType bool
}

// UnmarshalTOML implements toml.Unmarshaler. It never fails.
func (n *number) UnmarshalTOML(value any) error {
	n.given = true
	i, ok := value.(int64)
	n.value = i
	n.wrongType = !ok

	return nil
}

// list is a value that should be a list of strings.
type list struct {
	given     bool
	values    []any
	wrongType bool
}

// UnmarshalTOML implements toml.Unmarshaler. It never fails.
func (l *list) UnmarshalTOML(value any) error {
	l.given = true
	values, ok := value.([]any)
	l.values = values
	l.wrongType = !ok

	return nil
}

// isEmpty reports whether a list is there and holds nothing.
func (l list) isEmpty() bool { return l.given && !l.wrongType && len(l.values) == 0 }

// section is the part of the file that is being checked. What is wrong with a value is noted, and checking goes on.
type section struct {
	// owner and path say where the section stands: operator "adviceline", and "colours." for its colours.
	owner    string
	path     string
	mistakes *[]error
}

// below is the section of a table in this one.
func (s section) below(path string) section {
	s.path += path
	return s
}

func (s section) refuse(key, format string, args ...any) {
	*s.mistakes = append(*s.mistakes, fmt.Errorf("%s: %s%s: %s", s.owner, s.path, key, fmt.Sprintf(format, args...)))
}

func (s section) refuseUnknown(keys ...string) {
	for _, key := range keys {
		s.refuse(key, "is not a setting")
	}
}

// optional returns a string; "" if it is missing or refused.
func (s section) optional(key string, t text) string {
	switch {
	case !t.given:
	case t.wrongType:
		s.refuse(key, "must be a text in quotes")
	case t.value == "":
		s.refuse(key, "is empty; leave it out if there is nothing to say")
	}

	return t.value
}

// required is optional for a string that must be there.
func (s section) required(key string, t text) string {
	if !t.given {
		s.refuse(key, "is missing")
		return ""
	}

	return s.optional(key, t)
}

func (s section) flag(key string, f flag) bool {
	if f.wrongType {
		s.refuse(key, "must be true or false")
	}
	return f.value
}

// number returns a number within bounds; 0 if it is missing or refused.
func (s section) number(key string, n number, least, most int) int {
	switch {
	case !n.given:
		return 0
	case n.wrongType:
		s.refuse(key, "must be a whole number without quotes")
		return 0
	case n.value < int64(least) || n.value > int64(most):
		s.refuse(key, "is %d, and may be %d to %d", n.value, least, most)
		return 0
	}

	return int(n.value)
}

// list returns the strings of a list, each of them once. A list of more than most entries is refused.
func (s section) list(key string, l list, most int) []string {
	if l.wrongType {
		s.refuse(key, `must be a list of texts, such as ["one", "two"]`)
		return nil
	}
	if len(l.values) > most {
		s.refuse(key, "has %d entries, and may have at most %d", len(l.values), most)
		return nil
	}

	var texts []string
	for _, value := range l.values {
		entry, ok := value.(string)
		switch {
		case !ok:
			s.refuse(key, "must be a list of texts, and holds %v", value)
		case slices.Contains(texts, entry):
			s.refuse(key, "names %q twice", entry)
		default:
			texts = append(texts, entry)
		}
	}

	return texts
}

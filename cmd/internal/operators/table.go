package operators

import (
	"fmt"
	"maps"
	"slices"
)

// table is one table of the file, read key by key. Whatever is wrong with a value is noted, and reading goes on: who
// wrote the file mends every mistake at once. What nobody asked for in the end is unknown.
type table struct {
	values map[string]any
	asked  map[string]bool
	// whose and path say where the table stands: operator "adviceline", and colours. for its colours.
	whose, path string
	mistakes    *[]error
}

func (t *table) refuse(key, format string, args ...any) {
	*t.mistakes = append(*t.mistakes, fmt.Errorf("%s: %s%s: %s", t.whose, t.path, key, fmt.Sprintf(format, args...)))
}

// value is what stands at a key; false where there is nothing.
func (t *table) value(key string) (any, bool) {
	t.asked[key] = true
	v, ok := t.values[key]
	return v, ok
}

// text is a string; empty where it is missing or refused.
func (t *table) text(key string) string {
	v, ok := t.value(key)
	if !ok {
		return ""
	}

	s, ok := v.(string)
	switch {
	case !ok:
		t.refuse(key, "must be a text in quotes")
	case s == "":
		t.refuse(key, "is empty; leave it out where there is nothing to say")
	}

	return s
}

// required is text that must be there.
func (t *table) required(key string) string {
	if _, ok := t.values[key]; !ok {
		t.asked[key] = true
		t.refuse(key, "is missing")
		return ""
	}

	return t.text(key)
}

func (t *table) flag(key string) bool {
	v, ok := t.value(key)
	b, isBool := v.(bool)
	if ok && !isBool {
		t.refuse(key, "must be true or false")
	}

	return b
}

// list is a list of strings, each of them once and at most so many.
func (t *table) list(key string, most int) []string {
	v, ok := t.value(key)
	if !ok {
		return nil
	}

	all, ok := v.([]any)
	if !ok {
		t.refuse(key, `must be a list of texts, such as ["one", "two"]`)
		return nil
	}
	if len(all) > most {
		t.refuse(key, "has %d entries, and may have at most %d", len(all), most)
		return nil
	}

	var texts []string
	for _, one := range all {
		text, ok := one.(string)
		switch {
		case !ok:
			t.refuse(key, "must be a list of texts, and holds %v", one)
		case slices.Contains(texts, text):
			t.refuse(key, "names %q twice", text)
		default:
			texts = append(texts, text)
		}
	}

	return texts
}

// sub is a table inside this one; nil where it is missing or refused.
func (t *table) sub(key string) *table {
	v, ok := t.value(key)
	if !ok {
		return nil
	}

	values, ok := v.(map[string]any)
	if !ok {
		t.refuse(key, "must be a table of its own")
		return nil
	}

	return t.inside(values, key+".")
}

// subs are the tables of a list of tables.
func (t *table) subs(key string) []*table {
	v, ok := t.value(key)
	if !ok {
		return nil
	}

	values, ok := v.([]map[string]any)
	if !ok {
		t.refuse(key, "must be a list of tables, each begun by its name in double brackets")
		return nil
	}

	var all []*table
	for i, one := range values {
		all = append(all, t.inside(one, fmt.Sprintf("%s[%d].", key, i+1)))
	}

	return all
}

func (t *table) inside(values map[string]any, path string) *table {
	return &table{values: values, asked: map[string]bool{}, whose: t.whose, path: t.path + path, mistakes: t.mistakes}
}

// done refuses the keys that nobody asked for.
func (t *table) done() {
	for _, key := range slices.Sorted(maps.Keys(t.values)) {
		if !t.asked[key] {
			t.refuse(key, "is not a setting")
		}
	}
}

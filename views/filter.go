package views

import "net/url"

// Filter narrows the list. Its values are as in the address; an empty one narrows nothing.
type Filter struct {
	// State and Basis are each the slug of an Option.
	State, Basis string
	// Name is what the customer typed: part of an organisation's name.
	Name string
}

// Option is one choice of a filter.
type Option struct {
	// Slug is the choice in the address.
	Slug string
	// Key is the text key of its label.
	Key string
	// Count is how many records of the whole list match.
	Count int
}

// Values is the filter as the values of a form.
func (f Filter) Values() url.Values {
	values := url.Values{}
	for _, field := range f.fields() {
		values.Set(field.Name, field.Value)
	}

	return values
}

// Query is the filter as the end of an address, with its question mark; empty if the filter is empty.
func (f Filter) Query() string {
	if values := f.Values(); len(values) > 0 {
		return "?" + values.Encode()
	}
	return ""
}

// fields are the values that narrow the list, always in the same order.
func (f Filter) fields() []FormField {
	var fields []FormField
	for _, field := range []FormField{{"state", f.State}, {"reason", f.Basis}, {"q", f.Name}} {
		if field.Value != "" {
			fields = append(fields, field)
		}
	}

	return fields
}

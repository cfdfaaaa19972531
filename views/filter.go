package views

import "net/url"

// Filter narrows the list, in the words that stand in the address. Each member is empty where it narrows nothing.
type Filter struct {
	// State and Reason are the slugs of one Option.
	State, Reason string
	// Name is what the customer typed: part of an organisation's name.
	Name string
}

// Values are the filter as the fields of a form.
func (f Filter) Values() url.Values {
	values := url.Values{}
	for name, value := range map[string]string{"state": f.State, "reason": f.Reason, "q": f.Name} {
		if value != "" {
			values.Set(name, value)
		}
	}

	return values
}

// Query is the filter as it ends an address, with its question mark; empty where nothing is narrowed.
func (f Filter) Query() string {
	if values := f.Values(); len(values) > 0 {
		return "?" + values.Encode()
	}
	return ""
}

// fields are the filter's values in an order that stays.
func (f Filter) fields() []FormField {
	var fields []FormField
	for _, field := range []FormField{{"state", f.State}, {"reason", f.Reason}, {"q", f.Name}} {
		if field.Value != "" {
			fields = append(fields, field)
		}
	}

	return fields
}

// Option is one choice of a filter: its word in the address, the text key of its label, and how many records of the
// whole list it lets through.
type Option struct {
	Slug, Key string
	Count     int
}

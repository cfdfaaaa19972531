package ui

import (
	"context"

	"github.com/a-h/templ"

	"central.consent/dar/views/i18n"
)

// Problem is one mistake in a form.
type Problem struct {
	// Field is the id of the field.
	Field string
	// Message says what to do about it.
	Message string
}

// Input is a field of one line of text.
type Input struct {
	Text *i18n.Printer
	// ID is also the field's name in the form.
	ID    string
	Label string
	// Hint may be empty.
	Hint  string
	Value string
	// Error is the mistake in the value; empty for none.
	Error string
	// Numeric asks for a keypad of digits.
	Numeric bool
	// Secret hides what is typed.
	Secret bool
	// Autocomplete is what the browser may fill in; nothing if it is empty.
	Autocomplete string
	// Most is the greatest number of characters; 0 for no limit.
	Most int
}

// Focused are the attributes of the part that a page has to say first: it has the focus from the start. In a frame
// browsers let only a script set the focus.
func Focused(ctx context.Context) templ.Attributes {
	return templ.Attributes{"tabindex": "-1", "data-focus": true, "autofocus": !isFramed(ctx)}
}

func (i Input) autocomplete() string {
	if i.Autocomplete == "" {
		return "off"
	}
	return i.Autocomplete
}

// describedBy are the ids of the hint and the mistake, as far as they are there.
func (i Input) describedBy() string {
	switch {
	case i.Hint != "" && i.Error != "":
		return i.ID + "-hint " + i.ID + "-error"
	case i.Hint != "":
		return i.ID + "-hint"
	case i.Error != "":
		return i.ID + "-error"
	}

	return ""
}

package rules_test

import (
	"testing"

	"central.consent/dar/register/rules"
)

// A filter that was given must be known, also if it is empty. Each filter has a code of its own.
func TestRecordFilter(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name         string
		state, basis *string
		want         string
		// registered is the refusal by a list without sightings.
		registered string
	}{
		{"none", nil, nil, "", ""},
		{"both", new("ACTIVE"), new("uk-consent"), "", ""},
		{"discovered", new("DISCOVERED"), nil, "", "invalid VAL002 state"},
		{"empty state", new(""), nil, "invalid VAL002 state", "invalid VAL002 state"},
		{"state in lower case", new("active"), nil, "invalid VAL002 state", "invalid VAL002 state"},
		{"empty basis", nil, new(""), "invalid VAL003 legal-basis", "invalid VAL003 legal-basis"},
		{"both wrong", new("x"), new("y"), "invalid VAL002 state legal-basis", "invalid VAL002 state legal-basis"},
	} {
		_, err := rules.ParseRecordFilter(test.state, test.basis)
		expectRefusal(t, test.name, err, test.want)
		_, err = rules.ParseRegisteredFilter(test.state, test.basis)
		expectRefusal(t, test.name+", registered", err, test.registered)
	}
}

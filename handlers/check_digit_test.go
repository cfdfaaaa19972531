package handlers

import (
	"testing"

	"central.consent/dar/register/registertest"
)

func TestCheckDigit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, number string
		want         bool
	}{
		{"the demonstration's own number", registertest.MeterPoint, false},
		{"a true MPAN", trueMPAN, true},
		{"a true MPAN with one digit wrong", "2312345687900", false},
		{"the remainder ten counts as nought", "2000000000600", true},
		{"an MPRN has none", "1234567890", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := hasCheckDigit(test.number); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

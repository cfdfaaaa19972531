package handlers

import (
	"testing"

	"central.consent/dar/register/registertest"
)

func TestCheckDigits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, number string
		want         bool
	}{
		{"the demonstration's own number", registertest.MeterPoint, false},
		{"a true MPAN", trueMPAN, true},
		{"a true MPAN with one digit wrong", "2312345687900", false},
		{"the remainder ten of an MPAN counts as nought", "2000000000600", true},

		{"a true MPRN", "3938424403", true},
		{"a true MPRN with one digit wrong", "3938424503", false},
		{"a true MPRN with two digits exchanged", "3983424403", false},
		{"a true MPRN with wrong check digits", "3938424404", false},
		{"the check digits of an MPRN count as one number", "1234567810", true},
		{"the remainder ten of an MPRN is not nought", "1234567800", false},
		{"a check value above ten", "3938424414", false},
		{"the shortest MPRN", trueMPRN, true},
		{"leading zeros", "0000" + trueMPRN, true},
		{"an MPRN of nine digits", "938424401", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := hasCheckDigits(test.number); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

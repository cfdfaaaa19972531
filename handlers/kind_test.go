package handlers

import (
	"slices"
	"testing"

	"central.consent/dar/registerclient"
)

func TestOfferedMethods(t *testing.T) {
	t.Parallel()
	methods := []registerclient.Method{
		registerclient.MethodPasskeyRegister,
		"smoke-signal",
		registerclient.MethodMagicLink,
		registerclient.MethodPasskeyAssert,
	}
	own := []registerclient.Method{
		registerclient.MethodPasskeyAssert,
		registerclient.MethodMagicLink,
		registerclient.MethodPasskeyRegister,
	}
	for _, test := range []struct {
		kind kind
		want []registerclient.Method
	}{
		{ownPages, own},
		{embeddedPages, own},
		// On the telephone there is only the letter.
		{adviserPages, []registerclient.Method{registerclient.MethodMagicLink, registerclient.MethodPasskeyAssert}},
	} {
		if got := test.kind.offered(methods); !slices.Equal(got, test.want) {
			t.Errorf("%q: got %v, want %v", test.kind.name, got, test.want)
		}
		if got := test.kind.offered([]registerclient.Method{"smoke-signal"}); len(got) != 0 {
			t.Errorf("%q: got %v, want none", test.kind.name, got)
		}
	}
}

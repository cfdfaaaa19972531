package rules_test

import (
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// After a link the customer goes back to the address of the account that asked, with the token.
func TestLinkReturn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	started := h.ask(t, registerclient.ReidentifyRequest{
		Method: registerclient.MethodMagicLink, RedirectURL: new(returnURL),
	})
	row := h.stored(t, h.portal, started)
	got := must(h.LinkReturn(row))(t)
	if want := "https://asks.example.org/back?dar-reid-token=" + started.TokenRef() + "&shop=1"; got != want {
		t.Errorf("the customer goes to %s, want %s", got, want)
	}

	row.Challenge = rules.NewID("chl")
	if _, err := h.LinkReturn(row); err == nil {
		t.Error("the token of another challenge is opened")
	}
}

// A customer who takes no passkey goes back without a token, or stays if there is no address.
func TestCancelledReturn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		address *string
		want    string
	}{
		{nil, ""},
		{new(returnURL), "https://asks.example.org/back?dar-action=cancelled&shop=1"},
	} {
		if got := rules.CancelledReturn(store.Reidentification{RedirectURL: test.address}); got != test.want {
			t.Errorf("the customer goes to %q, want %q", got, test.want)
		}
	}
}

// Parameters are added to the query that an address has, and replace their own name.
func TestWithQuery(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://a.example":             "https://a.example?token=x+%26y",
		"https://a.example/b?c=d#e":     "https://a.example/b?c=d&token=x+%26y#e",
		"https://a.example/?token=mine": "https://a.example/?token=x+%26y",
	} {
		if got := rules.WithQuery(address, map[string]string{"token": "x &y"}); got != want {
			t.Errorf("%s becomes %s, want %s", address, got, want)
		}
	}
}

package handlers

import (
	"testing"

	"central.consent/dar/registerclient"
)

func TestTokenRefIsOfEitherMethod(t *testing.T) {
	t.Parallel()
	got := newChallenge(&registerclient.ReidentifyResponse{
		Method:  registerclient.MethodPasskeyAssert,
		Passkey: &registerclient.PasskeyRedirect{RedirectURL: "javascript:alert(1)", TokenRef: "mlr_1"},
	})
	if got.TokenRef != "mlr_1" || got.PasskeyURL != "" {
		t.Errorf("got %+v", got)
	}
}

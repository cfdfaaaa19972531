package registerclient

import (
	"testing"
)

func TestTokenRef(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"reidentify.json":         "mlr_0123456789abcdef01234567",
		"reidentify-passkey.json": "mlr_89abcdef0123456701234567",
	} {
		if got := decode[ReidentifyResponse](t, name).TokenRef(); got != want {
			t.Errorf("%s: token %q, want %q", name, got, want)
		}
	}

	if got := (ReidentifyResponse{}).TokenRef(); got != "" {
		t.Errorf("token %q of an empty response", got)
	}
}

package rules_test

import (
	"testing"
	"time"

	"central.consent/dar/register/rules"
)

// A token is issued for the right secret of an active account. Every other caller gets the same refusal, so that the
// refusals do not show which accounts exist.
func TestIssueBearerToken(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		secret := must(h.RotateSecret(t.Context(), "portal"))(t)
		suspended := must(h.RotateSecret(t.Context(), "owner"))(t)
		h.setStatus(t, rules.Suspend, "owner")
		for _, test := range []struct{ name, account, secret, want string }{
			{"right", "portal", secret, ""},
			{"wrong secret", "portal", secret + "x", "unauthorised AUTH005"},
			{"no secret", "portal", "", "unauthorised AUTH005"},
			{"secret of another", "portal", suspended, "unauthorised AUTH005"},
			{"unknown account", "nobody", secret, "unauthorised AUTH005"},
			{"malformed account", "No such\x00id", secret, "unauthorised AUTH005"},
			{"suspended", "owner", suspended, "unauthorised AUTH005"},
		} {
			given := rules.Credentials{AccountID: test.account, Secret: test.secret}
			issued, err := h.IssueBearerToken(t.Context(), given)
			expectRefusal(t, test.name, err, test.want)
			if (issued.Token != "") != (test.want == "") {
				t.Errorf("%s: issued %+v", test.name, issued)
			}
		}
	})
}

// A token is valid for 7200 seconds (docs/decisions.md, Token times).
func TestFindCaller(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		secret := must(h.RotateSecret(t.Context(), "portal"))(t)
		issued := must(h.IssueBearerToken(t.Context(), rules.Credentials{AccountID: "portal", Secret: secret}))(t)
		if issued.Expires != 7200 {
			t.Errorf("the token expires in %d s, want 7200", issued.Expires)
		}

		h.clock.Add(7200*time.Second - time.Millisecond)
		caller, err := h.FindCaller(t.Context(), issued.Token)
		if err != nil || caller.AccountID != "portal" {
			t.Errorf("at the end of its life it belongs to %q, %v", caller.AccountID, err)
		}

		h.clock.Add(time.Millisecond)
		for name, test := range map[string][2]string{
			"expired": {issued.Token, "unauthorised AUTH002"},
			"unknown": {rules.NewSecret(), "unauthorised AUTH002"},
			"none":    {"", "unauthorised AUTH001"},
		} {
			_, err := h.FindCaller(t.Context(), test[0])
			expectRefusal(t, name, err, test[1])
		}
	})
}

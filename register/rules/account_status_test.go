package rules_test

import (
	"testing"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// A suspension can be lifted and a termination cannot. A change that is made already is no error, and is audited once.
func TestChangeStatus(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		for _, test := range []struct {
			name    string
			change  rules.StatusChange
			account string
			status  string
			want    string
		}{
			{"reactivate an active one", rules.Reactivate, "owner", "active", ""},
			{"suspend", rules.Suspend, "owner", "suspended", ""},
			{"suspend again", rules.Suspend, "owner", "suspended", ""},
			{"reactivate", rules.Reactivate, "owner", "active", ""},
			{"suspend a second time", rules.Suspend, "owner", "suspended", ""},
			{"terminate", rules.Terminate, "owner", "terminated", ""},
			{"terminate again", rules.Terminate, "owner", "terminated", ""},
			{"suspend a terminated one", rules.Suspend, "owner", "", "conflict CON001"},
			{"reactivate a terminated one", rules.Reactivate, "owner", "", "conflict CON001"},
			{"unknown", rules.Suspend, "nobody", "", "not found NOT001"},
		} {
			var account registerclient.Account
			err := h.store.Transact(t.Context(), func(tx *store.Tx) (err error) {
				account, err = h.ChangeStatus(t.Context(), tx, test.change, test.account, "", "admin")

				return err
			})
			expectRefusal(t, test.name, err, test.want)
			if account.Status != test.status {
				t.Errorf("%s: the account is %q, want %q", test.name, account.Status, test.status)
			}
		}

		h.expectAudited(t, "account.suspended", 2)
		h.expectAudited(t, "account.reactivated", 1)
		h.expectAudited(t, "account.terminated", 1)
	})
}

// A suspended account gets no bearer token, and its old ones stay revoked after the suspension.
func TestSuspensionRevokesTokens(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		secret := must(h.RotateSecret(t.Context(), "owner"))(t)
		token := must(h.IssueBearerToken(t.Context(), rules.Credentials{AccountID: "owner", Secret: secret}))(t).Token
		must(h.FindCaller(t.Context(), token))(t)

		h.setStatus(t, rules.Suspend, "owner")
		_, err := h.FindCaller(t.Context(), token)
		expectRefusal(t, "its token", err, "unauthorised AUTH002")
		_, err = h.IssueBearerToken(t.Context(), rules.Credentials{AccountID: "owner", Secret: secret})
		expectRefusal(t, "its secret", err, "unauthorised AUTH005")

		h.setStatus(t, rules.Reactivate, "owner")
		_, err = h.FindCaller(t.Context(), token)
		expectRefusal(t, "its token, afterwards", err, "unauthorised AUTH002")
		must(h.IssueBearerToken(t.Context(), rules.Credentials{AccountID: "owner", Secret: secret}))(t)
	})
}

// An administrator cannot shut itself out, so that one always remains.
func TestCheckStatusChange(t *testing.T) {
	t.Parallel()
	r := rules.New(rules.Options{SecretCost: rules.SecretCost{Memory: 8, Passes: 1}})
	for _, test := range []struct {
		name    string
		change  rules.StatusChange
		account string
		want    string
	}{
		{"another", rules.Suspend, "owner", ""},
		{"itself: suspend", rules.Suspend, "admin", "conflict CON001"},
		{"itself: terminate", rules.Terminate, "admin", "conflict CON001"},
		{"itself: reactivate", rules.Reactivate, "admin", ""},
		{"malformed id", rules.Suspend, "No such id", "not found NOT001"},
	} {
		expectRefusal(t, test.name, r.CheckStatusChange(test.change, test.account, "admin"), test.want)
	}
}

// A cause is one of two, or none.
func TestCheckStatusCause(t *testing.T) {
	t.Parallel()
	for cause, want := range map[registerclient.StatusCause]string{
		"": "", registerclient.CauseFailure: "", registerclient.CauseMisconduct: "", "Failure": "invalid VAL001 cause",
	} {
		expectRefusal(t, string(cause), rules.CheckStatusCause(cause), want)
	}
}

// An account shows why it is suspended or terminated. A repeated change does not change the cause; a termination has
// its own.
func TestStatusCause(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		for _, test := range []struct {
			name   string
			change rules.StatusChange
			cause  registerclient.StatusCause
			want   registerclient.StatusCause
		}{
			{"suspend", rules.Suspend, registerclient.CauseFailure, registerclient.CauseFailure},
			{"suspend again", rules.Suspend, registerclient.CauseMisconduct, registerclient.CauseFailure},
			{"reactivate", rules.Reactivate, "", ""},
			{"suspend without a cause", rules.Suspend, "", registerclient.CauseMisconduct},
			{"terminate", rules.Terminate, registerclient.CauseFailure, registerclient.CauseFailure},
			{"terminate again", rules.Terminate, "", registerclient.CauseFailure},
		} {
			h.change(t, func(tx *store.Tx) error {
				account, err := h.ChangeStatus(t.Context(), tx, test.change, "owner", test.cause, "admin")
				got := registerclient.StatusCause("")
				if account.StatusCause != nil {
					got = *account.StatusCause
				}
				if got != test.want {
					t.Errorf("%s: the cause is %q, want %q", test.name, got, test.want)
				}

				return err
			})
		}
	})
}

// A termination without a cause keeps the cause of the suspension: the customers of a supplier that failed are not
// locked out when it is closed. A cause that is given counts, and none at all is misconduct.
func TestCauseOfATermination(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		suspended, given, want registerclient.StatusCause
	}{
		"kept":           {registerclient.CauseFailure, "", registerclient.CauseFailure},
		"given":          {registerclient.CauseFailure, registerclient.CauseMisconduct, registerclient.CauseMisconduct},
		"none":           {"", "", registerclient.CauseMisconduct},
		"of a suspended": {"", registerclient.CauseFailure, registerclient.CauseFailure},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachHouse(t, func(t *testing.T, h *house) {
				var account registerclient.Account
				h.change(t, func(tx *store.Tx) (err error) {
					_, err = h.ChangeStatus(t.Context(), tx, rules.Suspend, "owner", test.suspended, "admin")
					if err != nil {
						return err
					}

					account, err = h.ChangeStatus(t.Context(), tx, rules.Terminate, "owner", test.given, "admin")

					return err
				})
				if account.StatusCause == nil || *account.StatusCause != test.want {
					t.Errorf("the cause is %v, want %s", account.StatusCause, test.want)
				}
			})
		})
	}
}

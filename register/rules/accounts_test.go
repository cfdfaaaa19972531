package rules_test

import (
	"errors"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// A token that is asked for with the old secret while the secret is replaced is not given.
func TestOldSecretGetsNoTokenOnceItIsReplaced(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		r.ClientOf(t, registerclient.CreateAccountRequest{AccountID: "portal_ops", Role: registerclient.RolePortal})
		service := store.New(r.DB.Write, r.DB.Read)
		checked := must(service.FindAccount(t.Context(), "portal_ops"))(t) // its secret was right then
		must(withKeys(t, r, "test:"+registertest.Key).RotateSecret(t.Context(), "portal_ops"))(t)
		var kept bool
		err := service.Transact(t.Context(), func(tx *store.Tx) (err error) {
			kept, err = tx.InsertBearerToken(
				t.Context(),
				[]byte("hash"),
				checked,
				r.Clock.Now(),
				r.Clock.Now().Add(time.Hour),
			)
			return err
		})
		if err != nil || kept {
			t.Errorf("kept %v, %v", kept, err)
		}

		_, err = withKeys(t, r, "test:"+registertest.Key).RotateSecret(t.Context(), "nobody")
		if refused, ok := errors.AsType[*rules.Error](err); !ok || refused.Kind != rules.KindNotFound {
			t.Errorf("of nobody: %v", err)
		}
	})
}

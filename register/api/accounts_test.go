package api_test

import (
	"errors"
	"strings"
	"testing"

	"central.consent/dar/migrations"
	"central.consent/dar/register"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// An administrator opens an account; its id can be used once.
func TestCreateAccount(t *testing.T) {
	t.Parallel()
	r := registertest.New(t, registertest.HoldConfirmations())
	admin := r.Client(t, registerclient.RoleAdmin)
	in := registerclient.CreateAccountRequest{
		AccountID:   "portal_ops",
		Role:        registerclient.RolePortal,
		DisplayName: "Citizens Advice",
		ContactURL:  "https://example.org",
	}
	made := must(admin.CreateAccount(t.Context(), in))(t)
	if len(made.SecretKey) < 43 || !strings.HasPrefix(made.Account.DUID, "duid_") || made.Account.Status != "active" {
		t.Errorf("made %+v", made.Account)
	}
	if _, err := r.ClientWith(t, "portal_ops", made.SecretKey).
		IdentityRecordExists(t.Context(), registertest.MeterPoint); err != nil {
		t.Errorf("with the secret that was answered: %v", err)
	}
	if _, err := admin.CreateAccount(t.Context(), in); !errors.Is(err, registerclient.ErrConflict) {
		t.Errorf("the same id again: %v", err)
	}
}

// Only a register on a loopback address accepts a short secret.
func TestShortSecretIsRefused(t *testing.T) {
	t.Parallel()
	db := registertest.SQLite.Open(t, migrations.Register)
	service := must(register.New(register.Options{
		Store: store.New(db.Write, db.Read), Keys: must(rules.NewKeyring(rules.GenerateKey("a")))(t),
		PublicURL: "https://id.central.consent",
	}))(t)
	in := registerclient.CreateAccountRequest{
		AccountID:   "portal_ops",
		Role:        registerclient.RolePortal,
		DisplayName: "x",
		SecretKey:   "portal-secret-demo",
	}
	_, _, err := service.Rules.AddAccount(t.Context(), in)
	if refused, ok := errors.AsType[rules.Errors](err); !ok || refused[0].Field != "secret-key" {
		t.Errorf("got %v", err)
	}
}

package api_test

import (
	"errors"
	"slices"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// The directory lists accounts of Data Users only, suspended ones too. Every other id does not exist.
func TestReadDataUser(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	admin := r.Client(t, registerclient.RoleAdmin)
	provider := r.Client(t, registerclient.RoleDataProvider)
	in := registerclient.CreateAccountRequest{
		AccountID:   "bright_energy",
		DUID:        "duid_brightenergy0000000000",
		Role:        registerclient.RoleDataUser,
		DisplayName: "Bright Energy Ltd",
		ContactURL:  "https://bright-energy.com/contact",
		DataTypes:   []registerclient.DataType{registerclient.TariffImport},
	}
	must(admin.CreateAccount(t.Context(), in))(t)
	got := must(provider.ReadDataUser(t.Context(), in.DUID))(t).DataUser
	if got.DisplayName != in.DisplayName || got.Status != "active" || got.ContactURL != in.ContactURL ||
		!slices.Equal(got.DataTypesSupported, in.DataTypes) {
		t.Errorf("got %+v", got)
	}

	must(admin.SuspendAccount(t.Context(), "bright_energy"))(t)
	got = must(provider.ReadDataUser(t.Context(), in.DUID))(t).DataUser
	if got.Status != "suspended" || !got.SuspendedAt.Equal(r.Clock.Now()) {
		t.Errorf("once suspended: %+v", got)
	}

	own := must(provider.ReadSelf(t.Context()))(t).Account.DUID
	for name, duid := range map[string]string{
		"another role's": own,
		"unknown":        "duid_000000000000000000000000",
		"nonsense":       "x",
	} {
		if _, err := provider.ReadDataUser(t.Context(), duid); !errors.Is(err, registerclient.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

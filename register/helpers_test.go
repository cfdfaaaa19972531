package register_test

import (
	"io"
	"net/http"
	"testing"

	"central.consent/dar/migrations"
	"central.consent/dar/register"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
)

// fetch returns the status and the body of a response.
func fetch(t *testing.T, method, address string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}

	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}

	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}

	return response.StatusCode, string(text)
}

// serviceOn returns a register on a database, to be called without a network.
func serviceOn(t *testing.T, db *migrations.DB, alter func(*register.Options)) *register.Register {
	t.Helper()
	options := register.Options{
		Store:     store.New(db.Write, db.Read),
		Keys:      registertest.Must(rules.NewKeyring("test:" + registertest.Key))(t),
		PublicURL: "http://localhost:5001",
	}
	if alter != nil {
		alter(&options)
	}

	return registertest.Must(register.New(options))(t)
}

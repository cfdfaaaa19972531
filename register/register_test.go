package register_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"central.consent/dar/register"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
)

// New refuses unsafe options, and names all of them at once.
func TestNewRefusesUnsafeOptions(t *testing.T) {
	t.Parallel()
	keys := registertest.Must(rules.NewKeyring(rules.GenerateKey("a")))(t)
	at := func(publicURL string, stub bool) register.Options {
		return register.Options{Store: &store.Store{}, Keys: keys, Stub: stub, PublicURL: publicURL}
	}
	for _, test := range []struct {
		name    string
		options register.Options
		want    []string
	}{
		{"no options", register.Options{}, []string{"store", "keyring", "public URL"}},
		{"a public stub", at("https://id.central.consent", true), []string{"stubbed"}},
		{"a stub over plain http", at("http://192.168.1.5", true), []string{"https", "stubbed"}},
		{"a name that looks local", at("https://localhost.example.com", true), []string{"stubbed"}},
		{"a password in the URL", at("https://a:b@id.central.consent", false), []string{"no user"}},
		{"a path in the URL", at("https://id.central.consent/v1", false), []string{"no path"}},
		{"a query in the URL", at("https://id.central.consent?", false), []string{"query"}},
		{"a fragment in the URL", at("https://id.central.consent#", false), []string{"fragment"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := register.New(test.options)
			if err == nil {
				t.Fatal("accepted")
			}

			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not contain %q", err, want)
				}
			}
		})
	}
}

// A stub on a loopback address is accepted, and logged.
func TestNewLogsAStub(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	_, err := register.New(register.Options{
		Store:     &store.Store{},
		Keys:      registertest.Must(rules.NewKeyring(rules.GenerateKey("a")))(t),
		Stub:      true,
		PublicURL: "http://127.0.0.1:5001",
		Logger:    slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil || !strings.Contains(log.String(), "STUBBED") {
		t.Errorf("error %v, log %q", err, log.String())
	}
}

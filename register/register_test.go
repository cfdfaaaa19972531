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

func TestNewRefusesWhatWouldBeUnsafeAllAtOnce(t *testing.T) {
	t.Parallel()
	keys := registertest.Must(rules.NewKeyring(rules.GenerateKey("a")))(t)
	for _, test := range []struct {
		name    string
		options register.Options
		want    []string
	}{
		{"nothing", register.Options{}, []string{"store", "keyring", "public URL"}},
		{
			"a stub for the world",
			register.Options{Store: &store.Store{}, Keys: keys, Stub: true, PublicURL: "https://id.central.consent"},
			[]string{"stubbed"},
		},
		{
			"a stub by plain http",
			register.Options{Store: &store.Store{}, Keys: keys, Stub: true, PublicURL: "http://192.168.1.5"},
			[]string{"https", "stubbed"},
		},
		{
			"a password in the URL",
			register.Options{Store: &store.Store{}, Keys: keys, PublicURL: "https://a:b@id.central.consent"},
			[]string{"no user"},
		},
		{
			"a path in the URL",
			register.Options{Store: &store.Store{}, Keys: keys, PublicURL: "https://id.central.consent/v1"},
			[]string{"no path"},
		},
		{
			"a query in the URL",
			register.Options{Store: &store.Store{}, Keys: keys, PublicURL: "https://id.central.consent?"},
			[]string{"query"},
		},
		{
			"a fragment in the URL",
			register.Options{Store: &store.Store{}, Keys: keys, PublicURL: "https://id.central.consent#"},
			[]string{"fragment"},
		},
		{
			"a name that only looks local",
			register.Options{
				Store:     &store.Store{},
				Keys:      keys,
				Stub:      true,
				PublicURL: "https://localhost.example.com",
			},
			[]string{"stubbed"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := register.New(test.options)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}

	var log bytes.Buffer
	_, err := register.New(register.Options{
		Store:     &store.Store{},
		Keys:      keys,
		Stub:      true,
		PublicURL: "http://127.0.0.1:5001",
		Logger:    slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil || !strings.Contains(log.String(), "STUBBED") {
		t.Errorf("a stub on loopback: error %v, log %q", err, log.String())
	}
}

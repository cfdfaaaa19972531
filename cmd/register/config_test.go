package main

import (
	"os"
	"strings"
	"testing"

	"central.consent/dar/register/mail"
)

func TestAllMistakesInTheSettingsAreReportedAtOnce(t *testing.T) {
	for _, test := range []struct {
		name   string
		change map[string]string
		want   []string
	}{
		{
			"all of them",
			map[string]string{
				"REGISTER_DATABASE":         "",
				"REGISTER_KEYS":             "x",
				"REGISTER_LISTEN":           "nowhere",
				"REGISTER_METRICS_LISTEN":   "nowhere",
				"REGISTER_PUBLIC_URL":       "http://id.example.org",
				"REGISTER_REIDENTIFICATION": "perhaps",
				"REGISTER_SMTP":             "smtp+plain://mail.example.org",
				"REGISTER_MAIL_FROM":        "nobody",
				"REGISTER_DKIM_DOMAIN":      "a b",
				"REGISTER_DKIM_SELECTOR":    "a b",
				"REGISTER_DKIM_KEY":         "x",

				"REGISTER_CONTACT_LETTERS_PER_HOUR": "0",
			},
			[]string{
				"REGISTER_DATABASE is missing",
				"REGISTER_KEYS: ",
				"REGISTER_LISTEN must be host:port",
				"REGISTER_METRICS_LISTEN must be",
				"must be https",
				"REGISTER_REIDENTIFICATION must be",
				"REGISTER_SMTP: URL: smtp+plain is for loopback only",
				"From is not an e-mail address",
				"DKIM: Domain is",
				"DKIM: Selector is",
				"DKIM: Key is",
				"REGISTER_CONTACT_LETTERS_PER_HOUR must be 1 or more, not 0",
			},
		},
		{
			"no keys",
			map[string]string{"REGISTER_KEYS": ""},
			[]string{"REGISTER_KEYS is missing"},
		},
		{
			"live without a mail server",
			map[string]string{"REGISTER_SMTP": ""},
			[]string{"REGISTER_SMTP is missing"},
		},
		{
			"a password sent in the clear",
			map[string]string{"REGISTER_SMTP": "smtp+plain://a:b@localhost"},
			[]string{"REGISTER_SMTP: URL: smtp+plain takes no password"},
		},
		{
			"a stub's mail settings",
			map[string]string{"REGISTER_REIDENTIFICATION": "stub", "REGISTER_SMTP": "", "REGISTER_MAIL_FROM": "nobody"},
			[]string{"REGISTER_MAIL_FROM: "},
		},
		{
			"half of DKIM",
			map[string]string{"REGISTER_DKIM_DOMAIN": "central.consent"},
			[]string{"set all three, or none"},
		},
		{
			"a key of another domain",
			map[string]string{
				"REGISTER_DKIM_DOMAIN":   "example.org",
				"REGISTER_DKIM_SELECTOR": "a",
				"REGISTER_DKIM_KEY":      dkimKey(t),
			},
			[]string{"From's domain is neither Domain nor below it"},
		},
		{
			"a stub with a public URL",
			map[string]string{"REGISTER_PUBLIC_URL": "https://id.example.org", "REGISTER_REIDENTIFICATION": "stub"},
			[]string{"stubbed re-identification"},
		},
		{
			"a stub that others can reach",
			map[string]string{"REGISTER_LISTEN": "0.0.0.0:5002", "REGISTER_REIDENTIFICATION": "stub"},
			[]string{"REGISTER_LISTEN must be a loopback"},
		},
		{
			"a stub on every address",
			map[string]string{"REGISTER_LISTEN": ":5002", "REGISTER_REIDENTIFICATION": "stub"},
			[]string{"REGISTER_LISTEN must be a loopback"},
		},
		{
			"a stub on a name of its own",
			map[string]string{"REGISTER_LISTEN": "register:5002", "REGISTER_REIDENTIFICATION": "stub"},
			[]string{"REGISTER_LISTEN must be a loopback"},
		},
		{
			"a stub on every IPv6 address",
			map[string]string{"REGISTER_LISTEN": "[::]:5002", "REGISTER_REIDENTIFICATION": "stub"},
			[]string{"REGISTER_LISTEN must be a loopback"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := set(t, test.change)
			_, err := try(t, "serve")
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("does not say %q:\n%v", want, err)
				}
			}

			if lines := strings.Split(err.Error(), "\n"); len(lines) != len(test.want) {
				t.Errorf("%d mistakes, want %d:\n%v", len(lines), len(test.want), err)
			}
			if _, err := os.Stat(path); err == nil {
				t.Error("a database was made all the same")
			}
		})
	}
}

func TestAStubOnLoopbackIsAccepted(t *testing.T) {
	for _, listen := range []string{"localhost:0", "127.0.0.1:0", "[::1]:0"} {
		set(t, map[string]string{"REGISTER_LISTEN": listen, "REGISTER_REIDENTIFICATION": "stub"})
		if _, _, err := load(true); err != nil {
			t.Errorf("a stub at %s: %v", listen, err)
		}
	}
}

func TestNoMistakeShowsASecret(t *testing.T) {
	for _, address := range []string{
		"smtp://a:hunter2@",
		"smtp+plain://a:hunter2@localhost",
		"imap://a:hunter2@localhost",
		"smtps://a:hunter2@localhost:x",
	} {
		set(t, map[string]string{"REGISTER_SMTP": address})
		if _, err := try(t, "serve"); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestTheDefaultSenderIsTheMailPackages(t *testing.T) {
	set(t, nil)
	if c, _, err := load(true); err != nil || c.MailFrom != mail.DefaultFrom {
		t.Errorf("%q, want %q (%v)", c.MailFrom, mail.DefaultFrom, err)
	}
}

func TestOnlyServeReadsTheMailSettings(t *testing.T) {
	set(t, map[string]string{"REGISTER_SMTP": "", "REGISTER_MAIL_FROM": "nobody", "REGISTER_DKIM_DOMAIN": "a b"})
	addAccount(t, "portal_ops", "portal", "x")
	mustRun(t, "account", "rotate-secret", "--id", "portal_ops")
	mustRun(t, "keys", "rotate")
}

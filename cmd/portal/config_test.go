package main

import (
	"path/filepath"
	"strings"
	"testing"

	"central.consent/dar/cmd/internal/operators"
)

func TestConfig(t *testing.T) {
	for _, test := range []struct {
		name   string
		change map[string]string
		want   string // how the mistake begins; empty if there is none
		secure bool
	}{
		{
			name:   "valid",
			secure: true,
		},
		{
			name:   "loopback does without https",
			change: map[string]string{"PORTAL_PUBLIC_URL": "http://localhost:8080", "PORTAL_DEMONSTRATION": "true"},
		},
		{
			name:   "loopback in IPv6",
			change: map[string]string{"PORTAL_PUBLIC_URL": "http://[::1]:8080"},
		},
		{
			name:   "plain http",
			change: map[string]string{"PORTAL_PUBLIC_URL": "http://energy.example.org"},
			want:   "PORTAL_PUBLIC_URL must begin with https",
		},
		{
			name:   "a public URL that is none",
			change: map[string]string{"PORTAL_PUBLIC_URL": "energy.example.org"},
			want:   "PORTAL_PUBLIC_URL is not an address",
		},
		{
			name:   "no public URL",
			change: map[string]string{"PORTAL_PUBLIC_URL": ""},
			want:   "PORTAL_PUBLIC_URL is missing",
		},
		{
			name:   "a demonstration in public",
			change: map[string]string{"PORTAL_DEMONSTRATION": "true"},
			want:   "PORTAL_DEMONSTRATION is for a loopback",
		},
		{
			name: "a demonstration that others can reach",
			change: map[string]string{
				"PORTAL_PUBLIC_URL":    "http://localhost:8080",
				"PORTAL_LISTEN":        "0.0.0.0:8080",
				"PORTAL_DEMONSTRATION": "true",
			},
			want: "PORTAL_DEMONSTRATION is for a loopback PORTAL_LISTEN",
		},
		{
			name: "a demonstration on every address",
			change: map[string]string{
				"PORTAL_PUBLIC_URL":    "http://localhost:8080",
				"PORTAL_LISTEN":        ":8080",
				"PORTAL_DEMONSTRATION": "true",
			},
			want: "PORTAL_DEMONSTRATION is for a loopback PORTAL_LISTEN",
		},
		{
			name:   "no way to get help",
			change: map[string]string{"PORTAL_OPERATOR_PHONE": ""},
			want:   "PORTAL_OPERATOR_CONTACT_URL and PORTAL_OPERATOR_PHONE are both missing",
		},
		{
			name: "a page is help enough",
			change: map[string]string{
				"PORTAL_OPERATOR_PHONE":       "",
				"PORTAL_OPERATOR_CONTACT_URL": "https://example.org/contact",
			},
			secure: true,
		},
		{
			name:   "a telephone that is none",
			change: map[string]string{"PORTAL_OPERATOR_PHONE": "ask at the desk"},
			want:   "PORTAL_OPERATOR_PHONE is not",
		},
		{
			name:   "a demonstration, perhaps",
			change: map[string]string{"PORTAL_DEMONSTRATION": "perhaps"},
			want:   "PORTAL_DEMONSTRATION: ",
		},
		{
			name:   "no name",
			change: map[string]string{"PORTAL_OPERATOR_NAME": ""},
			want:   "PORTAL_OPERATOR_NAME is missing",
		},
		{
			name:   "no account",
			change: map[string]string{"PORTAL_ACCOUNT_ID": ""},
			want:   "PORTAL_ACCOUNT_ID is missing",
		},
		{
			name:   "no secret",
			change: map[string]string{"PORTAL_ACCOUNT_SECRET": ""},
			want:   "PORTAL_ACCOUNT_SECRET is missing",
		},
		{
			name:   "no session key",
			change: map[string]string{"PORTAL_SESSION_KEY": ""},
			want:   "PORTAL_SESSION_KEY is missing",
		},
		{
			name:   "a short session key",
			change: map[string]string{"PORTAL_SESSION_KEY": "c2hvcnQ="},
			want:   "PORTAL_SESSION_KEY is not 32 bytes in base64",
		},
		{
			name:   "a session key that is no base64",
			change: map[string]string{"PORTAL_SESSION_KEY": strings.Repeat("!", 44)},
			want:   "PORTAL_SESSION_KEY is not 32 bytes in base64",
		},
		{
			name:   "passkey pages elsewhere",
			change: map[string]string{"PORTAL_PASSKEY_ORIGIN": "https://id.example.org"},
			secure: true,
		},
		{
			name:   "passkey pages with a path",
			change: map[string]string{"PORTAL_PASSKEY_ORIGIN": "https://id.example.org/id"},
			want:   "PORTAL_PASSKEY_ORIGIN is not an origin",
		},
		{
			name:   "passkey pages in plain http",
			change: map[string]string{"PORTAL_PASSKEY_ORIGIN": "http://id.example.org"},
			want:   "PORTAL_PASSKEY_ORIGIN is not an origin",
		},
		{
			name:   "a policy among the passkey pages",
			change: map[string]string{"PORTAL_PASSKEY_ORIGIN": "https://id.example.org; script-src *"},
			want:   "PORTAL_PASSKEY_ORIGIN is not an origin",
		},
		{
			name:   "a policy within the host",
			change: map[string]string{"PORTAL_PASSKEY_ORIGIN": "https://id.example.org;script-src"},
			want:   "PORTAL_PASSKEY_ORIGIN is not an origin",
		},
		{
			name:   "passkey pages at an address",
			change: map[string]string{"PORTAL_PASSKEY_ORIGIN": "http://[::1]:5002"},
			secure: true,
		},
		{
			name:   "ways back",
			change: map[string]string{"PORTAL_RETURN_URLS": "https://example.org/energy?x=1,http://localhost:3000/"},
			secure: true,
		},
		{
			name:   "a way back in plain http",
			change: map[string]string{"PORTAL_RETURN_URLS": "https://example.org/,http://example.org/"},
			want:   "PORTAL_RETURN_URLS: \"http://example.org/\" is not",
		},
		{
			name:   "a way back that is a script",
			change: map[string]string{"PORTAL_RETURN_URLS": "javascript:alert(1)"},
			want:   "PORTAL_RETURN_URLS: ",
		},
		{
			name:   "a way back with a password",
			change: map[string]string{"PORTAL_RETURN_URLS": "https://a:b@example.org/"},
			want:   "PORTAL_RETURN_URLS: ",
		},
		{
			name:   "a way back with a space",
			change: map[string]string{"PORTAL_RETURN_URLS": "https://example.org/, https://example.com/"},
			want:   "PORTAL_RETURN_URLS: ",
		},
		{
			name:   "proxies",
			change: map[string]string{"PORTAL_TRUSTED_PROXIES": "10.0.0.0/8,fd00::/8"},
			secure: true,
		},
		{
			name:   "a proxy that is no network",
			change: map[string]string{"PORTAL_TRUSTED_PROXIES": "10.0.0.1"},
			want:   "PORTAL_TRUSTED_PROXIES: \"10.0.0.1\" is not",
		},
		{
			name:   "a contact that is a script",
			change: map[string]string{"PORTAL_OPERATOR_CONTACT_URL": "javascript:alert(1)"},
			want:   "PORTAL_OPERATOR_CONTACT_URL is not an address",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			set(t, test.change)
			c, err := load()
			switch {
			case test.want == "" && err != nil:
				t.Fatal(err)
			case test.want == "" && (c.secure != test.secure || len(c.sessionKey) != 32):
				t.Errorf("secure %v, a key of %d bytes", c.secure, len(c.sessionKey))
			case test.want == "":
			case err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "\n"):
				t.Fatalf("got %v, want one line that begins with %q", err, test.want)
			}
		})
	}
}

func TestConfigReportsAllMistakesTogether(t *testing.T) {
	set(t, map[string]string{
		"PORTAL_PUBLIC_URL":          "http://energy.example.org",
		"PORTAL_SESSION_KEY":         "short",
		"PORTAL_OPERATOR_NAME":       "",
		"PORTAL_ACCOUNT_SECRET_FILE": "/nowhere",
	})
	_, err := load()
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("got %v, want four lines", err)
	}
	if strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "short") {
		t.Errorf("a secret is shown: %v", err)
	}
}

func TestConfigFromAFileOfOperators(t *testing.T) {
	files := map[string]string{
		"operators.toml":     operators.Example,
		"bad.toml":           "[[operator]]\nslug = \"a\"\npath = \"/portal\"\nname = 1\n",
		"my-operator.secret": "canary\n",
	}
	dir := folder(t, files)
	path := filepath.Join(dir, "operators.toml")
	setFile(t, path, nil)
	c, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if len(c.operators) != 1 || c.operators[0].AccountID != "my_operator" ||
		c.operators[0].AccountSecret.Reveal() != "canary" {
		t.Errorf("got %+v", c.operators)
	}

	for _, test := range []struct {
		name   string
		change map[string]string
		want   string
	}{
		{
			name:   "both forms",
			change: map[string]string{"PORTAL_ACCOUNT_ID": "portal_ops"},
			want:   "PORTAL_ACCOUNT_ID and PORTAL_OPERATORS are both set: the file tells it",
		},
		{
			name:   "no such file",
			change: map[string]string{"PORTAL_OPERATORS": "/nowhere"},
			want:   "PORTAL_OPERATORS: open /nowhere: no such file or directory",
		},
		{
			name:   "a public host by http",
			change: map[string]string{"PORTAL_PUBLIC_URL": "http://localhost:8080"},
			want: `PORTAL_OPERATORS: operator "my-operator": hosts: energy.example.org is no loopback address, ` +
				"which alone may do without the https of PORTAL_PUBLIC_URL",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			setFile(t, path, test.change)
			if _, err := load(); err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}

	setFile(t, filepath.Join(dir, "bad.toml"), nil)
	if _, err := load(); err == nil || strings.Count(err.Error(), "PORTAL_OPERATORS: operator \"a\": ") != 4 {
		t.Errorf("not every mistake on a line of its own: %v", err)
	}
}

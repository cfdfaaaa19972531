package main

import (
	"context"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The tests set variables of the process, and so cannot run in parallel.

var valid = map[string]string{
	"PORTAL_PUBLIC_URL":     "https://energy.example.org",
	"PORTAL_REGISTER_URL":   "http://127.0.0.1:1/v1",
	"PORTAL_ACCOUNT_ID":     "portal_ops",
	"PORTAL_ACCOUNT_SECRET": "secret canary",
	"PORTAL_SESSION_KEY":    base64.StdEncoding.EncodeToString(make([]byte, 32)),
	"PORTAL_OPERATOR_NAME":  "Citizens Example",
	"PORTAL_OPERATOR_PHONE": "0800 000 0000",
}

func set(t *testing.T, change map[string]string) {
	t.Helper()
	for name, value := range valid {
		t.Setenv(name, value)
	}
	for name, value := range change {
		t.Setenv(name, value)
	}
}

func TestConfig(t *testing.T) {
	for _, test := range []struct {
		name   string
		change map[string]string
		want   string // of the mistake; empty where there is none
		secure bool
	}{
		{"valid", nil, "", true},
		{"loopback does without https", map[string]string{"PORTAL_PUBLIC_URL": "http://localhost:8080", "PORTAL_DEMONSTRATION": "true"}, "", false},
		{"loopback in IPv6", map[string]string{"PORTAL_PUBLIC_URL": "http://[::1]:8080"}, "", false},
		{"plain http", map[string]string{"PORTAL_PUBLIC_URL": "http://energy.example.org"}, "PORTAL_PUBLIC_URL must begin with https", false},
		{"a public URL that is none", map[string]string{"PORTAL_PUBLIC_URL": "energy.example.org"}, "PORTAL_PUBLIC_URL is not an address", false},
		{"no public URL", map[string]string{"PORTAL_PUBLIC_URL": ""}, "PORTAL_PUBLIC_URL is missing", false},
		{"a demonstration in public", map[string]string{"PORTAL_DEMONSTRATION": "true"}, "PORTAL_DEMONSTRATION is for a loopback", false},
		{"a demonstration that others can reach", map[string]string{"PORTAL_PUBLIC_URL": "http://localhost:8080", "PORTAL_LISTEN": "0.0.0.0:8080", "PORTAL_DEMONSTRATION": "true"},
			"PORTAL_DEMONSTRATION is for a loopback PORTAL_LISTEN", false},
		{"a demonstration on every address", map[string]string{"PORTAL_PUBLIC_URL": "http://localhost:8080", "PORTAL_LISTEN": ":8080", "PORTAL_DEMONSTRATION": "true"},
			"PORTAL_DEMONSTRATION is for a loopback PORTAL_LISTEN", false},
		{"no way to get help", map[string]string{"PORTAL_OPERATOR_PHONE": ""}, "PORTAL_OPERATOR_CONTACT_URL and PORTAL_OPERATOR_PHONE are both missing", false},
		{"a page is help enough", map[string]string{"PORTAL_OPERATOR_PHONE": "", "PORTAL_OPERATOR_CONTACT_URL": "https://example.org/contact"}, "", true},
		{"a telephone that is none", map[string]string{"PORTAL_OPERATOR_PHONE": "ask at the desk"}, "PORTAL_OPERATOR_PHONE is not", false},
		{"a demonstration, perhaps", map[string]string{"PORTAL_DEMONSTRATION": "perhaps"}, "PORTAL_DEMONSTRATION: ", false},
		{"no name", map[string]string{"PORTAL_OPERATOR_NAME": ""}, "PORTAL_OPERATOR_NAME is missing", false},
		{"no account", map[string]string{"PORTAL_ACCOUNT_ID": ""}, "PORTAL_ACCOUNT_ID is missing", false},
		{"no secret", map[string]string{"PORTAL_ACCOUNT_SECRET": ""}, "PORTAL_ACCOUNT_SECRET is missing", false},
		{"no session key", map[string]string{"PORTAL_SESSION_KEY": ""}, "PORTAL_SESSION_KEY is missing", false},
		{"a short session key", map[string]string{"PORTAL_SESSION_KEY": "c2hvcnQ="}, "PORTAL_SESSION_KEY is not 32 bytes in base64", false},
		{"a session key that is no base64", map[string]string{"PORTAL_SESSION_KEY": strings.Repeat("!", 44)}, "PORTAL_SESSION_KEY is not 32 bytes in base64", false},
		{"passkey pages elsewhere", map[string]string{"PORTAL_PASSKEY_ORIGIN": "https://id.example.org"}, "", true},
		{"passkey pages with a path", map[string]string{"PORTAL_PASSKEY_ORIGIN": "https://id.example.org/id"}, "PORTAL_PASSKEY_ORIGIN is not an origin", false},
		{"passkey pages in plain http", map[string]string{"PORTAL_PASSKEY_ORIGIN": "http://id.example.org"}, "PORTAL_PASSKEY_ORIGIN is not an origin", false},
		{"a policy among the passkey pages", map[string]string{"PORTAL_PASSKEY_ORIGIN": "https://id.example.org; script-src *"}, "PORTAL_PASSKEY_ORIGIN is not an origin", false},
		{"a policy within the host", map[string]string{"PORTAL_PASSKEY_ORIGIN": "https://id.example.org;script-src"}, "PORTAL_PASSKEY_ORIGIN is not an origin", false},
		{"passkey pages at an address", map[string]string{"PORTAL_PASSKEY_ORIGIN": "http://[::1]:5002"}, "", true},
		{"ways back", map[string]string{"PORTAL_RETURN_URLS": "https://example.org/energy?x=1,http://localhost:3000/"}, "", true},
		{"a way back in plain http", map[string]string{"PORTAL_RETURN_URLS": "https://example.org/,http://example.org/"}, "PORTAL_RETURN_URLS: \"http://example.org/\" is not", false},
		{"a way back that is a script", map[string]string{"PORTAL_RETURN_URLS": "javascript:alert(1)"}, "PORTAL_RETURN_URLS: ", false},
		{"a way back with a password", map[string]string{"PORTAL_RETURN_URLS": "https://a:b@example.org/"}, "PORTAL_RETURN_URLS: ", false},
		{"a way back with a space", map[string]string{"PORTAL_RETURN_URLS": "https://example.org/, https://example.com/"}, "PORTAL_RETURN_URLS: ", false},
		{"proxies", map[string]string{"PORTAL_TRUSTED_PROXIES": "10.0.0.0/8,fd00::/8"}, "", true},
		{"a proxy that is no network", map[string]string{"PORTAL_TRUSTED_PROXIES": "10.0.0.1"}, "PORTAL_TRUSTED_PROXIES: \"10.0.0.1\" is not", false},
		{"a contact that is a script", map[string]string{"PORTAL_OPERATOR_CONTACT_URL": "javascript:alert(1)"}, "PORTAL_OPERATOR_CONTACT_URL is not an address", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			set(t, test.change)
			config, err := load()
			switch {
			case test.want == "" && err != nil:
				t.Fatal(err)
			case test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "\n")):
				t.Fatalf("got %v, want one line that begins with %q", err, test.want)
			case test.want == "" && (config.secure != test.secure || len(config.sessionKey) != 32):
				t.Errorf("secure %v, a key of %d bytes", config.secure, len(config.sessionKey))
			}
		})
	}
}

func TestConfigReportsAllMistakesTogether(t *testing.T) {
	set(
		t,
		map[string]string{
			"PORTAL_PUBLIC_URL":          "http://energy.example.org",
			"PORTAL_SESSION_KEY":         "short",
			"PORTAL_OPERATOR_NAME":       "",
			"PORTAL_ACCOUNT_SECRET_FILE": "/nowhere",
		},
	)
	_, err := load()
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("got %v, want four lines", err)
	}
	if strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "short") {
		t.Errorf("a secret is shown: %v", err)
	}
}

func TestArguments(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), []string{"--help"}, nil, &out, io.Discard); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"PORTAL_LISTEN", "PORTAL_OPERATORS", "portal operator check", "portal operator new"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("--help does not tell of %s", want)
		}
	}

	for _, args := range [][]string{{"garbage"}, {"--help", "garbage"}, {"serve"}} {
		if err := run(
			t.Context(),
			args,
			nil,
			io.Discard,
			io.Discard,
		); err == nil ||
			!strings.Contains(err.Error(), args[len(args)-1]) {
			t.Errorf("%v: %v", args, err)
		}
	}

	if err := run(
		t.Context(),
		[]string{"operator", "garbage"},
		nil,
		io.Discard,
		io.Discard,
	); err == nil ||
		!strings.Contains(err.Error(), "check, new") {
		t.Errorf("operator garbage: %v", err)
	}

	for _, command := range []string{"check", "new"} {
		var out strings.Builder
		if err := run(
			t.Context(),
			[]string{"operator", command, "--help"},
			nil,
			&out,
			io.Discard,
		); err != nil ||
			!strings.Contains(out.String(), "Example:\n  portal operator "+command) {
			t.Errorf("operator %s --help: %v %s", command, err, out.String())
		}
	}
}

func TestRun(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	address := free.Addr().String()
	free.Close()
	set(
		t,
		map[string]string{
			"PORTAL_LISTEN":     address,
			"PORTAL_PUBLIC_URL": "http://" + address,
			"PORTAL_DATABASE":   filepath.Join(t.TempDir(), "portal.db"),
		},
	)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, nil, nil, io.Discard, io.Discard) }()
	for deadline := time.Now().Add(10 * time.Second); ; {
		response, err := http.Get("http://" + address + "/portal")
		if err == nil {
			body, _ := io.ReadAll(response.Body)
			response.Body.Close()
			if response.StatusCode != 200 || !strings.Contains(string(body), "Citizens Example") {
				t.Errorf("answers %d", response.StatusCode)
			}

			break
		}

		if time.Now().After(deadline) {
			t.Fatal(err)
		}

		time.Sleep(10 * time.Millisecond)
	}

	// Another name for the same program is not this operator's.
	response, err := http.Get("http://" + strings.Replace(address, "127.0.0.1", "localhost", 1) + "/portal")
	if err != nil {
		t.Fatal(err)
	}

	response.Body.Close()
	if response.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("another host is answered %d", response.StatusCode)
	}

	stop()
	if err := <-ended; err != nil {
		t.Errorf("does not stop in peace: %v", err)
	}

	set(t, map[string]string{"PORTAL_REGISTER_URL": "http://register.example.org/v1"})
	if err := run(
		t.Context(),
		nil,
		nil,
		io.Discard,
		io.Discard,
	); err == nil ||
		!strings.Contains(err.Error(), "PORTAL_REGISTER_URL") {
		t.Errorf("a register by plain http: %v", err)
	}
}

package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"central.consent/dar/cmd/internal/operators"
	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// folder holds files by their names, for the length of the test.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	path := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(path, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	return path
}

// fromFile empties the settings that a file of operators takes the place of.
func fromFile(t *testing.T, path string, change map[string]string) {
	t.Helper()
	set(
		t,
		map[string]string{
			"PORTAL_OPERATORS":      path,
			"PORTAL_ACCOUNT_ID":     "",
			"PORTAL_ACCOUNT_SECRET": "",
			"PORTAL_OPERATOR_NAME":  "",
			"PORTAL_OPERATOR_PHONE": "",
		},
	)
	for name, value := range change {
		t.Setenv(name, value)
	}
}

func TestConfigFromAFileOfOperators(t *testing.T) {
	path := filepath.Join(
		folder(t, map[string]string{"operators.toml": operators.Example, "my-operator.secret": "canary\n"}),
		"operators.toml",
	)
	fromFile(t, path, nil)
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
		{"both forms", map[string]string{"PORTAL_ACCOUNT_ID": "portal_ops"}, "PORTAL_ACCOUNT_ID and PORTAL_OPERATORS are both set: the file tells it"},
		{"no such file", map[string]string{"PORTAL_OPERATORS": "/nowhere"}, "PORTAL_OPERATORS: open /nowhere: no such file or directory"},
		{"a public host by http", map[string]string{"PORTAL_PUBLIC_URL": "http://localhost:8080"},
			`PORTAL_OPERATORS: operator "my-operator": hosts: energy.example.org is no loopback address, which alone may do without the https of PORTAL_PUBLIC_URL`},
	} {
		t.Run(test.name, func(t *testing.T) {
			fromFile(t, path, test.change)
			if _, err := load(); err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}

	bad := filepath.Join(
		folder(t, map[string]string{"bad.toml": "[[operator]]\nslug = \"a\"\npath = \"/portal\"\nname = 1\n"}),
		"bad.toml",
	)
	fromFile(t, bad, nil)
	if _, err := load(); err == nil || strings.Count(err.Error(), "PORTAL_OPERATORS: operator \"a\": ") != 4 {
		t.Errorf("not every mistake on a line of its own: %v", err)
	}
}

func TestOperatorNew(t *testing.T) {
	var out strings.Builder
	if err := run(
		t.Context(),
		[]string{"operator", "new"},
		nil,
		&out,
		io.Discard,
	); err != nil ||
		out.String() != operators.Example {
		t.Errorf("%v, %d bytes", err, out.Len())
	}

	path := filepath.Join(t.TempDir(), "operators.toml")
	if err := run(t.Context(), []string{"operator", "new", path}, nil, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(
		t.Context(),
		[]string{"operator", "new", path},
		nil,
		io.Discard,
		io.Discard,
	); err == nil ||
		!strings.Contains(err.Error(), "is there already") {
		t.Errorf("over another file: %v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "mine" {
		t.Error("a file was overwritten")
	}
}

// TestOperatorNewAsks gives an answer to each question; what it makes must be a file that passes.
func TestOperatorNewAsks(t *testing.T) {
	text := fillIn(
		operators.Example,
		strings.NewReader("adviceline\nAdvice \"Line\"\nenergy.advice.example\nadvice_1\n\n\n0800 111 2222\n"),
		io.Discard,
	)
	path := filepath.Join(
		folder(t, map[string]string{"operators.toml": text, "my-operator.secret": "canary"}),
		"operators.toml",
	)
	all, err := operators.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if o := all[0]; o.Slug != "adviceline" || o.Brand.Name != `Advice "Line"` ||
		o.Hosts[0] != "energy.advice.example" ||
		o.AccountID != "advice_1" ||
		o.Brand.Phone != "0800 111 2222" {
		t.Errorf("got %+v", o)
	}
}

func TestOperatorCheck(t *testing.T) {
	register := registertest.New(t)
	secret := strings.Repeat("s", 40)
	register.ClientOf(
		t,
		registerclient.CreateAccountRequest{
			AccountID:   "my_operator",
			SecretKey:   secret,
			Role:        registerclient.RolePortal,
			DisplayName: "My Operator",
		},
	)
	register.ClientOf(
		t,
		registerclient.CreateAccountRequest{
			AccountID:   "no_portal",
			SecretKey:   secret,
			Role:        registerclient.RoleDCC,
			DisplayName: "DCC",
		},
	)
	t.Setenv("PORTAL_REGISTER_URL", register.URL)
	path := folder(t, map[string]string{
		"operators.toml":     operators.Example,
		"wrong.toml":         strings.Replace(operators.Example, `"my-operator.secret"`, `"wrong.secret"`, 1),
		"role.toml":          strings.Replace(operators.Example, `"my_operator"`, `"no_portal"`, 1),
		"pale.toml":          strings.Replace(operators.Example, `"#1d4f91"`, `"#9cc4f5"`, 1),
		"my-operator.secret": secret, "wrong.secret": "canary",
	}) + "/"
	for _, test := range []struct {
		name string
		args []string
		want []string // in what is printed, or in the error
		fail bool
	}{
		{"good", []string{path + "operators.toml"}, []string{"my-operator: My Operator", "energy.example.org/portal", "on-accent #ffffff on accent #1d4f91", "8.14:1", "No mistakes. Operators: 1."}, false},
		{"good and known", []string{path + "operators.toml", "--connect"}, []string{"knows the account my_operator"}, false},
		{"flag first", []string{"--connect", path + "operators.toml"}, []string{"knows the account my_operator"}, false},
		{"another secret", []string{"--connect", path + "wrong.toml"}, []string{`operator "my-operator": account-id: the register at`, "holds another secret"}, true},
		{"another role", []string{"--connect", path + "role.toml"}, []string{"the account no_portal is not of the role portal"}, true},
		{"pale", []string{path + "pale.toml"}, []string{"colours.on-accent: for light colours, on-accent #ffffff on accent #9cc4f5 has a contrast of 1.80:1, and needs 4.5:1"}, true},
		{"no file", nil, []string{"takes one file"}, true},
		{"two files", []string{"a", "b"}, []string{"takes one file"}, true},
		{"unknown flag", []string{"--force", "a"}, []string{"force"}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			err := run(t.Context(), append([]string{"operator", "check"}, test.args...), nil, &out, io.Discard)
			said := out.String()
			if test.fail {
				if err == nil {
					t.Fatal("accepted")
				}
				said = err.Error()
			} else if err != nil {
				t.Fatal(err)
			}

			for _, want := range test.want {
				if !strings.Contains(said, want) {
					t.Errorf("does not say %q:\n%s", want, said)
				}
			}

			if strings.Contains(said, secret) || strings.Contains(said, "canary") {
				t.Error("tells a secret")
			}
		})
	}
}

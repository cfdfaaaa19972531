package main

import (
	"strings"
	"testing"

	"central.consent/dar/cmd/internal/operators"
	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

func TestOperatorCheck(t *testing.T) {
	register := registertest.New(t)
	secret := strings.Repeat("s", 40)
	register.ClientOf(t, registerclient.CreateAccountRequest{
		AccountID:   "my_operator",
		SecretKey:   secret,
		Role:        registerclient.RolePortal,
		DisplayName: "My Operator",
	})
	register.ClientOf(t, registerclient.CreateAccountRequest{
		AccountID:   "no_portal",
		SecretKey:   secret,
		Role:        registerclient.RoleDCC,
		DisplayName: "DCC",
	})
	t.Setenv("PORTAL_REGISTER_URL", register.URL)
	path := folder(t, map[string]string{
		"operators.toml":     operators.Example,
		"wrong.toml":         strings.Replace(operators.Example, `"my-operator.secret"`, `"wrong.secret"`, 1),
		"role.toml":          strings.Replace(operators.Example, `"my_operator"`, `"no_portal"`, 1),
		"pale.toml":          strings.Replace(operators.Example, `"#1d4f91"`, `"#9cc4f5"`, 1),
		"my-operator.secret": secret,
		"wrong.secret":       "canary",
	}) + "/"
	for _, test := range []struct {
		name string
		args []string
		want []string // in what is printed, or in the error
		fail bool
	}{
		{
			name: "good",
			args: []string{path + "operators.toml"},
			want: []string{
				"my-operator: My Operator",
				"energy.example.org/portal",
				"on-accent #ffffff on accent #1d4f91",
				"8.14:1",
				"No mistakes. Operators: 1.",
			},
		},
		{
			name: "good and known",
			args: []string{path + "operators.toml", "--connect"},
			want: []string{"knows the account my_operator"},
		},
		{
			name: "flag first",
			args: []string{"--connect", path + "operators.toml"},
			want: []string{"knows the account my_operator"},
		},
		{
			name: "another secret",
			args: []string{"--connect", path + "wrong.toml"},
			want: []string{`operator "my-operator": account-id: the register at`, "holds another secret"},
			fail: true,
		},
		{
			name: "another role",
			args: []string{"--connect", path + "role.toml"},
			want: []string{"the account no_portal is not of the role portal"},
			fail: true,
		},
		{
			name: "pale",
			args: []string{path + "pale.toml"},
			want: []string{"colours.on-accent: for light colours, on-accent #ffffff on accent #9cc4f5 " +
				"has a contrast of 1.80:1, and needs 4.5:1"},
			fail: true,
		},
		{name: "no file", want: []string{"takes one file"}, fail: true},
		{name: "two files", args: []string{"a", "b"}, want: []string{"takes one file"}, fail: true},
		{name: "unknown flag", args: []string{"--force", "a"}, want: []string{"force"}, fail: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			printed, err := try(t, append([]string{"operator", "check"}, test.args...)...)
			if test.fail != (err != nil) {
				t.Fatalf("fails with %v", err)
			}
			if err != nil {
				printed = err.Error()
			}

			for _, want := range test.want {
				if !strings.Contains(printed, want) {
					t.Errorf("does not say %q:\n%s", want, printed)
				}
			}

			if strings.Contains(printed, secret) || strings.Contains(printed, "canary") {
				t.Error("shows a secret")
			}
		})
	}
}

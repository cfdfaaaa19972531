package rules_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// dataUser is a valid request for an account.
func dataUser() registerclient.CreateAccountRequest {
	return registerclient.CreateAccountRequest{
		AccountID:   "bright_energy",
		DisplayName: "Bright Energy",
		Role:        registerclient.RoleDataUser,
		ContactURL:  "https://bright.example/contact",
	}
}

// A request for an account is refused with every mistake. A register on a loopback address accepts short secrets and
// plain http addresses.
func TestAccountCheck(t *testing.T) {
	t.Parallel()
	type request = registerclient.CreateAccountRequest
	for _, test := range []struct {
		name  string
		alter func(in *request)
		want  string
		// local is what a register on a loopback address answers.
		local string
	}{
		{"valid", func(*request) {}, "", ""},
		{"short id", func(in *request) { in.AccountID = "ab" }, "account-id", "account-id"},
		{"id of 64", func(in *request) { in.AccountID = strings.Repeat("a", 64) }, "", ""},
		{"id of 65", func(in *request) { in.AccountID = strings.Repeat("a", 65) }, "account-id", "account-id"},
		{"id in capitals", func(in *request) { in.AccountID = "Bright" }, "account-id", "account-id"},
		{"no name", func(in *request) { in.DisplayName = " " }, "display-name", "display-name"},
		{"hidden name", func(in *request) { in.DisplayName = "a\u202eb" }, "display-name", "display-name"},
		{"unknown role", func(in *request) { in.Role = "owner" }, "role", "role"},
		{"no contact", func(in *request) { in.ContactURL = "" }, "contact-url", "contact-url"},
		{"portal without contact", func(in *request) {
			in.Role = registerclient.RolePortal
			in.ContactURL = ""
		}, "", ""},
		{
			"script as contact",
			func(in *request) { in.ContactURL = "javascript:alert(1)" },
			"contact-url",
			"contact-url",
		},
		{"secret of 31", func(in *request) { in.SecretKey = strings.Repeat("é", 31) }, "secret-key", ""},
		{"secret of 32", func(in *request) { in.SecretKey = strings.Repeat("é", 32) }, "", ""},
		{"malformed duid", func(in *request) { in.DUID = "duid_1" }, "duid", "duid"},
		{"no data types", func(in *request) { in.DataTypes = []registerclient.DataType{} }, "data-types", "data-types"},
		{"blank reference", func(in *request) { in.OrganisationReference = " " },
			"organisation-reference", "organisation-reference"},
		{"http return URL", func(in *request) { in.ReturnURLs = []string{"http://a.example"} }, "return-urls[0]", ""},
		{"http return URL on loopback", func(in *request) { in.ReturnURLs = []string{"http://127.0.0.1:80"} }, "", ""},
		{"return URL twice", func(in *request) { in.ReturnURLs = []string{"https://a.example", "https://a.example"} },
			"return-urls[1]", "return-urls[1]"},
		{"51 return URLs", func(in *request) { in.ReturnURLs = make([]string, 51) }, "return-urls", "return-urls"},
		{"several mistakes", func(in *request) { *in = request{ReturnURLs: []string{"ftp://a.example"}} },
			"account-id display-name role return-urls[0]", "account-id display-name role return-urls[0]"},
	} {
		in := dataUser()
		test.alter(&in)
		for local, fields := range map[bool]string{false: test.want, true: test.local} {
			r := rules.New(rules.Options{SecretCost: registertest.SecretCost, Clock: time.Now, Local: local})
			want := ""
			if fields != "" {
				want = "invalid VAL001 " + fields
			}

			_, err := r.PrepareAccount(t.Context(), in)
			expectRefusal(t, fmt.Sprintf("%s, local %v", test.name, local), err, want)
		}
	}
}

// What a request leaves out is generated. An id or a DUID belongs to one account.
func TestCreateAccount(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		before := h.audited(t, "account.created")
		account, secret, err := h.AddAccount(t.Context(), dataUser())
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`^duid_[0-9a-f]{24}$`).MatchString(account.DUID) || account.Status != "active" ||
			!slices.Equal(account.DataTypes, rules.AllDataTypes) || !account.RegisteredAt.Equal(today) {
			t.Errorf("the account is %+v", account)
		}

		must(h.IssueBearerToken(t.Context(), rules.Credentials{AccountID: "bright_energy", Secret: secret}))(t)

		const chosen = "a secret of the caller's own choice"
		other := dataUser()
		other.AccountID = "other"
		other.SecretKey = chosen
		other.DUID = account.DUID
		_, _, err = h.AddAccount(t.Context(), other)
		expectRefusal(t, "the same duid", err, "conflict CON001")

		other.DUID = ""
		other.AccountID = account.AccountID
		_, _, err = h.AddAccount(t.Context(), other)
		expectRefusal(t, "the same id", err, "conflict CON001")

		other.AccountID = "other"
		_, secret, err = h.AddAccount(t.Context(), other)
		if err != nil || secret != "" {
			t.Errorf("a chosen secret is shown as %q (%v)", secret, err)
		}

		must(h.IssueBearerToken(t.Context(), rules.Credentials{AccountID: "other", Secret: chosen}))(t)
		h.expectAudited(t, "account.created", before+2)
	})
}

// The secret of a request that waits too long is not hashed.
func TestPrepareAccountOutOfTime(t *testing.T) {
	t.Parallel()
	r := rules.New(rules.Options{SecretCost: registertest.SecretCost, Clock: time.Now})
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	_, err := r.PrepareAccount(late, dataUser())
	expectRefusal(t, "out of time", err, "unavailable SRV001")
}

// The list of return URLs is replaced as a whole, and only by a list that is right.
func TestReplaceReturnURLs(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		before := h.audited(t, "account.return-urls-replaced")
		for _, test := range []struct {
			name string
			urls []string
			want string
			kept string
		}{
			{"none given", nil, "invalid VAL001 return-urls", returnURL},
			{"wrong", []string{"https://a.example", "http://b.example"}, "invalid VAL001 return-urls[1]", returnURL},
			{"right", []string{"https://a.example", "https://b.example"}, "", "https://a.example https://b.example"},
			{"empty", []string{}, "", ""},
		} {
			_, err := h.ReplaceReturnURLs(t.Context(), h.portal, test.urls)
			expectRefusal(t, test.name, err, test.want)

			stored := must(h.store.FindAccount(t.Context(), h.portal.AccountID))(t)
			if got := strings.Join(stored.ReturnURLs.V, " "); got != test.kept {
				t.Errorf("%s: the account has %q, want %q", test.name, got, test.kept)
			}
		}

		h.expectAudited(t, "account.return-urls-replaced", before+2)
	})
}

// A new secret ends the old one and every bearer token.
func TestReplaceSecret(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		_, old, err := h.AddAccount(t.Context(), dataUser())
		if err != nil {
			t.Fatal(err)
		}

		given := rules.Credentials{AccountID: "bright_energy", Secret: old}
		token := must(h.IssueBearerToken(t.Context(), given))(t).Token
		secret := must(h.RotateSecret(t.Context(), "bright_energy"))(t)

		_, err = h.FindCaller(t.Context(), token)
		expectRefusal(t, "the token", err, "unauthorised AUTH002")
		_, err = h.IssueBearerToken(t.Context(), rules.Credentials{AccountID: "bright_energy", Secret: old})
		expectRefusal(t, "the old secret", err, "unauthorised AUTH005")
		must(h.IssueBearerToken(t.Context(), rules.Credentials{AccountID: "bright_energy", Secret: secret}))(t)

		_, err = h.RotateSecret(t.Context(), "nobody")
		expectRefusal(t, "an unknown account", err, "not found NOT001")
		h.expectAudited(t, "account.secret-rotated", 1)
	})
}

// A token that is asked for with the old secret while the secret is replaced is not given.
func TestOldSecretGetsNoTokenOnceItIsReplaced(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		checked := must(h.store.FindAccount(t.Context(), "portal"))(t) // its secret was right then
		must(h.RotateSecret(t.Context(), "portal"))(t)

		var kept bool
		h.change(t, func(tx *store.Tx) (err error) {
			now := h.clock.Now()
			kept, err = tx.InsertBearerToken(t.Context(), []byte("hash"), checked, now, now.Add(time.Hour))

			return err
		})
		if kept {
			t.Error("the token is kept")
		}
	})
}

// An administrator reads every account, without secrets.
func TestListAccounts(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	var ids []string
	for _, account := range must(h.ListAccounts(t.Context()))(t) {
		ids = append(ids, account.AccountID)
		if account.AccountID == "portal" && !slices.Equal(account.ReturnURLs, []string{returnURL}) {
			t.Errorf("the portal is %+v", account)
		}
	}

	slices.Sort(ids)
	if !slices.Equal(ids, []string{"dcc", "owner", "portal"}) {
		t.Errorf("listed %q", ids)
	}
}

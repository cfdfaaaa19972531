package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"central.consent/dar/migrations"
	"central.consent/dar/register"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// An administrator opens an account. Its id can be used once.
func TestCreateAccount(t *testing.T) {
	t.Parallel()
	r := registertest.New(t, registertest.HoldConfirmations())
	admin := r.Client(t, registerclient.RoleAdmin)
	in := registerclient.CreateAccountRequest{
		AccountID:   "portal_ops",
		Role:        registerclient.RolePortal,
		DisplayName: "Citizens Advice",
		ContactURL:  "https://example.org",

		ReservedName: true,
	}
	made := must(admin.CreateAccount(t.Context(), in))(t)
	if len(made.SecretKey) < 43 || !strings.HasPrefix(made.Account.DUID, "duid_") || made.Account.Status != "active" {
		t.Errorf("made %+v", made.Account)
	}

	_, err := r.ClientWith(t, "portal_ops", made.SecretKey).IdentityRecordExists(t.Context(), registertest.MeterPoint)
	if err != nil {
		t.Errorf("with the returned secret: %v", err)
	}
	if _, err := admin.CreateAccount(t.Context(), in); !errors.Is(err, registerclient.ErrConflict) {
		t.Errorf("the same id again: %v", err)
	}
}

// Only a register on a loopback address accepts a short secret.
func TestShortSecretIsRefused(t *testing.T) {
	t.Parallel()
	db := registertest.SQLite.Open(t, migrations.Register)
	service := must(register.New(register.Options{
		Store:     store.New(db.Write, db.Read),
		Keys:      must(rules.NewKeyring(rules.GenerateKey("a")))(t),
		PublicURL: "https://id.central.consent",
	}))(t)
	in := registerclient.CreateAccountRequest{
		AccountID:   "portal_ops",
		Role:        registerclient.RolePortal,
		DisplayName: "x",
		SecretKey:   "portal-secret-demo",
	}
	_, _, err := service.Rules.AddAccount(t.Context(), in)
	if refused, ok := errors.AsType[rules.Errors](err); !ok || refused[0].Field != "secret-key" {
		t.Errorf("got %v", err)
	}
}

// An account of any role reads itself. A Data User that named no data types works with all of them.
func TestReadSelf(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	for _, role := range everyRole {
		id := "own_" + string(role)
		client := r.ClientOf(t, registerclient.CreateAccountRequest{
			AccountID:             id,
			Role:                  role,
			OrganisationReference: "SEC-OU-00429",
		})
		got := must(client.ReadSelf(t.Context()))(t).Account
		if got.AccountID != id || got.Role != role || got.Status != "active" || got.SuspendedAt != nil ||
			got.OrganisationReference != "SEC-OU-00429" {
			t.Errorf("%s: %+v", role, got)
		}

		want := 0
		if role == registerclient.RoleDataUser {
			want = 8
		}
		if len(got.DataTypes) != want || got.ReturnURLs == nil {
			t.Errorf("%s: data types %v, return URLs %v", role, got.DataTypes, got.ReturnURLs)
		}
	}
}

// The return URLs are replaced as a whole. In a wrong list, every wrong URL is named.
func TestReplaceReturnURLs(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	portal := r.Client(t, registerclient.RolePortal)
	for _, want := range [][]string{
		{"https://a.example.org/back", "http://localhost:8080/back"},
		{"https://b.example.org"},
		{},
	} {
		in := registerclient.ReplaceReturnURLsRequest{ReturnURLs: want}
		got := must(portal.ReplaceReturnURLs(t.Context(), in))(t).Account.ReturnURLs
		self := must(portal.ReadSelf(t.Context()))(t).Account.ReturnURLs
		if !slices.Equal(got, want) || !slices.Equal(self, want) {
			t.Errorf("returned %v, then read %v, want %v", got, self, want)
		}
	}

	many := make([]string, 51)
	for i := range many {
		many[i] = fmt.Sprintf("https://example.org/%d", i)
	}

	authorization := bearer(t, r, "portal_ops", registerclient.RolePortal)
	for name, test := range map[string]struct {
		urls []string
		want string
	}{
		"none":           {nil, "return-urls"},
		"a script":       {[]string{"javascript:alert(1)"}, "return-urls[0]"},
		"twice":          {[]string{"https://a.example.org", "https://a.example.org"}, "return-urls[1]"},
		"51":             {many, "return-urls"},
		"two wrong ones": {[]string{"x", "https://a.example.org", "y"}, "return-urls[0] return-urls[2]"},
	} {
		body := map[string]any{}
		if test.urls != nil {
			body["return-urls"] = test.urls
		}

		a := put(t, r.URL+"/self/return-urls", authorization, string(must(json.Marshal(body))(t)))
		if a.status != http.StatusBadRequest || a.fields() != test.want {
			t.Errorf("%s: %d %q", name, a.status, a.fields())
		}
	}
}

// The old secret and every bearer token of the account end with the rotation.
func TestRotateSecret(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		first := bearer(t, r, "portal_ops", registerclient.RolePortal)
		second := renew(t, r, "portal_ops")
		other := bearer(t, r, "other", registerclient.RolePortal)
		a := post(t, r.URL+"/self/rotate-secret", first, `{"current-secret":"`+secretKey+`"}`)
		if a.status != http.StatusOK {
			t.Fatalf("%d %v", a.status, a.body)
		}
		for _, token := range []string{first, second} {
			expect(t, get(t, r.URL+"/self", token), http.StatusUnauthorized, "AUTH002")
		}

		expect(t, get(t, r.URL+"/auth/token", basic("portal_ops", secretKey)), http.StatusUnauthorized, "AUTH005")
		if self := get(t, r.URL+"/self", other); self.status != http.StatusOK {
			t.Errorf("another account's token: %d", self.status)
		}

		must(r.ClientWith(t, "portal_ops", a.body["secret-key"].(string)).ReadSelf(t.Context()))(t)
	})
}

// A wrong account is refused with every mistake.
func TestWrongAccounts(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	admin := bearer(t, r, "admin_ops", registerclient.RoleAdmin)
	create := func(body string) reply { return post(t, r.URL+"/admin/accounts", admin, body) }

	a := create(`{"account-id":"X","role":"data_user","display-name":" ","duid":"x","data-types":[]}`)
	if a.status != http.StatusBadRequest || a.fields() != "account-id duid display-name contact-url data-types" {
		t.Errorf("%d %q", a.status, a.fields())
	}

	a = create(`{"account-id":"wizard","role":"wizard","display-name":"x"}`)
	if a.fields() != "role" {
		t.Errorf("%d %q", a.status, a.fields())
	}

	a = create(`{"account-id":"admin_ops","role":"portal","display-name":"x"}`)
	expect(t, a, http.StatusConflict, "CON001")
	if got := a.message(); got != "Another account has this account-id or this duid." {
		t.Errorf("the message of the conflict is %q", got)
	}
}

// A repetition with the same key opens no second account, and returns no secret: the account's is sent once.
func TestCreateAccountWithIdempotencyKey(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	admin := bearer(t, r, "admin_ops", registerclient.RoleAdmin)
	const body = `{"account-id":"once","role":"portal","display-name":"x"}`
	first := keyed(t, r.URL+"/admin/accounts", admin, "k", body)
	second := keyed(t, r.URL+"/admin/accounts", admin, "k", body)
	_, again := second.body["secret-key"]
	if second.status != http.StatusCreated || second.header.Get("Idempotency-Replayed") != "true" ||
		first.body["secret-key"] == nil || again {
		t.Errorf("first %d, second %d %v", first.status, second.status, second.header)
	}
}

// A suspended account cannot authenticate until it is reactivated, a terminated one never again. Each change is audited
// once, however often it is repeated. An administrator cannot do this to its own account.
func TestSuspendAndTerminate(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		admin := r.ClientOf(t, registerclient.CreateAccountRequest{
			AccountID: "admin_ops",
			Role:      registerclient.RoleAdmin,
		})
		token := bearer(t, r, "portal_ops", registerclient.RolePortal)
		since := r.Clock.Now()
		for range 2 {
			got := must(admin.SuspendAccount(t.Context(), "portal_ops"))(t).Account
			if got.Status != "suspended" || !got.SuspendedAt.Equal(since) {
				t.Errorf("suspended: %+v", got)
			}

			r.Clock.Add(time.Minute)
		}

		expect(t, get(t, r.URL+"/self", token), http.StatusUnauthorized, "AUTH002")
		expect(t, get(t, r.URL+"/auth/token", basic("portal_ops", secretKey)), http.StatusUnauthorized, "AUTH005")
		for range 2 {
			got := must(admin.ReactivateAccount(t.Context(), "portal_ops"))(t).Account
			if got.Status != "active" || got.SuspendedAt != nil {
				t.Errorf("reactivated: %+v", got)
			}
		}

		// The token does not come back.
		expect(t, get(t, r.URL+"/self", token), http.StatusUnauthorized, "AUTH002")
		renew(t, r, "portal_ops")
		for range 2 {
			got := must(admin.TerminateAccount(t.Context(), "portal_ops"))(t).Account
			if got.Status != "terminated" || got.SuspendedAt == nil {
				t.Errorf("terminated: %+v", got)
			}
		}

		for name, err := range map[string]error{
			"reactivating":       errorOf(admin.ReactivateAccount(t.Context(), "portal_ops")),
			"suspending":         errorOf(admin.SuspendAccount(t.Context(), "portal_ops")),
			"suspending itself":  errorOf(admin.SuspendAccount(t.Context(), "admin_ops")),
			"terminating itself": errorOf(admin.TerminateAccount(t.Context(), "admin_ops")),
		} {
			if !errors.Is(err, registerclient.ErrConflict) {
				t.Errorf("%s: %v", name, err)
			}
		}

		if _, err := admin.SuspendAccount(t.Context(), "unknown"); !errors.Is(err, registerclient.ErrNotFound) {
			t.Errorf("an unknown account: %v", err)
		}

		var kinds []string
		log := must(admin.ReadAudit(t.Context(), registerclient.AuditQuery{AccountID: "admin_ops"}))(t)
		for _, event := range log.Events {
			kinds = append(kinds, event.EventType)
		}

		slices.Sort(kinds)
		want := []string{"account.reactivated", "account.suspended", "account.terminated"}
		if !slices.Equal(kinds, want) {
			t.Errorf("the audit log has %v, want %v", kinds, want)
		}
	})
}

// A supplier that fails locks no customer out. One that misbehaved does, until an administrator restores a contact. An
// unknown cause is refused by name, and a request without a body is for misconduct.
func TestCauseOfASuspension(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner := r.ClientOf(t, registerclient.CreateAccountRequest{
			AccountID: "bright_energy",
			Role:      registerclient.RoleDataUser,
		})
		identity(t, owner, "customer@example.com")
		portal := r.Client(t, registerclient.RolePortal)
		token := bearer(t, r, "admin_ops", registerclient.RoleAdmin)
		admin := r.ClientWith(t, "admin_ops", secretKey)
		expectMethods := func(name string, want int) {
			t.Helper()
			exists := must(portal.IdentityRecordExists(t.Context(), registertest.MeterPoint))(t)
			if len(exists.AvailableMethods) != want {
				t.Errorf("%s: methods %v, want %d", name, exists.AvailableMethods, want)
			}
		}

		suspend := r.URL + "/admin/accounts/bright_energy/suspend"
		a := post(t, suspend, token, `{"cause":"bankruptcy"}`)
		if a.status != http.StatusBadRequest || a.fields() != "cause" {
			t.Errorf("an unknown cause: %d %q", a.status, a.fields())
		}

		got := must(admin.SuspendAccountFor(t.Context(), "bright_energy", registerclient.CauseFailure))(t).Account
		if got.StatusCause == nil || *got.StatusCause != registerclient.CauseFailure {
			t.Errorf("suspended: %+v", got)
		}
		expectMethods("failed", 2)

		got = must(admin.ReactivateAccount(t.Context(), "bright_energy"))(t).Account
		if got.StatusCause != nil {
			t.Errorf("reactivated: %+v", got)
		}

		a = send(t, http.MethodPost, suspend, token, "", nil)
		expect(t, a, http.StatusOK, "")
		if cause := a.body["account"].(map[string]any)["status-cause"]; cause != "misconduct" {
			t.Errorf("without a body: %v", a.body)
		}
		expectMethods("misbehaved", 0)

		contact := must(admin.ListContacts(t.Context(), registertest.MeterPoint))(t).Contacts[0]
		if contact.Standing != registerclient.ContactProvisional || contact.Why != "account-misconduct" {
			t.Errorf("the contact: %+v", contact)
		}

		why := registerclient.ContactDecisionRequest{Reason: "The customer showed a bill."}
		must(admin.RestoreContact(t.Context(), contact.Contact, why))(t)
		expectMethods("restored", 2)

		got = must(admin.TerminateAccountFor(t.Context(), "bright_energy", registerclient.CauseFailure))(t).Account
		if *got.StatusCause != registerclient.CauseFailure {
			t.Errorf("terminated: %+v", got)
		}
		expectMethods("terminated", 2)
	})
}

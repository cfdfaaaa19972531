package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// A stolen bearer token can neither rotate the secret nor set return URLs: both need the current secret.
func TestBearerAloneChangesNothing(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	bearer(t, r, "other", registerclient.RolePortal)
	stolen := bearer(t, r, "portal_ops", registerclient.RolePortal)
	for name, test := range map[string]struct {
		secret, code string
	}{
		"none":                      {"", "AUTH004"},
		"empty":                     {`"current-secret":""`, "AUTH004"},
		"null":                      {`"current-secret":null`, "AUTH004"},
		"the token":                 {`"current-secret":"` + strings.TrimPrefix(stolen, "Bearer ") + `"`, "AUTH005"},
		"wrong":                     {`"current-secret":"another secret that is long enough"`, "AUTH005"},
		"right, with a blank after": {`"current-secret":"` + secretKey + ` "`, "AUTH005"},
	} {
		body := "{" + test.secret + "}"
		rotated := post(t, r.URL+"/self/rotate-secret", stolen, body)
		expect(t, rotated, http.StatusUnauthorized, test.code)
		if test.code == "AUTH004" && !strings.Contains(rotated.message(), "current-secret in the body") {
			t.Errorf("%s: the message is %q", name, rotated.message())
		}

		urls := `{"return-urls":["https://thief.example"]`
		if test.secret != "" {
			urls += "," + test.secret
		}
		expect(t, put(t, r.URL+"/self/return-urls", stolen, urls+"}"), http.StatusUnauthorized, test.code)
	}

	bare := send(t, http.MethodPost, r.URL+"/self/rotate-secret", stolen, "", nil)
	expect(t, bare, http.StatusUnauthorized, "AUTH004")
	self := get(t, r.URL+"/self", stolen).body["account"].(map[string]any)
	if len(self["return-urls"].([]any)) != 0 {
		t.Errorf("the return URLs are %v", self["return-urls"])
	}
	renew(t, r, "portal_ops")
}

// The secret proves itself by Basic authentication too, for these two operations and no others.
func TestBasicInPlaceOfBearer(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	bearer(t, r, "portal_ops", registerclient.RolePortal)
	bearer(t, r, "suspended", registerclient.RolePortal)
	bearer(t, r, "admin_ops", registerclient.RoleAdmin)
	r.Suspend(t, "suspended")
	right := basic("portal_ops", secretKey)
	urls := r.URL + "/self/return-urls"
	expect(t, put(t, urls, right, `{"return-urls":["https://a.example.org"]}`), http.StatusOK, "")
	expect(t, put(t, urls, right, `{"return-urls":[],"current-secret":"wrong"}`), http.StatusUnauthorized, "AUTH005")
	for _, wrong := range []string{
		basic("portal_ops", "wrong"), basic("nobody", secretKey), basic("suspended", secretKey), basic("", ""),
	} {
		refused := put(t, urls, wrong, `{"return-urls":[]}`)
		expect(t, refused, http.StatusUnauthorized, "AUTH005")
		if scheme := refused.header.Get("WWW-Authenticate"); !strings.HasPrefix(scheme, "Basic ") {
			t.Errorf("asked for %q", scheme)
		}
	}

	expect(t, put(t, urls, basic("admin_ops", secretKey), `{"return-urls":[]}`), http.StatusForbidden, "AUTH003")
	expect(t, get(t, r.URL+"/self", right), http.StatusUnauthorized, "AUTH001")
	expect(t, get(t, r.URL+"/admin/stats", basic("admin_ops", secretKey)), http.StatusUnauthorized, "AUTH001")

	rotated := send(t, http.MethodPost, r.URL+"/self/rotate-secret", right, "", nil)
	expect(t, rotated, http.StatusOK, "")
	must(r.ClientWith(t, "portal_ops", rotated.body["secret-key"].(string)).ReadSelf(t.Context()))(t)
}

// A repetition of a rotation needs the secret that is current by then, and returns no secret. None is kept.
func TestRepeatedRotationHoldsNoSecret(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	bearer(t, r, "portal_ops", registerclient.RolePortal)
	address := r.URL + "/self/rotate-secret"
	first := keyed(t, address, basic("portal_ops", secretKey), "k", "{}")
	expect(t, first, http.StatusOK, "")
	secret := first.body["secret-key"].(string)
	expect(t, keyed(t, address, basic("portal_ops", secretKey), "k", "{}"), http.StatusUnauthorized, "AUTH005")

	again := keyed(t, address, basic("portal_ops", secret), "k", "{}")
	expect(t, again, http.StatusOK, "")
	if _, told := again.body["secret-key"]; told || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("repeated: %v %v", again.header, again.body)
	}
	must(r.ClientWith(t, "portal_ops", secret).ReadSelf(t.Context()))(t)
}

// Wrong secrets are limited for an account and an address, at all three operations together. Another account is not
// locked out, and the account itself is not once the window is over.
func TestWrongSecretsAreLimited(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		token := bearer(t, r, "portal_ops", registerclient.RolePortal)
		bearer(t, r, "other", registerclient.RolePortal)
		wrong := basic("portal_ops", "wrong")
		const body = `{"current-secret":"wrong","return-urls":[]}`
		for range 10 {
			expect(t, get(t, r.URL+"/auth/token", wrong), http.StatusUnauthorized, "AUTH005")
			expect(t, put(t, r.URL+"/self/return-urls", token, body), http.StatusUnauthorized, "AUTH005")
			expect(t, post(t, r.URL+"/self/rotate-secret", token, `{"current-secret":"x"}`),
				http.StatusUnauthorized, "AUTH005")
		}

		expect(t, get(t, r.URL+"/auth/token", wrong), http.StatusTooManyRequests, "ERR000")
		right := `{"current-secret":"` + secretKey + `"}`
		limited := post(t, r.URL+"/self/rotate-secret", token, right)
		expect(t, limited, http.StatusTooManyRequests, "ERR000")
		if limited.header.Get("Retry-After") == "" {
			t.Error("the response does not say how long to wait")
		}
		renew(t, r, "other")
		if self := get(t, r.URL+"/self", token); self.status != http.StatusOK {
			t.Errorf("the token itself: %d", self.status)
		}

		r.Clock.Add(15*time.Minute + time.Second)
		renew(t, r, "portal_ops")
	})
}

// The rows of the limits and of the repetitions hold no secret that was sent.
func TestNoSecretIsStored(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	bearer(t, r, "portal_ops", registerclient.RolePortal)
	get(t, r.URL+"/auth/token", basic(secretKey, secretKey))
	get(t, r.URL+"/auth/token", basic("portal_ops", secretKey+"!"))
	var buckets []string
	err := r.DB.Read.SelectContext(t.Context(), &buckets, `SELECT bucket FROM limits`)
	if err != nil || len(buckets) != 2 || strings.Contains(strings.Join(buckets, " "), secretKey) {
		t.Errorf("limits %q, %v", buckets, err)
	}
}

package api_test

import (
	"net/http"
	"reflect"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// A bearer token is valid for two hours.
func TestBearerTokenLifetime(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	token := bearer(t, r, "portal_ops", registerclient.RolePortal)
	exists := r.URL + "/identity-records/exists?mpxn=" + registertest.MeterPoint
	r.Clock.Add(7199 * time.Second)
	if a := get(t, exists, token); a.status != http.StatusOK {
		t.Fatalf("a second before its end: %d %v", a.status, a.body)
	}

	r.Clock.Add(time.Second)
	expect(t, get(t, exists, token), http.StatusUnauthorized, "AUTH002")
	a := get(t, r.URL+"/auth/token", basic("portal_ops", secretKey))
	if a.body["expires"] != 7200.0 || len(a.body) != 2 {
		t.Errorf("the token response is %v", a.body)
	}
}

// An unknown account, a suspended account and a wrong secret get the same response.
func TestWrongCredentialsLookAlike(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	bearer(t, r, "portal_ops", registerclient.RolePortal)
	bearer(t, r, "suspended", registerclient.RolePortal)
	r.Suspend(t, "suspended")
	wrong := get(t, r.URL+"/auth/token", basic("portal_ops", "wrong"))
	expect(t, wrong, http.StatusUnauthorized, "AUTH005")
	for name, authorization := range map[string]string{
		"unknown account":                  basic("unknown", secretKey),
		"malformed account id":             basic("a\x00b", secretKey),
		"suspended account, right secret":  basic("suspended", secretKey),
		"no account":                       basic("", ""),
		"the right account with no secret": basic("portal_ops", ""),
	} {
		a := get(t, r.URL+"/auth/token", authorization)
		if a.status != wrong.status || !reflect.DeepEqual(a.body["errors"], wrong.body["errors"]) {
			t.Errorf("%s: %d %v, want as for a wrong secret", name, a.status, a.body)
		}
	}

	for _, malformed := range []string{"", "Basic", "Basic !!!", "Bearer x"} {
		expect(t, get(t, r.URL+"/auth/token", malformed), http.StatusUnauthorized, "AUTH004")
	}
}

// The suspension of an account ends its bearer tokens at once.
func TestSuspensionEndsTokens(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	token := bearer(t, r, "portal_ops", registerclient.RolePortal)
	r.Suspend(t, "portal_ops")
	a := get(t, r.URL+"/identity-records/exists?mpxn="+registertest.MeterPoint, token)
	expect(t, a, http.StatusUnauthorized, "AUTH002")
}

package api_test

import (
	"net/http"
	"net/url"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// A query is decoded strictly: unknown, repeated, empty and malformed parameters are refused by name. A meter point may
// be written with spaces and hyphens.
func TestQueryIsStrict(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	portal := bearer(t, r, "portal_ops", registerclient.RolePortal)
	for query, field := range map[string]string{
		"":                                      "mpxn",
		"mpxn=":                                 "mpxn",
		"mpxn=12":                               "mpxn",
		"mpxn=12345678901234":                   "mpxn",
		"mpxn=IO12345678":                       "mpxn",
		"mpxn=2312345678901&mpxn=2312345678901": "mpxn",
		"mpxn=2312345678901&colour=red":         "colour",
		"mpxn=%ff":                              "mpxn",
		"mpxn=%00":                              "mpxn",
		"mpxn=%zz":                              "mpxn",
		"mpxn=2312345678901&%ff=1":              "%FF",
		"mpxn=2312345678901&%zz=1":              "%zz",
		"mpxn=2312345678901;state=ACTIVE":       "mpxn",
		"mpxn=2312345678901&a;b=1":              "a%3Bb",
		"mpxn=2312345678901&%E2%80%AE=1":        "%E2%80%AE",
	} {
		a := get(t, r.URL+"/identity-records/exists?"+query, portal)
		if a.status != http.StatusBadRequest || a.code() != "VAL001" || a.fields() != field {
			t.Errorf("%q: %d %q naming %q, want %q", query, a.status, a.code(), a.fields(), field)
		}
	}

	owner := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	for query, fields := range map[string]string{
		"":                            "mpxn",
		"mpxn=":                       "mpxn",
		"email=":                      "email",
		"mpxn=&email=a%40example.com": "mpxn",
		"mpxn=2312345678901&email=":   "email",
	} {
		a := get(t, r.URL+"/identity-records?"+query, owner)
		if a.status != http.StatusBadRequest || a.fields() != fields {
			t.Errorf("look-up by %q: %d naming %q", query, a.status, a.fields())
		}
	}

	// A Data User acts without the customer's token: a token is refused, and not ignored.
	for method, path := range map[string]string{
		http.MethodGet:    "/meter-points/2312345678901/access-records",
		http.MethodDelete: "/access-records/ak_0123456789abcdef01234567",
	} {
		a := send(t, method, r.URL+path+"?reidentification-token=mlr_0123456789abcdef01234567", owner, "", nil)
		if a.status != http.StatusBadRequest {
			t.Errorf("%s by a Data User with a token: %d", path, a.status)
		}
	}

	if a := get(t, r.URL+"/openapi.yaml?colour=red", ""); a.fields() != "colour" {
		t.Errorf("the document with a parameter: %d naming %q", a.status, a.fields())
	}
	for _, mpxn := range []string{
		"2312345678901",
		"23 1234 5678 901",
		"23-1234-5678-901",
		"123456",
		"1234567890",
		"AB12345678",
	} {
		a := get(t, r.URL+"/identity-records/exists?mpxn="+url.QueryEscape(mpxn), portal)
		if a.status != http.StatusOK {
			t.Errorf("%q: %d", mpxn, a.status)
		}
	}
}

package api_test

import (
	"strings"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// The log holds the route of a request, and no meter point, e-mail or postal address, token or secret.
func TestLogHoldsNothingPersonal(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := r.Client(t, registerclient.RoleDataUser)
	portal := bearer(t, r, "portal_ops", registerclient.RolePortal)
	record := registertest.IdentityRecord(registertest.MeterPoint, "canary@example.com")
	must(owner.CreateIdentityRecord(t.Context(), record))(t)
	started := post(t, r.URL+"/identity-records/reidentify", portal, `{"mpxn":"2312345678901","method":"magic-link"}`)
	token := started.body["magic-link"].(map[string]any)["token-ref"].(string)
	get(t, r.URL+"/identity-records/reidentify/"+token, portal)
	get(t, r.URL+"/meter-points/2312345678901/access-records?reidentification-token="+token, portal)
	get(t, r.URL+"/meter-points/2312345678901/access-records?reidentification-token="+token, portal)
	get(t, r.URL+"/identity-records/exists?mpxn=2312345678901&canary@example.com=1", portal)
	get(t, r.URL+"/auth/token", basic("portal_ops", "a wrong canary"))

	log := r.Log.String()
	if !strings.Contains(log, `"route":"/v1/meter-points/:mpxn/access-records"`) {
		t.Fatalf("the requests were not logged:\n%s", log)
	}

	for _, canary := range []string{
		registertest.MeterPoint,
		"canary",
		token,
		strings.TrimPrefix(portal, "Bearer "),
		"Acacia",
	} {
		if strings.Contains(log, canary) {
			t.Errorf("the log holds %q", canary)
		}
	}
}

package api_test

import (
	"net/http"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// A portal names its adviser in a reading, and the household reads it. A Data User may not name one, and a name that is
// not one refuses the call and consumes no token.
func TestReadingsNameTheAdviser(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, portal, ir := household(t, r)
	create(t, owner, ir, registerclient.BasisConsent)
	token := magicLink(t, portal)

	ctx := registerclient.WithAdviser(t.Context(), "Siân 100% Evans")
	must(portal.ListAccessRecords(ctx, registertest.MeterPoint, registerclient.ListAccessRecordsQuery{
		ReidentificationToken: token,
	}))(t)
	got := must(portal.Readings(ctx, registertest.MeterPoint, registerclient.ReadingsQuery{
		ReidentificationToken: token,
		Kind:                  registerclient.ReadingCustomerList,
	}))(t)
	if len(got.Readings) != 1 || got.Readings[0].Adviser != "Siân 100% Evans" ||
		got.Readings[0].ReaderName == "" || !got.Readings[0].At.Equal(r.Clock.Now()) {
		t.Errorf("the readings are %+v", got.Readings)
	}

	other := bearer(t, r, "portal_ops", registerclient.RolePortal)
	started := post(t, r.URL+"/identity-records/reidentify", other, `{"mpxn":"2312345678901","method":"magic-link"}`)
	unused := started.body["magic-link"].(map[string]any)["token-ref"].(string)
	for name, values := range map[string][]string{
		"not escaped correctly": {"Ann %zz"},
		"not UTF-8":             {"%ff"},
		"empty":                 {""},
		"two":                   {"Ann", "Ben"},
		"a control character":   {"Ann%0a"},
	} {
		header := http.Header{"Authorization": {other}, "X-Dar-Adviser": values}
		for _, path := range []string{reading, "/meter-points/2312345678901/readings"} {
			a := sendWith(t, http.MethodGet, r.URL+path+"?reidentification-token="+unused, header, nil)
			if a.status != http.StatusBadRequest || a.fields() != "X-DAR-Adviser" {
				t.Errorf("%s: %d %q", name, a.status, a.fields())
			}
		}
	}
	a := get(t, r.URL+reading+"?reidentification-token="+unused, other)
	expect(t, a, http.StatusOK, "")
	for _, query := range []string{"&kind=", "&kind=other", "&limit=0", "&cursor=x"} {
		refused := get(t, r.URL+"/meter-points/2312345678901/readings?reidentification-token="+unused+query, other)
		expect(t, refused, http.StatusBadRequest, "VAL001")
	}

	dataUser := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	header := http.Header{"Authorization": {dataUser}, "X-Dar-Adviser": {"Ann"}}
	a = sendWith(t, http.MethodGet, r.URL+reading, header, nil)
	if a.status != http.StatusBadRequest || a.fields() != "X-DAR-Adviser" {
		t.Errorf("by a Data User: %d %q", a.status, a.fields())
	}
}

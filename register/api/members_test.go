package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// setAt sets the member of a JSON value at a path such as controllers[1].name. It deletes the member if raw is nil.
func setAt(t testing.TB, value any, path string, raw json.RawMessage) {
	t.Helper()
	steps := strings.Split(strings.NewReplacer("[", ".", "]", "").Replace(path), ".")
	for i, step := range steps {
		last := i == len(steps)-1
		switch inside := value.(type) {
		case map[string]any:
			switch {
			case last && raw == nil:
				delete(inside, step)
			case last:
				inside[step] = raw
			}

			value = inside[step]
		case []any:
			index := must(strconv.Atoi(step))(t)
			if last {
				inside[index] = raw
			}

			value = inside[index]
		default:
			t.Fatalf("there is no %s in %v", path, value)
		}
	}
}

// body is a good body of an operation.
type body struct {
	path, credentials, text string
}

// bodies returns a body with every member for each POST of the route table.
func bodies(t testing.TB, r *registertest.Register) map[string]body {
	t.Helper()
	found := map[string]body{}
	for _, s := range seeds(t, r) {
		method, path, _ := strings.Cut(s.operation, " ")
		if _, ok := found[path]; ok || method != http.MethodPost || s.body == "" || path == "/access-records/batch" {
			continue
		}

		found[path] = body{s.path(""), s.credentials, s.body}
	}

	return found
}

// with posts the body with one member changed.
func (b body) with(t testing.TB, r *registertest.Register, member string, raw json.RawMessage) reply {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(b.text), &value); err != nil {
		t.Fatal(err)
	}

	setAt(t, value, member, raw)

	return post(t, r.URL+b.path, b.credentials, string(must(json.Marshal(value))(t)))
}

// end ends the access record that a request registered, if it did: few may be active at one meter point.
func (a reply) end(t testing.TB, r *registertest.Register, credentials string) {
	t.Helper()
	token, _ := a.body["access-token"].(map[string]any)
	if ak, ok := token["key"].(string); ok && a.status < 300 {
		send(t, http.MethodDelete, r.URL+"/access-records/"+ak, credentials, "", nil)
	}
}

// quote returns a JSON string.
func quote(s string) json.RawMessage {
	raw, _ := json.Marshal(s)

	return raw
}

// The paths of members inside an access record.
const (
	arrangement = "record-metadata.controller-arrangement."
	controller  = arrangement + "controllers[0]."
)

// A text may have its published length in characters, and not one more.
func TestTextLengths(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	good := bodies(t, r)
	for path, limits := range map[string]map[string]int{
		"/identity-records": {
			"pii-principal.address.addressLine1":      100,
			"pii-principal.address.addressLine2":      100,
			"pii-principal.address.townCity":          100,
			"pii-principal.address.county":            100,
			"principal-verification.method":           100,
			"principal-verification.reference":        255,
			"principal-verification.submitted":        255,
			"principal-verification.verified-against": 255,
		},
		"/access-records": {
			arrangement + "art26-reference":     500,
			controller + "lia-reference":        255,
			controller + "statutory-reference":  500,
			controller + "address.addressLine1": 100,
			controller + "address.addressLine2": 100,
			controller + "address.townCity":     100,
			controller + "address.county":       100,
			"notice.notices[0].notice-version":  50,
			"processing.purpose":                500,
			"processing.data-source":            255,
			"processing.recipients[0].name":     255,
			"processing.recipients[0].role":     100,
			"access-event.controller-reference": 255,
			"access-event.consent.method":       100,
		},
		"/discovered-access": {"organisation-name": 255, "organisation-reference": 255, "source-reference": 255},
		"/cot-events":        {"source-reference": 255},
		"/admin/accounts":    {"display-name": 255, "organisation-reference": 255},
	} {
		for member, most := range limits {
			a := good[path].with(t, r, member, quote(strings.Repeat("é", most)))
			if a.status >= 300 && a.status != http.StatusConflict {
				t.Errorf("%s %s of %d: %d %v", path, member, most, a.status, a.body["errors"])
			}

			a = good[path].with(t, r, member, quote(strings.Repeat("é", most+1)))
			if a.status != http.StatusBadRequest || a.fields() != member {
				t.Errorf("%s %s of %d: %d naming %q", path, member, most+1, a.status, a.fields())
			}
		}
	}

	// The notice has the controller's name too, and is named as well.
	a := good["/access-records"].with(t, r, controller+"name", quote(strings.Repeat("é", 256)))
	if !slices.Contains(strings.Fields(a.fields()), controller+"name") {
		t.Errorf("a name of 256: %d naming %q", a.status, a.fields())
	}
}

// A member that is published as required is refused by name if it is missing. The others may be missing.
func TestRequiredMembers(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	good := bodies(t, r)
	for path, members := range map[string][]string{
		"/identity-records": {
			"pii-principal.mpxn", "pii-principal.move-in-date", "pii-principal.address.addressLine1",
			"pii-principal.address.townCity", "pii-principal.address.postcode", "expressed-by",
			"principal-verification.method", "principal-verification.verified-at", "principal-verification.outcome",
		},
		"/identity-records/reidentify":      {"mpxn", "method"},
		"/identity-records/:ir/re-identify": {"method"},
		"/access-records": {
			"record-metadata.schema-version", "record-metadata.identity-record-ref",
			arrangement + "arrangement-type", arrangement + "controllers",
			controller + "name", controller + "role", controller + "contact-url",
			controller + "storage-conditions.location", controller + "storage-conditions.retention-period",
			"notice", "notice.notices[0].controller-name", "notice.notices[0].terms-url",
			"notice.notices[0].notice-version",
			"processing.legal-basis", "processing.purpose", "processing.data-types",
			"processing.recipients[0].name", "processing.recipients[0].role",
			"access-event.state", "access-event.registered-at", "access-event.expiry",
			"access-event.consent", "access-event.consent.consent-type",
		},
		"/discovered-access": {
			"mpxn", "organisation-name", "organisation-reference", "first-seen", "data-types-observed",
			"source-reference",
		},
		"/cot-events":     {"mpxn", "effective-date", "source-reference"},
		"/webhooks":       {"callback-url", "alert-email"},
		"/admin/accounts": {"account-id", "display-name", "role"},
	} {
		for _, member := range members {
			a := good[path].with(t, r, member, nil)
			if a.status != http.StatusBadRequest || !slices.Contains(strings.Fields(a.fields()), member) {
				t.Errorf("%s without %s: %d naming %q", path, member, a.status, a.fields())
			}
		}
	}

	for path, members := range map[string][]string{
		"/identity-records": {
			"pii-principal.address", "pii-principal.address.addressLine2", "pii-principal.address.county",
			"principal-verification", "principal-verification.reference", "principal-verification.submitted",
			"principal-verification.verified-against", "principal-verification.detail", "email",
		},
		"/access-records": {
			arrangement + "art26-reference", controller + "address", controller + "privacy-rights-url",
			controller + "lia-reference", controller + "statutory-reference", controller + "storage-conditions",
			"notice.notices[0].notice-language", "processing.jurisdiction", "processing.data-source",
			"processing.recipients", "processing.recipients[0].privacy-url",
			"access-event.controller-reference", "access-event.consent.method",
		},
		"/discovered-access": {"last-seen"},
	} {
		for _, member := range members {
			if a := good[path].with(t, r, member, nil); a.status >= 300 {
				t.Errorf("%s without %s: %d %v", path, member, a.status, a.body["errors"])
			}
		}
	}
}

// Every published value and pattern is accepted. The nearest other values are refused.
func TestPublishedValues(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	bodies := bodies(t, r)
	for _, test := range []struct {
		path, member string
		// Values, separated by bars.
		good, bad string
	}{
		{
			"/identity-records", "pii-principal.mpxn",
			"123456|1234567|12345678|123456789|1234567890|123456789012|2312345678901|" +
				"AB12345678|9Z123456789|ZZ1234567890",
			"12345|12345678901234|A112|AB1234567|AB12345678901|IB12345678|OB12345678|QB12345678|" +
				"ab12345678|ABC12345678|1234567890x",
		},
		{
			"/identity-records", "pii-principal.address.postcode",
			"M14 5RT|EC1A 1BB|W1D1LL|M1 1AA|B33 8TH",
			"m14 5rt|M145|ABC1 1AA|M14  5RT|M14 5RTX",
		},
		{"/identity-records", "expressed-by", "data-subject|authorised-representative", "Data-Subject|somebody"},
		{"/identity-records", "principal-verification.outcome", "verified|failed|partial", "VERIFIED|unknown"},
		{
			"/identity-records", "principal-verification.verified-at",
			"2024-01-15T10:00:00Z|2024-01-15T10:00:00.123Z|2024-01-15T10:00:00+01:00",
			"2024-01-15|2024-01-15T10:00:00|2024-02-30T10:00:00Z|2024-01-15T24:00:00Z",
		},
		{
			"/identity-records", "pii-principal.move-in-date",
			"2024-02-29",
			"2023-02-29|2024-2-9|15/01/2024|2024-01-15T00:00:00Z",
		},
		{"/access-records", "access-event.consent.consent-type", "expressed-consent|explicit-consent", "consent"},
		{"/access-records", controller + "storage-conditions.location", "GB|IE", "gb|GBR|G"},
		{
			"/access-records", controller + "storage-conditions.retention-period",
			"P2Y|P18M|P6W|P30D|P1Y6M",
			"P|2Y|PT1H|P1W1D|p2y",
		},
		{"/access-records", "notice.notices[0].notice-language", "en|cy", "EN|eng|e"},
		{"/access-records", "processing.jurisdiction", "GB", "UK|gb"},
		{"/access-records", "record-metadata.schema-version", "1.0", "1|2.0"},
		{
			"/access-records", "record-metadata.identity-record-ref",
			"",
			"ir_0123456789ABCDEF01234567|ir_0123|0123456789abcdef01234567",
		},
		{
			"/access-records", "processing.data-types[0]",
			"HH-EXPORT|MTH-CONSUMPTION|MTH-EXPORT|ANNUAL-CONSUMPTION|ANNUAL-EXPORT|TARIFF-EXPORT|HH-CONSUMPTION",
			"hh-export|HH|TARIFF",
		},
		{"/identity-records/reidentify", "method", "magic-link", "sms|MAGIC-LINK"},
		{"/webhooks", "event-types[0]", "", "consent.expiry|discovered.access"},
		{"/admin/accounts", "account-id", "", "ab|Abc|a.b|-abc"},
		{"/admin/accounts", "duid", "", "duid_x|ak_0123456789abcdef01234567|0123456789abcdef01234567"},
		{"/admin/accounts", "role", "", "customer|controller|DCC"},
	} {
		for value := range strings.SplitSeq(test.good, "|") {
			a := bodies[test.path].with(t, r, test.member, quote(value))
			if value != "" && a.status >= 300 {
				t.Errorf("%s %s %q: %d %v", test.path, test.member, value, a.status, a.body["errors"])
			}

			a.end(t, r, bodies[test.path].credentials)
		}

		for value := range strings.SplitSeq(test.bad, "|") {
			a := bodies[test.path].with(t, r, test.member, quote(value))
			if a.status != http.StatusBadRequest || a.fields() != test.member {
				t.Errorf("%s %s %q: %d naming %q", test.path, test.member, value, a.status, a.fields())
			}
		}
	}
}

// A day is a real one, from 1900 to 2999.
func TestDaysAreInRange(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	dcc := bearer(t, r, "dcc_system", registerclient.RoleDCC)
	for day, status := range map[string]int{
		"0000-01-01": 400,
		"1899-12-31": 400,
		"1900-01-01": 201,
		"2999-12-31": 201,
		"3000-01-01": 400,
		"2026-02-29": 400,
		"2026-2-1":   400,
		"":           400,
	} {
		report := `{"mpxn":"2312345678901","effective-date":"` + day + `","source-reference":"` + day + `-"}`
		a := post(t, r.URL+"/cot-events", dcc, report)
		if a.status != status || status == 400 && a.fields() != "effective-date" {
			t.Errorf("%q: %d naming %q, want %d", day, a.status, a.fields(), status)
		}
	}
}

// A name holds no invisible character and none that turns the direction of the text: it could read as another name.
func TestNamesAreLegible(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	dcc := bearer(t, r, "dcc_system", registerclient.RoleDCC)
	report := func(in registerclient.DiscoveredAccess) reply {
		return post(t, r.URL+"/discovered-access", dcc, string(must(json.Marshal(in))(t)))
	}
	reportName := func(name string) reply {
		in := sighting("SEC-OU-00429")
		in.OrganisationName = name

		return report(in)
	}
	const illegible = "\x00\t\n\r\x1b\x7f\u0085\u00ad\u034f\u061c\u115f\u180e\u200b\u200c\u200d\u200e\u200f" +
		"\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\u2800\u3164\u0378" +
		"\ue000\ufe0f\ufeff\uffff\U000e0041\U0010fffd"
	for _, c := range illegible {
		a := reportName("Acme" + string(c) + "Energy")
		if a.status != http.StatusBadRequest || a.fields() != "organisation-name" {
			t.Errorf("%U: %d naming %q", c, a.status, a.fields())
		}
	}

	a := reportName("Acme" + strings.Repeat("\u0301\u0489", 3))
	if a.status != http.StatusBadRequest || a.fields() != "organisation-name" {
		t.Errorf("a tower of marks: %d naming %q", a.status, a.fields())
	}

	for _, name := range []string{
		"e\u0323\u0302\u0301\u0331 e\u0301",
		"Ynni’r Ŵyl – Môn & Arfon (2026) Ltd.",
		"日本電力",
		"شركة الطاقة",
		"Größe+½ £",
		"Eco 🌱",
	} {
		if a := reportName(name); a.status >= 300 {
			t.Errorf("%q: %d %v", name, a.status, a.body["errors"])
		}
	}

	in := sighting("SEC-OU-00430")
	in.FirstSeen = "2999-01-01"
	in.LastSeen = ""
	if a := report(in); a.fields() != "first-seen" {
		t.Errorf("first seen in the future: %d naming %q", a.status, a.fields())
	}
}

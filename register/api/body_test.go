package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"central.consent/dar/register/registertest"
)

// setAt sets the member of a JSON value at a path such as controllers[1].name; a nil raw takes it out.
func setAt(t testing.TB, value any, path string, raw json.RawMessage) {
	t.Helper()
	tokens := strings.Split(strings.NewReplacer("[", ".", "]", "").Replace(path), ".")
	for i, token := range tokens {
		last := i == len(tokens)-1
		switch inside := value.(type) {
		case map[string]any:
			switch {
			case last && raw == nil:
				delete(inside, token)
			case last:
				inside[token] = raw
			}

			value = inside[token]
		case []any:
			at := must(strconv.Atoi(token))(t)
			if last {
				inside[at] = raw
			}
			value = inside[at]
		default:
			t.Fatalf("there is no %s in %v", path, value)
		}
	}
}

// body is a kind of body by an operation that takes it.
type body struct {
	path, credentials string
	good              string
}

// bodies are one of each kind with every member that there is.
func bodies(t testing.TB, r *registertest.Register) map[string]body {
	t.Helper()
	kinds := map[string]body{}
	for _, s := range seeds(t, r) {
		method, path, _ := strings.Cut(s.operation, " ")
		if _, known := kinds[path]; method == http.MethodPost && s.body != "" && !known &&
			path != "/access-records/batch" {
			kinds[path] = body{s.path(""), s.credentials, s.body}
		}
	}

	return kinds
}

// with posts a body in which one member is changed.
func (b body) with(t testing.TB, r *registertest.Register, member string, raw json.RawMessage) answer {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(b.good), &value); err != nil {
		t.Fatal(err)
	}

	setAt(t, value, member, raw)
	return post(t, r.URL+b.path, b.credentials, string(must(json.Marshal(value))(t)))
}

// Every text may have its published length in characters, and not one more.
func TestTextLengths(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	kinds := bodies(t, r)
	const controller = "record-metadata.controller-arrangement.controllers[0]."
	for path, limits := range map[string]map[string]int{
		"/identity-records": {
			"pii-principal.address.addressLine1": 100, "pii-principal.address.addressLine2": 100, "pii-principal.address.townCity": 100, "pii-principal.address.county": 100,
			"principal-verification.method": 100, "principal-verification.reference": 255, "principal-verification.submitted": 255, "principal-verification.verified-against": 255,
		},
		"/access-records": {
			"record-metadata.controller-arrangement.art26-reference": 500, controller + "lia-reference": 255, controller + "statutory-reference": 500,
			controller + "address.addressLine1": 100, controller + "address.addressLine2": 100, controller + "address.townCity": 100, controller + "address.county": 100,
			"notice.notices[0].notice-version": 50, "processing.purpose": 500, "processing.data-source": 255, "processing.recipients[0].name": 255,
			"processing.recipients[0].role": 100, "access-event.controller-reference": 255, "access-event.consent.method": 100,
		},
		"/discovered-access": {"organisation-name": 255, "organisation-reference": 255, "source-reference": 255},
		"/cot-events":        {"source-reference": 255},
		"/admin/accounts":    {"display-name": 255, "organisation-reference": 255},
	} {
		for member, most := range limits {
			if a := kinds[path].with(
				t,
				r,
				member,
				text(strings.Repeat("é", most)),
			); a.status >= 300 &&
				a.status != http.StatusConflict {
				t.Errorf("%s %s of %d: %d %v", path, member, most, a.status, a.body["errors"])
			}
			if a := kinds[path].with(
				t,
				r,
				member,
				text(strings.Repeat("é", most+1)),
			); a.status != http.StatusBadRequest ||
				a.fields() != member {
				t.Errorf("%s %s of %d: %d naming %q", path, member, most+1, a.status, a.fields())
			}
		}
	}

	// A controller's name stands in its notice as well.
	name := text(strings.Repeat("é", 256))
	if a := kinds["/access-records"].with(
		t,
		r,
		controller+"name",
		name,
	); !slices.Contains(
		strings.Fields(a.fields()),
		controller+"name",
	) {
		t.Errorf("a name of 256: %d naming %q", a.status, a.fields())
	}
}

func text(s string) json.RawMessage {
	raw, _ := json.Marshal(s)
	return raw
}

// Every member that is published as required is refused by name if it is missing; the others may be missing.
func TestRequiredMembers(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	kinds := bodies(t, r)
	const arrangement = "record-metadata.controller-arrangement."
	for path, members := range map[string]string{
		"/identity-records": "pii-principal.mpxn pii-principal.move-in-date pii-principal.address.addressLine1 pii-principal.address.townCity " +
			"pii-principal.address.postcode expressed-by principal-verification.method principal-verification.verified-at principal-verification.outcome",
		"/identity-records/reidentify":      "mpxn method",
		"/identity-records/:ir/re-identify": "method",
		"/access-records": "record-metadata.schema-version record-metadata.identity-record-ref " + arrangement + "arrangement-type " + arrangement + "controllers " + arrangement + "controllers[0].name " +
			arrangement + "controllers[0].role " + arrangement + "controllers[0].contact-url " + arrangement + "controllers[0].storage-conditions.location " +
			arrangement + "controllers[0].storage-conditions.retention-period notice notice.notices[0].controller-name notice.notices[0].terms-url notice.notices[0].notice-version " +
			"processing.legal-basis processing.purpose processing.data-types processing.recipients[0].name processing.recipients[0].role access-event.state " +
			"access-event.registered-at access-event.expiry access-event.consent access-event.consent.consent-type",
		"/discovered-access": "mpxn organisation-name organisation-reference first-seen data-types-observed source-reference",
		"/cot-events":        "mpxn effective-date source-reference",
		"/webhooks":          "callback-url alert-email",
		"/admin/accounts":    "account-id display-name role",
	} {
		for member := range strings.FieldsSeq(members) {
			if a := kinds[path].with(
				t,
				r,
				member,
				nil,
			); a.status != http.StatusBadRequest ||
				!slices.Contains(strings.Fields(a.fields()), member) {
				t.Errorf("%s without %s: %d naming %q", path, member, a.status, a.fields())
			}
		}
	}

	for path, members := range map[string]string{
		"/identity-records": "pii-principal.address principal-verification principal-verification.reference principal-verification.submitted " +
			"principal-verification.verified-against principal-verification.detail email pii-principal.address.addressLine2 pii-principal.address.county",
		"/access-records": arrangement + "art26-reference " + arrangement + "controllers[0].address " + arrangement + "controllers[0].privacy-rights-url " +
			arrangement + "controllers[0].lia-reference " + arrangement + "controllers[0].statutory-reference " + arrangement + "controllers[0].storage-conditions " +
			"notice.notices[0].notice-language processing.jurisdiction processing.data-source processing.recipients processing.recipients[0].privacy-url " +
			"access-event.controller-reference access-event.consent.method",
		"/discovered-access": "last-seen",
	} {
		for member := range strings.FieldsSeq(members) {
			if a := kinds[path].with(t, r, member, nil); a.status >= 300 {
				t.Errorf("%s without %s: %d %v", path, member, a.status, a.body["errors"])
			}
		}
	}
}

// Every published value and pattern is accepted; values just beside them are refused.
func TestPublishedValues(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	kinds := bodies(t, r)
	const controller = "record-metadata.controller-arrangement.controllers[0]."
	for _, test := range []struct{ path, member, good, bad string }{
		{"/identity-records", "pii-principal.mpxn", "123456|1234567|12345678|123456789|1234567890|123456789012|2312345678901|AB12345678|9Z123456789|ZZ1234567890",
			"12345|12345678901234|A112|AB1234567|AB12345678901|IB12345678|OB12345678|QB12345678|ab12345678|ABC12345678|1234567890x"},
		{"/identity-records", "pii-principal.address.postcode", "M14 5RT|EC1A 1BB|W1D1LL|M1 1AA|B33 8TH", "m14 5rt|M145|ABC1 1AA|M14  5RT|M14 5RTX"},
		{"/identity-records", "expressed-by", "data-subject|authorised-representative", "Data-Subject|somebody"},
		{"/identity-records", "principal-verification.outcome", "verified|failed|partial", "VERIFIED|unknown"},
		{"/identity-records", "principal-verification.verified-at", "2024-01-15T10:00:00Z|2024-01-15T10:00:00.123Z|2024-01-15T10:00:00+01:00", "2024-01-15|2024-01-15T10:00:00|2024-02-30T10:00:00Z|2024-01-15T24:00:00Z"},
		{"/identity-records", "pii-principal.move-in-date", "2024-02-29", "2023-02-29|2024-2-9|15/01/2024|2024-01-15T00:00:00Z"},
		{"/access-records", "access-event.consent.consent-type", "expressed-consent|explicit-consent", "consent"},
		{"/access-records", controller + "storage-conditions.location", "GB|IE", "gb|GBR|G"},
		{"/access-records", controller + "storage-conditions.retention-period", "P2Y|P18M|P6W|P30D|P1Y6M", "P|2Y|PT1H|P1W1D|p2y"},
		{"/access-records", "notice.notices[0].notice-language", "en|cy", "EN|eng|e"},
		{"/access-records", "processing.jurisdiction", "GB", "UK|gb"},
		{"/access-records", "record-metadata.schema-version", "1.0", "1|2.0"},
		{"/access-records", "record-metadata.identity-record-ref", "", "ir_0123456789ABCDEF01234567|ir_0123|0123456789abcdef01234567"},
		{"/access-records", "processing.data-types[0]", "HH-EXPORT|MTH-CONSUMPTION|MTH-EXPORT|ANNUAL-CONSUMPTION|ANNUAL-EXPORT|TARIFF-EXPORT|HH-CONSUMPTION", "hh-export|HH|TARIFF"},
		{"/identity-records/reidentify", "method", "magic-link", "sms|MAGIC-LINK"},
		{"/webhooks", "event-types[0]", "", "consent.expiry|discovered.access"},
		{"/admin/accounts", "account-id", "", "ab|Abc|a.b|-abc"},
		{"/admin/accounts", "duid", "", "duid_x|ak_0123456789abcdef01234567|0123456789abcdef01234567"},
		{"/admin/accounts", "role", "", "customer|controller|DCC"},
	} {
		for value := range strings.SplitSeq(test.good, "|") {
			if a := kinds[test.path].with(t, r, test.member, text(value)); value != "" && a.status >= 300 {
				t.Errorf("%s %s %q: %d %v", test.path, test.member, value, a.status, a.body["errors"])
			}
		}

		for value := range strings.SplitSeq(test.bad, "|") {
			if a := kinds[test.path].with(
				t,
				r,
				test.member,
				text(value),
			); a.status != http.StatusBadRequest ||
				a.fields() != test.member {
				t.Errorf("%s %s %q: %d naming %q", test.path, test.member, value, a.status, a.fields())
			}
		}
	}
}
